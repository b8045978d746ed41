//===- RecurModel.td - What a caller knows of a model -----------*- tablegen -*-===//
#ifndef RECUR_MODEL_TD
#define RECUR_MODEL_TD

include "dialect/RecurBase.td"
include "dialect/RecurSchedule.td"
include "dialect/RecurSystem.td"

def Recur_InterfaceOp : Recur_Op<"interface", GraphRegionNoTerminator.traits> {
  let summary = "the tensors of a model, as its callers see them";
  let description = [{
    Written by `recur-record-interface` as soon as instances are inlined, because later passes drop what is not used:
    parameters, inputs, states and outputs in order of first appearance, gates, dims, the equation that looks
    ahead, if one does, and what needs all rows of a batch at once, if anything does. The tables and the description of the compiled library follow it.

    ```mlir
    recur.interface "Elman" dims {H = 4 : i64, I = 3 : i64} {
      recur.tensor input "x" : tensor<3xf32>
      recur.tensor param "W" init <xavier> : tensor<4x7xf32>
      recur.tensor state "h" index 0 : tensor<4xf32>
      recur.tensor output "h" : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$model, DictionaryAttr:$dims, UnitAttr:$has_loss,
                       DefaultValuedAttr<StrArrayAttr, "{}">:$gates, OptionalAttr<StrAttr>:$looks_ahead,
                       OptionalAttr<StrAttr>:$needs_batch);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $model `dims` $dims (`loss` $has_loss^)? (`gates` $gates^)? (`looks_ahead` $looks_ahead^)?
    (`needs_batch` $needs_batch^)? attr-dict-with-keyword $body
  }];
}

def Recur_TensorOp : Recur_Op<"tensor", [HasParent<"InterfaceOp">]> {
  let summary = "one tensor of a model's interface";
  let description = [{
    `source` is `param`, `input`, `state` or `output`; its type leaves out steps and batch. `index` k of a state is
    the slot k steps before the first step (`h[0]`, `h[-1]`, …); -1-k is slot k after the last (`h[T+1]`, …).
    `estimate` marks a parameter that `recur.estimate` reads: what training keeps of the statistics of its batches.

    ```mlir
    recur.interface "Tagger" dims {} {
      recur.tensor input "id" vocabulary 96 : tensor<i32>
      recur.tensor state "h" index -1 : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Recur_SlotSource:$source, StrAttr:$name, OptionalAttr<I64Attr>:$index,
                       OptionalAttr<Recur_InitAttr>:$init, OptionalAttr<I64Attr>:$vocabulary, UnitAttr:$diagonal,
                       UnitAttr:$estimate, UnitAttr:$last, TypeAttrOf<AnyRankedTensor>:$type);
  let assemblyFormat = [{
    $source $name (`index` $index^)? (`init` $init^)? (`vocabulary` $vocabulary^)? (`diagonal` $diagonal^)?
    (`estimate` $estimate^)? (`last` $last^)? attr-dict `:` $type
  }];
}

#endif // RECUR_MODEL_TD
