//===- RecurPointwise.td - Elementwise ops ----------------------*- tablegen -*-===//
//
// One entry an op, with its derivative. Operands have the type of the result; broadcasts are explicit.
//
//===---------------------------------------------------------------------------===//
#ifndef RECUR_POINTWISE_TD
#define RECUR_POINTWISE_TD

include "dialect/RecurBase.td"

def Recur_Pointwise : NativeOpTrait<"PointwiseOpTrait"> { let cppNamespace = "::recur"; }

/// y = f(x). `derivative` is dy/dx, written with `x` and `y`.
class Recur_UnaryOp<string mnemonic, string formula, string derivative>
    : Recur_DifferentiableOp<mnemonic, [SameOperandsAndResultType, Recur_Pointwise]> {
  let summary = formula;
  let description = "```mlir\n%y = recur." # mnemonic # " %x : tensor<4xf32>\n```";
  let arguments = (ins Recur_Real:$x);
  let results = (outs Recur_Real:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
  let hasFolder = 1;
  let adjoint = "Expr x = adjoint.expr(getX()), y = adjoint.expr(getY()); (void)x; (void)y;\n"
                "adjoint.add(getX(), g * (" # derivative # "));";
}

/// z = f(x, y). `dx` and `dy` are the contributions to the adjoints, written with `x`, `y`, `z` and `g`.
class Recur_BinaryOp<string mnemonic, string formula, string dx, string dy, list<Trait> traits = []>
    : Recur_DifferentiableOp<mnemonic, [SameOperandsAndResultType, Recur_Pointwise] # traits> {
  let summary = formula;
  let description = "```mlir\n%z = recur." # mnemonic # " %x, %y : tensor<4xf32>\n```";
  let arguments = (ins Recur_Real:$x, Recur_Real:$y);
  let results = (outs Recur_Real:$z);
  let assemblyFormat = "$x `,` $y attr-dict `:` type($z)";
  let hasFolder = 1;
  let adjoint = "Expr x = adjoint.expr(getX()), y = adjoint.expr(getY()), z = adjoint.expr(getZ());\n"
                "(void)x; (void)y; (void)z;\n"
                "adjoint.add(getX(), " # dx # "); adjoint.add(getY(), " # dy # ");";
}

def Recur_NegOp     : Recur_UnaryOp<"neg",     "-x",               "-1.0">;
def Recur_AbsOp     : Recur_UnaryOp<"abs",     "|x|",              "sign(x)">;
def Recur_ExpOp     : Recur_UnaryOp<"exp",     "e^x",              "y">;
def Recur_LogOp     : Recur_UnaryOp<"log",     "natural logarithm", "1.0 / x">;
def Recur_Log1pOp   : Recur_UnaryOp<"log1p",   "log(1 + x)",       "1.0 / (1.0 + x)">;
def Recur_SqrtOp    : Recur_UnaryOp<"sqrt",    "square root",      "0.5 / y">;
def Recur_TanhOp    : Recur_UnaryOp<"tanh",    "hyperbolic tangent", "1.0 - y * y">;
def Recur_SigmoidOp : Recur_UnaryOp<"sigmoid", "1 / (1 + e^-x)",   "y * (1.0 - y)">;
def Recur_ErfOp     : Recur_UnaryOp<"erf",     "error function",   "1.1283791670955126 * exp(-(x * x))">;
def Recur_SinOp     : Recur_UnaryOp<"sin",     "sine",             "cos(x)">;
def Recur_CosOp     : Recur_UnaryOp<"cos",     "cosine",           "-sin(x)">;

/// Piecewise constant: no gradient passes.
class Recur_StepOp<string mnemonic, string formula> : Recur_UnaryOp<mnemonic, formula, ""> {
  let adjoint = "(void)adjoint; (void)g;";
}
def Recur_SignOp  : Recur_StepOp<"sign", "-1, 0 or 1">;
def Recur_FloorOp : Recur_StepOp<"floor", "largest integer not above x">;
def Recur_StopGradientOp : Recur_StepOp<"stop_gradient", "x, with no gradient"> {
  let hasFolder = 0;
}

def Recur_AddOp : Recur_BinaryOp<"add", "x + y", "g", "g", [Commutative]>;
def Recur_SubOp : Recur_BinaryOp<"sub", "x - y", "g", "-g">;
def Recur_MulOp : Recur_BinaryOp<"mul", "x * y", "g * y", "g * x", [Commutative]>;
def Recur_DivOp : Recur_BinaryOp<"div", "x / y", "g / y", "-(g * z / y)">;
def Recur_PowOp : Recur_BinaryOp<"pow", "x ^ y", "g * y * pow(x, y - 1.0)", "g * z * log(x)">;
// At a tie the gradient goes to y, so that relu(x) = max(x, 0) has derivative 0 at 0. z decides as x would, and what
// follows is more likely to keep it.
def Recur_MinOp : Recur_BinaryOp<"min", "the smaller", "where(z < y, g, 0.0)", "where(z < y, 0.0, g)">;
def Recur_MaxOp : Recur_BinaryOp<"max", "the larger",  "where(z > y, g, 0.0)", "where(z > y, 0.0, g)">;

def Recur_Predicate : I32EnumAttr<"Predicate", "comparison", [
  I32EnumAttrCase<"lt", 0>, I32EnumAttrCase<"le", 1>, I32EnumAttrCase<"gt", 2>,
  I32EnumAttrCase<"ge", 3>, I32EnumAttrCase<"eq", 4>, I32EnumAttrCase<"ne", 5>]> {
  let cppNamespace = "::recur";
}

def Recur_CompareOp : Recur_DifferentiableOp<"compare",
    [Recur_Pointwise, SameTypeOperands, SameOperandsAndResultShape]> {
  let summary = "compares two numbers";
  let description = [{
    A comparison with NaN is false, except `ne`.

    ```mlir
    %c = recur.compare lt %x, %y : tensor<4xf32> -> tensor<4xi1>
    ```
  }];
  let arguments = (ins Recur_Predicate:$predicate, Recur_Value:$x, Recur_Value:$y);
  let results = (outs Recur_Bool:$result);
  let assemblyFormat = "$predicate $x `,` $y attr-dict `:` type($x) `->` type($result)";
  let adjoint = "(void)adjoint; (void)g;";
}

def Recur_SelectOp : Recur_DifferentiableOp<"select",
    [Recur_Pointwise, AllTypesMatch<["x", "y", "result"]>, SameOperandsAndResultShape]> {
  let summary = "where(condition, x, y)";
  let description = [{
    ```mlir
    %r = recur.select %c, %x, %y : tensor<4xi1>, tensor<4xf32>
    ```
  }];
  let arguments = (ins Recur_Bool:$condition, Recur_Value:$x, Recur_Value:$y);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = "$condition `,` $x `,` $y attr-dict `:` type($condition) `,` type($result)";
  let hasFolder = 1;
  let adjoint = [{
    Expr c = adjoint.expr(getCondition());
    adjoint.add(getX(), where(c, g, 0.0));
    adjoint.add(getY(), where(c, 0.0, g));
  }];
}

def Recur_EstimateOp : Recur_DifferentiableOp<"estimate", [SameOperandsAndResultType, Recur_Pointwise]> {
  let summary = "a statistic: in training that of the batch, else its running estimate";
  let description = [{
    `batch` in a training call, `running` in any other. Training moves the estimate toward the statistic, so in a
    training call the adjoint of `running` is no derivative but the distance between them, whatever g is:

        d.batch   += training ? g : 0
        d.running += training ? running - batch : g

    A step of rate 0.1 against it is the moving average 0.9 running + 0.1 batch. (Ioffe & Szegedy 2015, alg. 2.)
    The formulas are choices between two values by `training`, so the adjoint is made of this op again.

    ```mlir
    %m = recur.estimate %running, %batch : tensor<4xf32>
    ```
  }];
  let arguments = (ins Recur_Real:$running, Recur_Real:$batch);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = "$running `,` $batch attr-dict `:` type($result)";
  let hasFolder = 1;
  let adjoint = [{
    Expr running = adjoint.expr(getRunning()), batch = adjoint.expr(getBatch());
    adjoint.add(getBatch(), estimate(g.number(0.0), g));
    adjoint.add(getRunning(), estimate(g, running - batch));
  }];
}

def Recur_ToRealOp : Recur_DifferentiableOp<"to_real", [Recur_Pointwise, SameOperandsAndResultShape]> {
  let summary = "a boolean as 0 or 1, an id as its number";
  let description = [{
    ```mlir
    %m = recur.to_real %mask : tensor<i1> -> tensor<f32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[Recur_Bool, Recur_Id]>:$x);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let adjoint = "(void)adjoint; (void)g;";
}

#endif // RECUR_POINTWISE_TD
