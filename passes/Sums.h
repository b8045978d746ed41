//===- Sums.h - Sums of more than two terms ----------------------------*- C++ -*-===//
#ifndef SEQC_PASSES_SUMS_H
#define SEQC_PASSES_SUMS_H

#include "dialect/Recur.h"

namespace recur {

/// The terms of the sum that ends in `root`: additions whose value is used elsewhere count as one term.
llvm::SmallVector<mlir::Value> collectTerms(AddOp root);

/// The additions of `block` that are no part of a larger sum.
llvm::SmallVector<AddOp> findSums(mlir::Block &block);

/// In each sum, pads that do not overlap become one concatenation: pad(a) + pad(b) → [a, b]. Pads to the same place
/// add up inside: pad(a) + pad(b) → pad(a + b). Returns the number of sums changed.
unsigned mergePads(mlir::Block &block);

/// Adds what a recurrence does not need to wait for first: (varying terms + invariant terms) + terms on the cycle.
/// Returns the number of sums changed.
unsigned reorderSums(SystemOp system);

} // namespace recur

#endif // SEQC_PASSES_SUMS_H
