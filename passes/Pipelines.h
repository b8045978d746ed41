//===- Pipelines.h - The passes between the levels, in order --------*- C++ -*-===//
#ifndef SEQC_PASSES_PIPELINES_H
#define SEQC_PASSES_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace recur {

/// From what the frontend makes to flat equations and their adjoints: afterwards each model M is a system @M without
/// instances, @M.joint has its gradient as well, and a `recur.interface` lists the tensors of M.
void buildAdjointPipeline(mlir::OpPassManager &passes);

/// From there to loops and maps: afterwards there are @M.forward, @M.forward_taped and @M.backward.
void buildSchedulePipeline(mlir::OpPassManager &passes);

/// From there to phases: afterwards systems hold nothing but slots, groups and phases.
void buildPhasesPipeline(mlir::OpPassManager &passes);

/// Gives tools the pipelines by name: `recur-to-adjoint`, `recur-to-schedule`, `recur-to-phases`. Each starts from what
/// the frontend makes.
void registerPipelines();

} // namespace recur

#endif // SEQC_PASSES_PIPELINES_H
