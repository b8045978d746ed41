//===- LineList.cpp - Cache lines that tiles bring in while they multiply ---------===//
#include "codegen/cpu/LineList.h"

using namespace mlir;

namespace seqc::cpu {

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
  b.forEach(first, count, 1, [&](Value i) { bringInLine(b, b.at(lines, b.pointerType(), i)); });
}

void LineList::bringInNext(Code &b, Value step, int64_t stepsOfTurn) const {
  constexpr int64_t pointerBytes = 8;
  assert(pointerBytes % stepsOfTurn == 0 && "places of turns are whole bytes apart");
  Value place = b.smaller(step, b.mul(count, b.integer(stepsOfTurn)));
  Value line = b.at(lines, b.getI8Type(), b.mul(place, b.integer(pointerBytes / stepsOfTurn)));
  bringInLine(b, line);
}

void LineList::bringInLine(Code &b, Value entry) const {
  b.prefetchNearest(b.at(b.load(b.pointerType(), entry), b.getI8Type(), offset));
}

} // namespace seqc::cpu
