//===- RecurTime.td - Ops that relate different steps -----------*- tablegen -*-===//
#ifndef RECUR_TIME_TD
#define RECUR_TIME_TD

include "dialect/RecurBase.td"

class Recur_ShiftOp<string mnemonic> : Recur_DifferentiableOp<mnemonic,
    [AllTypesMatch<["source", "result"]>,
     OptionalTypesMatchWith<"init has the type of the sequence", "result", "init", "$_self">,
     DeclareOpInterfaceMethods<Recur_ShiftOpInterface>]> {
  let arguments = (ins Recur_Value:$source, ConfinedAttr<Recur_Int, [IntPositive]>:$steps,
                       OptionalAttr<StrAttr>:$state, Optional<Recur_Value>:$init);
  let results = (outs Recur_Value:$result);
  let assemblyFormat = [{
    $source `by` $steps (`state` $state^)? (`init` $init^)? attr-dict `:` type($result)
  }];
  let adjoint = "adjoint.addShifted(*this, g);";
}

def Recur_DelayOp : Recur_ShiftOp<"delay"> {
  let summary = "h[t-k]";
  let description = [{
    The value of `source` k steps earlier. Before step 1 it is the boundary: what the caller passes for the state
    slots `state[0]`, `state[-1]`, …; else `init` (constant in time); else zero. The only ops, with `advance`, that
    may close a cycle. Its adjoint is an `advance` by k; the adjoint of `init` is the batch total of the adjoints of
    all boundary values.

    ```mlir
    %hp = recur.delay %h by 1 state "h" init %h0 : tensor<4xf32>
    ```
  }];
}

def Recur_AdvanceOp : Recur_ShiftOp<"advance"> {
  let summary = "h[t+k]";
  let description = [{
    The value of `source` k steps later; after the last step of each sequence (`lengths[b]`) the boundary: state
    slots `state[T+1]`, `state[T+2]`, …; else `init`; else zero.

    ```mlir
    %hn = recur.advance %h by 1 state "h" : tensor<4xf32>
    ```
  }];
}

def Recur_TotalOp : Recur_DifferentiableOp<"total", [AllTypesMatch<["x", "result"]>]> {
  let summary = "sum over all valid steps and the whole batch";
  let description = [{
    The result is constant in time. Its adjoint is the adjoint of the result, the same at every step.

    ```mlir
    %dW = recur.total %outer : tensor<4x7xf32>
    ```
  }];
  let arguments = (ins Recur_Real:$x);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let adjoint = "adjoint.add(getX(), g);";
}

#endif // RECUR_TIME_TD
