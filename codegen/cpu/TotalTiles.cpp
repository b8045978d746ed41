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
#include <tuple>

using namespace mlir;

namespace seqc::cpu {

static recur::OuterOp totalledOuter(recur::AccumulateOp total) {
  return total.getValue().getDefiningOp<recur::OuterOp>();
}

static recur::ReadOp readA(recur::AccumulateOp total) {
  return totalledOuter(total).getA().getDefiningOp<recur::ReadOp>();
}
static recur::ReadOp readB(recur::AccumulateOp total) {
  return totalledOuter(total).getB().getDefiningOp<recur::ReadOp>();
}

bool isTotalOfOuter(recur::PhaseOp phase) {
  auto totals = llvm::to_vector(phase.getOps<recur::AccumulateOp>());
  if (!phase.getTotal() || phase.getSpace().size() != 2 || !isa<recur::MapOp>(phase->getParentOp()) || totals.empty() ||
      !phase.getOps<recur::WriteOp>().empty())
    return false;
  return addsToDistinctElements(phase) && llvm::all_of(totals, [&](recur::AccumulateOp total) {
           return !total.getId() && !total.getUnlessGiven() && total.getStrides().back() == 1 && totalledOuter(total) &&
                  totalledOuter(total).getB() == totalledOuter(totals[0]).getB();
         });
}

/// Makes one phase of two if they total products with the same second operand. Other phases do not see the difference.
static bool mergeTotals(recur::PhaseOp into, recur::PhaseOp phase) {
  auto first = *into.getOps<recur::AccumulateOp>().begin(), second = *phase.getOps<recur::AccumulateOp>().begin();
  // Within a slot they might overlap.
  bool sameSlot = llvm::any_of(into.getOps<recur::AccumulateOp>(),
                               [&](recur::AccumulateOp total) { return total.getSlot() == second.getSlot(); });
  if (sameSlot || into.getSpace() != phase.getSpace() || realType(into) != realType(phase) ||
      !OperationEquivalence::isEquivalentTo(readB(first), readB(second), OperationEquivalence::IgnoreLocations))
    return false;
  readB(second).replaceAllUsesWith(readB(first).getResult());
  Block &body = into.getBody().front();
  body.getOperations().splice(body.end(), phase.getBody().front().getOperations());
  phase.erase();
  return true;
}

void mergeTotals(recur::MapOp map) {
  SmallVector<recur::PhaseOp> run;
  for (auto phase : llvm::make_early_inc_range(map.getBody().front().getOps<recur::PhaseOp>())) {
    if (!isTotalOfOuter(phase))
      run.clear();
    else if (llvm::none_of(run, [&](recur::PhaseOp into) { return mergeTotals(into, phase); }))
      run.push_back(phase);
  }
}

namespace {

/// Sizes of a blocking, in elements.
struct Blocking {
  static constexpr int64_t rows = 768; // most of a block: results are read and written once for each
  int64_t lanes, aWidth, bWidth;
  int64_t columns;   // of a wide tile; a narrow one has one less
  int64_t wide, all; // blocks along the last dim: the wide ones come first
  int64_t rowPieces; // tiles along the first dim
  ArrayRef<int64_t> space;

  Blocking(const Machine &machine, FloatType real, ArrayRef<int64_t> space) : space(space) {
    lanes = machine.lanes(real, space[1]);
    int64_t vectors = llvm::divideCeil(space[1], lanes);
    all = llvm::divideCeil(vectors, fullTileColumns(machine));
    columns = llvm::divideCeil(vectors, all);
    wide = all - (all * columns - vectors);
    bWidth = lanes * columns;
    rowPieces = llvm::divideCeil(space[0], tileRows);
    aWidth = std::min(widestA(real), rowPieces * tileRows);
  }

  /// Of whole tiles: half a second-level cache holds the copy of one block of A, the rest the panels of B.
  static int64_t widestA(FloatType real) { return 512 * 1024 * 8 / (aStep * real.getWidth()) / tileRows * tileRows; }

  /// How long before it is copied a row of B is brought in.
  static constexpr int64_t rowsAhead = 8;
  /// From an element of A to the next in its copy: not a power of two, of which a cache holds few.
  static constexpr int64_t aStep = rows + 16;
  int64_t scratchA() const { return llvm::alignTo(aWidth * aStep, 64); }
  int64_t scratch() const { return scratchA() + rows * (all * bWidth - (all - wide) * lanes); }

  /// Where the narrow tiles begin along the last dim.
  int64_t wideEnd() const { return std::min(wide * bWidth, space[1]); }

  /// Blocks of nearly as many rows: a short one costs its results as much as a long one.
  static void balancedRows(Code &b, Value count, function_ref<void(Value firstRow, Value rowCount)> body) {
    auto ceilDiv = [&](Value n, Value by) { return b.div(b.add(n, b.sub(by, b.integer(1))), by); };
    constexpr int64_t multiple = 16; // rows that are transposed together
    Value blocks = ceilDiv(count, b.integer(rows)),
          none = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, blocks, b.integer(0));
    Value share = ceilDiv(count, b.select(none, b.integer(1), blocks));
    Value size = b.mul(ceilDiv(share, b.integer(multiple)), b.integer(multiple));
    b.forEach(b.integer(0), blocks, 1, [&](Value block) {
      Value first = b.mul(block, size);
      body(first, b.smaller(size, b.sub(count, first)));
    });
  }

  /// Threads divide the first dim into rows of a tile, or the last one into its blocks where that gives more pieces.
  bool dividesRows() const { return rowPieces >= 16 || rowPieces >= all; }

  /// What of the first dim and of the last one is in `slice`.
  std::pair<Slice, Slice> parts(Code &b, Slice slice) const {
    Value rowEnd = b.integer(space[0]), columnEnd = b.integer(space[1]);
    if (dividesRows())
      return {{b.mul(slice.begin, b.integer(tileRows)), b.smaller(b.mul(slice.end, b.integer(tileRows)), rowEnd)},
              {b.integer(0), columnEnd}};
    return {{b.integer(0), rowEnd}, {blockStart(b, slice.begin), b.smaller(blockStart(b, slice.end), columnEnd)}};
  }

private:
  /// The element of the last dim with which a block begins.
  Value blockStart(Code &b, Value block) const {
    Value before = b.smaller(block, b.integer(wide)), narrow = b.sub(block, before);
    return b.add(b.mul(before, b.integer(bWidth)), b.mul(narrow, b.integer(bWidth - lanes)));
  }
};

/// Totals that agree in this share their functions, of whatever size they are.
struct TotalShape {
  FloatType real;
  int64_t lanes, columns;
  bool hasWide, hasNarrow;
  int64_t stepA, stepB; // elements from one of an operand to the next

  TotalShape(FloatType real, const Blocking &sizes, recur::AccumulateOp total)
      : real(real), lanes(sizes.lanes), columns(sizes.columns), hasWide(sizes.wideEnd() > 0),
        hasNarrow(sizes.wideEnd() < sizes.space[1]), stepA(readA(total).getStrides().back()),
        stepB(readB(total).getStrides().back()) {}

  std::string name(StringRef does) const {
    std::string name = (does + (real.isF32() ? ".f32." : ".f64.")).str() + std::to_string(lanes) + "x";
    name += (hasWide ? std::to_string(columns) : "") + (hasNarrow ? "-" + std::to_string(columns - 1) : "");
    for (int64_t step : {stepA, stepB})
      if (step != 1)
        name += ".by" + std::to_string(step);
    return name;
  }
};

/// Copies the second operand of a block of rows, or adds the products of such a copy and the first operand. Those of
/// row r begin at pointers[r].
class TotalFunction {
public:
  TotalFunction(Code &b, const Machine &machine, const TotalShape &shape, func::FuncOp function)
      : b(b), machine(machine), shape(shape), real(shape.real), lanes(shape.lanes),
        arithmetic(makeArithmetic(b, machine, real, real, lanes)), pointers(function.getArgument(0)),
        rowCount(function.getArgument(1)), copyOfB(function.getArgument(2)),
        ms{function.getArgument(3), function.getArgument(4)}, wideEnd(function.getArgument(5)) {
    if (function.getNumArguments() == 6)
      return;
    copyOfA = function.getArgument(6);
    ns = {function.getArgument(7), function.getArgument(8)};
    result = function.getArgument(9);
    resultStep = function.getArgument(10);
  }

  void copyB() {
    overPanels([&](Value m, Value mCount, int64_t columns) { copyPanelOfB(m, mCount, columns * lanes); });
  }

  void addProducts() {
    rows = b.scratch(b.pointerType(), tileRows);
    out = b.scratch(real, tileRows * shape.columns * lanes);
    beside = LineList::reserve(b, tileRows * resultBytes(shape.columns).size());
    blocks(b, ns, Blocking::widestA(real), [&](Value n, Value nCount) {
      copyA(n, nCount);
      overPanels([&](Value m, Value mCount, int64_t columns) {
        blocks(b, {b.integer(0), nCount}, tileRows,
               [&](Value i, Value count) { tile(n, i, count, m, mCount, columns); });
      });
    });
  }

  /// Splits a range into blocks of `step`; the last may be shorter.
  static void blocks(Code &b, Slice range, int64_t step, function_ref<void(Value, Value)> body) {
    b.forEach(range.begin, range.end, step,
              [&](Value first) { body(first, b.smaller(b.integer(step), b.sub(range.end, first))); });
  }

private:
  /// The panels of the last dim that are in `ms`, in tiles of `columns` vectors.
  void overPanels(function_ref<void(Value m, Value mCount, int64_t columns)> body) {
    auto part = [&](Value begin, Value end, int64_t columns) {
      blocks(b, {begin, end}, columns * lanes, [&](Value m, Value mCount) { body(m, mCount, columns); });
    };
    if (shape.hasWide)
      part(ms.begin, b.smaller(ms.end, wideEnd), shape.columns);
    if (shape.hasNarrow)
      part(b.createOrFold<arith::MaxSIOp>(ms.begin, wideEnd), ms.end, shape.columns - 1);
  }

  Value panelOfB(Value m) { return b.at(copyOfB, real, b.mul(m, b.integer(Blocking::rows))); }

  /// Element `first` of the operand in row `r` of the block.
  Value operand(Value r, Value first, int64_t step) {
    Value row = b.load(b.pointerType(), b.at(pointers, b.pointerType(), r));
    return b.at(row, real, b.mul(first, b.integer(step)));
  }

  /// Rows lie apart, often in other pages, where the processor's own prefetching does not follow.
  void bringIn(Value r, Value first, int64_t step) {
    if (step == 1)
      b.prefetch(operand(b.smaller(r, b.sub(rowCount, b.integer(1))), first, step));
  }

  /// A, transposed, so that what a tile reads is contiguous: [element][row].
  void copyA(Value n, Value nCount) {
    int64_t width = shape.stepA == 1 ? machine.vectorBits / real.getWidth() : 1;
    auto whole = [&](Value count) { return b.mul(b.div(count, b.integer(width)), b.integer(width)); };
    Value wholeRows = whole(rowCount), wholeN = whole(nCount);
    b.forEach(b.integer(0), wholeRows, width, [&](Value r) {
      b.forEach(b.integer(0), wholeN, width, [&](Value i) {
        for (int64_t row = width; row < 2 * width; ++row)
          bringIn(b.add(r, b.integer(row)), b.add(n, i), shape.stepA);
        transposeTile(r, n, i, width);
      });
      copyOneByOne({r, b.add(r, b.integer(width))}, n, {wholeN, nCount});
    });
    copyOneByOne({wholeRows, rowCount}, n, {b.integer(0), nCount});
  }

  void transposeTile(Value r, Value n, Value i, int64_t width) {
    auto type = VectorType::get({width}, real);
    SmallVector<Value> vectors;
    for (int64_t row = 0; row < width; ++row)
      vectors.push_back(b.load(type, operand(b.add(r, b.integer(row)), b.add(n, i), shape.stepA)));
    for (auto [element, vector] : llvm::enumerate(transpose(b, vectors)))
      b.store(vector, copied(b.add(i, b.integer(int64_t(element))), r));
  }

  void copyOneByOne(Slice ofRows, Value n, Slice elements) {
    b.forEach(ofRows.begin, ofRows.end, 1, [&](Value r) {
      b.forEach(elements.begin, elements.end, 1,
                [&](Value i) { b.store(b.load(real, operand(r, b.add(n, i), shape.stepA)), copied(i, r)); });
    });
  }

  /// Where element `i` of A in row `r` of the block is copied to.
  Value copied(Value i, Value r) { return b.at(copyOfA, real, b.add(b.mul(i, b.integer(Blocking::aStep)), r)); }

  /// B, padded with zeros to whole vectors: [row][width].
  void copyPanelOfB(Value m, Value mCount, int64_t width) {
    b.forEach(b.integer(0), rowCount, 1, [&](Value r) {
      for (int64_t i = 0; i < width; i += 512 / real.getWidth())
        bringIn(b.add(r, b.integer(Blocking::rowsAhead)), b.add(m, b.integer(i)), shape.stepB);
      Value from = operand(r, m, shape.stepB), into = b.at(panelOfB(m), real, b.mul(r, b.integer(width)));
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
      whole = b.mul(b.div(count, b.integer(lanes)), b.integer(lanes));
      b.forEach(b.integer(0), whole, lanes, [&](Value i) { body(i, VectorType::get({lanes}, real)); });
    }
    b.forEach(whole, count, 1, [&](Value i) { body(i, real); });
  }

  /// A byte in each line of a tile's result in one row.
  SmallVector<int64_t> resultBytes(int64_t columns) {
    return LineList::bytesOf(columns * lanes * real.getWidth() / 8, /*aligned=*/false);
  }

  void tile(Value n, Value i, Value count, Value m, Value mCount, int64_t columns) {
    SmallVector<int64_t> lines = resultBytes(columns);
    auto resultRow = [&](Value row) {
      return b.at(result, real, b.add(b.mul(b.add(b.add(n, i), row), resultStep), m));
    };
    b.forEach(b.integer(0), count, 1, [&](Value row) {
      b.store(copied(b.add(i, row), b.integer(0)), b.at(rows, b.pointerType(), row));
      // What will be added to comes while the sums are computed.
      for (auto [line, byte] : llvm::enumerate(lines))
        beside.set(b, b.add(b.mul(row, b.integer(lines.size())), b.integer(int64_t(line))),
                   b.at(resultRow(row), b.getI8Type(), b.integer(byte)));
    });
    beside.end(b, b.mul(count, b.integer(lines.size())));
    beside.bringIn(b, b.div(rowCount, b.integer(TileCore::mostUnrolled)));
    TileCore core(*arithmetic, lanes, columns);
    core.rows = rows;
    core.weights = panelOfB(m);
    core.steps = rowCount;
    core.out = out;
    core.ahead = core.aheadToo = core.weights;
    core.beside = beside;
    core.call(b, machine, count);
    b.forEach(b.integer(0), count, 1, [&](Value row) {
      Value sums = b.at(out, real, b.mul(row, b.integer(columns * lanes))), into = resultRow(row);
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
  int64_t lanes;
  std::unique_ptr<TileArithmetic> arithmetic;
  Value pointers, rowCount, copyOfB;
  Slice ms;
  Value wideEnd, copyOfA;
  Slice ns;
  Value result, resultStep, rows, out;
  LineList beside;
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
  SmallVector<recur::AccumulateOp> totals(phase.getOps<recur::AccumulateOp>());
  FloatType real = realType(phase);
  Value rows = b.scratch(b.pointerType(), Blocking::rows);
  // Zeros stand for rows that do not count.
  auto findRows = [&](recur::ReadOp read, Value firstRow, Value rowCount) {
    b.forEach(b.integer(0), rowCount, 1, [&](Value r) {
      Row row = frame.row(b.add(firstRow, r));
      Value start = b.select(row.valid, frame.readRow(read, row), frame.zeroRow());
      b.store(b.at(start, real, b.integer(read.getOffset())), b.at(rows, b.pointerType(), r));
    });
  };
  Blocking sizes(machine, real, phase.getSpace());
  Slice ns, ms;
  std::tie(ns, ms) = sizes.parts(b, slice);
  Value copyOfA = frame.base(scratch), copyOfB = b.at(copyOfA, real, b.integer(sizes.scratchA()));
  Blocking::balancedRows(b, frame.rowCount(), [&](Value firstRow, Value rowCount) {
    for (recur::AccumulateOp total : totals) {
      b.setLoc(total.getLoc());
      TotalShape shape(real, sizes, total);
      SmallVector<Value> arguments = {rows, rowCount, copyOfB, ms.begin, ms.end, b.integer(sizes.wideEnd())};
      if (total == totals[0]) {
        findRows(readB(total), firstRow, rowCount);
        b.callShared(shape.name("total.copy"), arguments,
                     [&](func::FuncOp function) { TotalFunction(b, machine, shape, function).copyB(); });
      }
      findRows(readA(total), firstRow, rowCount);
      Value result = b.at(frame.slotRow(total.getSlot(), {}, {}), real, b.integer(total.getOffset()));
      arguments.append({copyOfA, ns.begin, ns.end, result, b.integer(total.getStrides()[0])});
      b.callShared(shape.name("total"), arguments,
                   [&](func::FuncOp function) { TotalFunction(b, machine, shape, function).addProducts(); });
    }
  });
}

} // namespace seqc::cpu
