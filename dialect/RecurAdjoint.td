//===- RecurAdjoint.td - Leaves and results of an adjoint system -*- tablegen -*-===//
#ifndef RECUR_ADJOINT_TD
#define RECUR_ADJOINT_TD

include "dialect/RecurBase.td"

def Recur_SeedOp : Recur_Op<"seed", [Pure]> {
  let summary = "the gradient that the caller gives for an output";
  let description = [{
    `d.h` of the call; zero where the caller gives none. `last` marks an output of the last step only: the value is
    zero at every other step. The seed "loss" is that of the loss, constant in time: 1, or 0 if the caller says so.
    In the adjoint of an adjoint, `d.w` is the result that a `recur.gradient` of w gives there, and its seed the
    direction of a Hessian-vector product; `constant` in time for a parameter.

    ```mlir
    %dh = recur.seed "h" : tensor<4xf32>
    %v = recur.seed "d.W_f" constant : tensor<4x7xf32>
    ```
  }];
  let arguments = (ins StrAttr:$output, UnitAttr:$last, UnitAttr:$constant);
  let results = (outs Recur_Real:$value);
  let assemblyFormat = "$output (`last` $last^)? (`constant` $constant^)? attr-dict `:` type($value)";
  let extraClassDeclaration = [{
    /// Whether the value is the same at every step.
    bool isConstant() { return getConstant() || getOutput() == "loss"; }
  }];
}

def Recur_FinalSeedOp : Recur_Op<"final_seed", [Pure]> {
  let summary = "the gradient that the caller gives for the final state";
  let description = [{
    The final state of a `state` with k slots is its value at the last k steps (`reversed`: at the first k, for a
    recurrence that runs from the last step to the first). The value is the caller's gradient at those steps, else zero.

    ```mlir
    %dh = recur.final_seed "h" slots 1 : tensor<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$state, ConfinedAttr<Recur_Int, [IntPositive]>:$slots, UnitAttr:$reversed);
  let results = (outs Recur_Real:$value);
  let assemblyFormat = "$state `slots` $slots (`reversed` $reversed^)? attr-dict `:` type($value)";
}

def Recur_GradientOp : Recur_Op<"gradient"> {
  let summary = "a gradient that the caller gets";
  let description = [{
    Of the parameter or input `name`. For a parameter the value is constant in time.

    ```mlir
    recur.gradient "W_f", %dW : tensor<4x7xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Recur_Real:$value);
  let assemblyFormat = "$name `,` $value attr-dict `:` type($value)";
}

def Recur_BoundaryGradientOp : Recur_Op<"boundary_gradient"> {
  let summary = "gradient of the boundary values of a state";
  let description = [{
    `shifted` are all the shifts, in the adjoint system, of the adjoints that flow back through the primal shifts of
    `state` (a primal `delay` by k gives an `advance` by k here). The gradient of slot j is their sum, read j steps
    before step 1 (`reversed`: after the end, for a primal `advance`). Among them is the seed of the final state: in
    a sequence with fewer steps than slots it reaches the initial state; and so is the seed of an output of the last
    step. The op writes the gradients to the caller, and its result is their total over slots and batch, the adjoint
    of the boundary equation; zero if the caller gave the state himself.

    ```mlir
    %dh0 = recur.boundary_gradient "h" slots 1 (%dh_next) : tensor<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$state, ConfinedAttr<Recur_Int, [IntPositive]>:$slots, UnitAttr:$reversed,
                       Variadic<Recur_Real>:$shifted);
  let results = (outs Recur_Real:$result);
  let assemblyFormat = [{
    $state `slots` $slots (`reversed` $reversed^)? attr-dict
    custom<OperandsOfResultType>($shifted, type($shifted), type($result))
  }];
}

def Recur_SaveOp : Recur_Op<"save"> {
  let summary = "keeps a sequence on the tape";
  let description = [{
    `constant`: the value is constant in time and kept once.

    ```mlir
    recur.save "c", %c : tensor<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Recur_Value:$value, UnitAttr:$constant);
  let assemblyFormat = "$name `,` $value (`constant` $constant^)? attr-dict `:` type($value)";
}

def Recur_SavedOp : Recur_Op<"saved", [Pure]> {
  let summary = "a sequence from the tape";
  let description = [{
    ```mlir
    %c = recur.saved "c" : tensor<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, UnitAttr:$constant);
  let results = (outs Recur_Value:$value);
  let assemblyFormat = "$name (`constant` $constant^)? attr-dict `:` type($value)";
}

#endif // RECUR_ADJOINT_TD
