//===- PhaseEmit.cpp - Writes phases from a plan --------------------------------------===//
#include "passes/PhasePlan.h"
#include "passes/analysis/OpKinds.h"

using namespace mlir;

namespace recur {
namespace {

/// Builds reads and numbers inside one phase, each once.
class PhaseReader {
public:
  PhaseReader(PhasePlan &plan, OpBuilder &builder) : plan(plan), builder(builder) {}

  /// `anywhere`: a number may stand for itself, instead of being read.
  Value read(const Access &access, Location loc, bool anywhere);

private:
  Value readSlot(const Access &access, Location loc);
  Value number(const Access &access, Location loc);

  PhasePlan &plan;
  OpBuilder &builder;
  std::map<std::vector<int64_t>, Value> known;
};

/// Emits the nodes of one phase.
class PhaseEmitter {
public:
  PhaseEmitter(PhasePlan &plan, PhaseOp phase, OpBuilder &builder)
      : plan(plan), phase(phase), builder(builder), reader(plan, builder) {}

  Value emit(PhaseNode &node) { return emit(node, node.reads, node.type.getShape()); }

private:
  /// The node, or a view of it whose operands `reads` are.
  Value emit(PhaseNode &node, ArrayRef<Access> reads, ArrayRef<int64_t> shape);
  Value operand(PhaseNode &node, const Access &access, Location loc);
  Value rematerialise(PhaseNode &node, const Access &view);

  PhasePlan &plan;
  PhaseOp phase;
  OpBuilder &builder;
  PhaseReader reader;
  SmallVector<std::pair<Access, Value>> rematerialised;
};

} // namespace

Value PhaseReader::number(const Access &access, Location loc) {
  Operation *op = access.base.getDefiningOp();
  if (access.isWhole()) {
    Operation *clone = builder.clone(*op);
    clone->setLoc(loc);
    return clone->getResult(0);
  }
  auto elements = cast<DenseElementsAttr>(cast<ConstantOp>(op).getValue());
  auto type = RankedTensorType::get(access.shape, elements.getElementType());
  return ConstantOp::create(builder, loc, type, elements.resizeSplat(type));
}

Value PhaseReader::readSlot(const Access &access, Location loc) {
  auto [slot, begin] = access.slot ? std::pair<Value, int64_t>(access.slot, 0) : plan.home(access.base);
  Value id = access.id ? plan.ownSlot(access.id) : Value();
  auto type = RankedTensorType::get(access.shape, cast<RankedTensorType>(access.base.getType()).getElementType());
  return ReadOp::create(builder, loc, type, slot, access.shift, access.boundary, id, access.idStride,
                        access.offset + begin, access.strides);
}

Value PhaseReader::read(const Access &access, Location loc, bool anywhere) {
  std::vector<int64_t> key = {reinterpret_cast<intptr_t>(access.base.getAsOpaquePointer()),
                              reinterpret_cast<intptr_t>(access.id.getAsOpaquePointer()),
                              access.shift,
                              access.idStride,
                              access.offset,
                              anywhere};
  key.insert(key.end(), access.shape.begin(), access.shape.end());
  key.insert(key.end(), access.strides.begin(), access.strides.end());
  for (Value slot : access.boundary)
    key.push_back(reinterpret_cast<intptr_t>(slot.getAsOpaquePointer()));
  Value &value = known[key];
  loc = plan.placed(loc);
  if (!value)
    value = anywhere && isNumber(access) ? number(access, loc) : readSlot(access, loc);
  return value;
}

Value PhaseEmitter::operand(PhaseNode &node, const Access &access, Location loc) {
  PhaseNode *source = plan.nodeOf(access.base);
  if (source && source->rematerialised)
    return rematerialise(*source, access);
  bool pointwise = node.kind != PhaseNode::Compute || isPointwise(node.op);
  if (pointwise && source && source->phase == phase && source != &node && access.isWhole())
    return source->emitted;
  return reader.read(access, loc, pointwise);
}

Value PhaseEmitter::rematerialise(PhaseNode &node, const Access &view) {
  for (auto &[known, value] : rematerialised)
    if (known.base == view.base && known.offset == view.offset && known.strides == view.strides &&
        known.shape == view.shape)
      return value;
  SmallVector<Access> reads;
  for (const Access &operand : node.reads)
    reads.push_back(readThrough(view, operand));
  Value value = emit(node, reads, view.shape);
  rematerialised.emplace_back(view, value);
  return value;
}

Value PhaseEmitter::emit(PhaseNode &node, ArrayRef<Access> reads, ArrayRef<int64_t> shape) {
  SmallVector<Value> operands;
  for (auto [index, access] : llvm::enumerate(reads))
    operands.push_back(operand(node, access, node.op ? node.op->getOperand(index).getLoc() : node.loc));
  if (node.kind != PhaseNode::Compute)
    return operands.front();
  Operation *clone = node.op->clone();
  clone->setOperands(operands);
  clone->setLoc(plan.placed(clone->getLoc()));
  clone->getResult(0).setType(node.type.clone(shape));
  builder.insert(clone);
  return clone->getResult(0);
}

/// Phases of a group in execution order, each with its nodes in order: by level, then by their first node. Totals of a
/// map, which nothing in it reads, come last, so that they do not stand between phases that share their loop over rows.
static auto phasesOf(PhaseGroup &group) {
  DenseMap<PhaseNode *, unsigned> number;
  std::map<std::tuple<bool, unsigned, unsigned>, SmallVector<PhaseNode *>> phases;
  for (auto &node : group.nodes)
    if (!node->rematerialised)
      phases[{group.isMap() && node->cone, node->level, number.try_emplace(node->leader, number.size()).first->second}]
          .push_back(node.get());
  return phases;
}

void emitPhases(PhasePlan &plan, PhaseGroup &group) {
  OpBuilder builder(group.group->getRegion(0).front().getTerminator());
  for (auto &[order, nodes] : phasesOf(group)) {
    PhaseNode *last = nodes.back();
    auto phase = PhaseOp::create(builder, last->loc, last->name, last->type.getShape(), last->adds);
    OpBuilder body = OpBuilder::atBlockBegin(&phase.getBody().emplaceBlock());
    PhaseEmitter emitter(plan, phase, body);
    for (PhaseNode *node : nodes) {
      node->phase = phase;
      node->emitted = emitter.emit(*node);
    }
  }
}

static void emitPlace(PhasePlan &plan, OpBuilder &builder, const PhaseNode &node, const Place &place) {
  Value slot = place.slot ? place.slot : plan.storedIn(place.within);
  if (!slot)
    return; // a concat of which only parts are read
  if (node.adds)
    AccumulateOp::create(builder, node.loc, node.emitted, slot, place.id ? plan.ownSlot(place.id) : Value(),
                         place.idStride, place.offset, place.strides, place.unlessGiven);
  else
    WriteOp::create(builder, node.loc, node.emitted, slot, place.offset, place.strides);
}

/// Where the total of a scatter goes: the row that the id gives.
static Place throughId(Place place, Value id) {
  place.id = id;
  place.idStride = place.strides.front();
  place.strides.erase(place.strides.begin());
  return place;
}

void emitWrites(PhasePlan &plan, PhaseGroup &group) {
  for (auto &node : group.nodes) {
    if (node->rematerialised)
      continue;
    OpBuilder builder(node->phase.getBody().getContext());
    builder.setInsertionPointToEnd(&node->phase.getBody().front());
    SmallVector<Place> places = node->places;
    if (Value slot = node->value ? plan.storedIn(node->value) : Value()) {
      Place own;
      own.slot = slot;
      own.strides = rowMajorStrides(cast<RankedTensorType>(node->value.getType()).getShape());
      places.push_back(own);
    }
    auto scatter = node->kind == PhaseNode::Total ? node->op->getOperand(0).getDefiningOp<ScatterOp>() : ScatterOp();
    for (const Place &place : places)
      emitPlace(plan, builder, *node, scatter ? throughId(place, plan.views.resolve(scatter.getId()).base) : place);
  }
}

//===-- Boundary gradients ---------------------------------------------------------------===//

static AtOp groupAt(SystemOp system, Operation *before, Anchor anchor, int64_t offset, Location loc) {
  OpBuilder builder(before);
  auto at = AtOp::create(builder, loc, TypeRange(), anchor, offset);
  builder.setInsertionPointToEnd(&at.getBody().emplaceBlock());
  YieldOp::create(builder, loc, ValueRange());
  return at;
}

/// What flows to slot `slot` before the first step (or behind the last): a shift by k reaches k slots far.
static Value sumOfShifted(PhasePlan &plan, BoundaryGradientOp op, int64_t slot, OpBuilder &builder) {
  PhaseReader reader(plan, builder);
  Value sum;
  for (Value shifted : op.getShifted()) {
    Operation *source = shifted.getDefiningOp();
    Access access = isMovement(source) ? plan.views.resolveMovement(source) : plan.views.resolve(shifted);
    if (std::abs(access.shift) <= slot)
      continue;
    Value value = reader.read(access, shifted.getLoc(), /*anywhere=*/true);
    sum = sum ? AddOp::create(builder, op.getLoc(), sum, value).getResult() : value;
  }
  if (!sum)
    sum = ConstantOp::create(builder, op.getLoc(), op.getType(), 0.0);
  return sum;
}

void emitBoundaryGradient(PhasePlan &plan, BoundaryGradientOp op) {
  // A gradient that flows back from later steps leaves before the first step.
  bool later = op.getReversed();
  auto type = cast<RankedTensorType>(op.getType());
  Strides strides = rowMajorStrides(type.getShape());
  SmallVector<Place> totals = plan.addedTo.lookup(op);
  if (Value slot = plan.storedIn(op.getResult())) {
    totals.emplace_back();
    totals.back().slot = slot;
    totals.back().strides = strides;
  }
  Operation *before = plan.groupFor(op).group;
  for (int64_t slot = 0; slot < op.getSlots(); ++slot) {
    AtOp at = groupAt(plan.system, before, later ? Anchor::end : Anchor::start, later ? slot : -1 - slot, op.getLoc());
    OpBuilder builder(at.getBody().front().getTerminator());
    std::string name =
        ("d." + op.getState() + "[" + (later ? "T+" + std::to_string(1 + slot) : std::to_string(-slot)) + "]").str();
    auto phase = PhaseOp::create(builder, op.getLoc(), name, type.getShape(), false);
    OpBuilder body = OpBuilder::atBlockBegin(&phase.getBody().emplaceBlock());
    Value given = plan.slots.state(SlotSource::d_state, op.getState(), later, slot, type);
    WriteOp::create(body, op.getLoc(), sumOfShifted(plan, op, slot, body), given, 0, strides);
    if (totals.empty())
      continue;
    auto total = PhaseOp::create(builder, op.getLoc(), name + ".total", type.getShape(), true);
    OpBuilder sums = OpBuilder::atBlockBegin(&total.getBody().emplaceBlock());
    Value value = sumOfShifted(plan, op, slot, sums);
    Value state = plan.slots.state(SlotSource::state, op.getState(), later, slot, type);
    for (const Place &place : totals)
      AccumulateOp::create(sums, op.getLoc(), value, place.slot, Value(), 0, place.offset, place.strides, state);
  }
}

} // namespace recur
