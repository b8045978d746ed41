//===- RecurProduct.td - Products, reductions, look-ups ---------*- tablegen -*-===//
#ifndef RECUR_PRODUCT_TD
#define RECUR_PRODUCT_TD

include "dialect/RecurBase.td"

def Recur_MatmulOp : Recur_DifferentiableOp<"matmul", [SameOperandsAndResultElementType]> {
  let summary = "matrix product, contracting the last dim of A";
  let description = [{
    With `b` of one dim less than `A`: `A[…, i, k] b[…, k] -> [i]`, matrix by vector. With as many dims:
    `A[…, i, k] B[…, k, j] -> [i, j]`. Leading dims go in parallel and must be equal.
    (`language.md`, section 2.) Either operand may vary in time.

    ```mlir
    %y = recur.matmul %W, %x : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Recur_Real:$a, Recur_Real:$b);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool isMatrixVector();
    /// Length of the contracted dim.
    int64_t getDepth();
  }];
  let adjoint = [{
    Expr a = adjoint.expr(getA()), b = adjoint.expr(getB());
    if (isMatrixVector()) {
      adjoint.add(getA(), outer(g, b));
      adjoint.add(getB(), matmul(transpose(a), g));
    } else {
      adjoint.add(getA(), matmul(g, transpose(b)));
      adjoint.add(getB(), matmul(transpose(a), g));
    }
  }];
}

def Recur_OuterOp : Recur_DifferentiableOp<"outer", [SameOperandsAndResultElementType]> {
  let summary = "a[…, i] b[…, j] -> [i, j]";
  let description = [{
    Leading dims go in parallel.

    ```mlir
    %m = recur.outer %a, %b : (tensor<4xf32>, tensor<7xf32>) -> tensor<4x7xf32>
    ```
  }];
  let arguments = (ins Recur_Real:$a, Recur_Real:$b);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let adjoint = [{
    Expr a = adjoint.expr(getA()), b = adjoint.expr(getB());
    adjoint.add(getA(), matmul(g, b));
    adjoint.add(getB(), matmul(transpose(g), a));
  }];
}

def Recur_ReduceKind : I32EnumAttr<"ReduceKind", "reduction", [
  I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"max", 1>]> {
  let cppNamespace = "::recur";
}

def Recur_ReduceOp : Recur_DifferentiableOp<"reduce", [SameOperandsAndResultElementType]> {
  let summary = "sum or maximum over one dim";
  let description = [{
    `keep` leaves the dim with size 1. The gradient of a maximum goes to every element that equals it.

    ```mlir
    %s = recur.reduce sum %x dim 0 : tensor<4xf32> -> tensor<f32>
    ```
  }];
  let arguments = (ins Recur_ReduceKind:$kind, Recur_Real:$x, Recur_Int:$dim, UnitAttr:$keep);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = "$kind $x `dim` $dim (`keep` $keep^)? attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let adjoint = [{
    Expr x = adjoint.expr(getX());
    Expr spread = unreduce(g, getX().getType(), getDim());
    if (getKind() == ReduceKind::sum)
      adjoint.add(getX(), spread);
    else
      adjoint.add(getX(), where(x == unreduce(adjoint.expr(getResult()), getX().getType(), getDim()), spread, 0.0));
  }];
}

def Recur_GatherOp : Recur_DifferentiableOp<"gather", [AllElementTypesMatch<["table", "result"]>]> {
  let summary = "table[id]: one slice along the first dim";
  let description = [{
    ```mlir
    %e = recur.gather %table[%id] : (tensor<96x32xf32>, tensor<i32>) -> tensor<32xf32>
    ```
  }];
  let arguments = (ins Recur_Real:$table, 0DTensorOf<[I32]>:$id);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = "$table `[` $id `]` attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let adjoint = "adjoint.add(getTable(), scatter(g, adjoint.expr(getId()), getTable().getType()));";
}

def Recur_ScatterOp : Recur_DifferentiableOp<"scatter", [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "zeros, with x at index id of the first dim";
  let description = [{
    The adjoint of `gather`.

    ```mlir
    %d = recur.scatter %g[%id] : (tensor<32xf32>, tensor<i32>) -> tensor<96x32xf32>
    ```
  }];
  let arguments = (ins Recur_Real:$x, 0DTensorOf<[I32]>:$id);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = "$x `[` $id `]` attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let adjoint = "adjoint.add(getX(), gather(g, adjoint.expr(getId())));";
}

#endif // RECUR_PRODUCT_TD
