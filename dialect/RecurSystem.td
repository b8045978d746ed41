//===- RecurSystem.td - Systems, their leaves and their results --*- tablegen -*-===//
#ifndef RECUR_SYSTEM_TD
#define RECUR_SYSTEM_TD

include "dialect/RecurBase.td"

def Recur_SystemOp : Recur_Op<"system", [Symbol, IsolatedFromAbove] # GraphRegionNoTerminator.traits> {
  let summary = "a system of equations over sequences";
  let description = [{
    The elaborated form of a `cell` or `model`: dims are numbers, `for` is expanded, functions are inlined. The body
    is a graph region, the order of its ops means nothing. `exported` marks what a library is generated for.

    ```mlir
    recur.system @Elman {
      %x = recur.input "x" : tensor<3xf32>
      %W = recur.param "W" init <xavier> : tensor<4x7xf32>
      %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
      %z = recur.concat %hp, %x dim 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
      %a = recur.matmul %W, %z : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
      %h = recur.tanh %a : tensor<4xf32>
      recur.equation "h", %h : tensor<4xf32>
      recur.output "h", %h : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, UnitAttr:$exported);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "(`exported` $exported^)? $sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, CArg<"bool", "false">:$exported)>];
  let extraClassDeclaration = [{
    /// What an instance of the system may read, by name: inputs, equations, and what instances in it read.
    ::llvm::StringMap<::mlir::Value> getReadable();
  }];
}

def Recur_InstanceOp : Recur_Op<"instance", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a system used inside another";
  let description = [{
    Applies `system` to sequences, in the order of its `recur.input`s. Results are those of its named equations that
    `reads` lists; `rnn.c` is what an instance with the path `rnn` in `system` reads as `c`. Its parameters are named
    `path.name`; two instances with one path share them and keep states of their own (`application` tells them apart:
    0, 1, …). `reversed` runs it from the last step to the first. `recur-inline-instances` removes this op.

    ```mlir
    recur.system @Sum {
      %x = recur.input "x" : tensor<3xf32>
      %sp = recur.delay %s by 1 state "s" : tensor<3xf32>
      %s = recur.add %sp, %x : tensor<3xf32>
      recur.equation "s", %s : tensor<3xf32>
    }
    recur.system exported @Model {
      %x = recur.input "x" : tensor<3xf32>
      %y = recur.instance @Sum "enc" (%x) reads ["s"] : (tensor<3xf32>) -> tensor<3xf32>
      recur.output "y", %y : tensor<3xf32>
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$system, StrAttr:$path, Variadic<Recur_Value>:$arguments,
                       StrArrayAttr:$reads, UnitAttr:$reversed,
                       DefaultValuedAttr<Recur_Int, "0">:$application);
  let results = (outs Variadic<Recur_Value>:$values);
  let assemblyFormat = [{
    (`reversed` $reversed^)? $system $path `(` $arguments `)` `reads` $reads attr-dict
    `:` functional-type($arguments, $values)
  }];
}

//===-- Leaves --------------------------------------------------------------------===//

def Recur_InputOp : Recur_Op<"input", [Pure]> {
  let summary = "a sequence that the caller gives";
  let description = [{
    `vocabulary` is given for ids: integers in [0, vocabulary), element type i32. A mask has element type i1.

    ```mlir
    %x = recur.input "x" : tensor<3xf32>
    %id = recur.input "id" vocabulary 96 : tensor<i32>
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<Recur_Int>:$vocabulary);
  let results = (outs Recur_Value:$value);
  let assemblyFormat = "$name (`vocabulary` $vocabulary^)? attr-dict `:` type($value)";
  let hasVerifier = 1;
}

def Recur_InitKind : I32EnumAttr<"InitKind", "how a parameter starts", [
  I32EnumAttrCase<"constant", 0>, I32EnumAttrCase<"xavier", 1>, I32EnumAttrCase<"he", 2>,
  I32EnumAttrCase<"orthogonal", 3>, I32EnumAttrCase<"normal", 4>, I32EnumAttrCase<"uniform", 5>]> {
  let cppNamespace = "::recur";
  let genSpecializedAttr = 0;
}

def Recur_InitAttr : AttrDef<Recur_Dialect, "Init"> {
  let mnemonic = "init";
  let summary = "initialiser of a parameter";
  let description = [{
    `constant(a)`: every element a. `xavier`: uniform in ±sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16).
    `he`: normal with deviation sqrt(2 / fan_in) (He et al. 2015). `orthogonal` (Saxe et al. 2014).
    `normal(a)`: deviation a. `uniform(a, b)`.
  }];
  let parameters = (ins EnumParameter<Recur_InitKind>:$kind, OptionalParameter<"::mlir::FloatAttr">:$a,
                        OptionalParameter<"::mlir::FloatAttr">:$b);
  let assemblyFormat = "`<` $kind (`,` $a^)? (`,` $b^)? `>`";
  let genVerifyDecl = 1;
}

def Recur_ParamOp : Recur_Op<"param", [Pure]> {
  let summary = "a trained constant";
  let description = [{
    The same at every step. `diagonal` records that the source says `diag[H]`; the type is that of the stored vector.

    ```mlir
    %W = recur.param "enc.W_f" init <xavier> : tensor<4x7xf32>
    %V = recur.param "V" init <normal, 0.1> {diagonal} : tensor<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Recur_InitAttr:$init, UnitAttr:$diagonal);
  let results = (outs Recur_Real:$value);
  let assemblyFormat = "$name `init` $init attr-dict `:` type($value)";
}

def Recur_ConstantOp : Recur_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a number known at compile time";
  let description = [{
    ```mlir
    %half = recur.constant dense<0.5> : tensor<4xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = "attr-dict $value";
  let builders = [OpBuilder<(ins "::mlir::Type":$type, "double":$splat)>];
  let hasFolder = 1;
  let extraClassDeclaration = [{
    /// The number every element equals, if it is one.
    std::optional<double> getSplat();
  }];
}

def Recur_RandomMaskOp : Recur_Op<"random_mask", [Pure]> {
  let summary = "dropout mask: 0 with probability p, else 1 / (1 - p)";
  let description = [{
    In training each element is drawn by a counter-based generator from (seed of the call, `site`, step, batch row,
    element), so that forward and backward draw the same mask. `shared` leaves the step out: one mask for all steps.
    Outside training every element is 1. (Srivastava et al. 2014; Gal & Ghahramani 2016 for shared masks.)

    ```mlir
    %m = recur.random_mask 0.2 site 3 shared : tensor<4xf32>
    ```
  }];
  let arguments = (ins F64Attr:$p, Recur_Int:$site, UnitAttr:$shared);
  let results = (outs Recur_Real:$value);
  let assemblyFormat = "$p `site` $site (`shared` $shared^)? attr-dict `:` type($value)";
  let hasVerifier = 1;
}

def Recur_CountOp : Recur_Op<"count", [Pure]> {
  let summary = "number of valid steps in the whole batch";
  let description = [{
    The sum of `lengths`, or T·B. A mean over time and batch is `recur.total` divided by it; it is at least 1.

    ```mlir
    %n = recur.count : tensor<f32>
    ```
  }];
  let results = (outs Recur_Real:$value);
  let assemblyFormat = "attr-dict `:` type($value)";
}

//===-- Results --------------------------------------------------------------------===//

def Recur_EquationOp : Recur_Op<"equation"> {
  let summary = "names a sequence of the source";
  let description = [{
    `gate` says that the source declares it a gate: its value is proved to lie in [0, 1].

    ```mlir
    recur.equation "f", %f gate : tensor<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Recur_Value:$value, UnitAttr:$gate);
  let assemblyFormat = "$name `,` $value (`gate` $gate^)? attr-dict `:` type($value)";
}

def Recur_OutputOp : Recur_Op<"output"> {
  let summary = "a sequence that the caller gets";
  let description = [{
    `last` gives only the value at the last step of each sequence of the batch (at `lengths[b]`); for an empty sequence
    that is its boundary.

    ```mlir
    recur.output "h", %h : tensor<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Recur_Value:$value, UnitAttr:$last);
  let assemblyFormat = "$name `,` $value (`last` $last^)? attr-dict `:` type($value)";
}

def Recur_LossOp : Recur_Op<"loss"> {
  let summary = "the scalar that training lowers";
  let description = [{
    ```mlir
    recur.loss %l : tensor<f32>
    ```
  }];
  let arguments = (ins 0DTensorOf<[F32, F64]>:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

#endif // RECUR_SYSTEM_TD
