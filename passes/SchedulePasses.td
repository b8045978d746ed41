//===- SchedulePasses.td - From equations to loops and memory ---*- tablegen -*-===//
#ifndef RECUR_SCHEDULE_PASSES_TD
#define RECUR_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def RecurPlanTape : Pass<"recur-plan-tape", "::mlir::ModuleOp"> {
  let summary = "splits a joint system into a forward that keeps a tape and a backward that reads it";
  let description = [{
    For every exported `@M`: `@M.joint` becomes `@M.forward_taped`, whose `recur.save`s keep what the adjoint reads,
    and `@M.backward`, which reads it by `recur.saved`; `@M` becomes `@M.forward`. They carry the attributes
    `recur.model` and `recur.program`.

    Of the primal values that the adjoint reads, products and values that a loop carries are kept; pointwise ones
    whose operands are at hand are computed again. Where one sequence is all that is missing for values that take more,
    that sequence is kept instead of them. Movement (`h[t-1]`, slices) is never kept, but its source is, unless only a
    part of it is read. Inputs and parameters are read again, random masks drawn again. What only the adjoint
    computes stays in the backward. The attribute `recur.tape` of `@M.forward_taped` says what was decided and why.

    Pre-condition: joint systems (`recur-derive-adjoint`).

    ```mlir
    // before, in @M.joint, where %do is an adjoint
    %tc = recur.tanh %c : tensor<4xf32>
    %d = recur.mul %do, %tc : tensor<4xf32>
    // after: in @M.forward_taped
    recur.save "c", %c : tensor<4xf32>
    // in @M.backward
    %c = recur.saved "c" : tensor<4xf32>
    %tc = recur.tanh %c : tensor<4xf32>
    %d = recur.mul %do, %tc : tensor<4xf32>
    ```
  }];
  let statistics = [
    Statistic<"numKept", "num-kept", "values kept on the tape">,
    Statistic<"numRecomputed", "num-recomputed", "values that the adjoint computes again">
  ];
}

def RecurSchedule : Pass<"recur-schedule", "::mlir::ModuleOp"> {
  let summary = "distributes equations over loops, maps and groups that run once";
  let description = [{
    The dependence graph of a system falls into strongly connected components. One with a cycle becomes a
    `recur.loop`, whose direction its shifts give; independent loops stay separate. Everything off the cycles runs
    for all steps at once in a `recur.map`, or once a call in a `recur.once` if it is constant in time (`prepared`: if
    it depends on parameters alone). So the product with the input is hoisted out of an LSTM's loop, and the weight
    gradients are one product each after the loop of its adjoint. Neighbouring maps merge, unless one reads other
    steps or a total of the other. A pointwise equation that only a loop uses, and whose operands the loop can read
    anyway, stays in the loop: outside it would cost a whole sequence written and read. One that only later maps use
    runs with the first of them, if what it reads is stored anyway. `recur.at` groups hold boundary gradients, the
    final states (which become explicit here) and outputs of the last step.

    Pre-condition: a flat system. Equations only name values afterwards; leaves stand before the groups, sinks
    behind them. A cycle without a delay, one that needs both earlier and later steps, or one through a total is an
    error that names the values along it.

    ```mlir
    // before
    recur.system exported @M.forward {
      %x = recur.input "x" : tensor<3xf32>
      %U = recur.param "U" init <xavier> : tensor<4x4xf32>
      %W = recur.param "W" init <xavier> : tensor<4x3xf32>
      %hp = recur.delay %h by 1 : tensor<4xf32>
      %u = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %w = recur.matmul %W, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
      %h = recur.add %u, %w : tensor<4xf32>
      recur.output "h", %h : tensor<4xf32>
    }
    // after
    recur.system exported @M.forward {
      %x = recur.input "x" : tensor<3xf32>
      %U = recur.param "U" init <xavier> : tensor<4x4xf32>
      %W = recur.param "W" init <xavier> : tensor<4x3xf32>
      %w = recur.map {
        %0 = recur.matmul %W, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
        recur.yield %0 : tensor<4xf32>
      } : tensor<4xf32>
      %h = recur.loop forward {
        %hp = recur.delay %0 by 1 : tensor<4xf32>
        %u = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %0 = recur.add %u, %w : tensor<4xf32>
        recur.yield %0 : tensor<4xf32>
      } : tensor<4xf32>
      recur.output "h", %h : tensor<4xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numLoops", "num-loops", "loops in time">,
    Statistic<"numMaps", "num-maps", "groups that run for all steps at once">
  ];
}

def RecurFormPhases : Pass<"recur-form-phases", "::mlir::ModuleOp"> {
  let summary = "partitions each group into phases that touch memory only by reads and writes";
  let description = [{
    A phase computes values of one shape: products and reductions first, then everything pointwise that follows. What
    a product, a reduction or a view needs complete is written by an earlier phase. Movement (slice, reshape,
    transpose, broadcast, delay, advance, gather) is no work: it becomes offset, strides, shift and id of a read; the
    parts of a concat are written side by side into one slot, each by the loop or map that computes it, and a concat
    of some of these parts is read there too. A product of which only slices are used in a loop is split, so that one
    phase holds all gates of a unit. The totals that make up the gradient of a parameter are added in its memory,
    through sums, concats and transposes. A cheap value that a reduction takes, such as the square of a deviation, has
    no phase of its own: each that uses it computes it from what is stored anyway, and so for one operation in a loop on
    what other groups or earlier steps have stored. Loops take all that is ready into one phase, because each costs a
    barrier a step; maps only what belongs together, and totals that read the same sequence. Totals stand last in a map.

    Pre-condition: groups (`recur-schedule`). Afterwards there are only slots, groups and phases, with a workspace
    slot for every value that is read in another phase (`recur-plan-memory` makes them fewer and smaller).

    ```mlir
    // before
    %h = recur.loop forward {
      %hp = recur.delay %0 by 1 state "h" : tensor<4xf32>
      %u = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %0 = recur.tanh %u : tensor<4xf32>
      recur.yield %0 : tensor<4xf32>
    } : tensor<4xf32>
    recur.output "h", %h : tensor<4xf32>
    // after
    recur.loop forward {
      recur.phase "h" space [4] {
        %0 = recur.read %U offset 0 strides [4, 1] : (!recur.slot<tensor<4x4xf32>>) -> tensor<4x4xf32>
        %1 = recur.read %h shift -1 boundary %h0 offset 0 strides [1]
          : (!recur.slot<tensor<4xf32>>, !recur.slot<tensor<4xf32>>) -> tensor<4xf32>
        %2 = recur.matmul %0, %1 : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %3 = recur.tanh %2 : tensor<4xf32>
        recur.write %3, %out offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
        recur.write %3, %h offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
      }
    }
    ```
  }];
  let statistics = [
    Statistic<"numPhases", "num-phases", "phases">,
    Statistic<"numSplit", "num-split", "ops split into the slices that are used">
  ];
}

def RecurJoinLoops : Pass<"recur-join-loops", "::recur::SystemOp"> {
  let summary = "leaves no sequence in memory for pointwise work alone";
  let description = [{
    A sequence that a loop writes, and of which the map behind it needs each step for pointwise work and sums of that
    alone, would be stored for these only. Their phases join the loop, where the step is in a cache, and the sequence
    need not be kept from step to step (`recur-plan-memory`). Sums then go from step to step in the order of the loop.
    The gradients of normalised cells are such: the gates' gradients are needed for those of gains and biases, and to
    pass both normalisations.

    Pre-condition: phases (`recur-form-phases`).

    ```mlir
    // before
    recur.loop backward {
      recur.phase "d.z" space [4] {
        %a = recur.read %d_y offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
        recur.write %a, %d_z offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
      }
    }
    recur.map {
      recur.phase "d.b" space [4] total {
        %a = recur.read %d_z offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
        recur.accumulate %a, %d_b offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
      }
    }
    // after
    recur.loop backward {
      recur.phase "d.z" space [4] {
        %a = recur.read %d_y offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
        recur.write %a, %d_z offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
      }
      recur.phase "d.b" space [4] total {
        %a = recur.read %d_z offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
        recur.accumulate %a, %d_b offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
      }
    }
    ```
  }];
  let statistics = [Statistic<"numWithinStep", "num-within-step", "sequences that the loop alone needs now">];
}

def RecurPlanMemory : Pass<"recur-plan-memory", "::recur::SystemOp"> {
  let summary = "makes slots fewer and smaller";
  let description = [{
    What a prepared group writes moves to prepared memory, so that `prepare` may run ahead. A value that is kept on
    the tape, or that the caller gets, is read from there instead of from a workspace of its own; the workspace of an
    output remains as its fallback, for callers who want none. A value that only other phases of the same step of a
    loop read needs no memory per step; one that only later steps of the loop read is kept for a few steps, in a ring.
    What nobody reads is not written.

    Pre-condition: phases (`recur-form-phases`).

    ```mlir
    // before
    %out = recur.slot output "h" time batch : <tensor<4xf32>>
    %h = recur.slot workspace "h" time batch : <tensor<4xf32>>
    // after
    %h = recur.slot workspace "h" time batch : <tensor<4xf32>>
    %out = recur.slot output "h" time batch fallback %h : !recur.slot<tensor<4xf32>> : <tensor<4xf32>>
    ```
  }];
  let statistics = [
    Statistic<"numMerged", "num-merged", "workspace slots that the tape or an output replaces">,
    Statistic<"numWithinStep", "num-within-step", "workspace slots that hold one step">,
    Statistic<"numRings", "num-rings", "workspace slots that hold a few steps">,
    Statistic<"numPrepared", "num-prepared", "slots that prepare fills">
  ];
}

def RecurLayTape : Pass<"recur-lay-tape", "::mlir::ModuleOp"> {
  let summary = "keeps values on the tape where what they are made of was";
  let description = [{
    A sequence of the workspace of `forward_taped` that is read for the last time where values for the tape are made of
    it, element by element, becomes the slot of the tape for all of these, if they fill it: the products for the gates
    of a cell, and the gates. Nothing but their offsets changes in `backward`.

    Pre-condition: phases whose memory is planned (`recur-plan-memory`). Before `recur-share-memory`, for which such
    a sequence would have several lives.

    ```mlir
    // before
    recur.phase "z" space [4] {
      %a = recur.read %products offset 4 strides [1] : (!recur.slot<tensor<8xf32>>) -> tensor<4xf32>
      %z = recur.sigmoid %a : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    }
    // after
    recur.phase "z" space [4] {
      %a = recur.read %tape offset 4 strides [1] : (!recur.slot<tensor<8xf32>>) -> tensor<4xf32>
      %z = recur.sigmoid %a : tensor<4xf32>
      recur.write %z, %tape offset 4 strides [1] : tensor<4xf32>, !recur.slot<tensor<8xf32>>
    }
    ```
  }];
  let statistics = [Statistic<"numLaid", "num-laid", "sequences that became a part of the tape">];
}

def RecurShareMemory : Pass<"recur-share-memory", "::recur::SystemOp"> {
  let summary = "lets values of different times share a slot";
  let description = [{
    A sequence of the workspace that is written only when another one of its type is not read any more takes that
    one's slot (and name). It may take that of what it is made of, element by element. Of several, the one that was used
    last is taken, which may still be in a cache. Sums of values that would be overwritten run earlier in their group, right
    behind the phases that they need. What the rows of one group alone use keeps its slot, since the group may hand it on
    without memory.

    Pre-condition: phases whose memory is planned (`recur-plan-memory`): a slot that a ring or one step suffices for is
    none of these any more.

    ```mlir
    // before; nothing reads %x later
    recur.phase "y" space [4] {
      %a = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      %b = recur.tanh %a : tensor<4xf32>
      recur.write %b, %y offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    }
    // after
    recur.phase "y" space [4] {
      %a = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      %b = recur.tanh %a : tensor<4xf32>
      recur.write %b, %x offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    }
    ```
  }];
  let statistics = [Statistic<"numShared", "num-shared", "slots whose values went to another one">];
}

def RecurFindHosts : Pass<"recur-find-hosts", "::mlir::ModuleOp"> {
  let summary = "saves memory where forward and backward run in one call";
  let description = [{
    In `gradient` nobody reads the tape after `backward`, and outputs stay as they are until it is done. So a slot of the
    tape may be where an output with the same values is, and a sequence that `backward` writes may be where one of
    the tape was that is not read any more: for these it is given as `host`. Sums in a loop run earlier for that, as for
    `recur-share-memory`. Where `backward` is a call of its own, the tape remains.

    Pre-condition: phases, the last pass of them.

    ```mlir
    // before
    %out = recur.slot output "h" time batch : !recur.slot<tensor<4xf32>>
    %h = recur.slot tape "h" time batch : !recur.slot<tensor<4xf32>>
    // after
    %out = recur.slot output "h" time batch : !recur.slot<tensor<4xf32>>
    %h = recur.slot tape "h" time batch host %out : !recur.slot<tensor<4xf32>> : !recur.slot<tensor<4xf32>>
    ```
  }];
  let statistics = [Statistic<"numHosted", "num-hosted", "slots that have a host">];
}

#endif // RECUR_SCHEDULE_PASSES_TD
