//===- Passes.td - All passes on recurrence systems -------------*- tablegen -*-===//
#ifndef RECUR_PASSES_TD
#define RECUR_PASSES_TD

include "mlir/Pass/PassBase.td"
include "passes/SchedulePasses.td"

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
    recur.system @Cell {
      %x = recur.input "x" : tensor<3xf32>
      %W = recur.param "W" init <xavier> : tensor<4x3xf32>
      %h = recur.matmul %W, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
      recur.equation "h", %h : tensor<4xf32>
    }
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

def RecurRecordInterface : Pass<"recur-record-interface", "::mlir::ModuleOp"> {
  let summary = "notes the tensors of each exported system";
  let description = [{
    Puts a `recur.interface` for each exported system at the start of the module. Runs right after
    `recur-inline-instances`, while every parameter, input, state and output is still there.

    Pre-condition: exported systems have no instances.

    ```mlir
    // before
    recur.system exported @M {
      %x = recur.input "x" : tensor<3xf32>
      recur.output "y", %x : tensor<3xf32>
    }
    // after
    recur.interface "M" dims {} {
      recur.tensor input "x" : tensor<3xf32>
      recur.tensor output "y" : tensor<3xf32>
    }
    recur.system exported @M {
      %x = recur.input "x" : tensor<3xf32>
      recur.output "y", %x : tensor<3xf32>
    }
    ```
  }];
  let dependentDialects = ["::recur::RecurDialect"];
}

def RecurSimplify : Pass<"recur-simplify", "::recur::SystemOp"> {
  let summary = "algebra on equations, equal and dead equations";
  let description = [{
    - folds constants and identities (`x * 1`, `x + 0`, `x * 0`, slices of concatenations, …);
    - writes signs as subtractions, small integer powers as products, transposes of products as products;
    - makes sums of pads into concatenations;
    - takes what is constant in time out of totals: `total(x * w)` is `total(x) * w`;
    - subtracts the mean of a product's elements, which layer norm does at every step, from the weights instead
      (`centre-weights`; after the gradient has been derived, so that it is the gradient of the weights as they are);
    - leaves out of sums, and of totals, what has had its mean subtracted, since that sums to zero;
    - orders sums so that a recurrence waits for as little as possible: first the terms that are off its cycle,
      then those on it;
    - merges equal equations and erases those that no output, loss, gradient or state needs. With `drop-equations` a
      named equation may go, too.

    Numbers change only by the order of sums and products, by what rounding leaves of a sum that is zero, and where a zero
    meets a NaN or an infinity (`x * 0` is 0, and so is the sum of `x - mean(x)`).

    Pre-condition: none. Works on the level of equations.

    ```mlir
    // before
    %0 = recur.matmul %Wh, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %1 = recur.matmul %Wx, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
    %2 = recur.add %0, %1 : tensor<4xf32>
    %3 = recur.add %2, %b : tensor<4xf32>
    %h = recur.tanh %3 : tensor<4xf32>
    // after: %3 does not wait for h[t-1]
    %3 = recur.add %1, %b : tensor<4xf32>
    %4 = recur.add %3, %0 : tensor<4xf32>
    %h = recur.tanh %4 : tensor<4xf32>
    ```
  }];
  let options = [Option<"dropEquations", "drop-equations", "bool", "false",
                        "erase named equations that nothing else needs">,
                 Option<"centresWeights", "centre-weights", "bool", "true",
                        "subtract the mean of a product's elements from the weights instead">];
  let statistics = [Statistic<"numReordered", "num-sums", "sums rewritten">,
                    Statistic<"numMerged", "num-merged", "equal equations merged">,
                    Statistic<"numDead", "num-dead", "dead equations erased">];
}

def RecurFuseGates : Pass<"recur-fuse-gates", "::recur::SystemOp"> {
  let summary = "makes few large products of the many small ones of gates";
  let description = [{
    - `W @ [h, x]` with a constant W becomes `W[:, :H] @ h + W[:, H:] @ x`: the part off the cycle can run ahead;
    - products of constant matrices with the same vector become one, with the matrices one below the other, also in
      each of several leading dims (heads);
    - for adjoints: `W1.T @ a + W2.T @ b` becomes `[W1; W2].T @ [a, b]`, and totals of outer products with one right
      side become one total.

    A product on a recurrence is fused only with products of the same recurrence, and nothing is fused that would need
    its own result: values and schedule change only by fewer products.

    Pre-condition: `recur-simplify` has merged equal equations. Leaves slices and concatenations that it tidies up.

    ```mlir
    // before
    %z = recur.concat %hp, %x dim 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
    %f = recur.matmul %Wf, %z : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
    %i = recur.matmul %Wi, %z : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
    // after
    %Wfh = recur.slice %Wf dim 1 at 0 : tensor<4x7xf32> -> tensor<4x4xf32>
    %Wih = recur.slice %Wi dim 1 at 0 : tensor<4x7xf32> -> tensor<4x4xf32>
    %Wh = recur.concat %Wfh, %Wih dim 0 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
    %ph = recur.matmul %Wh, %hp : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
    %fh = recur.slice %ph dim 0 at 0 : tensor<8xf32> -> tensor<4xf32>
    // … the same for x
    %f = recur.add %fh, %fx : tensor<4xf32>
    ```
  }];
  let statistics = [Statistic<"numSplit", "num-split", "products with a concatenation split">,
                    Statistic<"numFused", "num-fused", "products that became part of a larger one">];
}

def RecurDeriveAdjoint : Pass<"recur-derive-adjoint", "::mlir::ModuleOp"> {
  let summary = "adds the adjoint of every exported system: backpropagation through time, as equations";
  let description = [{
    Adds `@M.joint` behind every exported `@M`: a copy of its equations, and an adjoint equation for every value that
    a gradient reaches. The adjoint of a value is the sum of what its uses contribute; each op says its own
    contributions (`AdjointOpInterface`). The adjoint of `h[t-1]` is the adjoint of what uses it, at `t+1`. What a
    sequence contributes to a value that is constant in time is summed by `recur.total`. Gradients start at the seeds
    (of outputs, of final states, of the loss) and end in `recur.gradient` for every parameter and real input, and
    in `recur.boundary_gradient` for every state.

    Of a system that has gradients already, a joint one that has been exported, these are the results, and its seeds
    are given numbers: `@M.joint.joint` computes the gradients of the sum of `d.w` times d.w over all w, the Hessian
    times a vector. It is refused if a parameter reaches a boundary equation: `recur.boundary_gradient` has no adjoint.

    Pre-condition: no instances (`recur-inline-instances`).

    ```mlir
    // before
    recur.system exported @M {
      %w = recur.param "w" init <xavier> : tensor<4xf32>
      %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
      %h = recur.mul %w, %hp : tensor<4xf32>
      recur.output "h", %h : tensor<4xf32>
    }
    // after: @M, and
    recur.system @M.joint {
      %w = recur.param "w" init <xavier> : tensor<4xf32>
      %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
      %h = recur.mul %w, %hp : tensor<4xf32>
      recur.output "h", %h : tensor<4xf32>
      %0 = recur.seed "h" : tensor<4xf32>
      %1 = recur.final_seed "h" slots 1 : tensor<4xf32>
      %2 = recur.mul %dh, %hp : tensor<4xf32>
      %3 = recur.mul %dh, %w : tensor<4xf32>
      %4 = recur.advance %3 by 1 : tensor<4xf32>
      %5 = recur.boundary_gradient "h" slots 1 (%4) : tensor<4xf32>
      %6 = recur.add %0, %1 : tensor<4xf32>
      %dh = recur.add %6, %4 : tensor<4xf32>
      %dw = recur.total %2 : tensor<4xf32>
      recur.gradient "w", %dw : tensor<4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numAdjoints", "num-adjoints", "values that got an adjoint">];
}

def RecurPrintEquations : Pass<"recur-print-equations", "::recur::SystemOp"> {
  let summary = "prints each system as equations, and of a joint system its adjoint part";
  let description = [{
    For people and tests; changes nothing. `seqc --emit=adjoint` prints the same.

    Pre-condition: no instances. Works on the level of equations.

    ```mlir
    // before
    recur.system exported @M {
      %w = recur.param "w" init <xavier> : tensor<4xf32>
      %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
      %h = recur.mul %w, %hp : tensor<4xf32>
      recur.equation "h", %h : tensor<4xf32>
      recur.output "h", %h : tensor<4xf32>
    }
    // after: the same, and on standard output
    //   model M {
    //     param w : [4] ~ xavier
    //     h = w * h[t-1]
    //     output h
    //   }
    recur.system exported @M {
      %w = recur.param "w" init <xavier> : tensor<4xf32>
      %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
      %h = recur.mul %w, %hp : tensor<4xf32>
      recur.equation "h", %h : tensor<4xf32>
      recur.output "h", %h : tensor<4xf32>
    }
    ```
  }];
}

#endif // RECUR_PASSES_TD
