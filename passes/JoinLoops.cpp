//===- JoinLoops.cpp - What a loop's steps alone need joins the loop -------------------===//
#include "passes/Cleanup.h"
#include "passes/Passes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "recur-join-loops"

namespace recur {
#define GEN_PASS_DEF_RECURJOINLOOPS
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

/// A loop and the map behind it.
class LoopAndMap {
public:
  LoopAndMap(LoopOp loop, MapOp map) : loop(loop), map(map) {}

  /// Moves the phases of the map that read `slot`, and what these need of the map; false if it cannot.
  bool joinReaders(SlotOp slot) {
    Phases readers;
    if (!staysInSteps(slot, readers) || readers.empty())
      return false;
    for (size_t i = 0; i < readers.size(); ++i)
      if (!canJoin(readers[i], readers))
        return false;
    for (PhaseOp phase : llvm::make_early_inc_range(map.getRegion().getOps<PhaseOp>()))
      if (readers.contains(phase))
        phase->moveBefore(placeFor(phase));
    return true;
  }

private:
  using Phases = llvm::SmallSetVector<PhaseOp, 4>;

  static bool isIn(Operation *op, Operation *group) { return op->getParentOp()->getParentOp() == group; }

  static bool isWrittenIn(Value slot, Operation *group) {
    return llvm::any_of(slot.getUsers(),
                        [&](Operation *user) { return isa<WriteOp, AccumulateOp>(user) && isIn(user, group); });
  }

  /// Whether the loop writes a sequence of which each step is needed at that step alone, there and in the map.
  /// `readers`: those in the map.
  bool staysInSteps(SlotOp slot, Phases &readers) {
    if (!slot.isSequenceOf(SlotSource::workspace) || slot.getZeroed() || slot.getFallback())
      return false;
    return llvm::all_of(slot->getUsers(), [&](Operation *user) {
      if (isa<WriteOp>(user))
        return isIn(user, loop);
      auto read = dyn_cast<ReadOp>(user);
      if (!read || !isOfThisStep(read, slot.getResult()))
        return false;
      if (isIn(read, map))
        readers.insert(cast<PhaseOp>(read->getParentOp()));
      return isIn(read, map) || isIn(read, loop);
    });
  }

  /// Whether nothing of `slot` but the row of the phase is read.
  static bool isOfThisStep(ReadOp read, Value slot) {
    return read.getSlot() == slot && read.getShift() == 0 && read.getId() != slot &&
           !llvm::is_contained(read.getBoundary(), slot);
  }

  /// Whether a phase of the map needs nothing but what is known at a step of the loop. Adds the phases of the map that
  /// it depends on to `joining`. Products stay behind: over all steps at once they are large.
  bool canJoin(PhaseOp phase, Phases &joining) {
    if (!phase.getOps<MatmulOp>().empty() || !phase.getOps<OuterOp>().empty())
      return false;
    return llvm::all_of(phase.getOps<ReadOp>(), [&](ReadOp read) { return isKnownAtStep(read, joining); }) &&
           llvm::all_of(phase.getOps<WriteOp>(),
                        [](WriteOp write) {
                          auto slot = write.getSlot().getDefiningOp<SlotOp>();
                          return slot.getTime() && slot.getBatch();
                        }) &&
           llvm::all_of(phase.getOps<AccumulateOp>(), [&](AccumulateOp sum) { return isOnlySum(sum, phase); });
  }

  bool isKnownAtStep(ReadOp read, Phases &joining) {
    return llvm::all_of(read->getOperands(), [&](Value slot) {
      if (!isWrittenIn(slot, loop) && !isWrittenIn(slot, map))
        return true;
      for (Operation *user : slot.getUsers())
        if (isa<WriteOp>(user) && isIn(user, map))
          joining.insert(cast<PhaseOp>(user->getParentOp()));
      return slot.getDefiningOp<SlotOp>().getTime() && isOfThisStep(read, slot);
    });
  }

  /// Whether no other phase adds to the same memory, so that the order of the sums does not matter.
  static bool isOnlySum(AccumulateOp sum, PhaseOp phase) {
    return !sum.getId() && llvm::all_of(sum.getSlot().getUsers(), [&](Operation *user) {
      return !isa<AccumulateOp>(user) || user->getParentOp() == phase;
    });
  }

  /// Behind what the phase reads, with others of its kind: rows before sums, and both before the next product, which
  /// would drive from the caches what the loop has just written.
  Operation *placeFor(PhaseOp phase) {
    Operation *last = nullptr;
    for (auto read : phase.getOps<ReadOp>())
      for (Operation *user : read.getSlot().getUsers())
        if (isa<WriteOp>(user) && isIn(user, loop) && (!last || last->isBeforeInBlock(user->getParentOp())))
          last = user->getParentOp();
    for (PhaseOp other : loop.getRegion().getOps<PhaseOp>()) {
      bool isBehind = !last || last->isBeforeInBlock(other);
      if (isBehind && (!other.getOps<MatmulOp>().empty() || (other.getTotal() && !phase.getTotal())))
        return other;
    }
    return loop.getRegion().front().getTerminator();
  }

  LoopOp loop;
  MapOp map;
};

struct JoinLoops : public recur::impl::RecurJoinLoopsBase<JoinLoops> {
  void runOnOperation() override {
    SystemOp system = getOperation();
    SmallVector<LoopOp> loops(system.getOps<LoopOp>());
    for (LoopOp loop : loops) {
      auto map = dyn_cast_or_null<MapOp>(loop->getNextNode());
      if (!map)
        continue;
      for (SlotOp slot : system.getOps<SlotOp>())
        numWithinStep += LoopAndMap(loop, map).joinReaders(slot);
    }
    eraseIdlePhases(system);
  }
};

} // namespace
