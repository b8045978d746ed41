//===- FormPhases.cpp - Turns the groups of a schedule into phases -------------------===//
//
// PhaseRewrites brings the equations into shape, PhaseViews turns movement into reads, PhaseCollect lists what must
// be computed and where it goes, PhasePartition groups that into phases, PhaseEmit writes them.
//
//===--------------------------------------------------------------------------------===//
#include "passes/Passes.h"
#include "passes/PhasePlan.h"
#include "passes/PhaseRewrites.h"
#include "passes/analysis/OpKinds.h"

#define DEBUG_TYPE "recur-form-phases"

namespace recur {
#define GEN_PASS_DEF_RECURFORMPHASES
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

/// Puts the groups that the plan added before and behind those of the schedule.
static void insertExtras(PhasePlan &plan) {
  Block &body = plan.system.getBody().front();
  Operation *first = nullptr;
  for (Operation &op : body)
    if (isa<OnceOp, MapOp, LoopOp, AtOp>(op)) {
      first = &op;
      break;
    }
  bool before = true;
  for (PhaseGroup *group : plan.inOrder()) {
    before &= group->old == nullptr;
    if (group->group->getBlock())
      continue;
    if (before && first)
      body.getOperations().insert(Block::iterator(first), group->group);
    else
      body.push_back(group->group);
  }
}

static void eraseOld(PhasePlan &plan) {
  Block &body = plan.system.getBody().front();
  SmallVector<Operation *> old;
  for (PhaseGroup *group : plan.inOrder())
    if (group->old)
      old.push_back(group->old);
  for (Operation &op : body)
    if (isLeaf(&op) || isSink(&op))
      old.push_back(&op);
  for (Operation *op : old)
    op->walk([](Operation *inner) { inner->dropAllUses(); });
  for (Operation *op : old)
    op->erase();
  for (PhaseGroup *group : plan.inOrder())
    if (llvm::hasSingleElement(group->group->getRegion(0).front()))
      group->group->erase();
}

namespace {

struct FormPhases : public recur::impl::RecurFormPhasesBase<FormPhases> {
  void runOnOperation() override {
    for (auto system : getOperation().getOps<SystemOp>())
      formPhases(system);
  }

  void formPhases(SystemOp system) {
    dropYields(system);
    lowerPads(system);
    lowerScatters(system);
    numSplit += splitBySlices(system);
    PhasePlan plan(system);
    placeGradients(plan);
    collectNodes(plan);
    SmallVector<PhaseGroup *> groups = plan.inOrder();
    for (PhaseGroup *group : groups)
      partition(plan, *group);
    for (PhaseGroup *group : groups)
      emitPhases(plan, *group);
    SmallVector<BoundaryGradientOp> boundaries;
    system.walk([&](BoundaryGradientOp op) { boundaries.push_back(op); });
    for (BoundaryGradientOp boundary : boundaries)
      emitBoundaryGradient(plan, boundary);
    for (PhaseGroup *group : groups)
      emitWrites(plan, *group);
    insertExtras(plan);
    eraseOld(plan);
    plan.slots.sort();
    system.walk([&](PhaseOp) { ++numPhases; });
  }
};

} // namespace
