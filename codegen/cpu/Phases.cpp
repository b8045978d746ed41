//===- Phases.cpp - The ways to compute a phase ---------------------------------===//
#include "codegen/cpu/Phases.h"

using namespace mlir;

namespace seqc::cpu {

namespace {
enum class Way { Products, Packing, OuterTotal, TiledCopy, Nest };
} // namespace

static Way wayFor(const Machine &machine, recur::PhaseOp phase, Value scratch) {
  if (hasPackedProducts(phase))
    return Way::Products;
  if (isPacking(phase))
    return Way::Packing;
  if (scratch && isTotalOfOuter(phase))
    return Way::OuterTotal;
  return isTiledCopy(machine, phase) ? Way::TiledCopy : Way::Nest;
}

bool isNest(const Machine &machine, recur::PhaseOp phase, Value scratch) {
  return wayFor(machine, phase, scratch) == Way::Nest;
}

Value countUnits(Code &b, const Machine &machine, recur::PhaseOp phase, Value scratch, Value rows) {
  switch (wayFor(machine, phase, scratch)) {
  case Way::Products:
    return productUnits(b, machine, phase, rows);
  case Way::Packing:
    return b.integer(1);
  case Way::OuterTotal:
    return b.integer(totalUnits(machine, phase));
  case Way::TiledCopy:
    return copyUnits(b, phase, rows);
  case Way::Nest:
    return nestUnits(b, machine, phase, rows);
  }
  llvm_unreachable("all ways are handled");
}

void emitSlice(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Value scratch, Slice slice) {
  switch (wayFor(machine, phase, scratch)) {
  case Way::Products:
    return emitProductTiles(frame, machine, phase, slice);
  case Way::Packing:
    return emitPacking(frame, machine, phase, slice);
  case Way::OuterTotal:
    return emitTotalTiles(frame, machine, phase, {}, scratch, slice);
  case Way::TiledCopy:
    return emitTiledCopy(frame, machine, phase, slice);
  case Way::Nest:
    return emitNest(frame, machine, phase, slice);
  }
}

} // namespace seqc::cpu
