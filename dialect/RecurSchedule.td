//===- RecurSchedule.td - Groups, phases and memory -------------*- tablegen -*-===//
#ifndef RECUR_SCHEDULE_TD
#define RECUR_SCHEDULE_TD

include "dialect/RecurBase.td"

//===-- Groups: when equations run ---------------------------------------------------===//
//
// `recur-schedule` distributes the ops of a system over groups that stand in execution order. The body of a group
// is a graph region again (a loop closes its cycles inside); what later groups use is yielded. Nothing else changes.

class Recur_GroupOp<string mnemonic> : Recur_Op<mnemonic,
    [HasParent<"SystemOp">, RegionKindInterface, HasOnlyGraphRegion, SingleBlock,
     SingleBlockImplicitTerminator<"YieldOp">, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<Recur_Value>:$values);
}

def Recur_OnceOp : Recur_GroupOp<"once"> {
  let summary = "runs once a call: values that are constant in time";
  let description = [{
    `prepared`: depends on parameters alone, so that `prepare` can run it ahead of the calls.

    ```mlir
    %U = recur.once prepared {
      %s = recur.sub %W, %Wt : tensor<4x4xf32>
      recur.yield %s : tensor<4x4xf32>
    } : tensor<4x4xf32>
    ```
  }];
  let arguments = (ins UnitAttr:$prepared);
  let assemblyFormat = "(`prepared` $prepared^)? attr-dict-with-keyword $body (`:` type($values)^)?";
}

def Recur_MapOp : Recur_GroupOp<"map"> {
  let summary = "runs for all steps and batch rows at once, in any order";
  let description = [{
    ```mlir
    %zx = recur.map {
      %p = recur.matmul %Wx, %x : (tensor<16x3xf32>, tensor<3xf32>) -> tensor<16xf32>
      recur.yield %p : tensor<16xf32>
    } : tensor<16xf32>
    ```
  }];
  let assemblyFormat = "attr-dict-with-keyword $body (`:` type($values)^)?";
}

def Recur_Direction : I32EnumAttr<"Direction", "direction of a loop in time", [
  I32EnumAttrCase<"forward", 0>, I32EnumAttrCase<"backward", 1>]> {
  let cppNamespace = "::recur";
}

def Recur_LoopOp : Recur_GroupOp<"loop"> {
  let summary = "runs step by step: one strongly connected component";
  let description = [{
    `forward`: t = 1 … T, its cycles go through `recur.delay`; `backward`: t = T … 1, through `recur.advance`.

    ```mlir
    %h = recur.loop forward {
      %hp = recur.delay %h_t by 1 state "h" : tensor<4xf32>
      %h_t = recur.add %hp, %x : tensor<4xf32>
      recur.yield %h_t : tensor<4xf32>
    } : tensor<4xf32>
    ```
  }];
  let arguments = (ins Recur_Direction:$direction);
  let assemblyFormat = "$direction attr-dict-with-keyword $body (`:` type($values)^)?";
}

def Recur_Anchor : I32EnumAttr<"Anchor", "an end of the sequence", [
  I32EnumAttrCase<"start", 0>, I32EnumAttrCase<"end", 1>]> {
  let cppNamespace = "::recur";
}

def Recur_AtOp : Recur_GroupOp<"at"> {
  let summary = "runs for one step outside or at an end of the sequence, each batch row";
  let description = [{
    `start` + offset is step offset counted from 0 at the first step; `end` + offset is `lengths[b]` + offset: the
    last step is `end` -1. Shifts are read there: `recur.delay %h by 1` at `end` 0 is the final state.

    ```mlir
    %y = recur.at end offset 0 {
      %last = recur.delay %h by 1 state "h" : tensor<4xf32>
      recur.yield %last : tensor<4xf32>
    } : tensor<4xf32>
    ```
  }];
  let arguments = (ins Recur_Anchor:$anchor, Recur_Int:$offset);
  let assemblyFormat = "$anchor `offset` $offset attr-dict-with-keyword $body (`:` type($values)^)?";
}

def Recur_FinalStateOp : Recur_Op<"final_state"> {
  let summary = "a state slot that the caller gets, to go on from";
  let description = [{
    Slot `index` of a state after the last step (0: the value at the last step, 1: the one before, …; for a
    recurrence that runs from the last step to the first: the value at the first step, …).

    ```mlir
    recur.at end offset 0 {
      %last = recur.delay %h by 1 state "h" : tensor<4xf32>
      recur.final_state "h", %last : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$state, Recur_Value:$value, DefaultValuedAttr<Recur_Int, "0">:$index);
  let assemblyFormat = "$state (`index` $index^)? `,` $value attr-dict `:` type($value)";
}

def Recur_YieldOp : Recur_Op<"yield", [Pure, Terminator, ParentOneOf<["OnceOp", "MapOp", "LoopOp", "AtOp"]>]> {
  let summary = "what later groups use";
  let description = [{
    ```mlir
    %zero = recur.once {
      %z = recur.sub %b, %b : tensor<4xf32>
      recur.yield %z : tensor<4xf32>
    } : tensor<4xf32>
    ```
  }];
  let arguments = (ins Variadic<Recur_Value>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ }]>];
}

//===-- Phases: what runs together ----------------------------------------------------===//

def Recur_SlotSource : I32EnumAttr<"SlotSource", "whose memory a slot is", [
  I32EnumAttrCase<"param", 0>, I32EnumAttrCase<"input", 1>, I32EnumAttrCase<"state", 2>,
  I32EnumAttrCase<"output", 3>, I32EnumAttrCase<"final_state", 4>, I32EnumAttrCase<"loss", 5>,
  I32EnumAttrCase<"d_param", 6>, I32EnumAttrCase<"d_input", 7>, I32EnumAttrCase<"d_state", 8>,
  I32EnumAttrCase<"d_output", 9>, I32EnumAttrCase<"d_final_state", 10>,
  I32EnumAttrCase<"workspace", 11>, I32EnumAttrCase<"tape", 12>, I32EnumAttrCase<"prepared", 13>]> {
  let cppNamespace = "::recur";
}

def Recur_SlotType : TypeDef<Recur_Dialect, "Slot"> {
  let mnemonic = "slot";
  let summary = "memory of one sequence";
  let description = [{
    For each step and each batch row that it has, the elements of `value`, row-major and contiguous; the strides from
    step to step and row to row are known at run time only (zero where the slot has no time or no batch).
    `!recur.slot<tensor<4xf32>>`
  }];
  let parameters = (ins "::mlir::RankedTensorType":$value);
  let assemblyFormat = "`<` $value `>`";
}

def Recur_SlotOp : Recur_Op<"slot", [AttrSizedOperandSegments]> {
  let summary = "memory that phases read and write";
  let description = [{
    `name` is the caller's name for it, or says what a workspace slot holds. `time` and `batch` say along which axes it
    extends. `index`: which slot of a state (0: h[0], 1: h[-1], …). `zeroed`: cleared before a call.
    `ring`: a power of two; a slot with `time` holds no more than its last so many steps, step t where t mod ring is.
    `fallback`: the slot that is read where the caller gives none (state slots); none means zeros.
    `host`: in `gradient`, which runs `forward_taped` and `backward` one after the other, the slot may be where that one
    is. Of a slot of the tape: an output that has the same values, if the caller wants it and its rows follow one
    another. Of a slot of the workspace: a slot of the tape whose values are not read any more when they are overwritten.

    ```mlir
    %h = recur.slot workspace "h" time batch : !recur.slot<tensor<4xf32>>
    %h0 = recur.slot state "h" index 0 batch : !recur.slot<tensor<4xf32>>
    ```
  }];
  let arguments = (ins Recur_SlotSource:$source, StrAttr:$name, DefaultValuedAttr<Recur_Int, "0">:$index,
                       UnitAttr:$time, DefaultValuedAttr<Recur_Int, "0">:$ring, UnitAttr:$batch, UnitAttr:$zeroed,
                       Optional<Recur_SlotType>:$fallback, Optional<Recur_SlotType>:$host);
  let results = (outs Recur_SlotType:$slot);
  let assemblyFormat = [{
    $source $name (`index` $index^)? (`time` $time^)? (`ring` $ring^)? (`batch` $batch^)? (`zeroed` $zeroed^)?
    (`fallback` $fallback^ `:` type($fallback))? (`host` $host^ `:` type($host))? attr-dict `:` type($slot)
  }];
  let extraClassDeclaration = [{
    /// Whether it has a row for each step and batch row, and is of `source`.
    bool isSequenceOf(::recur::SlotSource source) { return getSource() == source && getTime() && getBatch(); }
  }];
  let hasVerifier = 1;
}

def Recur_PhaseOp : Recur_Op<"phase", GraphRegionNoTerminator.traits> {
  let summary = "one pass over rows: products, then everything pointwise that follows, tile by tile";
  let description = [{
    Computes, for every row of its group (once: one row; map: all (t, b); loop and at: all b), every element of
    `space`. All pointwise ops, products and reductions in it have results of that shape; their operands are results
    of the phase (pointwise ops and reductions) or `recur.read`s. Pointwise ops that only feed a reduction have the
    shape of its operand, and are computed in its loop. What another phase needs is written.

    With `total`, the phase runs over all rows of a `recur.map`, or of each step of a `recur.loop`, and adds up: it ends
    in `recur.accumulate`, and no row's value is stored.

    ```mlir
    recur.phase "h" space [4] {
      %U = recur.read %w offset 0 strides [4, 1] : (!recur.slot<tensor<4x4xf32>>) -> tensor<4x4xf32>
      %hp = recur.read %h shift -1 boundary %h0 offset 0 strides [1]
        : (!recur.slot<tensor<4xf32>>, !recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      %p = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %zx = recur.read %z offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      %a = recur.add %p, %zx : tensor<4xf32>
      %y = recur.tanh %a : tensor<4xf32>
      recur.write %y, %h offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, DenseI64ArrayAttr:$space, UnitAttr:$total);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name `space` $space (`total` $total^)? attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Recur_ReadOp : Recur_Op<"read", [Pure, AttrSizedOperandSegments]> {
  let summary = "a view of a slot at the row of the phase";
  let description = [{
    Lazy: nothing moves until the phase's loops use an element. Element (i, j, …) of the result is element
    `offset` + i·strides[0] + j·strides[1] + … of the row. The row is that of step t + `shift`; where that is outside
    1 … `lengths[b]`, it is row `s` of `boundary` (s = 0 for the nearest step outside), or zero if there is none or it
    has fewer. A slot without `time` holds the same row at all steps, which still are only those. A read without
    shift and boundary of such a slot is not bound to any step.
    With an `id`, a look-up: `id` · `id_stride` is added to the offset, where `id` is what that slot holds at the row
    of the phase.

    ```mlir
    %f = recur.read %z offset 8 strides [1] : (!recur.slot<tensor<16xf32>>) -> tensor<4xf32>
    %hp = recur.read %h shift -1 boundary %h0 offset 0 strides [1]
      : (!recur.slot<tensor<4xf32>>, !recur.slot<tensor<4xf32>>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Recur_SlotType:$slot, DefaultValuedAttr<Recur_Int, "0">:$shift,
                       Variadic<Recur_SlotType>:$boundary, Optional<Recur_SlotType>:$id,
                       DefaultValuedAttr<Recur_Int, "0">:$id_stride,
                       Recur_Int:$offset, DenseI64ArrayAttr:$strides);
  let results = (outs Recur_Value:$value);
  let assemblyFormat = [{
    $slot (`shift` $shift^)? (`boundary` $boundary^)? (`id` $id^ `stride` $id_stride)? `offset` $offset
    `strides` $strides attr-dict `:` functional-type(operands, results)
  }];
}

def Recur_PackOp : Recur_Op<"pack"> {
  let summary = "rounds weights into the narrow layout of register tiles";
  let description = [{
    Stores the weights of `product` q of n, or those of its outputs from `from` on, where `recur.read_packed` finds
    them. The first of all fills the slot with zeros, which remain past the last k and output. The slot says how narrow
    they are:

    - `[leading, panel, pair of k, column, lane, 2]` of bf16: rounded to the nearest, ties to even;
    - `[leading, panel, 2 + group of 4 k, column, lane, 4]` of i8: each output has a scale, its largest magnitude
      divided by 127. The two rows before the first k hold a 32-bit number a lane: -128 times the sum of the rounded
      weights, from which a product with unsigned rows starts, and the scale, which is NaN if a weight is not finite.

    ```mlir
    recur.pack %w, %p product 1 of 2 : tensor<32x64xf32>, !recur.slot<tensor<1x1x32x4x16x2xbf16>>
    ```
  }];
  let arguments = (ins Recur_Real:$value, Recur_SlotType:$slot, Recur_Int:$product, Recur_Int:$products,
                       DefaultValuedAttr<Recur_Int, "0">:$first);
  let assemblyFormat = [{
    $value `,` $slot `product` $product `of` $products (`from` $first^)? attr-dict `:` type($value) `,` type($slot)
  }];
}

def Recur_ReadPackedOp : Recur_Op<"read_packed", [Pure]> {
  let summary = "a view of weights in the layout of register tiles";
  let description = [{
    The slot is `[leading, panel, k, column, lane]`. Element (…, i, k) of `product` q of n is lane i mod lanes of the
    i / lanes -th block of n columns, counted through all panels, there column q. `recur-plan-tiles` makes this op. Slots
    of bf16 and i8 are laid out as `recur.pack` says.

    ```mlir
    %w = recur.read_packed %p product 1 of 2 : (!recur.slot<tensor<1x1x64x4x16xf32>>) -> tensor<32x64xf32>
    ```
  }];
  let arguments = (ins Recur_SlotType:$slot, Recur_Int:$product, Recur_Int:$products);
  let results = (outs Recur_Real:$value);
  let assemblyFormat = "$slot `product` $product `of` $products attr-dict `:` functional-type(operands, results)";
}

def Recur_WriteOp : Recur_Op<"write"> {
  let summary = "stores a value of the phase at its row";
  let description = [{
    Element (i, j, …) goes to element `offset` + i·strides[0] + … of the row. In loops and maps, rows at or after
    `lengths[b]` are written as zeros, so that nothing of the padding reaches sums over time.

    ```mlir
    recur.write %c, %slot offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    ```
  }];
  let arguments = (ins Recur_Value:$value, Recur_SlotType:$slot, Recur_Int:$offset, DenseI64ArrayAttr:$strides);
  let assemblyFormat = [{
    $value `,` $slot `offset` $offset `strides` $strides attr-dict `:` type($value) `,` type($slot)
  }];
}

def Recur_AccumulateOp : Recur_Op<"accumulate", [AttrSizedOperandSegments]> {
  let summary = "adds a value, summed over all valid rows, to a slot that is constant in time";
  let description = [{
    Element (i, j, …) is added to element `offset` + i·strides[0] + …. Stands in phases with `total`. In a map, valid
    rows are those of steps before `lengths[b]`; in an `at` group all batch rows; in a once group there is one row.
    With an `id`, `id` · `id_stride` is added to the offset: the total of a `recur.scatter`. Batch rows for which the
    caller has passed the state slot `unless_given` add nothing: he passes states for all rows or for none.
    `first`: nothing has been added to these elements before, so that, unless the caller accumulates, what the memory
    holds does not count; together such totals fill the slot. `recur-plan-tiles` finds them among totals in tiles.

    ```mlir
    recur.accumulate %o, %dW offset 0 strides [7, 1] : tensor<4x7xf32>, !recur.slot<tensor<4x7xf32>>
    recur.accumulate %e, %dE id %token : !recur.slot<tensor<i32>> stride 32 offset 0 strides [1]
      : tensor<32xf32>, !recur.slot<tensor<96x32xf32>>
    ```
  }];
  let arguments = (ins Recur_Value:$value, Recur_SlotType:$slot, Optional<Recur_SlotType>:$id,
                       DefaultValuedAttr<Recur_Int, "0">:$id_stride, Recur_Int:$offset, DenseI64ArrayAttr:$strides,
                       Optional<Recur_SlotType>:$unless_given, UnitAttr:$first);
  let assemblyFormat = [{
    (`first` $first^)? $value `,` $slot (`id` $id^ `:` type($id) `stride` $id_stride)? `offset` $offset `strides` $strides
    (`unless_given` $unless_given^ `:` type($unless_given))? attr-dict `:` type($value) `,` type($slot)
  }];
}

#endif // RECUR_SCHEDULE_TD
