//===- CopyTiles.cpp - Copies that transpose, in square register tiles ------------===//
//
// Packing weights turns rows into columns. Element by element each vector would be gathered from as many cache lines as
// it has lanes; here as many vectors as lanes are read along the rows and transposed by interleaving: in each of
// log2(lanes) rounds vector i meets vector i + lanes / 2.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace seqc::cpu {

bool isTransposedCopy(const Machine &machine, recur::PhaseOp phase) {
  auto writes = llvm::to_vector(phase.getOps<recur::WriteOp>());
  ArrayRef<int64_t> space = phase.getSpace();
  if (phase.getTotal() || writes.size() != 1 || space.size() < 2)
    return false;
  auto read = writes[0].getValue().getDefiningOp<recur::ReadOp>();
  auto element = dyn_cast<FloatType>(writes[0].getValue().getType().getElementType());
  if (!read || !element || space.back() != machine.lanes(element, space.back()) || space.back() == 1)
    return false;
  ArrayRef<int64_t> from = read.getStrides();
  return from.back() > 1 && from[from.size() - 2] == 1 && writes[0].getStrides().back() == 1;
}

/// The dim of the space that threads divide: the first one outside the tiles that has more than one element; -1: none.
static int64_t dividedDim(recur::PhaseOp phase) {
  for (auto [dim, size] : llvm::enumerate(phase.getSpace().drop_back(2)))
    if (size > 1)
      return dim;
  return -1;
}

static int64_t piecesOf(recur::PhaseOp phase) {
  int64_t dim = dividedDim(phase);
  return dim < 0 ? 1 : phase.getSpace()[dim];
}

Value copyUnits(Code &b, recur::PhaseOp phase, Value rows) { return b.mul(rows, b.integer(piecesOf(phase))); }

namespace {

class TransposedCopy {
public:
  TransposedCopy(const Frame &frame, const Machine &machine, recur::PhaseOp phase)
      : b(frame.code()), frame(frame), machine(machine), phase(phase), write(*phase.getOps<recur::WriteOp>().begin()),
        read(write.getValue().getDefiningOp<recur::ReadOp>()), real(realType(phase)), space(phase.getSpace()),
        lanes(space.back()) {}

  void emit(Slice slice) {
    forEachGroup(b, slice, piecesOf(phase), [&](Value number, Slice pieces) {
      RowAddresses row(frame, phase, number);
      SmallVector<Value> index;
      overDims(row, index, pieces);
    });
  }

private:
  void overDims(const RowAddresses &row, SmallVector<Value> &index, Slice pieces) {
    int64_t size = space[index.size()];
    bool inner = index.size() + 2 == space.size();
    int64_t whole = inner ? size / lanes * lanes : size;
    bool divided = int64_t(index.size()) == dividedDim(phase);
    Slice range = divided ? pieces : Slice{b.integer(0), b.integer(whole)};
    b.forEach(range.begin, range.end, inner ? lanes : 1, [&](Value position) {
      index.push_back(position);
      if (inner)
        tile(row, index);
      else
        overDims(row, index, pieces);
      index.pop_back();
    });
    if (whole == size)
      return;
    // What is left of the rows goes vector by vector.
    b.forEach(b.integer(whole), b.integer(size), 1, [&](Value position) {
      SmallVector<Value> at(index);
      at.append({position, b.integer(0)});
      Elements(frame, machine, row, real, at, lanes).store(phase);
    });
  }

  void tile(const RowAddresses &row, ArrayRef<Value> index) {
    auto type = VectorType::get({lanes}, real);
    auto at = [&](Operation *op, int64_t offset, ArrayRef<int64_t> strides, int64_t i, int64_t step) {
      Value start = b.add(b.dot(offset, strides.drop_back(), index), b.integer(i * step));
      return b.at(row.of(op), real, start);
    };
    SmallVector<Value> vectors;
    for (int64_t i = 0; i < lanes; ++i)
      vectors.push_back(b.load(type, at(read, read.getOffset(), read.getStrides(), i, read.getStrides().back())));
    vectors = transpose(vectors);
    ArrayRef<int64_t> to = write.getStrides();
    for (auto [i, vector] : llvm::enumerate(vectors))
      b.store(vector, at(write, write.getOffset(), to, int64_t(i), to[to.size() - 2]));
  }

  SmallVector<Value> transpose(SmallVector<Value> vectors) {
    SmallVector<int64_t> mask;
    for (int64_t i = 0; i < lanes; ++i)
      mask.append({i, lanes + i});
    ArrayRef<int64_t> low = ArrayRef(mask).take_front(lanes), high = ArrayRef(mask).drop_front(lanes);
    for (int64_t round = 1; round < lanes; round *= 2) {
      SmallVector<Value> next;
      for (int64_t i = 0; i < lanes / 2; ++i)
        for (ArrayRef<int64_t> half : {low, high})
          next.push_back(vector::ShuffleOp::create(b, vectors[i], vectors[i + lanes / 2], half));
      vectors = next;
    }
    return vectors;
  }

  Code &b;
  const Frame &frame;
  const Machine &machine;
  recur::PhaseOp phase;
  recur::WriteOp write;
  recur::ReadOp read;
  FloatType real;
  ArrayRef<int64_t> space;
  int64_t lanes;
};

} // namespace

void emitTransposedCopy(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice) {
  TransposedCopy(frame, machine, phase).emit(slice);
}

} // namespace seqc::cpu
