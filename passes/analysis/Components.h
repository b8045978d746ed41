//===- Components.h - Strongly connected components of a system -------*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_COMPONENTS_H
#define SEQC_PASSES_ANALYSIS_COMPONENTS_H

#include "dialect/Recur.h"

namespace recur {

/// Ops that depend on each other. `cyclic`: a recurrence; else there is one op.
struct Component {
  llvm::SmallVector<mlir::Operation *> ops; // in the order of the block
  bool cyclic = false;
};

/// The components of the ops of `block`, each behind those it depends on. The order follows the block where
/// dependence leaves a choice, so that it is the same from run to run (Tarjan 1972, without recursion).
llvm::SmallVector<Component> findComponents(mlir::Block &block);

/// A cycle within `component` on which `follow` holds for every op; empty if there is none.
llvm::SmallVector<mlir::Operation *> findCycle(const Component &component,
                                               llvm::function_ref<bool(mlir::Operation *)> follow);

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_COMPONENTS_H
