//===- SlotSharing.h - Which slots can do with one memory --------------*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_SLOTSHARING_H
#define SEQC_PASSES_ANALYSIS_SLOTSHARING_H

#include "dialect/Recur.h"

#include "llvm/ADT/SmallVector.h"

namespace recur {

/// The phase of a read, a write or a sum.
PhaseOp phaseOf(mlir::Operation *user);

/// Whether `phase` runs before `other`: for all rows, or, in one group, for each row.
bool precedes(PhaseOp phase, PhaseOp other);

/// Null if no phase writes the slot.
PhaseOp firstWriter(SlotOp slot);
PhaseOp lastUser(SlotOp slot);

/// A sequence of our own that needs memory, each row of which is written and read as such.
bool isStoredSequence(SlotOp slot);

/// Whether all that touches a slot is a write, or a read of the row that it names.
bool isPlain(SlotOp slot);

/// Another slot that gets each value that `slot` ends up with, at the same place; null if there is none.
SlotOp findTwin(SlotOp slot, SlotSource source);

/// How the values of one slot can take the place of those of another.
struct Succession {
  SlotOp earlier;
  llvm::SmallVector<PhaseOp, 2> early; // totals of the earlier values that must run before the later ones are written

  /// Moves them as far to the front of their group as what they read allows.
  void moveTotals();
};

/// Nothing if `earlier` is needed when `later` is written to it, its first element to element `at`. Both are plain.
std::optional<Succession> findSuccession(SlotOp earlier, SlotOp later, int64_t at = 0);

/// Of several slots the one that was used last, and may still be in a cache: best of all what `later` is made of.
std::optional<Succession> findPlace(SlotOp later, llvm::ArrayRef<SlotOp> slots);

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_SLOTSHARING_H
