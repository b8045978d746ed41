//===- RecurBase.td - The recur dialect and its op classes ------*- tablegen -*-===//
//
// A value of this dialect is "the value at step t": batch and time are implicit. See RATIONALE.md.
//
//===---------------------------------------------------------------------------===//
#ifndef RECUR_BASE_TD
#define RECUR_BASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialect/RecurInterfaces.td"

def Recur_Dialect : Dialect {
  let name = "recur";
  let cppNamespace = "::recur";
  let summary = "systems of recurrence equations over time";
  let description = [{
    A `recur.system` is a set of equations over sequences. Its region is a graph region: an equation may use a
    value before it is defined, and a recurrence is a cycle through `recur.delay` or `recur.advance`.
    The same ops are used at three levels, each only grouping what the level above has:

    1. *equations*: ops stand directly in the system;
    2. *schedule*: ops stand in `recur.once`, `recur.map`, `recur.loop` and `recur.at`, in execution order;
    3. *phases*: ops stand in `recur.phase`, and touch memory only through `recur.read`, `recur.write`
       and `recur.accumulate` on `recur.slot`s.
  }];
  let hasConstantMaterializer = 1;
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

//===-- Types -------------------------------------------------------------------===//

// Static shapes: dims are compile-time integers; rank 0 is a scalar.
def Recur_Real  : StaticShapeTensorOf<[F32, F64]>;
def Recur_Bool  : StaticShapeTensorOf<[I1]>;
def Recur_Id    : StaticShapeTensorOf<[I32]>;
def Recur_Value : StaticShapeTensorOf<[F32, F64, I1, I32]>;

// A signed number of steps, dims or elements.
def Recur_Int : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit signed integer">;

//===-- Op classes --------------------------------------------------------------===//

class Recur_Op<string mnemonic, list<Trait> traits = []> : Op<Recur_Dialect, mnemonic, traits>;

/// An op whose adjoint is written in its ODS entry: `adjoint` is the body of
/// `void buildAdjoint(AdjointBuilder &adjoint, Expr g)`, where g is the adjoint of the result.
/// `adjoint.add(operand, contribution)` adds to the adjoint of an operand.
class Recur_DifferentiableOp<string mnemonic, list<Trait> traits = []>
    : Recur_Op<mnemonic, traits # [Pure, DeclareOpInterfaceMethods<Recur_AdjointOpInterface>]> {
  code adjoint = "";
  let extraClassDefinition = [{
    void $cppClass::buildAdjoint(::recur::AdjointBuilder &adjoint, ::recur::Expr g) {
  }] # adjoint # [{
    }
  }];
}

#endif // RECUR_BASE_TD
