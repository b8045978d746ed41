//===- PhaseViews.h - What phases read instead of moving elements ------*- C++ -*-===//
#ifndef SEQC_PASSES_PHASEVIEWS_H
#define SEQC_PASSES_PHASEVIEWS_H

#include "passes/PhaseSlots.h"
#include "passes/analysis/Access.h"

#include "llvm/ADT/SetVector.h"

#include <functional>

namespace recur {

/// Follows slices, transposes, shifts, look-ups … back to sequences that are stored. A movement that no one read can
/// express (a shift of a shift, a reshape of a transpose) makes its operand a copy, which is stored.
class PhaseViews {
public:
  /// `slotOf` gives the slot of a stored value.
  PhaseViews(PhaseSlots &slots, std::function<mlir::Value(mlir::Value)> slotOf)
      : slots(slots), slotOf(std::move(slotOf)) {}

  /// How to read `value`.
  Access resolve(mlir::Value value);
  /// How to read a movement's result, even if it is copied: what makes the copy, and what may be read past the ends.
  Access resolveMovement(mlir::Operation *op);

  /// Makes `value` one that is stored as it is; returns it.
  mlir::Value requireWhole(mlir::Value value) { return whole(value).base; }
  /// What a copied leaf is a copy of.
  Access readLeaf(mlir::Value leaf);

  bool isCopied(mlir::Value value) const { return copied.contains(value); }
  llvm::ArrayRef<mlir::Value> getCopied() const { return copied.getArrayRef(); }

private:
  Access ofShift(ShiftOpInterface shift);
  Access ofGather(GatherOp gather);
  /// A view of `value` that has neither shift nor look-up, by copying it if need be.
  Access ofThisStep(mlir::Value value);
  Access whole(mlir::Value value);
  llvm::SmallVector<mlir::Value, 2> boundaryOf(ShiftOpInterface shift);

  PhaseSlots &slots;
  std::function<mlir::Value(mlir::Value)> slotOf;
  llvm::DenseMap<mlir::Value, Access> known;
  llvm::DenseSet<mlir::Value> resolving;
  llvm::SetVector<mlir::Value> copied;
};

} // namespace recur

#endif // SEQC_PASSES_PHASEVIEWS_H
