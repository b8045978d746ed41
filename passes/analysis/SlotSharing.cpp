//===- SlotSharing.cpp - Which slots can do with one memory ----------------------------===//
#include "passes/analysis/SlotSharing.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace recur {

PhaseOp phaseOf(Operation *user) { return cast<PhaseOp>(user->getParentOp()); }

bool precedes(PhaseOp phase, PhaseOp other) {
  Operation *group = phase->getParentOp(), *groupOfOther = other->getParentOp();
  return group == groupOfOther ? phase->isBeforeInBlock(other) : group->isBeforeInBlock(groupOfOther);
}

PhaseOp firstWriter(SlotOp slot) {
  PhaseOp first;
  for (Operation *user : slot->getUsers())
    if (isa<WriteOp>(user) && (!first || precedes(phaseOf(user), first)))
      first = phaseOf(user);
  return first;
}

PhaseOp lastUser(SlotOp slot) {
  PhaseOp last;
  for (Operation *user : slot->getUsers())
    if (!last || precedes(last, phaseOf(user)))
      last = phaseOf(user);
  return last;
}

//===-- Slots -----------------------------------------------------------------------------===//

bool isPlain(SlotOp slot) {
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

bool isStoredSequence(SlotOp slot) {
  return slot.isSequenceOf(SlotSource::workspace) && slot.getRing() == 0 && !slot.getZeroed() && !slot.getFallback() &&
         isPlain(slot) && firstWriter(slot) && !staysInRows(slot);
}

//===-- Views -----------------------------------------------------------------------------===//

namespace {
/// Elements of a row that an operation reads or writes.
struct View {
  int64_t offset;
  ArrayRef<int64_t> strides, shape;

  static View of(WriteOp write, int64_t at) {
    return {write.getOffset() + at, write.getStrides(), cast<RankedTensorType>(write.getValue().getType()).getShape()};
  }
  static View of(ReadOp read) { return {read.getOffset(), read.getStrides(), read.getType().getShape()}; }

  bool operator==(const View &other) const {
    return offset == other.offset && strides == other.strides && shape == other.shape;
  }

  /// From the first element to behind the last one.
  std::pair<int64_t, int64_t> extent() const {
    int64_t first = offset, last = offset;
    for (auto [stride, size] : llvm::zip_equal(strides, shape))
      (stride < 0 ? first : last) += stride * (size - 1);
    return {first, last + 1};
  }

  bool overlaps(const View &other) const {
    auto [begin, end] = extent();
    auto [beginOther, endOther] = other.extent();
    return begin < endOther && beginOther < end;
  }
};
} // namespace

/// Whether the phase needs each element of `read` for the same element of its results alone.
static bool isElementwise(ReadOp read) {
  return read.getType().getShape() == phaseOf(read).getSpace() && llvm::all_of(read->getUsers(), [](Operation *user) {
           return isa<WriteOp, AccumulateOp>(user) || user->hasTrait<PointwiseOpTrait>();
         });
}

//===-- One value -------------------------------------------------------------------------===//

/// Whether a later phase puts other values in the same place.
static bool isWrittenAgain(WriteOp write) {
  return llvm::any_of(write.getSlot().getUsers(), [&](Operation *user) {
    auto other = dyn_cast<WriteOp>(user);
    return other && View::of(other, 0) == View::of(write, 0) && precedes(phaseOf(write), phaseOf(other));
  });
}

SlotOp findTwin(SlotOp slot, SlotSource source) {
  SlotOp twin;
  for (Operation *user : slot->getUsers()) {
    auto write = dyn_cast<WriteOp>(user);
    if (!write || isWrittenAgain(write))
      continue;
    SlotOp candidate;
    for (Operation *other : write.getValue().getUsers()) {
      auto copy = dyn_cast<WriteOp>(other);
      if (!copy || copy == write || copy.getOffset() != write.getOffset() || copy.getStrides() != write.getStrides())
        continue;
      auto target = copy.getSlot().getDefiningOp<SlotOp>();
      if (target.getSource() == source && target.getType() == slot.getType() && target.getTime() == slot.getTime() &&
          target.getBatch() == slot.getBatch() && !target.getFallback())
        candidate = target;
    }
    if (!candidate || (twin && twin != candidate))
      return {};
    twin = candidate;
  }
  return twin;
}

//===-- Order -----------------------------------------------------------------------------===//

/// The last other phase of its group that writes to slots of a phase, or adds to them; null if there is none.
static PhaseOp lastWriterBeside(PhaseOp phase) {
  PhaseOp last;
  auto note = [&](Operation *user) {
    bool isBeside = isa<WriteOp, AccumulateOp>(user) && phaseOf(user)->getParentOp() == phase->getParentOp();
    if (isBeside && phaseOf(user) != phase && (!last || precedes(last, phaseOf(user))))
      last = phaseOf(user);
  };
  for (Operation &op : phase.getOps())
    for (Value operand : op.getOperands())
      if (isa<SlotType>(operand.getType()))
        llvm::for_each(operand.getUsers(), note);
  return last;
}

/// Whether a phase that adds up could do so before another one of its group. Totals of outer products stay: they are as
/// large as products, and sums of what they copy join them.
static bool canComeBefore(PhaseOp total, PhaseOp other) {
  PhaseOp writer = lastWriterBeside(total);
  return total.getTotal() && total.getOps<OuterOp>().empty() && (!writer || precedes(writer, other));
}

/// Whether what `user` reads or writes is of no use any more when `write` overwrites it. Adds the total to `early` that
/// must be moved for that.
static bool isOver(Operation *user, WriteOp write, int64_t at, SmallVectorImpl<PhaseOp> &early) {
  auto read = dyn_cast<ReadOp>(user);
  View view = read ? View::of(read) : View::of(cast<WriteOp>(user), 0), written = View::of(write, at);
  if (!view.overlaps(written))
    return true;
  PhaseOp phase = phaseOf(user), overwriter = phaseOf(write);
  if (phase->getParentOp() != overwriter->getParentOp())
    return precedes(phase, overwriter);
  // Rows of one group do not pass in step: no other row than the phase's own may be needed.
  if (!read || read.getShift() != 0)
    return false;
  // All elements of one index are loaded before the first is stored.
  if (phase == overwriter)
    return isElementwise(read) && view == written;
  if (precedes(phase, overwriter))
    return true;
  if (!canComeBefore(phase, overwriter))
    return false;
  if (!llvm::is_contained(early, phase))
    early.push_back(phase);
  return true;
}

std::optional<Succession> findSuccession(SlotOp earlier, SlotOp later, int64_t at) {
  Succession found{earlier, {}};
  for (Operation *user : earlier->getUsers())
    for (Operation *other : later->getUsers())
      if (auto write = dyn_cast<WriteOp>(other); write && !isOver(user, write, at, found.early))
        return {};
  return found;
}

void Succession::moveTotals() {
  llvm::sort(early, [](PhaseOp a, PhaseOp b) { return precedes(b, a); });
  for (PhaseOp total : early) {
    if (PhaseOp writer = lastWriterBeside(total))
      total->moveAfter(writer);
    else
      total->moveBefore(&total->getBlock()->front());
  }
}

std::optional<Succession> findPlace(SlotOp later, ArrayRef<SlotOp> slots) {
  std::optional<Succession> best;
  for (SlotOp slot : slots) {
    if (slot == later || slot.getType() != later.getType())
      continue;
    std::optional<Succession> found = findSuccession(slot, later);
    if (found && (!best || precedes(lastUser(best->earlier), lastUser(slot))))
      best = found;
  }
  return best;
}

} // namespace recur
