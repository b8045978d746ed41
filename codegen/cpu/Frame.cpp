//===- Frame.cpp - Where the rows of slots are during a call -------------------===//
#include "codegen/cpu/Frame.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "runtime/model.h"
#include <cstddef>

using namespace mlir;

namespace seqc::cpu {

const Frame::Offsets Frame::offsets = {offsetof(seqc_frame, T),
                                       offsetof(seqc_frame, B),
                                       offsetof(seqc_frame, lengths),
                                       offsetof(seqc_frame, seed),
                                       offsetof(seqc_frame, training),
                                       offsetof(seqc_frame, valid_steps),
                                       offsetof(seqc_frame, first_row),
                                       offsetof(seqc_frame, first_step),
                                       offsetof(seqc_frame, accumulates),
                                       offsetof(seqc_frame, turn),
                                       offsetof(seqc_frame, zeros),
                                       offsetof(seqc_frame, places),
                                       sizeof(seqc_place),
                                       offsetof(seqc_place, base),
                                       offsetof(seqc_place, stride_t),
                                       offsetof(seqc_place, stride_b)};

Type memoryElement(Type element) {
  return element.isInteger(1) ? Type(IntegerType::get(element.getContext(), 8)) : element;
}

static Type memoryElementOf(Value slot) {
  return memoryElement(cast<recur::SlotType>(slot.getType()).getValue().getElementType());
}

SlotNumbers numberSlots(recur::SystemOp system) {
  SlotNumbers numbers;
  for (auto slot : system.getOps<recur::SlotOp>())
    numbers.try_emplace(slot.getSlot(), numbers.size());
  return numbers;
}

static GroupKind kindOf(Operation *group) {
  return isa<recur::OnceOp>(group)  ? GroupKind::Once
         : isa<recur::MapOp>(group) ? GroupKind::Map
         : isa<recur::AtOp>(group)  ? GroupKind::At
                                    : GroupKind::Loop;
}

Frame::Frame(Code &code, Value frame, Value step, recur::PhaseOp phase, const SlotNumbers &numbers, Value scratch,
             bool ofSingleRow)
    : b(code), frame(frame), currentStep(step), group(kindOf(phase->getParentOp())), offset(0), fromEnd(false),
      singleRow(ofSingleRow) {
  if (auto at = dyn_cast<recur::AtOp>(phase->getParentOp())) {
    offset = at.getOffset();
    fromEnd = at.getAnchor() == recur::Anchor::end;
  }
  if (group != GroupKind::Once) {
    steps = field(offsets.T);
    batch = singleRow ? b.integer(1) : field(offsets.B);
    lengths = field(offsets.lengths, b.pointerType());
  }
  zeros = field(offsets.zeros, b.pointerType());
  rows = group == GroupKind::Once ? b.integer(1) : group == GroupKind::Map ? b.mul(steps, batch) : batch;
  if (scratch)
    loadPlace(scratch, numbers);
  phase.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (isa<recur::SlotType>(operand.getType())) {
        loadPlace(operand, numbers);
        if (Value fallback = operand.getDefiningOp<recur::SlotOp>().getFallback())
          loadPlace(fallback, numbers);
      }
  });
}

// A frame does not change during a call, so these loads leave every loop.
Value Frame::field(int64_t offset, Type type) const {
  Value address = b.at(frame, b.getI8Type(), b.integer(offset));
  return LLVM::LoadOp::create(b, type ? type : b.getI64Type(), address, /*alignment=*/8, /*isVolatile=*/false,
                              /*isNonTemporal=*/false, /*isInvariant=*/true);
}

void Frame::loadPlace(Value slot, const SlotNumbers &numbers) {
  auto [found, inserted] = places.try_emplace(slot);
  if (!inserted)
    return;
  auto op = slot.getDefiningOp<recur::SlotOp>();
  int64_t start = offsets.places + numbers.lookup(slot) * offsets.placeSize;
  Place &place = found->second;
  place.base = field(start + offsets.base, b.pointerType());
  place.ring = op.getRing();
  if (op.getTime())
    place.strideT = field(start + offsets.strideT);
  if (op.getBatch())
    place.strideB = field(start + offsets.strideB);
}

Row Frame::row(Value number) const {
  switch (group) {
  case GroupKind::Once:
    return {};
  case GroupKind::Map:
    return rowAt(number, b.div(number, batch), b.rem(number, batch));
  case GroupKind::Loop:
    return rowAt({}, currentStep, singleRow ? b.integer(0) : number);
  case GroupKind::At:
    return rowAt({}, {}, number);
  }
  llvm_unreachable("all kinds are handled");
}

Row Frame::rowAt(Value number, Value t, Value batchRow) const {
  Row row;
  row.number = number;
  row.t = t;
  row.b = batchRow;
  row.length = b.load(b.getI64Type(), b.at(lengths, b.getI64Type(), row.b));
  if (group == GroupKind::At)
    row.t = fromEnd ? b.add(row.length, b.integer(offset)) : b.integer(offset);
  else
    row.valid = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, row.t, row.length);
  return row;
}

void Frame::forEachRow(Value first, Value end, function_ref<void(Value, const Row &)> body) const {
  if (singleRow)
    return body(first, row(first));
  if (group != GroupKind::Map)
    return b.forEach(first, end, 1, [&](Value number) { body(number, row(number)); });
  SmallVector<Value> start = {b.div(first, batch), b.rem(first, batch)};
  b.fold(first, end, 1, start, [&](Value number, ValueRange position) {
    Value t = position[0], batchRow = position[1];
    body(number, rowAt(number, t, batchRow));
    Value next = b.add(batchRow, b.integer(1));
    Value wraps = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, next, batch);
    return SmallVector<Value>{b.select(wraps, b.add(t, b.integer(1)), t), b.select(wraps, b.integer(0), next)};
  });
}

Value Frame::slotRow(Value slot, const Row &row, Value t) const {
  if (Value memory = inBlock.lookup(slot)) {
    int64_t elements = cast<recur::SlotType>(slot.getType()).getValue().getNumElements();
    return b.at(memory, memoryElementOf(slot), b.mul(b.sub(row.number, blockStart), b.integer(elements)));
  }
  const Place &place = places.find(slot)->second;
  Value offset;
  if (place.strideT && place.ring)
    t = arith::AndIOp::create(b, t, b.integer(place.ring - 1));
  if (place.strideT)
    offset = b.mul(t, place.strideT);
  if (place.strideB) {
    Value alongBatch = b.mul(row.b, place.strideB);
    offset = offset ? b.add(offset, alongBatch) : alongBatch;
  }
  return offset ? b.at(place.base, memoryElementOf(slot), offset) : place.base;
}

// Ids of padding steps are not checked by the runtime: row 0 stands in for them.
Value Frame::lookedUp(Value rowAddress, Value slot, Value idSlot, int64_t stride, const Row &row) const {
  Value id = b.load(b.getI32Type(), slotRow(idSlot, row, row.t));
  if (row.valid)
    id = b.select(row.valid, id, b.zero(b.getI32Type()));
  Value wide = arith::ExtUIOp::create(b, b.getI64Type(), id);
  return b.at(rowAddress, memoryElementOf(slot), b.mul(wide, b.integer(stride)));
}

Value Frame::readRow(recur::ReadOp read, const Row &row) const {
  Value slot = read.getSlot();
  if (read.getId())
    return lookedUp(slotRow(slot, row, row.t), slot, read.getId(), read.getIdStride(), row);
  bool hasTime = bool(places.find(slot)->second.strideT);
  bool bound = read.getShift() != 0 || !read.getBoundary().empty() || (hasTime && group == GroupKind::At);
  if (!bound || group == GroupKind::Once)
    return slotRow(slot, row, row.t);

  Value t = b.add(row.t, b.integer(read.getShift()));
  Value result = zeros;
  if (!read.getBoundary().empty()) {
    Value before = b.sub(b.integer(-1), t), after = b.sub(t, row.length);
    Value early = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, t, b.integer(0));
    Value distance = b.select(early, before, after);
    for (auto [s, boundary] : llvm::enumerate(read.getBoundary())) {
      Value here = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, distance, b.integer(s));
      result = b.select(here, slotRow(boundary, row, b.integer(0)), result);
    }
  }
  // Unsigned, so that one comparison checks both ends.
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, t, row.length);
  return b.select(inside, slotRow(slot, row, t), result);
}

Value Frame::writtenRow(recur::WriteOp write, const Row &row) const { return slotRow(write.getSlot(), row, row.t); }

Value Frame::accumulatedRow(recur::AccumulateOp total, const Row &row) const {
  Value slot = total.getSlot(), address = slotRow(slot, row, row.t);
  return total.getId() ? lookedUp(address, slot, total.getId(), total.getIdStride(), row) : address;
}

Value Frame::stored(recur::WriteOp write, const Row &row) const {
  if (group != GroupKind::At || !places.find(write.getSlot())->second.strideT)
    return {};
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, row.t, row.length);
}

// A state that the caller does not give has the place of its fallback.
Value Frame::given(Value state) const {
  Value fallback = state.getDefiningOp<recur::SlotOp>().getFallback();
  auto address = [&](Value slot) {
    return LLVM::PtrToIntOp::create(b, b.getI64Type(), places.find(slot)->second.base);
  };
  Value own = address(state);
  Value other = fallback ? Value(address(fallback)) : LLVM::PtrToIntOp::create(b, b.getI64Type(), zeros);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, own, other);
}

} // namespace seqc::cpu
