//===- OpKinds.cpp - What a schedule asks about an op -----------------------------===//
#include "passes/analysis/OpKinds.h"

using namespace mlir;

namespace recur {

bool isLeaf(Operation *op) { return isa<InputOp, ParamOp, ConstantOp, CountOp, SeedOp, FinalSeedOp, SavedOp>(op); }

bool isSink(Operation *op) { return isa<OutputOp, LossOp, EquationOp, GradientOp, SaveOp, FinalStateOp>(op); }

bool isMovement(Operation *op) {
  return isa<ShiftOpInterface, SliceOp, ReshapeOp, TransposeOp, BroadcastOp, GatherOp, StopGradientOp>(op);
}

bool isPlacement(Operation *op) { return isa<ConcatOp, PadOp>(op); }

bool isPointwise(Operation *op) { return op->hasTrait<PointwiseOpTrait>() && !isa<StopGradientOp>(op); }

bool isCheap(Operation *op) {
  return isa<AddOp, SubOp, MulOp, NegOp, MinOp, MaxOp, AbsOp, CompareOp, SelectOp, ToRealOp>(op);
}

bool isProduct(Operation *op) { return isa<MatmulOp, OuterOp, ReduceOp>(op); }

StringRef nameOf(Location loc) {
  if (auto named = dyn_cast<NameLoc>(loc))
    return named.getName().getValue();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = nameOf(part); !name.empty())
        return name;
  return "";
}

std::string nameOf(Value value) {
  Operation *op = value.getDefiningOp();
  for (Operation *user : value.getUsers())
    if (auto equation = dyn_cast<EquationOp>(user))
      return equation.getName().str();
  if (auto input = dyn_cast_or_null<InputOp>(op))
    return input.getName().str();
  if (auto param = dyn_cast_or_null<ParamOp>(op))
    return param.getName().str();
  if (StringRef name = nameOf(value.getLoc()); !name.empty())
    return name.str();
  return op ? op->getName().stripDialect().str() : "value";
}

} // namespace recur
