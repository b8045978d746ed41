//===- Report.h - What was found out about a model, and what was done --*- C++ -*-===//
#ifndef SEQC_PASSES_REPORT_H
#define SEQC_PASSES_REPORT_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace recur {

/// For people: the recurrences of each exported system, their classes and gradient highways. The module holds flat
/// equations (after `buildAdjointPipeline`).
std::string reportRecurrences(mlir::ModuleOp module);

/// For people: parameters, work and memory of each program, its phases, what was hoisted and fused, what the tape keeps
/// and what the adjoint computes again. The module holds phases (after `buildPhasesPipeline`).
std::string reportPhases(mlir::ModuleOp module);

} // namespace recur

#endif // SEQC_PASSES_REPORT_H
