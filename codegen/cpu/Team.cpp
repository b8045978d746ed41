//===- Team.cpp - Runs the phases of a program on the threads of a call ---------===//
#include "codegen/cpu/Team.h"

#include "codegen/cpu/MatrixTiles.h"
#include "codegen/cpu/Phases.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "runtime/model.h"
#include <cstddef>

using namespace mlir;

namespace seqc::cpu {

/// Vector instructions that take longer than a meeting, by enough that sharing them pays.
constexpr int64_t workPerMeeting = 2048;

Team::Team(Code &code, const Machine &machine, Value frame, Value scratch)
    : b(code), machine(machine), frame(frame), scratch(scratch) {
  steps = field(offsetof(seqc_frame, T), b.getI64Type());
  batch = field(offsetof(seqc_frame, B), b.getI64Type());
  thread = field(offsetof(seqc_frame, thread), b.getI64Type());
  threads = field(offsetof(seqc_frame, threads), b.getI64Type());
  wasShared = haveStarted = arith::ConstantOp::create(b, b.getBoolAttr(false));
}

Value Team::field(int64_t offset, Type type) { return b.load(type, b.at(frame, b.getI8Type(), b.integer(offset))); }

Value Team::either(Value x, Value y) { return b.createOrFold<arith::OrIOp>(x, y); }
Value Team::both(Value x, Value y) { return b.createOrFold<arith::AndIOp>(x, y); }

Value Team::rowCount(Operation *group) {
  if (isa<recur::OnceOp>(group))
    return b.integer(1);
  return isa<recur::MapOp>(group) ? b.mul(steps, batch) : batch;
}

void Team::run(Operation *group, ArrayRef<FusedPhases> parts, ArrayRef<std::string> functions,
               ArrayRef<std::string> ofSingleRow) {
  auto loop = dyn_cast<recur::LoopOp>(group);
  SmallVector<Accesses> ofParts;
  Accesses accesses;
  int64_t work = 0;
  for (const FusedPhases &phases : parts) {
    Accesses &own = ofParts.emplace_back();
    for (recur::PhaseOp phase : phases) {
      own.add(phase);
      work += workPerRow(machine, phase);
    }
    accesses.add(own);
  }
  SmallVector<bool> meets = meetings(ofParts, bool(loop));
  Value rows = rowCount(group);
  Value worth = b.integer(workPerMeeting * std::max<int64_t>(llvm::count(meets, true), 1));
  isShared = both(arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, threads, b.integer(1)),
                  arith::CmpIOp::create(b, arith::CmpIPredicate::uge, b.mul(rows, b.integer(work)), worth));
  meetBefore(accesses);
  setUpMatrixTiles(parts, rows);

  auto call = [&](ArrayRef<Slice> slices, ValueRange leading) {
    for (auto [phases, name, slice, meet] : llvm::zip_equal(parts, functions, slices, meets)) {
      b.setLoc(phases.back()->getLoc());
      if (meet)
        meetIf(isShared);
      SmallVector<Value> arguments(leading);
      arguments.append({slice.begin, slice.end});
      func::CallOp::create(b, name, TypeRange(), arguments);
    }
  };
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, b.integer(0));
  auto overSteps = [&](function_ref<void(Value t)> body) {
    b.forEach(b.integer(0), steps, 1, [&](Value t) {
      bool isBackward = loop.getDirection() == recur::Direction::backward;
      body(isBackward ? b.sub(b.sub(steps, b.integer(1)), t) : t);
    });
  };
  auto forSlices = [&] {
    SmallVector<Slice> mine = slices(parts, rows);
    if (loop)
      overSteps([&](Value t) { call(mine, {frame, t}); });
    else
      call(mine, frame);
  };
  auto forSingleRow = [&] {
    overSteps([&](Value t) {
      for (auto [phases, name] : llvm::zip_equal(parts, ofSingleRow)) {
        b.setLoc(phases.back()->getLoc());
        func::CallOp::create(b, name, TypeRange(), ValueRange{frame, t});
      }
    });
  };
  b.when(either(isFirst, isShared), [&] {
    if (ofSingleRow.empty())
      return forSlices();
    Value isSingle = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, batch, b.integer(1));
    Value alone = b.select(isShared, arith::ConstantOp::create(b, b.getBoolAttr(false)), isSingle);
    b.either(alone, forSingleRow, forSlices);
  });
}

/// This thread's slices, or everything in a group that the first thread has for itself.
SmallVector<Slice> Team::slices(ArrayRef<FusedPhases> parts, Value rows) {
  SmallVector<Value> units;
  for (const FusedPhases &phases : parts)
    units.push_back(fusedUnits(b, machine, phases, scratch, rows));
  SmallVector<Type> types(2 * units.size(), b.getI64Type());
  // A branch: divisions take longer than a step of a small cell.
  auto branch = scf::IfOp::create(b, types, isShared, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Value> part, whole;
  b.setInsertionPointToStart(branch.thenBlock());
  for (Value count : units)
    for (Value end : {thread, b.add(thread, b.integer(1))})
      part.push_back(b.div(b.mul(count, end), threads));
  scf::YieldOp::create(b, part);
  b.setInsertionPointToStart(branch.elseBlock());
  for (Value count : units)
    whole.append({b.integer(0), count});
  scf::YieldOp::create(b, whole);
  SmallVector<Slice> slices;
  for (size_t i = 0; i < units.size(); ++i)
    slices.push_back({branch.getResult(2 * i), branch.getResult(2 * i + 1)});
  return slices;
}

/// Once for all steps.
void Team::setUpMatrixTiles(ArrayRef<FusedPhases> parts, Value rows) {
  Value before = matrixTiles ? matrixTiles : b.integer(0), wanted = before;
  for (const FusedPhases &phases : parts)
    for (recur::PhaseOp phase : phases)
      if (Type stored = matrixWeights(machine, phase))
        wanted = b.select(usesMatrixTiles(b, stored, rows), b.smaller(rows, b.integer(matrixRows)), wanted);
  if (wanted == before)
    return;
  cpu::setUpMatrixTiles(b, before, wanted);
  matrixTiles = wanted;
}

void Team::end() {
  if (matrixTiles)
    releaseMatrixTiles(b, matrixTiles);
}

/// The others start with the first group that is shared; from then on the first thread's lonely groups count as well.
void Team::meetBefore(const Accesses &accesses) {
  Value no = arith::ConstantOp::create(b, b.getBoolAttr(false));
  Value needed = b.select(haveStarted, no, isShared);
  if (before.conflictsWith(accesses))
    needed = either(wasShared, isShared);
  meetIf(needed);
  wasShared = b.select(needed, isShared, either(wasShared, isShared));
  haveStarted = either(haveStarted, isShared);
  before.add(accesses);
}

void Team::meetIf(Value condition) {
  b.when(condition, [&] {
    Type pointer = b.pointerType();
    Value meet = field(offsetof(seqc_frame, meet), pointer);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {pointer});
    LLVM::CallOp::create(b, type, ValueRange{meet, frame});
  });
}

} // namespace seqc::cpu
