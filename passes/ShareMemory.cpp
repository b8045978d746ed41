//===- ShareMemory.cpp - One slot for values of different times -----------------------===//
#include "passes/Passes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"

#define DEBUG_TYPE "recur-share-memory"

namespace recur {
#define GEN_PASS_DEF_RECURSHAREMEMORY
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

static PhaseOp phaseOf(Operation *user) { return cast<PhaseOp>(user->getParentOp()); }

static bool precedes(PhaseOp phase, PhaseOp other) {
  Operation *group = phase->getParentOp(), *groupOfOther = other->getParentOp();
  return group == groupOfOther ? phase->isBeforeInBlock(other) : group->isBeforeInBlock(groupOfOther);
}

//===-- Slots -----------------------------------------------------------------------------===//

static PhaseOp firstWriter(SlotOp slot) {
  PhaseOp first;
  for (Operation *user : slot->getUsers())
    if (isa<WriteOp>(user) && (!first || precedes(phaseOf(user), first)))
      first = phaseOf(user);
  return first;
}

/// Whether all that touches a slot is a write, or a read of the row that it names.
static bool isPlain(SlotOp slot) {
  return llvm::all_of(slot->getUsers(), [&](Operation *user) {
    auto read = dyn_cast<ReadOp>(user);
    return isa<WriteOp>(user) || (read && !read.getId() && !llvm::is_contained(read.getBoundary(), slot.getResult()));
  });
}

/// Whether one group alone uses a slot, row by row: it may hand the values on without memory.
static bool staysInRows(SlotOp slot) {
  Operation *group = phaseOf(*slot->user_begin())->getParentOp();
  return llvm::all_of(slot->getUsers(), [&](Operation *user) {
    return phaseOf(user)->getParentOp() == group && !phaseOf(user).getTotal();
  });
}

/// A sequence of our own that needs memory.
static bool isCandidate(SlotOp slot) {
  bool isSequence = slot.getSource() == SlotSource::workspace && slot.getTime() && slot.getBatch();
  return isSequence && slot.getRing() == 0 && !slot.getZeroed() && !slot.getFallback() && isPlain(slot) &&
         firstWriter(slot) && !staysInRows(slot);
}

static PhaseOp lastUser(SlotOp slot) {
  PhaseOp last;
  for (Operation *user : slot->getUsers())
    if (!last || precedes(last, phaseOf(user)))
      last = phaseOf(user);
  return last;
}

//===-- Within a phase -----------------------------------------------------------------------===//

/// Elements from the first to behind the last one of a view.
static std::pair<int64_t, int64_t> extent(int64_t offset, ArrayRef<int64_t> strides, ArrayRef<int64_t> space) {
  int64_t first = offset, last = offset;
  for (auto [stride, size] : llvm::zip_equal(strides, space))
    (stride < 0 ? first : last) += stride * (size - 1);
  return {first, last + 1};
}

/// Whether the phase needs each element of `read` for the same element of its results alone.
static bool isElementwise(ReadOp read) {
  return read.getShift() == 0 && read.getType().getShape() == phaseOf(read).getSpace() &&
         llvm::all_of(read->getUsers(), [](Operation *user) {
           return isa<WriteOp, AccumulateOp>(user) || user->hasTrait<PointwiseOpTrait>();
         });
}

/// Whether `write` may go where `read` is, in one phase: an element takes the place of the one that it is computed
/// with, or lies elsewhere. (All elements of one index are loaded before the first is stored.)
static bool canOverwrite(WriteOp write, ReadOp read) {
  ArrayRef<int64_t> space = phaseOf(write).getSpace();
  if (!isElementwise(read))
    return false;
  if (write.getOffset() == read.getOffset() && write.getStrides() == read.getStrides())
    return true;
  auto [begin, end] = extent(write.getOffset(), write.getStrides(), space);
  auto [beginRead, endRead] = extent(read.getOffset(), read.getStrides(), space);
  return end <= beginRead || endRead <= begin;
}

//===-- Which slots --------------------------------------------------------------------------===//

/// Whether another phase of the group writes to `slot`, or adds to it.
static bool isWrittenBeside(Value slot, PhaseOp phase) {
  return llvm::any_of(slot.getUsers(), [&](Operation *user) {
    return isa<WriteOp, AccumulateOp>(user) && phaseOf(user) != phase &&
           user->getParentOp()->getParentOp() == phase->getParentOp();
  });
}

/// Whether a phase that adds up could do so before all other phases of its group. Totals of outer products stay: they
/// are as large as products, and sums of what they copy join them.
static bool canComeFirst(PhaseOp total) {
  return total.getTotal() && total.getOps<OuterOp>().empty() && llvm::all_of(total.getOps(), [&](Operation &op) {
           return llvm::none_of(op.getOperands(), [&](Value operand) {
             return isa<SlotType>(operand.getType()) && isWrittenBeside(operand, total);
           });
         });
}

namespace {
/// How the values of one slot could take the place of those of another.
struct Succession {
  SlotOp earlier;
  llvm::SmallPtrSet<Operation *, 2> comeFirst; // totals that read the earlier values
};
} // namespace

static std::optional<Succession> succession(SlotOp earlier, SlotOp later) {
  PhaseOp overwriter = firstWriter(later);
  Operation *group = overwriter->getParentOp();
  Succession found{earlier, {}};
  for (Operation *user : earlier->getUsers()) {
    PhaseOp phase = phaseOf(user);
    if (phase->getParentOp() != group) {
      if (!precedes(phase, overwriter))
        return {};
      continue;
    }
    // Rows of one group do not pass in step: no other row than the phase's own may be needed.
    auto read = dyn_cast<ReadOp>(user);
    if (!read || read.getShift() != 0)
      return {};
    if (phase == overwriter) {
      for (auto write : phase.getOps<WriteOp>())
        if (write.getSlot() == later.getResult() && !canOverwrite(write, read))
          return {};
    } else if (precedes(overwriter, phase)) {
      if (!canComeFirst(phase))
        return {};
      found.comeFirst.insert(phase);
    }
  }
  return found;
}

/// The place that was used last, and may still be in a cache, for the values of `later`: best of all that of what they
/// are made of.
static std::optional<Succession> findPlace(SlotOp later, ArrayRef<SlotOp> slots) {
  std::optional<Succession> best;
  for (SlotOp slot : slots) {
    if (slot == later || slot.getType() != later.getType())
      continue;
    std::optional<Succession> found = succession(slot, later);
    if (found && (!best || precedes(lastUser(best->earlier), lastUser(slot))))
      best = found;
  }
  return best;
}

static void moveToFront(const llvm::SmallPtrSetImpl<Operation *> &totals, Block &phases) {
  Operation *front = &phases.front();
  for (Operation &phase : llvm::make_early_inc_range(phases))
    if (totals.contains(&phase) && &phase != front)
      phase.moveBefore(front);
}

//===-- The pass ---------------------------------------------------------------------------===//

namespace {

struct ShareMemory : public recur::impl::RecurShareMemoryBase<ShareMemory> {
  void runOnOperation() override {
    SmallVector<SlotOp> slots = llvm::filter_to_vector(getOperation().getOps<SlotOp>(), isCandidate);
    llvm::sort(slots, [](SlotOp x, SlotOp y) {
      PhaseOp writerOfX = firstWriter(x), writerOfY = firstWriter(y);
      return writerOfX == writerOfY ? x->isBeforeInBlock(y) : precedes(writerOfX, writerOfY);
    });
    for (SlotOp later : SmallVector<SlotOp>(slots)) {
      std::optional<Succession> place = findPlace(later, slots);
      if (!place)
        continue;
      moveToFront(place->comeFirst, *firstWriter(later)->getBlock());
      later.replaceAllUsesWith(place->earlier.getResult());
      llvm::erase(slots, later);
      later.erase();
      ++numShared;
    }
  }
};

} // namespace
