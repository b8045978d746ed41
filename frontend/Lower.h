//===- Lower.h - Checked systems as recur.system --------------------*- C++ -*-===//
#ifndef SEQC_FRONTEND_LOWER_H
#define SEQC_FRONTEND_LOWER_H

#include "frontend/Graph.h"

#include "mlir/IR/BuiltinOps.h"

namespace seqc {

/// Appends `system` to the module: one op a node, each under the place it comes from, and the value of each equation
/// under its name.
void lowerSystem(System &system, mlir::ModuleOp module, bool f64);

} // namespace seqc

#endif // SEQC_FRONTEND_LOWER_H
