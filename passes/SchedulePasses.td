//===- SchedulePasses.td - From equations to loops and memory ---*- tablegen -*-===//
#ifndef RECUR_SCHEDULE_PASSES_TD
#define RECUR_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def RecurSchedule : Pass<"recur-schedule", "::mlir::ModuleOp"> {
  let summary = "distributes equations over loops, maps and groups that run once";
  let description = [{
    The dependence graph of a system falls into strongly connected components. One with a cycle becomes a
    `recur.loop`, whose direction its shifts give; independent loops stay separate. Everything off the cycles runs
    for all steps at once in a `recur.map`, or once a call in a `recur.once` if it is constant in time (`prepared`: if
    it depends on parameters alone). So the product with the input is hoisted out of an LSTM's loop, and the weight
    gradients are one product each after the loop of its adjoint. Neighbouring maps merge, unless one reads other
    steps or a total of the other. A pointwise equation that only a loop uses, and whose operands the loop can read
    anyway, stays in the loop: outside it would cost a whole sequence written and read. `recur.at` groups hold
    boundary gradients, the final states (which become explicit here) and outputs of the last step.

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

#endif // RECUR_SCHEDULE_PASSES_TD
