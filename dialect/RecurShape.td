//===- RecurShape.td - Ops that only move elements --------------*- tablegen -*-===//
#ifndef RECUR_SHAPE_TD
#define RECUR_SHAPE_TD

include "dialect/RecurBase.td"

def Recur_BroadcastOp : Recur_DifferentiableOp<"broadcast", [SameOperandsAndResultElementType]> {
  let summary = "repeats along leading dims and dims of size 1";
  let description = [{
    NumPy's rule: shapes are aligned at their last dim; a missing or size-1 dim of `x` is repeated.
    Its adjoint sums over the repeated dims.

    ```mlir
    %y = recur.broadcast %x : tensor<4xf32> -> tensor<2x4xf32>
    ```
  }];
  let arguments = (ins Recur_Value:$x);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let adjoint = "adjoint.add(getX(), sumTo(g, getX().getType()));";
}

def Recur_ReshapeOp : Recur_DifferentiableOp<"reshape", [SameOperandsAndResultElementType]> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    ```mlir
    %y = recur.reshape %x : tensor<8xf32> -> tensor<2x4xf32>
    ```
  }];
  let arguments = (ins Recur_Value:$x);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let adjoint = "adjoint.add(getX(), reshape(g, getX().getType()));";
}

def Recur_TransposeOp : Recur_DifferentiableOp<"transpose", [SameOperandsAndResultElementType]> {
  let summary = "swaps the last two dims";
  let description = [{
    ```mlir
    %y = recur.transpose %x : tensor<2x4xf32> -> tensor<4x2xf32>
    ```
  }];
  let arguments = (ins Recur_Value:$x);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let adjoint = "adjoint.add(getX(), transpose(g));";
}

def Recur_SliceOp : Recur_DifferentiableOp<"slice", [SameOperandsAndResultElementType]> {
  let summary = "x[offset : offset + size] along one dim";
  let description = [{
    The size is that of the result. Its adjoint pads with zeros.

    ```mlir
    %f = recur.slice %z dim 0 at 4 : tensor<16xf32> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Recur_Value:$x, Recur_Int:$dim, Recur_Int:$offset);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = "$x `dim` $dim `at` $offset attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let adjoint = "adjoint.add(getX(), pad(g, getX().getType(), getDim(), getOffset()));";
}

def Recur_PadOp : Recur_DifferentiableOp<"pad", [SameOperandsAndResultElementType]> {
  let summary = "zeros before and after along one dim";
  let description = [{
    The adjoint of `slice`: x stands at `offset`, the rest of the result is zero. `recur-simplify` turns a sum of
    pads that cover a value into one `concat`.

    ```mlir
    %z = recur.pad %f dim 0 at 4 : tensor<4xf32> -> tensor<16xf32>
    ```
  }];
  let arguments = (ins Recur_Value:$x, Recur_Int:$dim, Recur_Int:$offset);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = "$x `dim` $dim `at` $offset attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let adjoint = "adjoint.add(getX(), slice(g, getX().getType(), getDim(), getOffset()));";
}

def Recur_ConcatOp : Recur_DifferentiableOp<"concat", [SameOperandsAndResultElementType]> {
  let summary = "[a, b, …] along one dim";
  let description = [{
    ```mlir
    %z = recur.concat %h, %x dim 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
    ```
  }];
  let arguments = (ins Variadic<Recur_Value>:$parts, Recur_Int:$dim);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = "$parts `dim` $dim attr-dict `:` functional-type($parts, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let adjoint = [{
    int64_t offset = 0;
    for (::mlir::Value part : getParts()) {
      auto type = ::llvm::cast<::mlir::RankedTensorType>(part.getType());
      adjoint.add(part, slice(g, type, getDim(), offset));
      offset += type.getDimSize(getDim());
    }
  }];
}

#endif // RECUR_SHAPE_TD
