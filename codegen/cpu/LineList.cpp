//===- LineList.cpp - Cache lines that tiles bring in while they multiply ---------===//
#include "codegen/cpu/LineList.h"

#include "codegen/cpu/Elements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

constexpr int64_t lineBytes = 64;

SmallVector<int64_t> LineList::bytesOf(int64_t size, bool aligned) {
  SmallVector<int64_t> bytes;
  for (int64_t byte = 0; byte < size; byte += lineBytes)
    bytes.push_back(byte);
  if (!aligned)
    bytes.push_back(size - 1);
  return bytes;
}

void LineList::set(Code &b, Value index, Value address) const { b.store(address, b.at(lines, b.pointerType(), index)); }

void LineList::end(Code &b, Value number) {
  count = number;
  set(b, count, lines);
}

void LineList::bringIn(Code &b, Value first) const {
  b.forEach(first, count, 1,
            [&](Value i) { b.prefetchNearest(b.load(b.pointerType(), b.at(lines, b.pointerType(), i))); });
}

void LineList::bringInNext(Code &b, Value step, int64_t stepsOfTurn) const {
  constexpr int64_t pointerBytes = 8;
  assert(pointerBytes % stepsOfTurn == 0 && "places of turns are whole bytes apart");
  Value place = b.smaller(step, b.mul(count, b.integer(stepsOfTurn)));
  Value line = b.at(lines, b.getI8Type(), b.mul(place, b.integer(pointerBytes / stepsOfTurn)));
  b.prefetchNearest(b.load(b.pointerType(), line));
}

RowLines::RowLines(const Frame &frame, recur::PhaseOp phase, int64_t panelWidth, int64_t mostRows,
                   function_ref<bool(recur::ReadOp)> isVector)
    : frame(frame), phase(phase), panelWidth(panelWidth) {
  for (Operation &op : phase.getBody().front()) {
    if (auto read = dyn_cast<recur::ReadOp>(op); read && !isVector(read))
      add(read, read.getSlot(), read.getOffset(), read.getStrides());
    else if (auto write = dyn_cast<recur::WriteOp>(op))
      add(write, write.getSlot(), write.getOffset(), write.getStrides());
  }
  lines = LineList::reserve(frame.code(), mostRows * linesOfRow());
}

void RowLines::add(Operation *op, Value slot, int64_t offset, ArrayRef<int64_t> strides) {
  auto of = slot.getDefiningOp<recur::SlotOp>();
  bool isOfRow = (of.getTime() || of.getBatch()) && !frame.isKeptInBlock(slot);
  // Scalars and what is contracted inside the phase have dims of their own.
  if (!isOfRow || strides.size() != phase.getSpace().size() || strides.back() != 1)
    return;
  int64_t elementBytes = realType(phase).getWidth() / 8;
  auto isWhole = [&](int64_t elements) { return elements * elementBytes % lineBytes == 0; };
  bool aligned = isWhole(offset) && isWhole(of.getType().getValue().getNumElements()) &&
                 llvm::all_of(strides.drop_back(), isWhole) && isWhole(panelWidth);
  accesses.push_back({op, offset, strides, LineList::bytesOf(panelWidth * elementBytes, aligned)});
}

int64_t RowLines::linesOfRow() const {
  int64_t count = 0;
  for (const Access &access : accesses)
    count += access.bytes.size();
  return count;
}

void RowLines::list(ArrayRef<Value> leading, Value panel, Value first, Value count) {
  Code &b = frame.code();
  Value several = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, count, b.integer(1));
  Value listedRows = b.select(several, count, b.integer(0)), ofRow = b.integer(linesOfRow());
  frame.forEachRow(first, b.add(first, listedRows), [&](Value rowNumber, const Row &position) {
    RowAddresses row(frame, phase, position);
    SmallVector<Value> index(leading);
    index.push_back(b.mul(panel, b.integer(panelWidth)));
    Value number = b.mul(b.sub(rowNumber, first), ofRow);
    for (const Access &access : accesses) {
      Value start = b.at(row.of(access.op), realType(phase), b.dot(access.offset, access.strides, index));
      for (int64_t byte : access.bytes) {
        lines.set(b, number, b.at(start, b.getI8Type(), b.integer(byte)));
        number = b.add(number, b.integer(1));
      }
    }
  });
  lines.end(b, b.mul(listedRows, ofRow));
}

} // namespace seqc::cpu
