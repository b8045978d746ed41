//===- TotalTiles.cpp - Totals of outer products, in register tiles --------------===//
//
// D[n][m] += Σ_r a_r[n] · b_r[m] over all valid rows r: weight gradients. Blocks of rows are copied to scratch memory
// first: in place their elements lie a row apart, often a power of two, and would share a few sets of the caches.
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
  return bool(totalledOuter(phase));
}

namespace {

/// Sizes of a blocking, in elements.
struct Blocking {
  static constexpr int64_t rows = 256;
  int64_t lanes, columns; // of a tile
  int64_t aWidth, aStride, bWidth;

  Blocking(const Machine &machine, FloatType real, ArrayRef<int64_t> space) {
    lanes = machine.lanes(real, space[1]);
    columns = std::min<int64_t>(fullTileColumns(machine), llvm::divideCeil(space[1], lanes));
    bWidth = lanes * columns;
    aWidth = std::min<int64_t>(space[0], 16384 / real.getWidth());
    // Not a power of two: see above.
    aStride = llvm::alignTo(aWidth, 16) + 16;
  }

  int64_t scratch() const { return rows * (aStride + bWidth); }
};

class TotalTiles {
public:
  TotalTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Value scratch)
      : b(frame.code()), frame(frame), machine(machine), real(realType(phase)), space(phase.getSpace()),
        sizes(machine, real, space), total(*phase.getOps<recur::AccumulateOp>().begin()), outer(totalledOuter(phase)) {
    copyA = frame.base(scratch);
    copyB = b.at(copyA, real, b.integer(sizes.rows * sizes.aStride));
    rows = b.scratch(b.pointerType(), tileRows);
    out = b.scratch(real, tileRows * sizes.bWidth);
    result = frame.slotRow(total.getSlot(), {}, {});
  }

  void emit() {
    b.setLoc(outer.getLoc());
    blocks(frame.rowCount(), sizes.rows, [&](Value firstRow, Value rowCount) {
      blocks(b.integer(space[0]), sizes.aWidth, [&](Value n, Value nCount) {
        copy(outer.getA(), firstRow, rowCount, n, nCount, copyA, sizes.aStride, false);
        blocks(b.integer(space[1]), sizes.bWidth, [&](Value m, Value mCount) {
          copy(outer.getB(), firstRow, rowCount, m, mCount, copyB, sizes.bWidth, true);
          blocks(nCount, tileRows, [&](Value i, Value count) { tile(rowCount, n, i, count, m, mCount); });
        });
      });
    });
  }

private:
  /// Splits 0 … size - 1 into blocks of `step`; the last may be shorter.
  void blocks(Value size, int64_t step, function_ref<void(Value, Value)> body) {
    b.forEach(b.integer(0), size, step,
              [&](Value first) { body(first, b.smaller(b.integer(step), b.sub(size, first))); });
  }

  /// Copies elements `first` … of a block of rows; rows that do not count are zero. `pad` with zeros to `stride`.
  void copy(Value operand, Value firstRow, Value rowCount, Value first, Value count, Value to, int64_t stride,
            bool pad) {
    auto read = operand.getDefiningOp<recur::ReadOp>();
    int64_t step = read.getStrides().back();
    b.forEach(b.integer(0), rowCount, 1, [&](Value r) {
      Row row = frame.row(b.add(firstRow, r));
      Value from = b.select(row.valid, frame.readRow(read, row), frame.zeroRow());
      from = b.at(from, real, b.add(b.integer(read.getOffset()), b.mul(first, b.integer(step))));
      Value into = b.at(to, real, b.mul(r, b.integer(stride)));
      overElements(count, step == 1, [&](Value i, Type type) {
        b.store(b.load(type, b.at(from, real, b.mul(i, b.integer(step)))), b.at(into, real, i));
      });
      if (pad)
        b.forEach(count, b.integer(stride), 1, [&](Value i) { b.store(b.zero(real), b.at(into, real, i)); });
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

  void tile(Value rowCount, Value n, Value i, Value count, Value m, Value mCount) {
    b.forEach(b.integer(0), count, 1,
              [&](Value row) { b.store(b.at(copyA, real, b.add(i, row)), b.at(rows, b.pointerType(), row)); });
    TileCore{real, sizes.lanes, sizes.columns, sizes.aStride, rows, copyB, rowCount, out, {}}.call(b, machine, count);
    b.forEach(b.integer(0), count, 1, [&](Value row) {
      Value sums = b.at(out, real, b.mul(row, b.integer(sizes.bWidth)));
      Value into = b.at(result, real, b.dot(total.getOffset(), total.getStrides(), {b.add(b.add(n, i), row), m}));
      overElements(mCount, true, [&](Value j, Type type) {
        Value address = b.at(into, real, j);
        b.store(arith::AddFOp::create(b, b.load(type, address), b.load(type, b.at(sums, real, j))), address);
      });
    });
  }

  Code &b;
  const Frame &frame;
  const Machine &machine;
  FloatType real;
  ArrayRef<int64_t> space;
  Blocking sizes;
  recur::AccumulateOp total;
  recur::OuterOp outer;
  Value copyA, copyB, rows, out, result;
};

} // namespace

int64_t totalScratch(const Machine &machine, recur::PhaseOp phase) {
  return Blocking(machine, realType(phase), phase.getSpace()).scratch();
}

void emitTotalTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Value scratch) {
  TotalTiles(frame, machine, phase, scratch).emit();
}

} // namespace seqc::cpu
