//===- CopyTiles.cpp - Copies that pack weights, in register tiles -----------------===//
//
// Packing weights turns rows into columns. Element by element each vector would be gathered from as many cache lines as
// it has lanes; here as many vectors as lanes are read along the rows and transposed by interleaving: in each of
// log2(lanes) rounds vector i meets vector i + lanes / 2.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace seqc::cpu {

/// A copy of whole vectors, if the phase is one; lanes lie rows apart where it transposes.
static recur::WriteOp vectorCopyOf(const Machine &machine, recur::PhaseOp phase) {
  auto writes = llvm::to_vector(phase.getOps<recur::WriteOp>());
  ArrayRef<int64_t> space = phase.getSpace();
  if (phase.getTotal() || writes.size() != 1 || space.size() < 2)
    return {};
  auto element = dyn_cast<FloatType>(writes[0].getValue().getType().getElementType());
  if (!writes[0].getValue().getDefiningOp<recur::ReadOp>() || !element || space.back() == 1 ||
      space.back() != machine.lanes(element, space.back()) || writes[0].getStrides().back() != 1)
    return {};
  return writes[0];
}

/// Whether what is written need not go through the caches: whole lines of memory of our own, too large to stay there
/// until it is used. Then no line is read before it is written.
static bool goesPastCaches(recur::WriteOp write, ArrayRef<int64_t> space) {
  auto slot = write.getSlot().getDefiningOp<recur::SlotOp>();
  int64_t elementBits = slot.getType().getValue().getElementType().getIntOrFloatBitWidth(), lanes = space.back();
  constexpr int64_t lineBits = 512, largeBits = 8 * 256 * 1024;
  bool own = slot.getSource() == recur::SlotSource::prepared || slot.getSource() == recur::SlotSource::workspace;
  return own && !slot.getTime() && !slot.getBatch() && lanes * elementBits == lineBits &&
         slot.getType().getValue().getNumElements() * elementBits >= largeBits && write.getOffset() % lanes == 0 &&
         llvm::all_of(write.getStrides().drop_back(), [&](int64_t stride) { return stride % lanes == 0; });
}

bool isTiledCopy(const Machine &machine, recur::PhaseOp phase) {
  recur::WriteOp write = vectorCopyOf(machine, phase);
  if (!write)
    return false;
  ArrayRef<int64_t> from = write.getValue().getDefiningOp<recur::ReadOp>().getStrides();
  bool transposes = from.back() > 1 && from[from.size() - 2] == 1;
  return transposes || (from.back() == 1 && goesPastCaches(write, phase.getSpace()));
}

SmallVector<Value> transpose(Code &b, SmallVector<Value> vectors) {
  int64_t lanes = vectors.size();
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

/// Sizes and strides of a copy: those that agree in all of them share one function.
struct CopyShape {
  FloatType real;
  ArrayRef<int64_t> space, from, to;
  int64_t divided; // dim of which a call does some pieces, or -1
  bool pastCaches;

  bool transposes() const { return from.back() != 1; }

  std::string name() const {
    std::string name = real.isF32() ? "copy.f32" : "copy.f64";
    if (pastCaches)
      name += ".past";
    for (ArrayRef<int64_t> numbers : {space, from, to})
      name += "." + llvm::join(llvm::map_range(numbers, [](int64_t n) { return std::to_string(n); }), "x");
    return name;
  }
};

class CopyFunction {
public:
  CopyFunction(Code &b, const CopyShape &shape, func::FuncOp function)
      : b(b), shape(shape), space(shape.space), lanes(space.back()), from(function.getArgument(0)),
        to(function.getArgument(1)), pieces{function.getArgument(2), function.getArgument(3)} {}

  void emit() {
    SmallVector<Value> index;
    overDims(index);
  }

private:
  void overDims(SmallVector<Value> &index) {
    if (index.size() + 1 == space.size())
      return line(index);
    int64_t size = space[index.size()];
    bool inner = shape.transposes() && index.size() + 2 == space.size();
    int64_t whole = inner ? size / lanes * lanes : size;
    bool divided = int64_t(index.size()) == shape.divided;
    Slice range = divided ? pieces : Slice{b.integer(0), b.integer(whole)};
    b.forEach(range.begin, range.end, inner ? lanes : 1, [&](Value position) {
      index.push_back(position);
      if (inner)
        tile(index);
      else
        overDims(index);
      index.pop_back();
    });
    if (whole == size)
      return;
    // What is left of the rows goes one by one.
    b.forEach(b.integer(whole), b.integer(size), 1, [&](Value position) {
      b.forEach(b.integer(0), b.integer(lanes), 1, [&](Value lane) {
        SmallVector<Value> at(index);
        at.append({position, lane});
        Value element = b.load(shape.real, b.at(from, shape.real, b.dot(0, shape.from, at)));
        b.store(element, b.at(to, shape.real, b.dot(0, shape.to, at)));
      });
    });
  }

  void line(ArrayRef<Value> index) {
    auto at = [&](Value base, ArrayRef<int64_t> strides) {
      return b.at(base, shape.real, b.dot(0, strides.drop_back(), index));
    };
    store(b.load(VectorType::get({lanes}, shape.real), at(from, shape.from)), at(to, shape.to));
  }

  void store(Value vector, Value address) {
    if (shape.pastCaches)
      b.storePastCaches(vector, address);
    else
      b.store(vector, address);
  }

  void tile(ArrayRef<Value> index) {
    auto type = VectorType::get({lanes}, shape.real);
    auto at = [&](Value base, ArrayRef<int64_t> strides, int64_t i, int64_t step) {
      return b.at(base, shape.real, b.add(b.dot(0, strides.drop_back(), index), b.integer(i * step)));
    };
    SmallVector<Value> vectors;
    for (int64_t i = 0; i < lanes; ++i)
      vectors.push_back(b.load(type, at(from, shape.from, i, shape.from.back())));
    vectors = transpose(b, vectors);
    for (auto [i, vector] : llvm::enumerate(vectors))
      store(vector, at(to, shape.to, int64_t(i), shape.to[shape.to.size() - 2]));
  }

  Code &b;
  const CopyShape &shape;
  ArrayRef<int64_t> space;
  int64_t lanes;
  Value from, to;
  Slice pieces;
};

} // namespace

void emitTiledCopy(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice) {
  Code &b = frame.code();
  auto write = *phase.getOps<recur::WriteOp>().begin();
  auto read = write.getValue().getDefiningOp<recur::ReadOp>();
  CopyShape shape{realType(phase),    phase.getSpace(),  read.getStrides(),
                  write.getStrides(), dividedDim(phase), goesPastCaches(write, phase.getSpace())};
  forEachGroup(b, slice, piecesOf(phase), [&](Value number, Slice pieces) {
    RowAddresses row(frame, phase, number);
    auto start = [&](Operation *op, int64_t offset) { return b.at(row.of(op), shape.real, b.integer(offset)); };
    b.callShared(shape.name(),
                 {start(read, read.getOffset()), start(write, write.getOffset()), pieces.begin, pieces.end},
                 [&](func::FuncOp function) { CopyFunction(b, shape, function).emit(); });
  });
  // Such stores are in no order with what tells other threads that they are done.
  if (shape.pastCaches)
    LLVM::FenceOp::create(b, LLVM::AtomicOrdering::seq_cst, /*syncscope=*/"");
}

} // namespace seqc::cpu
