//===- Nest.cpp - The general loop nest of a phase ------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

static int64_t lanesOf(const Machine &machine, recur::PhaseOp phase) {
  int64_t last = phase.getSpace().empty() ? 1 : phase.getSpace().back();
  return contractsAlongLanes(phase) ? 1 : std::min(machine.vectorBits / realType(phase).getWidth(), last);
}

/// The dim of the space that threads divide: the first one with more than one piece; -1 if there is none.
static int64_t dividedDim(const Machine &machine, recur::PhaseOp phase) {
  ArrayRef<int64_t> space = phase.getSpace();
  // Pieces of a small space are not worth their loops.
  constexpr int64_t largeSpace = 256;
  bool large = computeProduct(space) >= largeSpace;
  if (phase.getTotal() ? !addsToDistinctElements(phase) : !large)
    return -1;
  for (auto [dim, size] : llvm::enumerate(space))
    if (size > (dim + 1 == space.size() ? lanesOf(machine, phase) : 1))
      return dim;
  return -1;
}

/// How many pieces that dim has: its size, or for the last dim, vectors of it.
static int64_t piecesOf(const Machine &machine, recur::PhaseOp phase) {
  ArrayRef<int64_t> space = phase.getSpace();
  int64_t dim = dividedDim(machine, phase);
  if (dim < 0)
    return 1;
  return dim + 1 == int64_t(space.size()) ? llvm::divideCeil(space.back(), lanesOf(machine, phase)) : space[dim];
}

Value nestUnits(Code &b, const Machine &machine, recur::PhaseOp phase, Value rows) {
  Value pieces = b.integer(piecesOf(machine, phase));
  return phase.getTotal() ? pieces : b.mul(rows, pieces);
}

namespace {

class Nest {
public:
  Nest(const Frame &frame, const Machine &machine, recur::PhaseOp phase)
      : b(frame.code()), frame(frame), machine(machine), phase(phase), real(realType(phase)), space(phase.getSpace()),
        lanes(lanesOf(machine, phase)), divided(dividedDim(machine, phase)), pieces(piecesOf(machine, phase)) {}

  void emit(Slice slice) {
    if (!phase.getTotal())
      return forEachGroup(b, slice, pieces, [&](Value number, Slice items) { row(frame.row(number), items); });
    // A total skips the rows that do not count.
    auto rows = [&] {
      b.forEach(b.integer(0), frame.rowCount(), 1, [&](Value number) {
        Row at = frame.row(number);
        if (at.valid)
          b.when(at.valid, [&] { row(at, slice); });
        else
          row(at, slice);
      });
    };
    if (pieces > 1)
      return rows();
    b.when(arith::CmpIOp::create(b, arith::CmpIPredicate::ult, slice.begin, slice.end), rows);
  }

  void row(const Row &position, Slice items) {
    RowAddresses row(frame, phase, position);
    loadScalars(row);
    SmallVector<Value> index;
    overDims(row, index, items);
  }

  /// Of what the nest goes through vector by vector, a line comes with each vector; the rest comes at once.
  void bringIn(ComingRow &row) {
    onTheWay.clear();
    if (!row.number)
      return;
    RowAddresses addresses(frame, phase, row.number);
    for (Operation &op : phase.getBody().front()) {
      if (auto read = dyn_cast<recur::ReadOp>(op))
        bringIn(row, addresses, read, read.getShift());
      if (auto write = dyn_cast<recur::WriteOp>(op))
        bringIn(row, addresses, write, 0);
    }
  }

private:
  template <typename Access> void bringIn(ComingRow &row, const RowAddresses &addresses, Access access, int64_t shift) {
    auto slot = access.getSlot().template getDefiningOp<recur::SlotOp>();
    RankedTensorType type = slot.getType().getValue();
    bool isVectors = space.size() == 1 && lanes > 1 && access.getStrides() == ArrayRef<int64_t>{1};
    int64_t first = isVectors ? access.getOffset() : -1;
    bool isSequence = slot.getTime() && !slot.getRing() && slot.getBatch();
    if (!isSequence || row.known.contains({slot, shift, -1}) || !row.known.insert({slot, shift, first}).second)
      return;
    if (isVectors) {
      Value start = b.at(addresses.of(access), type.getElementType(), b.integer(first));
      onTheWay.emplace_back(start, type.getElementType());
      return;
    }
    constexpr int64_t line = 64;
    int64_t bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    b.forEach(b.integer(0), b.integer(bytes), line,
              [&](Value byte) { b.prefetch(b.at(addresses.of(access), b.getI8Type(), byte)); });
  }

  void overDims(const RowAddresses &row, SmallVector<Value> &index, Slice items) {
    int64_t dim = index.size();
    if (dim + 1 < int64_t(space.size())) {
      Slice range = dim == divided ? items : Slice{b.integer(0), b.integer(space[dim])};
      b.forEach(range.begin, range.end, 1, [&](Value position) {
        index.push_back(position);
        overDims(row, index, items);
        index.pop_back();
      });
      return;
    }
    if (space.empty())
      return store(row, index, 1);
    int64_t whole = space.back() / lanes, rest = space.back() % lanes;
    auto tail = [&] { at(row, index, b.integer(whole * lanes), rest); };
    if (dim != divided) {
      b.forEach(b.integer(0), b.integer(whole * lanes), lanes,
                [&](Value position) { at(row, index, position, lanes); });
      if (rest != 0)
        tail();
      return;
    }
    Value end = rest == 0 ? items.end : b.smaller(items.end, b.integer(whole));
    b.forEach(b.mul(items.begin, b.integer(lanes)), b.mul(end, b.integer(lanes)), lanes,
              [&](Value position) { at(row, index, position, lanes); });
    if (rest != 0)
      b.when(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, items.end, b.integer(pieces)), tail);
  }

  void at(const RowAddresses &row, SmallVector<Value> &index, Value position, int64_t width) {
    index.push_back(position);
    for (auto [start, element] : onTheWay)
      b.prefetch(b.at(start, element, position));
    store(row, index, width);
    index.pop_back();
  }

  void store(const RowAddresses &row, ArrayRef<Value> index, int64_t width) {
    Elements elements(frame, machine, row, real, index, width);
    for (auto [read, scalar] : scalars)
      elements.provide(read, b.broadcast(scalar, width));
    elements.store(phase);
  }

  /// Reads that are the same for all elements, once a row: a store in between could otherwise have changed them.
  void loadScalars(const RowAddresses &row) {
    scalars.clear();
    for (auto read : phase.getOps<recur::ReadOp>()) {
      bool isScalar = llvm::all_of(read.getStrides(), [](int64_t stride) { return stride == 0; });
      Type element = read.getType().getElementType();
      bool isPointwise =
          llvm::any_of(read->getUsers(), [](Operation *user) { return user->hasTrait<recur::PointwiseOpTrait>(); });
      if (isScalar && isPointwise && read.getType().getShape() == space && memoryElement(element) == element)
        scalars.emplace_back(read.getResult(),
                             b.load(element, b.at(row.of(read), element, b.integer(read.getOffset()))));
    }
  }

  Code &b;
  const Frame &frame;
  const Machine &machine;
  recur::PhaseOp phase;
  FloatType real;
  ArrayRef<int64_t> space;
  int64_t lanes, divided, pieces;
  SmallVector<std::pair<Value, Value>> scalars; // of the current row
  SmallVector<std::pair<Value, Type>> onTheWay; // where vectors of the coming row begin, and of what
};

} // namespace

void emitNestRow(const Frame &frame, const Machine &machine, recur::PhaseOp phase, const Row &row, ComingRow &coming) {
  Code &b = frame.code();
  b.setLoc(phase.getLoc());
  Nest nest(frame, machine, phase);
  nest.bringIn(coming);
  nest.row(row, {b.integer(0), b.integer(piecesOf(machine, phase))});
}

void emitNest(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice) {
  Nest(frame, machine, phase).emit(slice);
}

} // namespace seqc::cpu
