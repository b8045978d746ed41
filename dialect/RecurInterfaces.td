//===- RecurInterfaces.td - What passes ask of an op ------------*- tablegen -*-===//
#ifndef RECUR_INTERFACES_TD
#define RECUR_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Recur_AdjointOpInterface : OpInterface<"AdjointOpInterface"> {
  let cppNamespace = "::recur";
  let description = [{
    An equation that can be differentiated. `recur-derive-adjoint` visits every op that a gradient reaches and calls
    `buildAdjoint` once, with the adjoint `g` of the op's only result (same type as the result). The op adds its
    contribution to the adjoint of each operand that depends on what is differentiated.
    An op that passes no gradient (comparison, `floor`, `stop_gradient`) implements it with an empty body.
  }];
  let methods = [
    InterfaceMethod<"Adds to the adjoints of the operands what `g` contributes.",
      "void", "buildAdjoint", (ins "::recur::AdjointBuilder &":$adjoint, "::recur::Expr":$g)>
  ];
}

def Recur_ShiftOpInterface : OpInterface<"ShiftOpInterface"> {
  let cppNamespace = "::recur";
  let description = [{
    `recur.delay` and `recur.advance`: the value of a sequence at another step.
  }];
  let methods = [
    InterfaceMethod<"Steps by which the source is shifted: -k for a delay by k, +k for an advance by k.",
      "int64_t", "getShift", (ins)>,
    InterfaceMethod<"The sequence that is read.", "::mlir::Value", "getShiftSource", (ins), [{}],
      [{ return $_op.getSource(); }]>,
    InterfaceMethod<"The boundary: its value outside the steps 1..T, or null for zero.",
      "::mlir::Value", "getBoundary", (ins), [{}], [{ return $_op.getInit(); }]>,
    InterfaceMethod<"Name of the state through which a caller passes the boundary; empty if it cannot.",
      "::llvm::StringRef", "getStateName", (ins), [{}], [{ return $_op.getState().value_or(""); }]>
  ];
}

#endif // RECUR_INTERFACES_TD
