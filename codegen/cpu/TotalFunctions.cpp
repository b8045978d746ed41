//===- TotalFunctions.cpp - What totals of outer products share ------------------===//
#include "codegen/cpu/TotalFunctions.h"

#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

Blocking::Blocking(const Machine &machine, FloatType real, ArrayRef<int64_t> space) : space(space) {
  lanes = machine.lanes(real, space[1]);
  int64_t vectors = llvm::divideCeil(space[1], lanes);
  all = llvm::divideCeil(vectors, fullTileColumns(machine));
  columns = llvm::divideCeil(vectors, all);
  wide = all - (all * columns - vectors);
  bWidth = lanes * columns;
  rowPieces = llvm::divideCeil(space[0], tileRows);
  aWidth = std::min(widestA(real), rowPieces * tileRows);
}

void Blocking::balancedRows(Code &b, Value count, function_ref<void(Value firstRow, Value rowCount)> body) {
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

std::pair<Slice, Slice> Blocking::parts(Code &b, Slice slice) const {
  Value rowEnd = b.integer(space[0]), columnEnd = b.integer(space[1]);
  if (dividesRows())
    return {{b.mul(slice.begin, b.integer(tileRows)), b.smaller(b.mul(slice.end, b.integer(tileRows)), rowEnd)},
            {b.integer(0), columnEnd}};
  return {{b.integer(0), rowEnd}, {blockStart(b, slice.begin), b.smaller(blockStart(b, slice.end), columnEnd)}};
}

Value Blocking::blockStart(Code &b, Value block) const {
  Value before = b.smaller(block, b.integer(wide)), narrow = b.sub(block, before);
  return b.add(b.mul(before, b.integer(bWidth)), b.mul(narrow, b.integer(bWidth - lanes)));
}

void forEachBlock(Code &b, Slice range, int64_t step, function_ref<void(Value, Value)> body) {
  b.forEach(range.begin, range.end, step,
            [&](Value first) { body(first, b.smaller(b.integer(step), b.sub(range.end, first))); });
}

namespace {

/// Emits a function of totals.
class TotalFunction {
public:
  TotalFunction(Code &b, const Machine &machine, const TotalShape &shape, func::FuncOp function)
      : b(b), machine(machine), shape(shape), real(shape.real), lanes(shape.lanes), function(function) {}

  void turn() {
    takeRows();
    copyOfA = take();
    ns = takeSlice();
    int64_t width = shape.stepA == 1 ? machine.vectorBits / real.getWidth() : 1;
    Value count = b.sub(ns.end, ns.begin), wholeRows = whole(rowCount, width), wholeCount = whole(count, width);
    b.forEach(b.integer(0), wholeRows, width, [&](Value r) {
      b.forEach(b.integer(0), wholeCount, width, [&](Value i) {
        for (int64_t row = width; row < 2 * width; ++row)
          bringIn(b.add(r, b.integer(row)), b.add(ns.begin, i), shape.stepA);
        transposeTile(r, i, width);
      });
      copyOneByOne({r, b.add(r, b.integer(width))}, {wholeCount, count});
    });
    copyOneByOne({wholeRows, rowCount}, {b.integer(0), count});
  }

  void copy() {
    takeRows();
    takePanels();
    overPanels([&](Value m, Value mCount, int64_t columns) { copyPanelOfB(m, mCount, columns * lanes); });
  }

  void add() {
    rowCount = take();
    takePanels();
    copyOfA = take();
    ns = takeSlice();
    result = take();
    resultStep = take();
    begins = take();
    arithmetic = makeArithmetic(b, machine, real, real, lanes);
    rows = b.scratch(b.pointerType(), tileRows);
    out = b.scratch(real, tileRows * shape.columns * lanes);
    beside = LineList::reserve(b, tileRows * resultBytes(shape.columns).size());
    overPanels([&](Value m, Value mCount, int64_t columns) {
      forEachBlock(b, {b.integer(0), b.sub(ns.end, ns.begin)}, tileRows,
                   [&](Value i, Value count) { tile(i, count, m, mCount, columns); });
    });
  }

  void sum() {
    rowCount = take();
    copyOfA = take();
    Value count = take();
    result = take();
    int64_t width = machine.vectorBits / real.getWidth();
    out = b.scratch(real, width);
    Value inVectors = whole(count, width);
    b.forEach(b.integer(0), inVectors, width, [&](Value i) { sumUp(i, width); });
    b.forEach(inVectors, count, 1, [&](Value i) { sumUp(i, 1); });
  }

private:
  Value take() { return function.getArgument(taken++); }
  Slice takeSlice() {
    Value begin = take();
    return {begin, take()};
  }
  void takeRows() {
    pointers = take();
    rowCount = take();
  }
  void takePanels() {
    copyOfB = take();
    ms = takeSlice();
    wideEnd = take();
  }

  Value whole(Value count, int64_t width) { return b.mul(b.div(count, b.integer(width)), b.integer(width)); }

  /// The panels of the last dim that are in `ms`, in tiles of `columns` vectors.
  void overPanels(function_ref<void(Value m, Value mCount, int64_t columns)> body) {
    auto part = [&](Value begin, Value end, int64_t columns) {
      forEachBlock(b, {begin, end}, columns * lanes, [&](Value m, Value mCount) { body(m, mCount, columns); });
    };
    if (shape.hasWide)
      part(ms.begin, b.smaller(ms.end, wideEnd), shape.columns);
    if (shape.hasNarrow)
      part(b.createOrFold<arith::MaxSIOp>(ms.begin, wideEnd), ms.end, shape.columns - 1);
  }

  /// Sums of `together` elements from `i` on: side by side, as an addition waits for the one before it.
  void sumUp(Value i, int64_t together) {
    int64_t width = machine.vectorBits / real.getWidth();
    auto type = VectorType::get({width}, real);
    Value wholeRows = whole(rowCount, width);
    auto add = [&](Value x, Value y) -> Value { return arith::AddFOp::create(b, x, y); };
    auto element = [&](int64_t number, Value r) { return copied(b.add(i, b.integer(number)), r); };
    SmallVector<Value> start(together, b.zero(type));
    SmallVector<Value> sums = b.fold(b.integer(0), wholeRows, width, start, [&](Value r, ValueRange before) {
      SmallVector<Value> next;
      for (auto [number, sum] : llvm::enumerate(before))
        next.push_back(add(sum, b.load(type, element(number, r))));
      return next;
    });
    if (together == 1) {
      b.store(acrossLanes(b, sums.front(), add), out);
    } else {
      sums = transpose(b, sums);
      for (size_t half = width / 2; half > 0; half /= 2)
        for (size_t lane = 0; lane < half; ++lane)
          sums[lane] = add(sums[lane], sums[lane + half]);
      b.store(sums.front(), out);
    }
    b.forEach(b.integer(0), b.integer(together), 1, [&](Value number) {
      Value first = b.load(real, b.at(out, real, number)), at = b.add(i, number);
      Value sum = b.fold(wholeRows, rowCount, 1, first, [&](Value r, ValueRange before) {
        return SmallVector<Value>{add(before.front(), b.load(real, copied(at, r)))};
      })[0];
      Value into = b.at(result, real, at);
      b.store(add(b.load(real, into), sum), into);
    });
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

  void transposeTile(Value r, Value i, int64_t width) {
    auto type = VectorType::get({width}, real);
    SmallVector<Value> vectors;
    for (int64_t row = 0; row < width; ++row)
      vectors.push_back(b.load(type, operand(b.add(r, b.integer(row)), b.add(ns.begin, i), shape.stepA)));
    for (auto [element, vector] : llvm::enumerate(transpose(b, vectors)))
      b.store(vector, copied(b.add(i, b.integer(int64_t(element))), r));
  }

  void copyOneByOne(Slice ofRows, Slice elements) {
    b.forEach(ofRows.begin, ofRows.end, 1, [&](Value r) {
      b.forEach(elements.begin, elements.end, 1,
                [&](Value i) { b.store(b.load(real, operand(r, b.add(ns.begin, i), shape.stepA)), copied(i, r)); });
    });
  }

  /// Where element `i` of the range of A in row `r` of the block is copied to.
  Value copied(Value i, Value r) { return b.at(copyOfA, real, b.add(b.mul(i, b.integer(Blocking::aStep)), r)); }

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
    Value inVectors = b.integer(0);
    if (vectors) {
      inVectors = whole(count, lanes);
      b.forEach(b.integer(0), inVectors, lanes, [&](Value i) { body(i, VectorType::get({lanes}, real)); });
    }
    b.forEach(inVectors, count, 1, [&](Value i) { body(i, real); });
  }

  /// A byte in each line of a tile's result in one row.
  SmallVector<int64_t> resultBytes(int64_t columns) {
    return LineList::bytesOf(columns * lanes * real.getWidth() / 8, /*aligned=*/false);
  }

  void tile(Value i, Value count, Value m, Value mCount, int64_t columns) {
    SmallVector<int64_t> lines = resultBytes(columns);
    auto resultRow = [&](Value row) {
      return b.at(result, real, b.add(b.mul(b.add(b.add(ns.begin, i), row), resultStep), m));
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
    core.ahead = core.weights; // shares the function of other products
    core.beside = beside;
    core.call(b, machine, count);
    b.forEach(b.integer(0), count, 1, [&](Value row) {
      Value sums = b.at(out, real, b.mul(row, b.integer(columns * lanes))), into = resultRow(row);
      overElements(mCount, true, [&](Value j, Type type) {
        Value address = b.at(into, real, j), sum = b.load(type, b.at(sums, real, j));
        b.store(b.select(begins, sum, arith::AddFOp::create(b, b.load(type, address), sum)), address);
      });
    });
  }

  Code &b;
  const Machine &machine;
  const TotalShape &shape;
  FloatType real;
  int64_t lanes;
  func::FuncOp function;
  unsigned taken = 0; // of its arguments
  Value pointers, rowCount, copyOfA, copyOfB, wideEnd, result, resultStep, begins;
  Slice ns, ms;
  std::unique_ptr<TileArithmetic> arithmetic;
  Value rows, out; // see TileCore
  LineList beside;
};

} // namespace

void emitTurn(Code &b, const Machine &machine, const TotalShape &shape, func::FuncOp function) {
  TotalFunction(b, machine, shape, function).turn();
}

void emitCopy(Code &b, const Machine &machine, const TotalShape &shape, func::FuncOp function) {
  TotalFunction(b, machine, shape, function).copy();
}

void emitAdd(Code &b, const Machine &machine, const TotalShape &shape, func::FuncOp function) {
  TotalFunction(b, machine, shape, function).add();
}

void emitSum(Code &b, const Machine &machine, const TotalShape &shape, func::FuncOp function) {
  TotalFunction(b, machine, shape, function).sum();
}

} // namespace seqc::cpu
