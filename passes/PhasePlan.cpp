//===- PhasePlan.cpp - What each phase will do --------------------------------------===//
#include "passes/PhasePlan.h"

#include "passes/analysis/OpKinds.h"

using namespace mlir;

namespace recur {

PhasePlan::PhasePlan(SystemOp system)
    : system(system), slots(system), views(slots, [this](Value value) { return ownSlot(value); }) {
  SmallVector<Operation *> old;
  for (Operation &op : system.getBody().front())
    if (isa<OnceOp, MapOp, LoopOp, AtOp>(op))
      old.push_back(&op);
  for (Operation *op : old) {
    OpBuilder builder(op);
    OperationState state(op->getLoc(), op->getName());
    state.propertiesAttr = op->getPropertiesAsAttribute();
    state.addRegion()->emplaceBlock();
    Operation *group = builder.create(state);
    builder.setInsertionPointToEnd(&group->getRegion(0).front());
    YieldOp::create(builder, op->getLoc(), ValueRange());
    groups.push_back(std::make_unique<PhaseGroup>());
    groups.back()->old = op;
    groups.back()->group = group;
    byOld[op] = groups.back().get();
  }
}

SmallVector<PhaseGroup *> PhasePlan::inOrder() {
  SmallVector<PhaseGroup *> order;
  for (auto &[which, group] : extras)
    if (which < AfterMap)
      order.push_back(group.get());
  for (auto &group : groups)
    order.push_back(group.get());
  for (auto &[which, group] : extras)
    if (which >= AfterMap)
      order.push_back(group.get());
  return order;
}

bool isNumber(const Access &access) {
  if (!access.base || !access.isOfThisStep())
    return false;
  Operation *op = access.base.getDefiningOp();
  if (isa<ConstantOp, CountOp>(op) && access.isWhole())
    return true;
  auto constant = dyn_cast<ConstantOp>(op);
  return constant && isa<DenseElementsAttr>(constant.getValue()) &&
         cast<DenseElementsAttr>(constant.getValue()).isSplat();
}

PhaseGroup &PhasePlan::extra(Extra which) {
  std::unique_ptr<PhaseGroup> &group = extras[which];
  if (group)
    return *group;
  group = std::make_unique<PhaseGroup>();
  OpBuilder builder(system.getContext());
  Location loc = system.getLoc();
  if (which == BeforePrepared || which == BeforeOnce || which == AfterOnce)
    group->group = OnceOp::create(builder, loc, TypeRange(), which == BeforePrepared);
  else
    group->group = MapOp::create(builder, loc, TypeRange());
  builder.setInsertionPointToEnd(&group->group->getRegion(0).emplaceBlock());
  YieldOp::create(builder, loc, ValueRange());
  return *group;
}

/// Whether a debugger can be sent there.
static bool hasPlace(Location loc) {
  return loc
      ->walk([](Location part) { return isa<FileLineColLoc>(part) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

Location PhasePlan::placed(Location loc) const { return hasPlace(loc) ? loc : SystemOp(system).getLoc(); }

PhaseNode *PhasePlan::addNode(PhaseGroup &group, PhaseNode::Kind kind, RankedTensorType type, Location loc) {
  group.nodes.push_back(std::make_unique<PhaseNode>(kind, group, type, placed(loc)));
  PhaseNode *node = group.nodes.back().get();
  node->name = nameOf(loc).str();
  return node;
}

void PhasePlan::dropUnused() {
  DenseSet<PhaseNode *> live;
  SmallVector<PhaseNode *> pending;
  auto use = [&](Value value) {
    if (auto it = parts.find(value); it != parts.end())
      pending.append(it->second);
    else if (PhaseNode *node = nodeOf(value))
      pending.push_back(node);
  };
  for (PhaseGroup *group : inOrder())
    for (auto &node : group->nodes)
      if (node->adds || llvm::any_of(node->places, [](const Place &place) { return place.slot != nullptr; }))
        pending.push_back(node.get());
  for (auto &[value, slot] : homes)
    use(value);
  system.walk([&](BoundaryGradientOp op) {
    for (Value shifted : op.getShifted())
      use(views.resolve(shifted).base);
  });
  while (!pending.empty()) {
    PhaseNode *node = pending.pop_back_val();
    if (!live.insert(node).second)
      continue;
    for (const Access &access : node->reads) {
      use(access.base);
      if (access.id)
        use(access.id);
    }
    for (const Place &place : node->places)
      if (place.id)
        use(place.id);
  }
  dropConcats(live);
  for (PhaseGroup *group : inOrder())
    llvm::erase_if(group->nodes, [&](auto &node) {
      if (live.contains(node.get()))
        return false;
      if (node->value)
        nodes.erase(node->value);
      return true;
    });
}

/// A concat of which a part goes is read by nobody, so that the others need no place in it.
void PhasePlan::dropConcats(const DenseSet<PhaseNode *> &live) {
  DenseSet<Value> dropped;
  for (auto &[concat, nodes] : parts)
    if (!llvm::all_of(nodes, [&](PhaseNode *part) { return live.contains(part); }))
      dropped.insert(concat);
  for (Value concat : dropped) {
    for (PhaseNode *part : parts[concat])
      llvm::erase_if(part->places, [&](const Place &place) { return place.within == concat; });
    parts.erase(concat);
  }
}

PhaseNode *PhasePlan::addCopy(PhaseGroup &group, const Access &access, Type elementType, Location loc) {
  PhaseNode *node = addNode(group, PhaseNode::Copy, RankedTensorType::get(access.shape, elementType), loc);
  node->reads.push_back(access);
  return node;
}

void PhasePlan::define(PhaseNode *node, Value value) {
  nodes[value] = node;
  node->value = value;
  node->name = nameOf(value);
}

Value PhasePlan::ownSlot(Value value) {
  Operation *op = value.getDefiningOp();
  if (isLeaf(op) && !views.isCopied(value))
    if (Value slot = slots.ofLeaf(value))
      return slot;
  Value &slot = homes[value];
  if (slot)
    return slot;
  bool constant = isa<ConstantOp, CountOp, TotalOp, BoundaryGradientOp>(op) || isa<OnceOp>(op->getParentOp());
  bool added = isa<TotalOp, BoundaryGradientOp>(op);
  Value created = slots.workspace(value, constant, /*zeroed=*/added);
  homes[value] = created;
  // A number that must be in memory: a product's operand, a value at other steps.
  if (isa<ConstantOp, CountOp>(op)) {
    PhaseGroup &group = extra(isa<ConstantOp>(op) ? BeforePrepared : BeforeOnce);
    PhaseNode *node = addNode(group, PhaseNode::Compute, cast<RankedTensorType>(value.getType()), value.getLoc());
    node->op = op;
    define(node, value);
  }
  return created;
}

/// A value may live inside a concat if nobody reads it past the ends of the sequence: the boundary has its own layout.
bool PhasePlan::mayShare(Value value) const {
  return llvm::none_of(value.getUsers(), [](Operation *user) {
    auto shift = dyn_cast<ShiftOpInterface>(user);
    return shift && (!shift.getStateName().empty() || shift.getBoundary());
  });
}

/// Where the first part of a concat goes in it.
static const Place &firstPlace(ArrayRef<PhaseNode *> parts, Value concat) {
  return *llvm::find_if(parts.front()->places, [&](const Place &place) { return place.within == concat; });
}

std::pair<Value, int64_t> PhasePlan::home(Value value) {
  if (homes.count(value))
    return {homes[value], 0};
  if (std::optional<std::pair<Value, int64_t>> place = placeWithin(value)) {
    auto [slot, begin] = home(place->first);
    return {slot, begin + place->second};
  }
  return {ownSlot(value), 0};
}

std::optional<std::pair<Value, int64_t>> PhasePlan::placeWithin(Value value) const {
  if (!mayShare(value))
    return {};
  if (auto run = parts.find(value); run != parts.end())
    return placeOfRun(value, run->second);
  PhaseNode *node = nodeOf(value);
  if (node && node->kind == PhaseNode::Compute)
    for (const Place &place : node->places)
      if (place.within && place.strides == rowMajorStrides(node->type.getShape()) && !views.isCopied(place.within))
        return std::pair(place.within, place.offset);
  return {};
}

std::optional<std::pair<Value, int64_t>> PhasePlan::placeOfRun(Value concat, ArrayRef<PhaseNode *> run) const {
  const Place &own = firstPlace(run, concat);
  for (const Place &place : run.front()->places) {
    if (!place.within || place.within == concat || place.strides != own.strides || views.isCopied(place.within))
      continue;
    ArrayRef<PhaseNode *> outer = parts.find(place.within)->second;
    bool distinct = llvm::all_of(outer, [&](PhaseNode *part) { return llvm::count(outer, part) == 1; });
    if (distinct && outer.size() > run.size() &&
        std::search(outer.begin(), outer.end(), run.begin(), run.end()) != outer.end())
      return std::pair(place.within, place.offset - own.offset);
  }
  return {};
}

} // namespace recur
