//===- PhaseCollect.cpp - What the phases of a system must compute ----------------------===//
#include "passes/PhasePlan.h"
#include "passes/analysis/OpKinds.h"

using namespace mlir;

namespace recur {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

static bool isComputing(Operation *op) { return isPointwise(op) || isProduct(op) || isa<RandomMaskOp>(op); }

static SmallVector<Operation *> opsInGroups(PhasePlan &plan) {
  SmallVector<Operation *> ops;
  for (PhaseGroup *group : plan.inOrder())
    if (group->old)
      for (Operation &op : group->old->getRegion(0).front().without_terminator())
        ops.push_back(&op);
  return ops;
}

//===-- Gradients of parameters ------------------------------------------------------===//

namespace {

/// Follows the gradient of a parameter back to the totals it is made of.
class GradientPlacer {
public:
  explicit GradientPlacer(PhasePlan &plan) : plan(plan) {}
  /// Element (i, j, …) of `value` is added at the place.
  void add(Value value, Place place);

  /// What is no total: must be computed and then added.
  SmallVector<std::pair<Value, Place>> others;

private:
  void addConcat(ConcatOp concat, Place place);
  bool addReshaped(ReshapeOp reshape, Place place);

  PhasePlan &plan;
};

} // namespace

void GradientPlacer::addConcat(ConcatOp concat, Place place) {
  for (Value part : concat.getParts()) {
    add(part, place);
    place.offset += typeOf(part).getDimSize(concat.getDim()) * place.strides[concat.getDim()];
  }
}

bool GradientPlacer::addReshaped(ReshapeOp reshape, Place place) {
  Access access = Access::whole(reshape.getResult());
  access.strides = place.strides;
  if (!access.reshape(typeOf(reshape.getX()).getShape()))
    return false;
  place.strides = access.strides;
  add(reshape.getX(), place);
  return true;
}

void GradientPlacer::add(Value value, Place place) {
  Operation *op = value.getDefiningOp();
  if (isa<TotalOp, BoundaryGradientOp>(op)) {
    plan.addedTo[op].push_back(place);
    return;
  }
  if (auto sum = dyn_cast<AddOp>(op)) {
    add(sum.getX(), place);
    add(sum.getY(), place);
    return;
  }
  if (auto constant = dyn_cast<ConstantOp>(op); constant && constant.getSplat() == 0.0)
    return;
  if (auto concat = dyn_cast<ConcatOp>(op))
    return addConcat(concat, place);
  if (auto reshape = dyn_cast<ReshapeOp>(op); reshape && addReshaped(reshape, place))
    return;
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    std::swap(place.strides[place.strides.size() - 1], place.strides[place.strides.size() - 2]);
    return add(transpose.getX(), place);
  }
  others.push_back({value, place});
}

/// The gradient of a parameter is constant in time, that of an input is a sequence.
static bool isOfInput(PhasePlan &plan, GradientOp gradient) {
  return llvm::any_of(plan.system.getOps<InputOp>(),
                      [&](InputOp input) { return input.getName() == gradient.getName(); });
}

/// Removes what only led to totals that are added in place.
static void eraseDead(PhasePlan &plan, const DenseSet<Value> &needed) {
  SmallVector<Operation *> ops = opsInGroups(plan);
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty() && !(op->getNumResults() == 1 && needed.contains(op->getResult(0))) &&
        op->getNumResults() > 0 && !isa<BoundaryGradientOp>(op) && !plan.addedTo.count(op))
      op->erase();
}

void placeGradients(PhasePlan &plan) {
  SmallVector<std::tuple<Value, Place, std::string>> others;
  DenseSet<Value> needed;
  for (GradientOp gradient : llvm::make_early_inc_range(plan.system.getOps<GradientOp>())) {
    if (isOfInput(plan, gradient))
      continue;
    RankedTensorType type = typeOf(gradient.getValue());
    Place place;
    place.slot = plan.slots.create(SlotSource::d_param, gradient.getName(), type, false, false, /*zeroed=*/true);
    place.strides = rowMajorStrides(type.getShape());
    GradientPlacer placer(plan);
    placer.add(gradient.getValue(), place);
    for (auto &[value, at] : placer.others) {
      others.push_back({value, at, ("d." + gradient.getName()).str()});
      needed.insert(value);
    }
    gradient.erase();
  }
  eraseDead(plan, needed);
  for (auto &[value, place, name] : others) {
    PhaseNode *node = plan.addCopy(plan.extra(PhasePlan::AfterOnce), plan.views.resolve(value),
                                   typeOf(value).getElementType(), value.getLoc());
    node->adds = true;
    node->name = name;
    node->places.push_back(place);
  }
}

//===-- Sinks --------------------------------------------------------------------------===//

/// Writes `value` to a slot of the caller or the tape: where it is computed, if that runs at the same rate.
static void addSink(PhasePlan &plan, Value value, Value slot, Location loc, StringRef name, bool constant) {
  Place place;
  place.slot = slot;
  place.strides = rowMajorStrides(typeOf(value).getShape());
  Access access = plan.views.resolve(value);
  auto fits = [&](PhaseNode *node) {
    return node && node->kind != PhaseNode::Total && node->group->isConstant() == constant &&
           !isa<AtOp>(node->group->group);
  };
  if (access.isWhole() && plan.isConcat(access.base) && llvm::all_of(plan.partsOf(access.base), fits)) {
    for (PhaseNode *part : plan.partsOf(access.base)) {
      const Place *within =
          llvm::find_if(part->places, [&](const Place &place) { return place.within == access.base; });
      Place copy = *within;
      copy.slot = slot;
      copy.within = {};
      part->places.push_back(copy);
    }
    return;
  }
  PhaseNode *node = plan.nodeOf(access.base);
  if (!access.isWhole() || !fits(node)) {
    PhaseGroup &group = plan.extra(constant ? PhasePlan::AfterOnce : PhasePlan::AfterMap);
    node = plan.addCopy(group, access, typeOf(value).getElementType(), loc);
    node->name = name.str();
  }
  node->places.push_back(place);
}

static void collectSink(PhasePlan &plan, Operation *op) {
  PhaseSlots &slots = plan.slots;
  if (auto output = dyn_cast<OutputOp>(op)) {
    Value slot = slots.create(SlotSource::output, output.getName(), typeOf(output.getValue()), true, true, false);
    addSink(plan, output.getValue(), slot, op->getLoc(), output.getName(), false);
  } else if (auto gradient = dyn_cast<GradientOp>(op)) {
    Value slot = slots.create(SlotSource::d_input, gradient.getName(), typeOf(gradient.getValue()), true, true, false);
    addSink(plan, gradient.getValue(), slot, op->getLoc(), ("d." + gradient.getName()).str(), false);
  } else if (auto save = dyn_cast<SaveOp>(op)) {
    bool varying = !save.getConstant();
    Value slot = slots.create(SlotSource::tape, save.getName(), typeOf(save.getValue()), varying, varying, false);
    addSink(plan, save.getValue(), slot, op->getLoc(), save.getName(), !varying);
  } else if (auto loss = dyn_cast<LossOp>(op)) {
    Value slot = slots.create(SlotSource::loss, "loss", typeOf(loss.getValue()), false, false, false);
    addSink(plan, loss.getValue(), slot, op->getLoc(), "loss", true);
  }
}

//===-- Groups -------------------------------------------------------------------------===//

/// Whether `node` can write its part of a concat of `group` itself: it computes a row of each step, as that group does.
static bool writesPartOf(const PhaseNode *node, const PhaseGroup &group) {
  auto ofEachStep = [](const PhaseGroup &group) { return group.isLoop() || group.isMap(); };
  return node && node->kind == PhaseNode::Compute &&
         (node->group == &group || (ofEachStep(*node->group) && ofEachStep(group)));
}

static void collectConcat(PhasePlan &plan, ConcatOp concat) {
  PhaseGroup &group = plan.groupFor(concat);
  Strides strides = rowMajorStrides(concat.getType().getShape());
  SmallVector<PhaseNode *> parts;
  int64_t offset = 0;
  for (Value part : concat.getParts()) {
    Access access = plan.views.resolve(part);
    PhaseNode *node = plan.nodeOf(access.base);
    if (!access.isWhole() || !writesPartOf(node, group)) {
      node = plan.addCopy(group, access, typeOf(part).getElementType(), part.getLoc());
      node->name = nameOf(concat.getResult());
    }
    Place place;
    place.within = concat.getResult();
    place.offset = offset;
    place.strides = strides;
    node->places.push_back(place);
    parts.push_back(node);
    offset += typeOf(part).getDimSize(concat.getDim()) * strides[concat.getDim()];
  }
  plan.partsOf(concat.getResult()) = parts;
}

/// What a caller gets from one step at an end of the sequence.
static void collectEnd(PhasePlan &plan, Operation *op) {
  PhaseGroup &group = plan.groupFor(op);
  Value value = op->getOperand(0);
  Value slot;
  std::string name;
  if (auto state = dyn_cast<FinalStateOp>(op)) {
    bool later = cast<AtOp>(group.group).getAnchor() == Anchor::start;
    slot = plan.slots.state(SlotSource::final_state, state.getState(), later, state.getIndex(), typeOf(value));
    std::string step = later                   ? std::to_string(1 + state.getIndex())
                       : state.getIndex() == 0 ? "T"
                                               : "T-" + std::to_string(state.getIndex());
    name = (state.getState() + "[" + step + "]").str();
  } else {
    auto output = cast<OutputOp>(op);
    slot = plan.slots.create(SlotSource::output, output.getName(), typeOf(value), false, true, false);
    name = output.getName().str();
  }
  PhaseNode *node = plan.addCopy(group, plan.views.resolve(value), typeOf(value).getElementType(), op->getLoc());
  node->name = name;
  Place place;
  place.slot = slot;
  place.strides = rowMajorStrides(node->type.getShape());
  node->places.push_back(place);
}

static void collectOp(PhasePlan &plan, Operation *op) {
  PhaseGroup &group = plan.groupFor(op);
  if (auto concat = dyn_cast<ConcatOp>(op))
    return collectConcat(plan, concat);
  if (isa<FinalStateOp, OutputOp>(op))
    return collectEnd(plan, op);
  if (isMovement(op)) {
    if (plan.views.isCopied(op->getResult(0)))
      plan.define(
          plan.addCopy(group, plan.views.resolveMovement(op), typeOf(op->getResult(0)).getElementType(), op->getLoc()),
          op->getResult(0));
    return;
  }
  auto total = dyn_cast<TotalOp>(op);
  if (!total && !isComputing(op))
    return;
  // The total of a scatter adds what is scattered, in place.
  auto scatter = total ? total.getX().getDefiningOp<ScatterOp>() : ScatterOp();
  RankedTensorType type = scatter ? typeOf(scatter.getX()) : typeOf(op->getResult(0));
  PhaseNode *node = plan.addNode(group, total ? PhaseNode::Total : PhaseNode::Compute, type, op->getLoc());
  node->op = op;
  if (scatter)
    node->reads.push_back(plan.views.resolve(scatter.getX()));
  else
    for (Value operand : op->getOperands())
      node->reads.push_back(plan.views.resolve(operand));
  plan.define(node, op->getResult(0));
  if (total)
    node->places = plan.addedTo.lookup(op);
}

/// Finds out which movements must be copied, before anything relies on it.
static void resolveAll(PhasePlan &plan) {
  size_t before;
  do {
    before = plan.views.getCopied().size();
    plan.system.walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (isa<RankedTensorType>(operand.getType()))
          plan.views.resolve(operand);
      if (auto scatter = dyn_cast<ScatterOp>(op))
        plan.views.requireWhole(scatter.getId());
    });
  } while (plan.views.getCopied().size() != before);
}

/// Numbers that are read from memory must be written there first.
static void storeNumbers(PhasePlan &plan) {
  SmallVector<Value> stored;
  auto visit = [&](const Access &access, bool anywhere) {
    if (isa<ConstantOp, CountOp>(access.base.getDefiningOp()) && !(anywhere && isNumber(access)))
      stored.push_back(access.base);
  };
  for (PhaseGroup *group : plan.inOrder())
    for (auto &node : group->nodes)
      for (const Access &access : node->reads)
        visit(access, node->kind != PhaseNode::Compute || isPointwise(node->op));
  plan.system.walk([&](BoundaryGradientOp op) {
    for (Value shifted : op.getShifted())
      visit(isMovement(shifted.getDefiningOp()) ? plan.views.resolveMovement(shifted.getDefiningOp())
                                                : plan.views.resolve(shifted),
            true);
  });
  for (Value value : stored)
    plan.ownSlot(value);
}

void collectNodes(PhasePlan &plan) {
  resolveAll(plan);
  for (Value value : plan.views.getCopied())
    if (isLeaf(value.getDefiningOp())) {
      PhaseGroup &group = plan.extra(PhasePlan::BeforeMap);
      plan.define(plan.addCopy(group, plan.views.readLeaf(value), typeOf(value).getElementType(), value.getLoc()),
                  value);
    }
  for (Operation *op : opsInGroups(plan))
    collectOp(plan, op);
  for (Operation &op : llvm::make_early_inc_range(plan.system.getBody().front()))
    if (isSink(&op))
      collectSink(plan, &op);
  storeNumbers(plan);
  plan.dropUnused();
}

} // namespace recur
