//===- TimeInvariance.cpp - Which values are constant in time --------------------===//
#include "passes/analysis/TimeInvariance.h"

using namespace mlir;
using namespace recur;

namespace {

enum class Rank { Prepared, Invariant, Varying };

} // namespace

/// What the results of an op are at least, whatever its operands are.
static Rank ownRank(Operation *op) {
  if (auto seed = dyn_cast<SeedOp>(op))
    return seed.isConstant() ? Rank::Invariant : Rank::Varying;
  if (auto saved = dyn_cast<SavedOp>(op))
    return saved.getConstant() ? Rank::Invariant : Rank::Varying;
  if (isa<InputOp, RandomMaskOp, FinalSeedOp, ShiftOpInterface, InstanceOp, ReadOp>(op))
    return Rank::Varying;
  if (isa<CountOp, TotalOp, BoundaryGradientOp, EstimateOp>(op)) // what only a call knows, but at no step
    return Rank::Invariant;
  return Rank::Prepared;
}

/// The same at every step although the operands are not.
static bool hidesOperands(Operation *op) { return isa<TotalOp, BoundaryGradientOp>(op); }

/// Adds to `set` every value that depends on one of `roots`.
static void propagate(DenseSet<Value> &set, SmallVector<Value> roots) {
  while (!roots.empty()) {
    Value value = roots.pop_back_val();
    if (!set.insert(value).second)
      continue;
    for (OpOperand &use : value.getUses()) {
      Operation *user = use.getOwner();
      if (isa<YieldOp>(user))
        roots.push_back(user->getParentOp()->getResult(use.getOperandNumber()));
      else if (!hidesOperands(user))
        roots.append(user->result_begin(), user->result_end());
    }
  }
}

TimeInvariance::TimeInvariance(SystemOp system) {
  SmallVector<Value> varyingRoots, unpreparedRoots;
  system.walk([&](Operation *op) {
    Rank rank = ownRank(op);
    if (rank == Rank::Varying)
      varyingRoots.append(op->result_begin(), op->result_end());
    if (rank != Rank::Prepared)
      unpreparedRoots.append(op->result_begin(), op->result_end());
  });
  propagate(varying, std::move(varyingRoots));
  propagate(unprepared, std::move(unpreparedRoots));
}
