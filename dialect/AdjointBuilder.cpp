//===- AdjointBuilder.cpp - Collects contributions to adjoints -----------------===//
#include "dialect/Recur.h"

using namespace mlir;
using namespace recur;

void AdjointBuilder::visit(Operation *op) {
  visited = op;
  // What an op contributes stands where the op stands in the source, but is not what the source names there.
  loc = op->getLoc();
  if (auto named = dyn_cast<NameLoc>(loc))
    loc = named.getChildLoc();
}

void AdjointBuilder::add(Value operand, Expr contribution) {
  if (!wants(operand))
    return;
  auto &added = contributions[operand];
  if (added.empty())
    reached.push_back(operand);
  added.push_back({visited, contribution.value});
}

void AdjointBuilder::addShifted(Operation *shift, Expr g) {
  auto op = cast<ShiftOpInterface>(shift);
  int64_t steps = -op.getShift();
  Value source = op.getShiftSource(), value;
  if (steps > 0)
    value = AdvanceOp::create(builder, loc, g.value, steps, /*state=*/StringAttr(), /*init=*/Value());
  else
    value = DelayOp::create(builder, loc, g.value, -steps, /*state=*/StringAttr(), /*init=*/Value());
  add(source, expr(value));
  shifted.push_back({shift, value});
}

ArrayRef<AdjointBuilder::Contribution> AdjointBuilder::getContributions(Value operand) const {
  auto it = contributions.find(operand);
  return it == contributions.end() ? ArrayRef<Contribution>() : ArrayRef<Contribution>(it->second);
}
