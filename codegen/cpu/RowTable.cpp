//===- RowTable.cpp - Where rows have what a phase needs beside its products -----===//
#include "codegen/cpu/RowTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace seqc::cpu {

RowTable::RowTable(const Frame &frame, recur::PhaseOp phase, int64_t panelWidth, int64_t capacity,
                   function_ref<bool(recur::ReadOp)> isVector)
    : frame(frame), phase(phase), panelWidth(panelWidth) {
  for (Operation &op : phase.getBody().front()) {
    if (auto read = dyn_cast<recur::ReadOp>(op); read && !isVector(read))
      add(read, read.getSlot(), read.getOffset(), read.getStrides());
    else if (auto write = dyn_cast<recur::WriteOp>(op))
      add(write, write.getSlot(), write.getOffset(), write.getStrides());
  }
  for (const Access &access : accesses)
    linesOfRow += access.bytes.size();
  list = LineList::reserve(frame.code(), capacity * linesOfRow);
}

void RowTable::add(Operation *op, Value slot, int64_t offset, ArrayRef<int64_t> strides) {
  auto of = slot.getDefiningOp<recur::SlotOp>();
  bool isOfRow = (of.getTime() || of.getBatch()) && !frame.isKeptInBlock(slot);
  // Scalars and what is contracted inside the phase have dims of their own.
  if (!isOfRow || strides.size() != phase.getSpace().size() || strides.back() != 1)
    return;
  int64_t elementBytes = realType(phase).getWidth() / 8;
  auto isWhole = [&](int64_t elements) { return elements * elementBytes % LineList::lineBytes == 0; };
  bool aligned = isWhole(offset) && isWhole(of.getType().getValue().getNumElements()) &&
                 llvm::all_of(strides.drop_back(), isWhole) && isWhole(panelWidth);
  accesses.push_back({op, offset, strides, LineList::bytesOf(panelWidth * elementBytes, aligned)});
}

Value RowTable::firstElement(const Access &access, ArrayRef<Value> leading) const {
  return frame.code().dot(access.offset, access.strides.drop_back(), leading);
}

void RowTable::enter(ArrayRef<Value> leading, Value first, Value count, Value place) {
  Code &b = frame.code();
  frame.forEachRow(first, b.add(first, count), [&](Value number, const Row &position) {
    RowAddresses row(frame, phase, position);
    Value line = b.mul(b.add(place, b.sub(number, first)), b.integer(linesOfRow));
    for (const Access &access : accesses) {
      Value start = b.at(row.of(access.op), realType(phase), firstElement(access, leading));
      for (int64_t byte : access.bytes) {
        list.set(b, line, b.at(start, b.getI8Type(), b.integer(byte)));
        line = b.add(line, b.integer(1));
      }
    }
  });
  list.set(b, b.mul(b.add(place, count), b.integer(linesOfRow)), list.lines);
}

LineList RowTable::lines(Value panel, Value place, Value count) const {
  Code &b = frame.code();
  Value several = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, count, b.integer(1));
  LineList lines;
  lines.lines = b.at(list.lines, b.pointerType(), b.mul(place, b.integer(linesOfRow)));
  lines.count = b.mul(b.select(several, count, b.integer(0)), b.integer(linesOfRow));
  lines.offset = b.mul(panel, b.integer(panelWidth * realType(phase).getWidth() / 8));
  return lines;
}

KnownAddresses RowTable::addresses(ArrayRef<Value> leading, Value place) const {
  Code &b = frame.code();
  KnownAddresses known;
  Value line = b.mul(place, b.integer(linesOfRow));
  for (const Access &access : accesses) {
    Value start = b.load(b.pointerType(), b.at(list.lines, b.pointerType(), line));
    known[access.op] = b.at(start, realType(phase), b.sub(b.integer(0), firstElement(access, leading)));
    line = b.add(line, b.integer(int64_t(access.bytes.size())));
  }
  return known;
}

} // namespace seqc::cpu
