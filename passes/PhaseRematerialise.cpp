//===- PhaseRematerialise.cpp - Values that are computed where they are used ------------===//
//
// The square of a deviation is summed and never seen again: to store it costs more than to compute it in the loop of
// the sum. So a cheap value that a reduction takes has no phase and no slot; each phase that uses it computes it
// from what is stored anyway. Nor has, in a loop, what one operation makes of a stored sequence: what is made of it in
// turn, as f * (1 - f) of a gate, may then be left to a later phase.
//
//===----------------------------------------------------------------------------------===//
#include "passes/PhasePlan.h"
#include "passes/analysis/OpKinds.h"

using namespace mlir;

namespace recur {
namespace {

class Rematerialisation {
public:
  Rematerialisation(PhasePlan &plan, PhaseGroup &group, const PhaseUses &uses) : group(group), uses(uses) {
    plan.system.walk([&](BoundaryGradientOp op) {
      for (Value shifted : op.getShifted())
        readAtBoundary.insert(plan.nodeOf(plan.views.resolve(shifted).base));
    });
    for (auto &node : group.nodes)
      for (const Access &access : node->reads)
        if (PhaseNode *source = plan.nodeOf(access.base); source && source->group == &group && access.isOfThisStep())
          sources[&access] = source;
  }

  void run() {
    for (auto &node : llvm::reverse(group.nodes))
      if (mayBeRepeated(*node))
        wanted.insert(node.get());
    // Operands come first.
    for (auto &node : group.nodes)
      if (wanted.contains(node.get()) && readsWhatIsStored(*node))
        node->rematerialised = true;
  }

private:
  /// One operation on what other groups or earlier steps have stored.
  bool isAtHand(PhaseNode &node) {
    size_t sequences = llvm::count_if(node.reads, [&](const Access &access) {
      auto constant = access.base.getDefiningOp<ConstantOp>();
      return !constant || !constant.getSplat();
    });
    return sequences == 1 && llvm::none_of(node.reads, [&](const Access &access) { return sources.contains(&access); });
  }

  /// Whether all its uses can compute it and that pays: it is at hand, or one of them is a reduction or feeds one in
  /// the same way.
  bool mayBeRepeated(PhaseNode &node) {
    if (node.kind != PhaseNode::Compute || !isCheap(node.op) || !node.places.empty() || node.cone ||
        readAtBoundary.contains(&node))
      return false;
    bool feedsReduction = false;
    for (auto [user, access] : uses.lookup(&node)) {
      bool reduces = user->kind == PhaseNode::Compute && isa<ReduceOp>(user->op);
      bool pointwise = user->kind == PhaseNode::Compute && isPointwise(user->op);
      if (user->group != &group || user->cone || !access->isOfThisStep() || !(reduces || pointwise))
        return false;
      feedsReduction |= reduces || wanted.contains(user);
    }
    return feedsReduction || (group.isLoop() && isAtHand(node));
  }

  /// Whether it can be computed from at most two sequences, all of them in memory whatever is decided here.
  bool readsWhatIsStored(PhaseNode &node) {
    SmallPtrSet<const void *, 4> sequences;
    return addSequences(node, sequences) && sequences.size() <= 2;
  }

  bool addSequences(PhaseNode &node, SmallPtrSet<const void *, 4> &sequences) {
    for (const Access &access : node.reads) {
      if (auto constant = access.base.getDefiningOp<ConstantOp>(); constant && constant.getSplat())
        continue;
      if (isNumber(access)) // its elements differ, so that views of it are none
        return false;
      PhaseNode *source = sources.lookup(&access);
      bool isScalar = llvm::all_of(access.strides, [](int64_t stride) { return stride == 0; });
      // Views of anything else are hard to tell.
      if (!isScalar && !isWholeRow(access))
        return false;
      if (source && source->rematerialised) {
        if (!addSequences(*source, sequences))
          return false;
      } else if (source && !isStoredAnyway(*source)) {
        return false;
      } else if (!isScalar && !isConstantInTime(access.base)) {
        sequences.insert(access.base.getAsOpaquePointer());
      }
    }
    return true;
  }

  /// One row for all steps stays in the nearest cache.
  static bool isConstantInTime(Value base) {
    Operation *op = base.getDefiningOp();
    return isa<ParamOp, ConstantOp>(op) || isa<OnceOp>(op->getParentOp());
  }

  /// At whatever step.
  static bool isWholeRow(const Access &access) {
    return !access.id && access.offset == 0 && access.strides == rowMajorStrides(access.shape) &&
           ArrayRef(access.shape) == cast<RankedTensorType>(access.base.getType()).getShape();
  }

  /// A product is stored instead of what is made of it.
  bool isStoredAnyway(PhaseNode &source) {
    bool isProduct = source.kind == PhaseNode::Compute && isa<MatmulOp>(source.op);
    return isProduct || !source.places.empty() || llvm::any_of(uses.lookup(&source), [&](auto &use) {
             auto [user, access] = use;
             bool pointwise = user->kind == PhaseNode::Compute && isPointwise(user->op);
             return user->group != &group || !access->isWhole() || !pointwise;
           });
  }

  PhaseGroup &group;
  const PhaseUses &uses;
  DenseMap<const Access *, PhaseNode *> sources; // of this step
  DenseSet<PhaseNode *> wanted, readAtBoundary;
};

} // namespace

Access readThrough(const Access &view, const Access &operand) {
  Access read = operand;
  bool isScalar = llvm::all_of(operand.strides, [](int64_t stride) { return stride == 0; });
  read.shape = view.shape;
  read.strides = isScalar ? Strides(view.shape.size(), 0) : view.strides;
  read.offset += isScalar ? 0 : view.offset;
  return read;
}

void rematerialise(PhasePlan &plan, PhaseGroup &group, const PhaseUses &uses) {
  if (group.isLoop() || group.isMap())
    Rematerialisation(plan, group, uses).run();
}

} // namespace recur
