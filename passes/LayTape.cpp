//===- LayTape.cpp - Values of the tape where what they are made of was ----------------===//
#include "passes/Cleanup.h"
#include "passes/Passes.h"
#include "passes/analysis/Programs.h"
#include "passes/analysis/SlotSharing.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#define DEBUG_TYPE "recur-lay-tape"

namespace recur {
#define GEN_PASS_DEF_RECURLAYTAPE
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

/// Whether all that touches a slot could as well find it at element `at` of another one. What is read of a boundary has
/// the same offset there.
static bool canBeAt(int64_t at, SlotOp slot) {
  return isPlain(slot) && (at == 0 || llvm::none_of(slot->getUsers(), [](Operation *user) {
                             auto read = dyn_cast<ReadOp>(user);
                             return read && !read.getBoundary().empty();
                           }));
}

/// What the phase makes of `read` and writes to sequences on the tape; the value that is made first stands first.
static SmallVector<WriteOp> tapedValuesOf(ReadOp read) {
  llvm::SetVector<Operation *> made;
  getForwardSlice(read.getOperation(), &made);
  SmallVector<WriteOp> writes;
  for (Operation *op : made) {
    auto write = dyn_cast<WriteOp>(op);
    auto slot = write ? write.getSlot().getDefiningOp<SlotOp>() : SlotOp();
    if (slot && slot.isSequenceOf(SlotSource::tape))
      writes.push_back(write);
  }
  llvm::sort(writes, [](WriteOp a, WriteOp b) {
    Operation *madeA = a.getValue().getDefiningOp(), *madeB = b.getValue().getDefiningOp();
    return madeA == madeB ? a->isBeforeInBlock(b) : madeA->isBeforeInBlock(madeB);
  });
  return writes;
}

namespace {

/// Which slots of the tape could be parts of a sequence of the workspace, whose elements are read there for the last
/// time.
class Parts {
public:
  Parts(SlotOp sequence, SystemOp backward) : sequence(sequence), backward(backward) {
    SmallVector<ReadOp> reads;
    for (Operation *user : sequence->getUsers())
      if (auto read = dyn_cast<ReadOp>(user))
        reads.push_back(read);
    llvm::sort(reads, [](ReadOp a, ReadOp b) {
      PhaseOp phaseOfA = phaseOf(a), phaseOfB = phaseOf(b);
      if (a.getOffset() != b.getOffset())
        return a.getOffset() < b.getOffset();
      return phaseOfA == phaseOfB ? a->isBeforeInBlock(b) : precedes(phaseOfA, phaseOfB);
    });
    for (ReadOp read : reads)
      if (read.getOffset() == used)
        add(read);
  }

  /// Whether the tape is no larger for it.
  bool fillSequence() { return used == sequence.getType().getValue().getNumElements(); }

  ArrayRef<SlotOp> get() const { return parts; }

  /// `f-i-o-g`
  std::string name() const {
    return llvm::join(llvm::map_range(parts, [](SlotOp part) { return part.getName(); }), "-");
  }

private:
  void add(ReadOp read) {
    for (WriteOp write : tapedValuesOf(read)) {
      auto slot = write.getSlot().getDefiningOp<SlotOp>();
      if (!canBeNext(slot))
        continue;
      parts.push_back(slot);
      used += slot.getType().getValue().getNumElements();
      return;
    }
  }

  bool canBeNext(SlotOp slot) {
    SlotOp inBackward = findTapeSlot(backward, slot.getName());
    if (!canBeAt(used, slot) || (inBackward && !canBeAt(used, inBackward)))
      return false;
    if (llvm::is_contained(parts, slot) || elementOf(slot) != elementOf(sequence))
      return false;
    std::optional<Succession> succession = findSuccession(sequence, slot, used);
    return succession && succession->early.empty();
  }

  static Type elementOf(SlotOp slot) { return slot.getType().getValue().getElementType(); }

  SlotOp sequence;
  SystemOp backward;
  SmallVector<SlotOp> parts; // one behind the other
  int64_t used = 0;          // elements
};

} // namespace

/// Has all that uses `part` use the elements of `whole` from `at` on.
static void redirect(SlotOp part, SlotOp whole, int64_t at) {
  for (Operation *user : llvm::make_early_inc_range(part->getUsers())) {
    if (auto read = dyn_cast<ReadOp>(user))
      read.setOffset(read.getOffset() + at);
    else if (auto write = dyn_cast<WriteOp>(user))
      write.setOffset(write.getOffset() + at);
    user->replaceUsesOfWith(part.getResult(), whole.getResult());
  }
  part.erase();
}

/// What would be copied to where it is.
static void eraseIdleCopies(SlotOp slot) {
  for (Operation *user : llvm::make_early_inc_range(slot->getUsers())) {
    auto write = dyn_cast<WriteOp>(user);
    auto read = write ? write.getValue().getDefiningOp<ReadOp>() : ReadOp();
    if (!read || read.getSlot() != slot || read.getShift() != 0 || read.getOffset() != write.getOffset() ||
        read.getStrides() != write.getStrides())
      continue;
    write.erase();
  }
}

/// Makes the sequence the slot of the tape that its parts were.
static void layTape(GradientPrograms programs, SlotOp sequence, const Parts &parts) {
  OpBuilder builder(sequence);
  std::string name = parts.name();
  sequence.setSource(SlotSource::tape);
  sequence.setName(name);
  sequence->setLoc(NameLoc::get(builder.getStringAttr(name)));
  sequence->moveBefore(parts.get().front());
  SlotOp whole;
  int64_t at = 0;
  for (SlotOp part : parts.get()) {
    if (SlotOp read = findTapeSlot(programs.backward, part.getName())) {
      builder.setInsertionPoint(read);
      if (!whole)
        whole = cast<SlotOp>(builder.clone(*sequence));
      redirect(read, whole, at);
    }
    int64_t elements = part.getType().getValue().getNumElements();
    redirect(part, sequence, at);
    at += elements;
  }
  eraseIdleCopies(sequence);
}

namespace {

struct LayTape : public recur::impl::RecurLayTapeBase<LayTape> {
  void runOnOperation() override {
    for (GradientPrograms programs : gradientProgramsOf(getOperation())) {
      for (SlotOp slot : llvm::filter_to_vector(programs.forwardTaped.getOps<SlotOp>(), isStoredSequence)) {
        Parts parts(slot, programs.backward);
        if (!parts.fillSequence())
          continue;
        layTape(programs, slot, parts);
        ++numLaid;
      }
      eraseIdlePhases(programs.forwardTaped);
    }
  }
};

} // namespace
