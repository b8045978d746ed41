//===- PhaseViews.cpp - What phases read instead of moving elements ----------------===//
#include "passes/PhaseViews.h"

#include "passes/analysis/OpKinds.h"

using namespace mlir;

namespace recur {

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

static bool isZero(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && constant.getSplat() == 0.0;
}

Access PhaseViews::resolve(Value value) {
  auto it = known.find(value);
  if (it != known.end())
    return it->second;
  // A cycle of movement alone, `h = h[t-1]`: one of its values must be stored.
  if (!resolving.insert(value).second) {
    copied.insert(value);
    return Access::whole(value);
  }
  Operation *op = value.getDefiningOp();
  Access access = Access::whole(value);
  if (isMovement(op) && !copied.contains(value)) {
    access = resolveMovement(op);
  } else if (PhaseSlots::shiftToEnd(value) != 0 && !copied.contains(value)) {
    access = readLeaf(value);
  }
  resolving.erase(value);
  return known[value] = copied.contains(value) ? Access::whole(value) : access;
}

Access PhaseViews::readLeaf(Value leaf) {
  Access access = Access::whole(leaf);
  access.slot = slots.ofLeaf(leaf);
  access.shift = PhaseSlots::shiftToEnd(leaf);
  access.boundary = slots.givenAtEnd(leaf);
  return access;
}

Access PhaseViews::whole(Value value) {
  Access access = resolve(value);
  if (access.isWhole())
    return access;
  copied.insert(value);
  return known[value] = Access::whole(value);
}

Access PhaseViews::ofThisStep(Value value) {
  Access access = resolve(value);
  return access.isOfThisStep() ? access : whole(value);
}

SmallVector<Value, 2> PhaseViews::boundaryOf(ShiftOpInterface shift) {
  Value init = shift.getBoundary();
  Value initSlot = init && !isZero(init) ? slotOf(whole(init).base) : Value();
  int64_t count = std::abs(shift.getShift());
  if (shift.getStateName().empty())
    return initSlot ? SmallVector<Value, 2>(count, initSlot) : SmallVector<Value, 2>();
  SmallVector<Value, 2> boundary;
  auto type = cast<RankedTensorType>(shift->getResult(0).getType());
  for (int64_t slot = 0; slot < count; ++slot)
    boundary.push_back(
        slots.state(SlotSource::state, shift.getStateName(), shift.getShift() > 0, slot, type, initSlot));
  return boundary;
}

Access PhaseViews::ofShift(ShiftOpInterface shift) {
  SmallVector<Value, 2> boundary = boundaryOf(shift);
  // The boundary rows have the layout of the value, so the value must be stored as it is.
  Access access = boundary.empty() ? ofThisStep(shift.getShiftSource()) : whole(shift.getShiftSource());
  access.shift = shift.getShift();
  access.boundary = boundary;
  return access;
}

Access PhaseViews::ofGather(GatherOp gather) {
  Value id = whole(gather.getId()).base;
  Access access = resolve(gather.getTable());
  if (access.id || !access.boundary.empty())
    access = whole(gather.getTable());
  access.id = id;
  access.idStride = access.strides.front();
  access.strides.erase(access.strides.begin());
  access.shape.erase(access.shape.begin());
  return access;
}

/// A slice that lies within one part of a concat is a slice of the part.
static std::pair<Value, int64_t> partOf(SliceOp slice) {
  auto concat = slice.getX().getDefiningOp<ConcatOp>();
  if (!concat || concat.getDim() != slice.getDim())
    return {};
  int64_t begin = slice.getOffset(), size = shapeOf(slice)[slice.getDim()];
  for (Value part : concat.getParts()) {
    int64_t length = shapeOf(part)[concat.getDim()];
    if (begin < length)
      return begin + size <= length ? std::pair(part, begin) : std::pair<Value, int64_t>();
    begin -= length;
  }
  return {};
}

Access PhaseViews::resolveMovement(Operation *op) {
  return TypeSwitch<Operation *, Access>(op)
      .Case([&](ShiftOpInterface shift) { return ofShift(shift); })
      .Case([&](GatherOp gather) { return ofGather(gather); })
      .Case([&](SliceOp slice) {
        auto [part, begin] = partOf(slice);
        Access access = resolve(part ? part : slice.getX());
        access.slice(slice.getDim(), part ? begin : slice.getOffset(), shapeOf(slice)[slice.getDim()]);
        return access;
      })
      .Case([&](TransposeOp transpose) {
        Access access = resolve(transpose.getX());
        access.transpose();
        return access;
      })
      .Case([&](BroadcastOp broadcast) {
        Access access = resolve(broadcast.getX());
        access.broadcast(shapeOf(broadcast));
        return access;
      })
      .Case([&](ReshapeOp reshape) {
        Access access = resolve(reshape.getX());
        if (access.reshape(shapeOf(reshape)))
          return access;
        access = whole(reshape.getX());
        access.reshape(shapeOf(reshape));
        return access;
      })
      .Case([&](StopGradientOp op) { return resolve(op.getX()); });
}

} // namespace recur
