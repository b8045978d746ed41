//===- Programs.h - The systems that make up a model -------------------*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_PROGRAMS_H
#define SEQC_PASSES_ANALYSIS_PROGRAMS_H

#include "dialect/Recur.h"

#include "mlir/IR/BuiltinOps.h"

namespace recur {

/// What `gradient` of a model runs, one after the other (`recur-plan-tape`).
struct GradientPrograms {
  SystemOp forwardTaped, backward;
};

/// Those of all models that have both.
llvm::SmallVector<GradientPrograms> gradientProgramsOf(mlir::ModuleOp module);

/// The slot of a system that holds what the tape has under this name; null if it has none.
SlotOp findTapeSlot(SystemOp system, llvm::StringRef name);

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_PROGRAMS_H
