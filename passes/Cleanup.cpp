//===- Cleanup.cpp - Equal and dead operations -----------------------------------===//
#include "passes/Cleanup.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace recur {

namespace {

/// Ops are equal if they have the same name, attributes and operands.
struct EqualOps : llvm::DenseMapInfo<Operation *> {
  static unsigned getHashValue(const Operation *op) {
    return OperationEquivalence::computeHash(const_cast<Operation *>(op), OperationEquivalence::directHashValue,
                                             OperationEquivalence::ignoreHashValue,
                                             OperationEquivalence::IgnoreLocations);
  }
  static bool isEqual(const Operation *a, const Operation *b) {
    if (a == b)
      return true;
    if (a == getTombstoneKey() || a == getEmptyKey() || b == getTombstoneKey() || b == getEmptyKey())
      return false;
    return OperationEquivalence::isEquivalentTo(const_cast<Operation *>(a), const_cast<Operation *>(b),
                                                OperationEquivalence::IgnoreLocations);
  }
};

} // namespace

void passNameOn(Location from, Value to) {
  Operation *op = to.getDefiningOp();
  if (isa<NameLoc>(from) && op && !isa<NameLoc>(op->getLoc()) && !isa<ConstantOp, ParamOp, InputOp>(op))
    op->setLoc(from);
}

Location unnamed(Location loc) {
  auto named = dyn_cast<NameLoc>(loc);
  return named ? named.getChildLoc() : loc;
}

static unsigned mergeOnce(Block &block) {
  llvm::DenseSet<Operation *, EqualOps> seen;
  unsigned merged = 0;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (op.getNumRegions() || !isMemoryEffectFree(&op))
      continue;
    auto [first, isNew] = seen.insert(&op);
    if (isNew)
      continue;
    Operation *kept = *first;
    // Users change their hash with their operands, in a graph also users that were seen, and may become equal: they are
    // taken out; the next round sees them again.
    for (Operation *user : op.getUsers())
      seen.erase(user);
    if (op.getNumResults() == 1)
      passNameOn(op.getLoc(), kept->getResult(0));
    op.replaceAllUsesWith(kept);
    op.erase();
    ++merged;
  }
  return merged;
}

unsigned mergeEqualOps(Block &block) {
  // A merge changes the operands of later ops, and in a graph those of earlier ones too.
  unsigned merged = 0;
  while (unsigned now = mergeOnce(block))
    merged += now;
  return merged;
}

static bool isRoot(Operation *op, bool dropEquations) {
  if (isa<EquationOp>(op))
    return !dropEquations;
  if (auto shift = dyn_cast<ShiftOpInterface>(op))
    return !shift.getStateName().empty();
  return isa<ParamOp, InputOp>(op) || !isMemoryEffectFree(op);
}

unsigned eraseDeadOps(Block &block, bool dropEquations) {
  SmallVector<Operation *> next;
  for (Operation &op : block)
    if (isRoot(&op, dropEquations))
      next.push_back(&op);
  DenseSet<Operation *> live;
  auto visit = [&](Operation *op) {
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp())
        next.push_back(source);
  };
  while (!next.empty()) {
    Operation *op = block.findAncestorOpInBlock(*next.pop_back_val());
    if (op && live.insert(op).second)
      op->walk(visit);
  }
  SmallVector<Operation *> dead;
  for (Operation &op : block) {
    auto equation = dyn_cast<EquationOp>(op);
    bool names = equation && live.contains(equation.getValue().getDefiningOp());
    if (!live.contains(&op) && !names)
      dead.push_back(&op);
  }
  for (Operation *op : dead)
    op->dropAllReferences();
  for (Operation *op : dead) {
    op->dropAllUses();
    op->erase();
  }
  return dead.size();
}

void eraseIdlePhases(SystemOp system) {
  system.walk([](PhaseOp phase) {
    bool idle = llvm::none_of(phase.getOps(), [](Operation &op) { return isa<WriteOp, AccumulateOp>(op); });
    if (idle)
      phase.erase();
  });
  for (Operation &group : llvm::make_early_inc_range(system.getBody().front()))
    if (isa<OnceOp, MapOp, LoopOp, AtOp>(group) && group.getRegion(0).getOps<PhaseOp>().empty())
      group.erase();
}

} // namespace recur
