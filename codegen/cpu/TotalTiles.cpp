//===- TotalTiles.cpp - Totals of outer products, in register tiles --------------===//
//
// D[n][m] += Σ_r a_r[n] · b_r[m] over all valid rows r: weight gradients. Blocks of rows are copied to scratch memory
// first, so that a tile reads what is contiguous: in place their elements lie a row apart, often a power of two, and
// would share a few sets of the caches. Totals that share operands, as those of the gates of a cell do, are one phase,
// which copies each operand once.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"
#include "codegen/cpu/TileCore.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/SetVector.h"
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
           return !total.getId() && !total.getUnlessGiven() && total.getStrides().back() == 1 && totalledOuter(total);
         });
}

/// Lets `operand` be the equivalent one among those that `of` gives of the totals, if there is one.
static bool unify(recur::ReadOp operand, ArrayRef<recur::AccumulateOp> totals,
                  function_ref<recur::ReadOp(recur::AccumulateOp)> of) {
  auto *same = llvm::find_if(totals, [&](recur::AccumulateOp total) {
    return OperationEquivalence::isEquivalentTo(of(total), operand, OperationEquivalence::IgnoreLocations);
  });
  if (same == totals.end())
    return false;
  operand.replaceAllUsesWith(of(*same).getResult());
  return true;
}

/// Makes one phase of two if they total products that share an operand. Other phases do not see the difference.
static bool mergeTotals(recur::PhaseOp into, recur::PhaseOp phase) {
  SmallVector<recur::AccumulateOp> totals(into.getOps<recur::AccumulateOp>()),
      others(phase.getOps<recur::AccumulateOp>());
  auto overlaps = [&](recur::AccumulateOp other) {
    return llvm::any_of(totals, [&](recur::AccumulateOp total) { return mayOverlap(total, other); });
  };
  if (into.getSpace() != phase.getSpace() || realType(into) != realType(phase) || llvm::any_of(others, overlaps))
    return false;
  bool shares = false;
  for (recur::AccumulateOp other : others) {
    shares |= unify(readA(other), totals, readA);
    shares |= unify(readB(other), totals, readB);
  }
  if (!shares)
    return false;
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

/// Those of `totals`, in order, that have no element in common, if they fill the slot.
static ArrayRef<recur::AccumulateOp> fillingTotals(recur::SlotOp slot, ArrayRef<recur::AccumulateOp> totals) {
  size_t count = 0;
  int64_t filled = 0;
  for (recur::AccumulateOp total : totals) {
    auto phase = cast<recur::PhaseOp>(total->getParentOp());
    auto overlaps = [&](recur::AccumulateOp other) { return mayOverlap(other, total); };
    if (!isTotalOfOuter(phase) || llvm::any_of(totals.take_front(count), overlaps))
      break;
    ++count;
    filled += computeProduct(phase.getSpace());
  }
  return filled == slot.getType().getValue().getNumElements() ? totals.take_front(count)
                                                              : ArrayRef<recur::AccumulateOp>();
}

void markFirstTotals(recur::SystemOp system) {
  for (auto slot : system.getOps<recur::SlotOp>()) {
    bool isGradient = slot.getSource() == recur::SlotSource::d_param && slot.getZeroed();
    if (!isGradient || !llvm::all_of(slot->getUsers(), llvm::IsaPred<recur::AccumulateOp>))
      continue;
    SmallVector<recur::AccumulateOp> totals;
    system.walk([&](recur::AccumulateOp total) {
      if (total.getSlot() == slot.getSlot())
        totals.push_back(total);
    });
    for (recur::AccumulateOp total : fillingTotals(slot, totals))
      total.setFirst(true);
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

  /// Half a second-level cache holds the copy of one block of A, the rest the panels of B. Of whole tiles, and of what
  /// is transposed together.
  static int64_t widestA(FloatType real) {
    constexpr int64_t whole = 48;
    static_assert(whole % tileRows == 0, "a block has no tile of fewer rows but the last one");
    return 512 * 1024 * 8 / (aStep * real.getWidth()) / whole * whole;
  }

  /// How long before it is copied a row of B is brought in.
  static constexpr int64_t rowsAhead = 8;
  /// From an element of A to the next in its copy: not a power of two, of which a cache holds few.
  static constexpr int64_t aStep = rows + 16;
  int64_t scratchA() const { return llvm::alignTo(aWidth * aStep, 64); }
  int64_t scratchB() const { return rows * (all * bWidth - (all - wide) * lanes); }

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

  /// Of the function that copies the first operand.
  std::string turnName() const { return name("total.turn") + by(stepA); }
  /// Of the function that copies the second one.
  std::string copyName() const { return name("total.copy") + tiles() + by(stepB); }
  std::string addName() const { return name("total") + tiles(); }

private:
  std::string name(StringRef does) const { return (does + (real.isF32() ? ".f32" : ".f64")).str(); }
  std::string tiles() const {
    return "." + std::to_string(lanes) + "x" + (hasWide ? std::to_string(columns) : "") +
           (hasNarrow ? "-" + std::to_string(columns - 1) : "");
  }
  static std::string by(int64_t step) { return step == 1 ? "" : ".by" + std::to_string(step); }
};

/// The functions of one shape of totals, for a block of rows. Those of an operand begin at pointers[r].
class TotalFunction {
public:
  TotalFunction(Code &b, const Machine &machine, const TotalShape &shape, func::FuncOp function)
      : b(b), machine(machine), shape(shape), real(shape.real), lanes(shape.lanes), function(function) {}

  /// (pointers, rowCount, copyOfA, ns): A, transposed, so that what a tile reads is contiguous: [element][row].
  void copyA() {
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

  /// (pointers, rowCount, copyOfB, ms, wideEnd): B, padded with zeros to whole vectors: [row][width] of each panel.
  void copyB() {
    takeRows();
    takePanels();
    overPanels([&](Value m, Value mCount, int64_t columns) { copyPanelOfB(m, mCount, columns * lanes); });
  }

  /// (rowCount, copyOfB, ms, wideEnd, copyOfA, ns, result, resultStep, begins): adds the products of the copies to the
  /// result, or, if that begins with them, stores them.
  void addProducts() {
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
      blocks(b, {b.integer(0), b.sub(ns.end, ns.begin)}, tileRows,
             [&](Value i, Value count) { tile(i, count, m, mCount, columns); });
    });
  }

  /// Splits a range into blocks of `step`; the last may be shorter.
  static void blocks(Code &b, Slice range, int64_t step, function_ref<void(Value, Value)> body) {
    b.forEach(range.begin, range.end, step,
              [&](Value first) { body(first, b.smaller(b.integer(step), b.sub(range.end, first))); });
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

/// The operands that `of` gives of the totals, each once.
static SmallVector<recur::ReadOp> operandsOf(ArrayRef<recur::AccumulateOp> totals,
                                             recur::ReadOp (*of)(recur::AccumulateOp)) {
  llvm::SmallSetVector<recur::ReadOp, 4> operands;
  for (recur::AccumulateOp total : totals)
    operands.insert(of(total));
  return operands.takeVector();
}

int64_t totalScratch(const Machine &machine, recur::PhaseOp phase) {
  Blocking sizes(machine, realType(phase), phase.getSpace());
  SmallVector<recur::AccumulateOp> totals(phase.getOps<recur::AccumulateOp>());
  return sizes.scratchA() + int64_t(operandsOf(totals, readB).size()) * sizes.scratchB();
}

int64_t totalUnits(const Machine &machine, recur::PhaseOp phase) {
  Blocking sizes(machine, realType(phase), phase.getSpace());
  return sizes.dividesRows() ? sizes.rowPieces : sizes.all;
}

namespace {

/// Emits the calls of a phase.
class TotalTiles {
public:
  TotalTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Value scratch, Slice slice)
      : frame(frame), b(frame.code()), machine(machine), totals(phase.getOps<recur::AccumulateOp>()),
        real(realType(phase)), sizes(machine, real, phase.getSpace()), wideEnd(b.integer(sizes.wideEnd())),
        rows(b.scratch(b.pointerType(), Blocking::rows)), copyOfA(frame.base(scratch)) {
    std::tie(ns, ms) = sizes.parts(b, slice);
    for (recur::ReadOp operand : operandsOf(totals, readB))
      copiesOfB[operand] =
          b.at(copyOfA, real, b.integer(sizes.scratchA() + int64_t(copiesOfB.size()) * sizes.scratchB()));
  }

  void emit() {
    sizes.balancedRows(b, frame.rowCount(), [&](Value firstRow, Value rowCount) {
      for (recur::ReadOp operand : operandsOf(totals, readB))
        copyB(operand, firstRow, rowCount);
      for (recur::ReadOp operand : operandsOf(totals, readA))
        addAll(operand, firstRow, rowCount);
    });
  }

private:
  /// Zeros stand for rows that do not count.
  void findRows(recur::ReadOp read, Value firstRow, Value rowCount) {
    b.forEach(b.integer(0), rowCount, 1, [&](Value r) {
      Row row = frame.row(b.add(firstRow, r));
      Value start = b.select(row.valid, frame.readRow(read, row), frame.zeroRow());
      b.store(b.at(start, real, b.integer(read.getOffset())), b.at(rows, b.pointerType(), r));
    });
  }

  void copyB(recur::ReadOp operand, Value firstRow, Value rowCount) {
    auto *total = llvm::find_if(totals, [&](recur::AccumulateOp total) { return readB(total) == operand; });
    TotalShape shape(real, sizes, *total);
    b.setLoc(total->getLoc());
    findRows(operand, firstRow, rowCount);
    b.callShared(shape.copyName(), {rows, rowCount, copiesOfB[operand], ms.begin, ms.end, wideEnd},
                 [&](func::FuncOp function) { TotalFunction(b, machine, shape, function).copyB(); });
  }

  /// Adds all products of one first operand, which is copied block by block.
  void addAll(recur::ReadOp operand, Value firstRow, Value rowCount) {
    SmallVector<recur::AccumulateOp> itsTotals =
        llvm::filter_to_vector(totals, [&](recur::AccumulateOp total) { return readA(total) == operand; });
    TotalShape shape(real, sizes, itsTotals.front());
    b.setLoc(itsTotals.front().getLoc());
    findRows(operand, firstRow, rowCount);
    TotalFunction::blocks(b, ns, Blocking::widestA(real), [&](Value n, Value nCount) {
      Slice block = {n, b.add(n, nCount)};
      b.callShared(shape.turnName(), {rows, rowCount, copyOfA, block.begin, block.end},
                   [&](func::FuncOp function) { TotalFunction(b, machine, shape, function).copyA(); });
      for (recur::AccumulateOp total : itsTotals)
        add(total, firstRow, rowCount, block);
    });
  }

  void add(recur::AccumulateOp total, Value firstRow, Value rowCount, Slice block) {
    TotalShape shape(real, sizes, total);
    b.setLoc(total.getLoc());
    Value result = b.at(frame.slotRow(total.getSlot(), {}, {}), real, b.integer(total.getOffset()));
    b.callShared(shape.addName(),
                 {rowCount, copiesOfB[readB(total)], ms.begin, ms.end, wideEnd, copyOfA, block.begin, block.end, result,
                  b.integer(total.getStrides()[0]), begins(total, firstRow)},
                 [&](func::FuncOp function) { TotalFunction(b, machine, shape, function).addProducts(); });
  }

  /// Whether the result consists of nothing but what a block of rows is about to add.
  Value begins(recur::AccumulateOp total, Value firstRow) {
    if (!total.getFirst())
      return b.zero(b.getI1Type());
    Value added = arith::OrIOp::create(b, firstRow, frame.accumulates());
    return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, added, b.integer(0));
  }

  const Frame &frame;
  Code &b;
  const Machine &machine;
  SmallVector<recur::AccumulateOp> totals;
  FloatType real;
  Blocking sizes;
  Value wideEnd, rows, copyOfA;
  llvm::SmallDenseMap<recur::ReadOp, Value> copiesOfB;
  Slice ns, ms;
};

} // namespace

void emitTotalTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Value scratch, Slice slice) {
  TotalTiles(frame, machine, phase, scratch, slice).emit();
}

} // namespace seqc::cpu
