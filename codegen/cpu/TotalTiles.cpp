//===- TotalTiles.cpp - Totals of outer products, in register tiles --------------===//
//
// D[n][m] += Σ_r a_r[n] · b_r[m] over all valid rows r: weight gradients. Blocks of rows are copied to scratch memory
// first, so that a tile reads what is contiguous: in place their elements lie a row apart, often a power of two, and
// would share a few sets of the caches.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"
#include "codegen/cpu/TileCore.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

static recur::OuterOp totalledOuter(recur::PhaseOp phase) {
  auto totals = llvm::to_vector(phase.getOps<recur::AccumulateOp>());
  if (totals.size() != 1 || !phase.getOps<recur::WriteOp>().empty() || totals[0].getId() ||
      totals[0].getUnlessGiven() || totals[0].getStrides().back() != 1)
    return {};
  return totals[0].getValue().getDefiningOp<recur::OuterOp>();
}

bool isTotalOfOuter(recur::PhaseOp phase) {
  if (!phase.getTotal() || phase.getSpace().size() != 2 || !isa<recur::MapOp>(phase->getParentOp()))
    return false;
  return totalledOuter(phase) && addsToDistinctElements(phase);
}

namespace {

/// Sizes of a blocking, in elements.
struct Blocking {
  static constexpr int64_t rows = 512;
  int64_t lanes, aWidth, bWidth;
  int64_t columns;   // of a wide tile; a narrow one has one less
  int64_t wide, all; // blocks along the last dim: the wide ones come first
  int64_t rowPieces; // tiles along the first dim

  Blocking(const Machine &machine, FloatType real, ArrayRef<int64_t> space) {
    lanes = machine.lanes(real, space[1]);
    int64_t vectors = llvm::divideCeil(space[1], lanes);
    all = llvm::divideCeil(vectors, fullTileColumns(machine));
    columns = llvm::divideCeil(vectors, all);
    wide = all - (all * columns - vectors);
    bWidth = lanes * columns;
    rowPieces = llvm::divideCeil(space[0], tileRows);
    // Blocks of nearly the same size, of whole tiles.
    int64_t blocks = llvm::divideCeil(space[0], 16384 / real.getWidth());
    aWidth = llvm::alignTo(llvm::divideCeil(space[0], blocks), tileRows);
  }

  /// From an element of A to the next in its copy: not a power of two, of which a cache holds few.
  static constexpr int64_t aStep = rows + 16;
  int64_t scratchA() const { return llvm::alignTo(aWidth * aStep, 64); }
  int64_t scratch() const { return scratchA() + rows * bWidth; }

  /// Threads divide the first dim into rows of a tile, or the last one into its blocks where that gives more pieces.
  bool dividesRows() const { return rowPieces >= 16 || rowPieces >= all; }
};

/// Sizes and strides of a total: those that agree in all of them share one function.
struct TotalShape {
  FloatType real;
  ArrayRef<int64_t> space;
  int64_t stepA, stepB;     // elements from one of an operand to the next
  ArrayRef<int64_t> result; // strides

  std::string name() const {
    std::string name = real.isF32() ? "total.f32" : "total.f64";
    for (int64_t number : {space[0], space[1], stepA, stepB, result[0]})
      name += "." + std::to_string(number);
    return name;
  }
};

/// Adds the products of a block of rows, whose operands begin at rowsA[r] and rowsB[r].
class TotalFunction {
public:
  TotalFunction(Code &b, const Machine &machine, const TotalShape &shape, func::FuncOp function)
      : b(b), machine(machine), shape(shape), real(shape.real), space(shape.space), sizes(machine, real, space),
        arithmetic(makeArithmetic(b, machine, real, real, sizes.lanes)), rowsA(function.getArgument(0)),
        rowsB(function.getArgument(1)), rowCount(function.getArgument(2)), result(function.getArgument(3)),
        copyOfA(function.getArgument(4)), slice{function.getArgument(5), function.getArgument(6)} {
    copyB = b.at(copyOfA, real, b.integer(sizes.scratchA()));
    rows = b.scratch(b.pointerType(), tileRows);
    out = b.scratch(real, tileRows * sizes.bWidth);
  }

  void emit() {
    Slice ns{b.integer(0), b.integer(space[0])}, ms{b.integer(0), b.integer(space[1])};
    if (sizes.dividesRows())
      ns = {b.mul(slice.begin, b.integer(tileRows)), b.smaller(b.mul(slice.end, b.integer(tileRows)), ns.end)};
    else
      ms = {blockStart(slice.begin), b.smaller(blockStart(slice.end), ms.end)};
    blocks(b, ns, sizes.aWidth, [&](Value n, Value nCount) {
      copyA(n, nCount);
      int64_t wideEnd = std::min(sizes.wide * sizes.bWidth, space[1]);
      overColumns(ms, 0, wideEnd, sizes.columns, n, nCount);
      overColumns(ms, wideEnd, space[1], sizes.columns - 1, n, nCount);
    });
  }

  /// Splits a range into blocks of `step`; the last may be shorter.
  static void blocks(Code &b, Slice range, int64_t step, function_ref<void(Value, Value)> body) {
    b.forEach(range.begin, range.end, step,
              [&](Value first) { body(first, b.smaller(b.integer(step), b.sub(range.end, first))); });
  }

private:
  /// The element of the last dim with which a block begins.
  Value blockStart(Value block) {
    Value wide = b.smaller(block, b.integer(sizes.wide)), narrow = b.sub(block, wide);
    int64_t narrowWidth = sizes.bWidth - sizes.lanes;
    return b.add(b.mul(wide, b.integer(sizes.bWidth)), b.mul(narrow, b.integer(narrowWidth)));
  }

  /// Elements from … to - 1 of the last dim, as far as they are in `ms`, in tiles of `columns` vectors.
  void overColumns(Slice ms, int64_t from, int64_t to, int64_t columns, Value n, Value nCount) {
    if (from >= to)
      return;
    int64_t width = columns * sizes.lanes;
    Value begin = b.createOrFold<arith::MaxSIOp>(ms.begin, b.integer(from)), end = b.smaller(ms.end, b.integer(to));
    blocks(b, {begin, end}, width, [&](Value m, Value mCount) {
      copyPanelOfB(m, mCount, width);
      blocks(b, {b.integer(0), nCount}, tileRows, [&](Value i, Value count) { tile(n, i, count, m, mCount, columns); });
    });
  }

  /// Element `first` of an operand in row `r` of the block.
  Value operand(Value pointers, Value r, Value first, int64_t step) {
    Value row = b.load(b.pointerType(), b.at(pointers, b.pointerType(), r));
    return b.at(row, real, b.mul(first, b.integer(step)));
  }

  /// A, transposed, so that what a tile reads is contiguous: [element][row].
  void copyA(Value n, Value nCount) {
    int64_t lanes = shape.stepA == 1 ? machine.vectorBits / real.getWidth() : 1;
    auto whole = [&](Value count) { return b.mul(b.div(count, b.integer(lanes)), b.integer(lanes)); };
    Value wholeRows = whole(rowCount), wholeN = whole(nCount);
    b.forEach(b.integer(0), wholeRows, lanes, [&](Value r) {
      b.forEach(b.integer(0), wholeN, lanes, [&](Value i) { transposeTile(r, n, i, lanes); });
      copyOneByOne({r, b.add(r, b.integer(lanes))}, n, {wholeN, nCount});
    });
    copyOneByOne({wholeRows, rowCount}, n, {b.integer(0), nCount});
  }

  void transposeTile(Value r, Value n, Value i, int64_t lanes) {
    auto type = VectorType::get({lanes}, real);
    SmallVector<Value> vectors;
    for (int64_t row = 0; row < lanes; ++row)
      vectors.push_back(b.load(type, operand(rowsA, b.add(r, b.integer(row)), b.add(n, i), shape.stepA)));
    for (auto [element, vector] : llvm::enumerate(transpose(b, vectors)))
      b.store(vector, copied(b.add(i, b.integer(int64_t(element))), r));
  }

  void copyOneByOne(Slice ofRows, Value n, Slice elements) {
    b.forEach(ofRows.begin, ofRows.end, 1, [&](Value r) {
      b.forEach(elements.begin, elements.end, 1,
                [&](Value i) { b.store(b.load(real, operand(rowsA, r, b.add(n, i), shape.stepA)), copied(i, r)); });
    });
  }

  /// Where element `i` of A in row `r` of the block is copied to.
  Value copied(Value i, Value r) { return b.at(copyOfA, real, b.add(b.mul(i, b.integer(Blocking::aStep)), r)); }

  /// B, padded with zeros to whole vectors: [row][width].
  void copyPanelOfB(Value m, Value mCount, int64_t width) {
    b.forEach(b.integer(0), rowCount, 1, [&](Value r) {
      Value from = operand(rowsB, r, m, shape.stepB), into = b.at(copyB, real, b.mul(r, b.integer(width)));
      overElements(mCount, shape.stepB == 1, [&](Value i, Type type) {
        b.store(b.load(type, b.at(from, real, b.mul(i, b.integer(shape.stepB)))), b.at(into, real, i));
      });
      b.forEach(mCount, b.integer(width), 1, [&](Value i) { b.store(b.zero(real), b.at(into, real, i)); });
    });
  }

  /// Vectors while they fit, then single elements.
  void overElements(Value count, bool vectors, function_ref<void(Value, Type)> body) {
    Value whole = b.integer(0);
    if (vectors) {
      whole = b.mul(b.div(count, b.integer(sizes.lanes)), b.integer(sizes.lanes));
      b.forEach(b.integer(0), whole, sizes.lanes, [&](Value i) { body(i, VectorType::get({sizes.lanes}, real)); });
    }
    b.forEach(whole, count, 1, [&](Value i) { body(i, real); });
  }

  void tile(Value n, Value i, Value count, Value m, Value mCount, int64_t columns) {
    auto resultRow = [&](Value row) {
      return b.at(result, real, b.dot(0, shape.result, {b.add(b.add(n, i), row), m}));
    };
    b.forEach(b.integer(0), count, 1, [&](Value row) {
      b.store(copied(b.add(i, row), b.integer(0)), b.at(rows, b.pointerType(), row));
      // What will be added to comes while the sums are computed.
      for (int64_t c = 0; c < columns; ++c)
        b.prefetch(b.at(resultRow(row), real, b.integer(c * sizes.lanes)));
    });
    TileCore core(*arithmetic, sizes.lanes, columns);
    core.rows = rows;
    core.weights = copyB;
    core.steps = rowCount;
    core.out = out;
    core.call(b, machine, count);
    b.forEach(b.integer(0), count, 1, [&](Value row) {
      Value sums = b.at(out, real, b.mul(row, b.integer(columns * sizes.lanes))), into = resultRow(row);
      overElements(mCount, true, [&](Value j, Type type) {
        Value address = b.at(into, real, j);
        b.store(arith::AddFOp::create(b, b.load(type, address), b.load(type, b.at(sums, real, j))), address);
      });
    });
  }

  Code &b;
  const Machine &machine;
  const TotalShape &shape;
  FloatType real;
  ArrayRef<int64_t> space;
  Blocking sizes;
  std::unique_ptr<TileArithmetic> arithmetic;
  Value rowsA, rowsB, rowCount, result, copyOfA;
  Slice slice;
  Value copyB, rows, out;
};

} // namespace

int64_t totalScratch(const Machine &machine, recur::PhaseOp phase) {
  return Blocking(machine, realType(phase), phase.getSpace()).scratch();
}

int64_t totalUnits(const Machine &machine, recur::PhaseOp phase) {
  Blocking sizes(machine, realType(phase), phase.getSpace());
  return sizes.dividesRows() ? sizes.rowPieces : sizes.all;
}

void emitTotalTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Value scratch, Slice slice) {
  Code &b = frame.code();
  recur::OuterOp outer = totalledOuter(phase);
  auto a = outer.getA().getDefiningOp<recur::ReadOp>(), other = outer.getB().getDefiningOp<recur::ReadOp>();
  auto total = *phase.getOps<recur::AccumulateOp>().begin();
  FloatType real = realType(phase);
  b.setLoc(outer.getLoc());
  TotalShape shape{real, phase.getSpace(), a.getStrides().back(), other.getStrides().back(), total.getStrides()};

  // Zeros stand for rows that do not count.
  auto operand = [&](recur::ReadOp read, Value number) {
    Row row = frame.row(number);
    return b.at(b.select(row.valid, frame.readRow(read, row), frame.zeroRow()), real, b.integer(read.getOffset()));
  };
  Value rowsA = b.scratch(b.pointerType(), Blocking::rows), rowsB = b.scratch(b.pointerType(), Blocking::rows);
  Value result = b.at(frame.slotRow(total.getSlot(), {}, {}), real, b.integer(total.getOffset()));
  TotalFunction::blocks(b, {b.integer(0), frame.rowCount()}, Blocking::rows, [&](Value firstRow, Value rowCount) {
    b.forEach(b.integer(0), rowCount, 1, [&](Value r) {
      Value number = b.add(firstRow, r);
      b.store(operand(a, number), b.at(rowsA, b.pointerType(), r));
      b.store(operand(other, number), b.at(rowsB, b.pointerType(), r));
    });
    b.callShared(shape.name(), {rowsA, rowsB, rowCount, result, frame.base(scratch), slice.begin, slice.end},
                 [&](func::FuncOp function) { TotalFunction(b, machine, shape, function).emit(); });
  });
}

} // namespace seqc::cpu
