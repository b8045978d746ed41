//===- PlanMemory.cpp - Fewer and smaller slots ----------------------------------------===//
#include "passes/Passes.h"

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

/// Another slot that gets each value that `slot` gets, at the same place.
static SlotOp findTwin(SlotOp slot, SlotSource source) {
  SlotOp twin;
  for (Operation *user : slot->getUsers()) {
    auto write = dyn_cast<WriteOp>(user);
    if (!write)
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

//===-- The pass ---------------------------------------------------------------------------===//

/// Erases phases that write nothing any more, and what they alone read.
static void eraseIdlePhases(SystemOp system) {
  system.walk([](PhaseOp phase) {
    bool idle = llvm::none_of(phase.getBody().front(), [](Operation &op) { return isa<WriteOp, AccumulateOp>(op); });
    if (idle)
      phase.erase();
  });
}

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
    for (SlotOp slot : system.getOps<SlotOp>())
      if (slot.getSource() == SlotSource::workspace && slot.getTime() && livesWithinStep(slot)) {
        slot.setTime(false);
        ++numWithinStep;
      }
  }
};

} // namespace
