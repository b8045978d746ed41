//===- TileCore.cpp - The inner loop of all products ------------------------------===//
#include "codegen/cpu/TileCore.h"

#include "codegen/cpu/VectorMath.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

/// Registers for sums: the rest holds weights and broadcast elements.
static int64_t sumRegisters(const Machine &machine) { return machine.registers >= 32 ? 24 : 12; }

int64_t fullTileColumns(const Machine &machine) { return sumRegisters(machine) / tileRows; }

void TileCore::emit(Code &b, const Machine &machine, Value rowCount) const {
  SmallVector<int64_t> cases(tileRows);
  std::iota(cases.begin(), cases.end(), 1);
  Value choice = arith::IndexCastOp::create(b, b.getIndexType(), rowCount);
  auto branch = scf::IndexSwitchOp::create(b, TypeRange(), choice, cases, cases.size());
  OpBuilder::InsertionGuard guard(b);
  for (int64_t count : cases) {
    b.setInsertionPointToStart(&branch.getCaseRegions()[count - 1].emplaceBlock());
    emitRows(b, machine, count);
    scf::YieldOp::create(b);
  }
  b.setInsertionPointToStart(&branch.getDefaultRegion().emplaceBlock());
  scf::YieldOp::create(b);
}

void TileCore::emitRows(Code &b, const Machine &machine, int64_t count) const {
  SmallVector<Value> a;
  for (int64_t i = 0; i < count; ++i)
    a.push_back(b.load(b.pointerType(), b.at(rows, b.pointerType(), b.integer(i))));
  int64_t chunks = llvm::divideCeil(columns, std::max<int64_t>(sumRegisters(machine) / count, 1));
  for (int64_t chunk = 0, first = 0; chunk < chunks; ++chunk) {
    int64_t width = llvm::divideCeil(columns - first, chunks - chunk);
    emitChunk(b, machine, a, first, width);
    first += width;
  }
}

void TileCore::emitChunk(Code &b, const Machine &machine, ArrayRef<Value> a, int64_t first, int64_t count) const {
  auto vector = VectorType::get({lanes}, real);
  VectorMath math(b, b.getLoc(), machine.fma);
  SmallVector<Value> initial(a.size() * count, b.zero(vector));
  SmallVector<Value> sums = b.fold(b.integer(0), depth, 1, initial, [&](Value k, ValueRange sums) {
    SmallVector<Value> w, next(sums.size());
    Value weight = b.at(weights, real, b.add(b.mul(k, b.integer(columns * lanes)), b.integer(first * lanes)));
    for (int64_t c = 0; c < count; ++c)
      w.push_back(b.load(vector, b.at(weight, real, b.integer(c * lanes))));
    Value offset = b.mul(k, b.integer(strideA));
    for (auto [i, row] : llvm::enumerate(a)) {
      Value element = b.broadcast(b.load(real, b.at(row, real, offset)), lanes);
      for (int64_t c = 0; c < count; ++c)
        next[i * count + c] = math.fma(element, w[c], sums[i * count + c]);
    }
    return next;
  });
  for (size_t i = 0; i < a.size(); ++i)
    for (int64_t c = 0; c < count; ++c)
      b.store(sums[i * count + c], b.at(out, real, b.integer((int64_t(i) * columns + first + c) * lanes)));
}

} // namespace seqc::cpu
