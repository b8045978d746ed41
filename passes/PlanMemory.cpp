//===- PlanMemory.cpp - Fewer and smaller slots ----------------------------------------===//
#include "passes/Cleanup.h"
#include "passes/Passes.h"
#include "passes/analysis/SlotSharing.h"

#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "recur-plan-memory"

namespace recur {
#define GEN_PASS_DEF_RECURPLANMEMORY
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

/// What `prepare` computes must outlive it.
static unsigned moveToPrepared(SystemOp system) {
  unsigned moved = 0;
  for (SlotOp slot : system.getOps<SlotOp>()) {
    bool prepared = slot.getSource() == SlotSource::workspace && llvm::any_of(slot->getUsers(), [](Operation *user) {
                      auto once = user->getParentOfType<OnceOp>();
                      return isa<WriteOp>(user) && once && once.getPrepared();
                    });
    if (!prepared)
      continue;
    slot.setSource(SlotSource::prepared);
    ++moved;
  }
  return moved;
}

//===-- One slot for one value -----------------------------------------------------------===//

static void eraseWrites(SlotOp slot) {
  for (Operation *user : llvm::make_early_inc_range(slot->getUsers()))
    if (isa<WriteOp>(user))
      user->erase();
}

/// A value on the tape is read from there.
static bool readFromTape(SlotOp slot) {
  SlotOp twin = findTwin(slot, SlotSource::tape);
  if (!twin)
    return false;
  eraseWrites(slot);
  slot.replaceAllUsesWith(twin.getResult());
  slot.erase();
  return true;
}

/// A value that the caller gets is read from the caller's memory; the workspace is only used if he wants none.
static bool readFromOutput(SlotOp slot) {
  SlotOp twin = findTwin(slot, SlotSource::output);
  if (!twin)
    return false;
  eraseWrites(slot);
  slot.replaceAllUsesWith(twin.getResult());
  twin.getFallbackMutable().assign(slot.getResult());
  return true;
}

static bool isRead(SlotOp slot) {
  return llvm::any_of(slot->getUsers(), [](Operation *user) { return isa<ReadOp, SlotOp>(user); });
}

//===-- Values of one step ----------------------------------------------------------------===//

/// Whether all that touches `slot` is in one loop and stays within a step.
static bool livesWithinStep(SlotOp slot) {
  Operation *loop = nullptr;
  for (Operation *user : slot->getUsers()) {
    auto parent = user->getParentOfType<LoopOp>();
    if (!parent || (loop && loop != parent))
      return false;
    loop = parent;
    if (auto read = dyn_cast<ReadOp>(user))
      if (read.getSlot() != slot || read.getShift() != 0)
        return false;
  }
  return loop != nullptr;
}

/// How many steps of a slot that one loop writes and reads must be kept, as a ring; 0 if all. Threads divide the work
/// of a step and meet in each if one needs what others wrote, so that one may be a step ahead of those that still read.
static int64_t ringOf(SlotOp slot) {
  LoopOp loop;
  for (Operation *user : slot->getUsers())
    if (auto write = dyn_cast<WriteOp>(user))
      loop = write->getParentOfType<LoopOp>();
  int64_t furthest = 0;
  for (Operation *user : slot->getUsers()) {
    auto read = dyn_cast<ReadOp>(user);
    if (isa<WriteOp>(user) ? user->getParentOfType<LoopOp>() != loop : !read || read.getSlot() != slot)
      return 0;
    if (!read)
      continue;
    // A backward loop ends with the first step of each row, wherever the row's last one is.
    auto at = read->getParentOfType<AtOp>();
    bool seesFirst = loop && loop.getDirection() == Direction::backward && at && at.getAnchor() == Anchor::start;
    if (!loop || (read->getParentOfType<LoopOp>() != loop && !seesFirst))
      return 0;
    furthest = std::max(furthest, std::abs(read.getShift()));
  }
  constexpr int64_t longest = 16;
  int64_t ring = llvm::PowerOf2Ceil(furthest + 2);
  return ring <= longest ? ring : 0;
}

//===-- The pass ---------------------------------------------------------------------------===//

namespace {

struct PlanMemory : public recur::impl::RecurPlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    SystemOp system = getOperation();
    numPrepared += moveToPrepared(system);
    for (SlotOp slot : llvm::make_early_inc_range(system.getOps<SlotOp>())) {
      if (slot.getSource() != SlotSource::workspace || slot.getZeroed())
        continue;
      if (!isRead(slot)) {
        eraseWrites(slot);
        slot.erase();
      } else if (slot.getTime()) {
        numMerged += readFromTape(slot) || readFromOutput(slot);
      }
    }
    eraseIdlePhases(system);
    for (SlotOp slot : system.getOps<SlotOp>()) {
      if (slot.getSource() != SlotSource::workspace || !slot.getTime())
        continue;
      if (livesWithinStep(slot)) {
        slot.setTime(false);
        ++numWithinStep;
      } else if (int64_t ring = ringOf(slot)) {
        slot.setRing(ring);
        ++numRings;
      }
    }
  }
};

} // namespace
