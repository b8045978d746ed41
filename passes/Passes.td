//===- Passes.td - All passes on recurrence systems -------------*- tablegen -*-===//
#ifndef RECUR_PASSES_TD
#define RECUR_PASSES_TD

include "mlir/Pass/PassBase.td"

def RecurInlineInstances : Pass<"recur-inline-instances", "::mlir::ModuleOp"> {
  let summary = "flattens instances into the exported systems";
  let description = [{
    Every `recur.instance` of an exported system is replaced by the equations of the system it names. Names get the
    path of the instance in front: `enc.W_f`, `enc.h`. Instances with one path share their parameters; the states of
    application n > 0 are named `enc@n.h`. A `reversed` instance runs from the last step to the first: its delays
    become advances and its advances delays. Systems that are not exported are removed.

    Pre-condition: no system contains itself (an error says so).

    ```mlir
    // before
    recur.system exported @Model {
      %x = recur.input "x" : tensor<3xf32>
      %y = recur.instance @Cell "enc" (%x) reads ["h"] : (tensor<3xf32>) -> tensor<4xf32>
      recur.output "y", %y : tensor<4xf32>
    }
    // after
    recur.system exported @Model {
      %x = recur.input "x" : tensor<3xf32>
      %W = recur.param "enc.W" init <xavier> : tensor<4x3xf32>
      %h = recur.matmul %W, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
      recur.equation "enc.h", %h : tensor<4xf32>
      recur.output "y", %h : tensor<4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numInlined", "num-inlined", "instances inlined">];
}

#endif // RECUR_PASSES_TD
