//===- Recur.h - The recur dialect: everything a user includes ------*- C++ -*-===//
#ifndef SEQC_DIALECT_RECUR_H
#define SEQC_DIALECT_RECUR_H

#include "dialect/AdjointBuilder.h"
#include "dialect/Expr.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <optional>

#include "dialect/RecurDialect.h.inc"
#include "dialect/RecurEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/RecurAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialect/RecurTypes.h.inc"

#include "dialect/RecurInterfaces.h.inc"

namespace recur {

/// Each element of the result depends on the same element of the operands alone.
template <typename ConcreteType>
class PointwiseOpTrait : public mlir::OpTrait::TraitBase<ConcreteType, PointwiseOpTrait> {};

} // namespace recur

#define GET_OP_CLASSES
#include "dialect/RecurOps.h.inc"

#endif // SEQC_DIALECT_RECUR_H
