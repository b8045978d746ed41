//===- TileCore.cpp - The inner loop of all products ------------------------------===//
#include "codegen/cpu/TileCore.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

/// Registers for sums: the rest holds weights and broadcast elements.
static int64_t sumRegisters(const Machine &machine) { return machine.registers >= 32 ? 24 : 12; }

/// Steps in one turn of a loop. Instructions that only count turns take the place of multiplications, but for a few
/// sums, which wait for weights.
static int64_t unrolling(int64_t rows, int64_t columns, const PanelFormat &panel) {
  // Of two steps of three columns or of narrow weights, the compiler keeps so many elements at hand that sums go to
  // memory.
  return rows * columns >= 16 && columns > 3 && !panel.narrow() ? TileCore::mostUnrolled : 1;
}

/// Into how many chunks the columns of a tile are divided, so that all sums of a chunk are in registers, and the
/// weights of a step as well (three rows of eight columns), unless that leaves fewer sums than a processor works on at
/// once.
static int64_t chunksOf(const Machine &machine, int64_t rows, int64_t columns) {
  constexpr int64_t fewestSums = 8;
  int64_t chunks = llvm::divideCeil(columns, std::max<int64_t>(sumRegisters(machine) / rows, 1));
  bool crowded = rows * columns + columns >= machine.registers;
  return chunks == 1 && crowded && rows * columns >= 2 * fewestSums ? 2 : chunks;
}

int64_t fullTileColumns(const Machine &machine) { return sumRegisters(machine) / tileRows; }

int64_t mostTileRows(const Machine &machine, int64_t columns, int64_t steps) {
  constexpr int64_t manySteps = 256;
  if (steps < manySteps)
    return tileRows;
  int64_t chunks = llvm::divideCeil(columns, fullTileColumns(machine)), width = llvm::divideCeil(columns, chunks);
  constexpr int64_t most = 8; // each row's address takes a register as well
  return std::clamp<int64_t>(sumRegisters(machine) / width, tileRows, most);
}

namespace {

/// So few are as fast as their weights come: there is no time to bring in those of other panels.
constexpr int64_t fewRows = 4;

/// Writes the body of a tile function: a loop for each possible number of rows, and the choice between them.
class TileFunction {
public:
  TileFunction(Code &b, const Machine &machine, const TileCore &shape, func::FuncOp function)
      : b(b), machine(machine), arithmetic(shape.arithmetic), lanes(shape.lanes), columns(shape.columns),
        parts(shape.parts), mostRows(shape.mostRows), singleRow(shape.singleRow), rows(function.getArgument(0)),
        head(function.getArgument(1)), out(function.getArgument(2)), steps(function.getArgument(3)),
        strideA(function.getArgument(4)), rowCount(function.getArgument(5)), outStep(function.getArgument(6)) {
    unsigned next = 7;
    if (singleRow) {
      bringsWeights = shape.reach > 0;
      reach = b.integer(shape.reach);
    }
    if (shape.ahead) {
      ahead = function.getArgument(next++);
      aheadStep = function.getArgument(next++);
      beside.lines = function.getArgument(next++);
      beside.count = function.getArgument(next++);
      beside.offset = function.getArgument(next++);
      reach = function.getArgument(next++);
    }
    if (shape.goesOn)
      goesOn = function.getArgument(next++);
  }

  void emit() {
    if (singleRow)
      return emitRows(1);
    b.choose(rowCount, 1, mostRows + 1, [&](int64_t count) {
      if (count == 1 && reach)
        emitSingleRow();
      else
        emitRows(count);
    });
  }

private:
  void emitSingleRow() {
    Value isFar = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, reach, b.integer(0));
    auto emitOne = [&](bool far) {
      bringsWeights = far;
      emitRows(1);
    };
    b.either(isFar, [&] { emitOne(true); }, [&] { emitOne(false); });
  }

  void emitRows(int64_t count) {
    SmallVector<Value> a;
    for (int64_t i = 0; i < count; ++i)
      a.push_back(b.load(b.pointerType(), b.at(rows, b.pointerType(), b.integer(i))));
    int64_t chunks = chunksOf(machine, count * parts, columns);
    for (int64_t chunk = 0, first = 0; chunk < chunks; ++chunk) {
      int64_t width = llvm::divideCeil(columns - first, chunks - chunk);
      emitChunk(a, first, width);
      first += width;
    }
  }

  /// Columns first … first + count - 1 of all rows: as many sums as there are registers for.
  void emitChunk(ArrayRef<Value> a, int64_t first, int64_t count) {
    int64_t tile = int64_t(a.size()) * count;
    // Which part a step is in must not depend on the rows. Weights are read in order: the processor fetches them ahead.
    // A part takes two steps a turn where the compiler keeps the sums in registers then.
    bool areFew = parts * tile < 16 && machine.registers >= 32;
    int64_t stepsOfPart = areFew && !arithmetic.panel().narrow() ? 2 : 1;
    int64_t turn = parts > 1 ? parts * stepsOfPart : unrolling(a.size(), count, arithmetic.panel());
    SmallVector<Value> sums =
        b.foldUnrolled(steps, turn, startOf(tile, first, count), [&](Value step, int64_t i, ValueRange before) {
          SmallVector<Value> next(before);
          if (ahead && first == 0 && int64_t(a.size()) > fewRows)
            b.prefetch(b.at(ahead, arithmetic.cell(), b.mul(step, aheadStep)));
          if (ahead && first + count == columns && i == 0 && a.size() > 1)
            beside.bringInNext(b, step, turn);
          multiply(a, step, first, count, MutableArrayRef(next).slice(i % parts * tile, tile));
          return next;
        });
    for (int64_t n = tile; n < parts * tile; ++n)
      sums[n % tile] = arithmetic.add(sums[n % tile], sums[n]);
    for (auto [i, row] : llvm::enumerate(a))
      for (int64_t c = 0; c < count; ++c)
        b.store(arithmetic.finish(sums[i * count + c], row, head, columns, first + c), place(i, first + c));
  }

  /// Where a sum goes.
  Value place(int64_t row, int64_t column) {
    return b.at(out, arithmetic.resultType(), b.add(b.mul(outStep, b.integer(row)), b.integer(column * lanes)));
  }

  SmallVector<Value> startOf(int64_t tile, int64_t first, int64_t count) {
    SmallVector<Value> initial;
    for (int64_t n = 0; n < tile; ++n) {
      int64_t column = first + n % count;
      Value start = arithmetic.start(head, columns, column);
      initial.push_back(goesOn ? b.select(goesOn, b.load(start.getType(), place(n / count, column)), start) : start);
    }
    initial.append((parts - 1) * tile, parts > 1 ? b.zero(initial.front().getType()) : Value());
    return initial;
  }

  /// Adds what `step` gives to the sums of all rows.
  void multiply(ArrayRef<Value> a, Value step, int64_t first, int64_t count, MutableArrayRef<Value> sums) {
    Type cell = arithmetic.cell();
    int64_t before = arithmetic.panel().head * columns + first;
    Value weights = b.at(head, cell, b.add(b.mul(step, b.integer(columns * lanes)), b.integer(before * lanes)));
    SmallVector<TileArithmetic::Factors> w;
    for (int64_t c = 0; c < count; ++c) {
      if (bringsWeights)
        b.prefetchNearest(b.at(weights, cell, b.add(reach, b.integer(c * lanes))));
      w.push_back(
          arithmetic.weights(b.load(VectorType::get({lanes}, cell), b.at(weights, cell, b.integer(c * lanes)))));
    }
    for (auto [i, row] : llvm::enumerate(a)) {
      TileArithmetic::Factors element = arithmetic.element(row, step, strideA);
      for (int64_t c = 0; c < count; ++c)
        for (auto [x, y] : llvm::zip_equal(element, w[c]))
          sums[i * count + c] = arithmetic.multiplyAdd(x, y, sums[i * count + c]);
    }
  }

  Code &b;
  const Machine &machine;
  const TileArithmetic &arithmetic;
  int64_t lanes, columns, parts, mostRows;
  bool singleRow;
  Value rows, head, out, steps, strideA, rowCount, outStep, ahead, aheadStep, reach, goesOn;
  LineList beside;
  bool bringsWeights = false; // early, for a single row
};

} // namespace

void TileCore::call(Code &b, const Machine &machine, Value rowCount) const {
  std::string name = "tile." + arithmetic.name() + "." + std::to_string(lanes) + "x" + std::to_string(columns) +
                     (parts > 1 ? ".parts" + std::to_string(parts) : "") +
                     (mostRows > tileRows ? ".rows" + std::to_string(mostRows) : "") + (ahead ? ".ahead" : "") +
                     (goesOn ? ".on" : "") + (singleRow ? ".row" : "") + (singleRow && reach > 0 ? ".far" : "");
  Value step = outStep ? outStep : b.integer(columns * lanes);
  SmallVector<Value> arguments = {rows, weights, out, steps, b.integer(strideA), rowCount, step};
  if (ahead) {
    // A tile that brings in nothing names one line again and again, which it has at hand.
    Value line = b.integer(lanes), none = b.integer(0);
    arguments.push_back(bringsAhead ? b.select(bringsAhead, ahead, rows) : rows);
    arguments.push_back(bringsAhead ? b.select(bringsAhead, line, none) : none);
    arguments.append({beside.lines, beside.count, beside.offset, b.integer(reach)});
  }
  if (goesOn)
    arguments.push_back(goesOn);
  auto emit = [&](func::FuncOp function) { TileFunction(b, machine, *this, function).emit(); };
  b.callShared(name, arguments, emit, singleRow);
}

} // namespace seqc::cpu
