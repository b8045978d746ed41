//===- PhaseRewrites.cpp - Equations in the form that phases need ------------------===//
#include "passes/PhaseRewrites.h"

#include "passes/analysis/OpKinds.h"

#include <map>

using namespace mlir;

namespace recur {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

static RankedTensorType withDim(RankedTensorType type, int64_t dim, int64_t size) {
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = size;
  return RankedTensorType::get(shape, type.getElementType());
}

void dropYields(SystemOp system) {
  for (Operation &group : system.getBody().front()) {
    if (!isa<OnceOp, MapOp, LoopOp, AtOp>(group))
      continue;
    Operation *yield = group.getRegion(0).front().getTerminator();
    for (auto [result, value] : llvm::zip(group.getResults(), yield->getOperands()))
      result.replaceAllUsesWith(value);
    yield->setOperands({});
  }
}

void lowerPads(SystemOp system) {
  SmallVector<PadOp> pads;
  system.walk([&](PadOp pad) { pads.push_back(pad); });
  for (PadOp pad : pads) {
    OpBuilder builder(pad);
    OpBuilder leaves = OpBuilder::atBlockBegin(&system.getBody().front());
    int64_t size = typeOf(pad.getX()).getDimSize(pad.getDim());
    int64_t after = typeOf(pad).getDimSize(pad.getDim()) - pad.getOffset() - size;
    SmallVector<Value> parts;
    auto addZeros = [&](int64_t length) {
      if (length > 0)
        parts.push_back(ConstantOp::create(leaves, pad.getLoc(), withDim(typeOf(pad), pad.getDim(), length), 0.0));
    };
    addZeros(pad.getOffset());
    parts.push_back(pad.getX());
    addZeros(after);
    auto concat = ConcatOp::create(builder, pad.getLoc(), pad.getType(), parts, pad.getDim());
    pad.replaceAllUsesWith(concat.getResult());
    pad.erase();
  }
}

/// The number of its row at each element.
static Value rowNumbers(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, builder.getI32Type());
  int64_t perRow = type.getNumElements() / shape.front();
  SmallVector<int32_t> numbers;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    numbers.push_back(static_cast<int32_t>(i / perRow));
  return ConstantOp::create(builder, loc, type, DenseElementsAttr::get(type, ArrayRef(numbers)));
}

void lowerScatters(SystemOp system) {
  SmallVector<ScatterOp> scatters;
  system.walk([&](ScatterOp scatter) { scatters.push_back(scatter); });
  for (ScatterOp scatter : scatters) {
    if (llvm::all_of(scatter->getUsers(), [](Operation *user) { return isa<TotalOp>(user); }))
      continue;
    OpBuilder builder(scatter);
    OpBuilder leaves = OpBuilder::atBlockBegin(&system.getBody().front());
    Location loc = scatter.getLoc();
    RankedTensorType type = typeOf(scatter);
    Value rows = rowNumbers(leaves, loc, type.getShape());
    Value zero = ConstantOp::create(leaves, loc, type, 0.0);
    Value id = BroadcastOp::create(builder, loc, rows.getType(), scatter.getId());
    Value x = BroadcastOp::create(builder, loc, type, scatter.getX());
    Value here = CompareOp::create(builder, loc, type.clone(builder.getI1Type()), Predicate::eq, rows, id);
    Value result = SelectOp::create(builder, loc, type, here, x, zero);
    scatter.getResult().replaceUsesWithIf(result, [](OpOperand &use) { return !isa<TotalOp>(use.getOwner()); });
    if (scatter.use_empty())
      scatter.erase();
  }
}

//===-- Splitting --------------------------------------------------------------------===//

namespace {

struct Range {
  int64_t dim, begin, size;
  bool operator<(const Range &other) const {
    return std::tie(dim, begin, size) < std::tie(other.dim, other.begin, other.size);
  }
};

} // namespace

/// The slices that are all uses of `value`, if they lie along one dim and do not overlap.
static std::map<Range, SmallVector<SliceOp>> slicesOf(Value value) {
  std::map<Range, SmallVector<SliceOp>> ranges;
  for (Operation *user : value.getUsers()) {
    auto slice = dyn_cast<SliceOp>(user);
    if (!slice)
      return {};
    int64_t dim = slice.getDim();
    ranges[{dim, slice.getOffset(), typeOf(slice).getDimSize(dim)}].push_back(slice);
  }
  const Range *last = nullptr;
  for (auto &[range, unused] : ranges) {
    if (last && (range.dim != last->dim || range.begin < last->begin + last->size))
      return {};
    last = &range;
  }
  return ranges;
}

/// The dim of operand `index` that becomes dim `dim` of the result; -1 if the operand is used whole.
static int64_t operandDim(Operation *op, unsigned index, int64_t dim) {
  int64_t rank = typeOf(op->getResult(0)).getRank();
  if (auto outer = dyn_cast<OuterOp>(op)) {
    if (dim < rank - 2)
      return dim;
    return (dim == rank - 2) == (index == 0) ? rank - 2 : -1;
  }
  if (auto matmul = dyn_cast<MatmulOp>(op)) {
    bool vector = matmul.isMatrixVector();
    int64_t leading = vector ? rank - 1 : rank - 2;
    if (dim < leading)
      return dim;
    return (dim == leading) == (index == 0) ? dim : -1;
  }
  return dim;
}

/// Whether splitting lets what follows join the phase: pointwise ops of the same group, or memory of its own.
static bool isWorthSplitting(Operation *op, const std::map<Range, SmallVector<SliceOp>> &ranges) {
  if (isa<TotalOp>(op))
    return true;
  if (isa<OuterOp>(op))
    return llvm::all_of(ranges, [](auto &entry) {
      return llvm::all_of(entry.second, [](SliceOp slice) {
        return llvm::all_of(slice->getUsers(), [](Operation *user) { return isa<TotalOp>(user); });
      });
    });
  if (!isa<MatmulOp>(op) && !isPointwise(op))
    return false;
  if (!isa<LoopOp>(op->getParentOp()))
    return false;
  for (auto &[range, slices] : ranges)
    for (SliceOp slice : slices)
      for (Operation *user : slice->getUsers())
        if (user->getBlock() == op->getBlock() && (isPointwise(user) || isa<SliceOp>(user)))
          return true;
  return false;
}

static void splitOp(Operation *op, std::map<Range, SmallVector<SliceOp>> &ranges) {
  OpBuilder builder(op);
  for (auto &[range, slices] : ranges) {
    Operation *part = op->clone();
    for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
      int64_t dim = operandDim(op, index, range.dim);
      if (dim < 0)
        continue;
      auto type = withDim(typeOf(operand), dim, range.size);
      part->setOperand(index, SliceOp::create(builder, operand.getLoc(), type, operand, dim, range.begin));
    }
    builder.insert(part);
    Value result = part->getResult(0);
    result.setType(withDim(typeOf(op->getResult(0)), range.dim, range.size));
    result.setLoc(slices.front().getLoc());
    for (SliceOp slice : slices) {
      slice.replaceAllUsesWith(result);
      slice.erase();
    }
  }
  op->erase();
}

unsigned splitBySlices(SystemOp system) {
  // Users before their operands: splitting an op slices its operands.
  SmallVector<Operation *> ops;
  for (Operation &group : system.getBody().front())
    if (group.getNumRegions() == 1 && !isa<InterfaceOp>(group))
      for (Operation &op : group.getRegion(0).front())
        ops.push_back(&op);
  unsigned split = 0;
  for (Operation *op : llvm::reverse(ops)) {
    if (op->getNumResults() != 1 || op->use_empty() || isMovement(op))
      continue;
    auto ranges = slicesOf(op->getResult(0));
    if (ranges.empty() || (ranges.size() == 1 && !isa<TotalOp>(op)) || !isWorthSplitting(op, ranges))
      continue;
    splitOp(op, ranges);
    ++split;
  }
  return split;
}

} // namespace recur
