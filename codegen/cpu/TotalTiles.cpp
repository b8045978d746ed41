//===- TotalTiles.cpp - Totals of outer products, in register tiles --------------===//
//
// D[n][m] += Σ_r a_r[n] · b_r[m] over all valid rows r: weight gradients. Blocks of rows are copied to scratch memory
// first, so that a tile reads what is contiguous: in place their elements lie a row apart, often a power of two, and
// would share a few sets of the caches. Totals that share operands, as those of the gates of a cell do, are one phase,
// which copies each operand once. Sums of a first operand, the gradients of biases, are taken from its copy.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"
#include "codegen/cpu/TotalFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/SetVector.h"
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

static bool isSame(recur::ReadOp x, recur::ReadOp y) {
  return OperationEquivalence::isEquivalentTo(x, y, OperationEquivalence::IgnoreLocations);
}

bool sumsOperands(recur::PhaseOp phase, recur::PhaseOp outer) {
  auto isSum = [&](recur::AccumulateOp sum) {
    auto read = sum.getValue().getDefiningOp<recur::ReadOp>();
    return read && !sum.getId() && !sum.getUnlessGiven() && sum.getStrides() == ArrayRef<int64_t>{1} &&
           llvm::any_of(outer.getOps<recur::AccumulateOp>(),
                        [&](recur::AccumulateOp total) { return isSame(readA(total), read); });
  };
  return phase.getTotal() && phase.getOps<recur::WriteOp>().empty() &&
         llvm::all_of(phase.getOps<recur::AccumulateOp>(), isSum);
}

/// Lets `operand` be the equivalent one among those that `of` gives of the totals, if there is one.
static bool unify(recur::ReadOp operand, ArrayRef<recur::AccumulateOp> totals,
                  function_ref<recur::ReadOp(recur::AccumulateOp)> of) {
  auto *same = llvm::find_if(totals, [&](recur::AccumulateOp total) { return isSame(of(total), operand); });
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
  /// `frames`: of `phase`, then of the phases of `sums`.
  TotalTiles(ArrayRef<Frame> frames, const Machine &machine, recur::PhaseOp phase, ArrayRef<recur::PhaseOp> sums,
             Value scratch, Slice slice)
      : frame(frames.front()), b(frame.code()), machine(machine), totals(phase.getOps<recur::AccumulateOp>()),
        sums(sums), framesOfSums(frames.drop_front()), real(realType(phase)), sizes(machine, real, phase.getSpace()),
        wideEnd(b.integer(sizes.wideEnd())), rows(b.scratch(b.pointerType(), Blocking::rows)),
        copyOfA(frame.base(scratch)) {
    std::tie(ns, ms) = sizes.parts(b, slice);
    Value begins = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, ms.begin, b.integer(0)),
          isEmpty = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, slice.begin, slice.end);
    sumsUp = b.select(isEmpty, b.zero(b.getI1Type()), begins);
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
  TotalShape shapeOf(recur::AccumulateOp total) {
    return {real, sizes, readA(total).getStrides().back(), readB(total).getStrides().back()};
  }

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
    TotalShape shape = shapeOf(*total);
    b.setLoc(total->getLoc());
    findRows(operand, firstRow, rowCount);
    b.callShared(shape.copyName(), {rows, rowCount, copiesOfB[operand], ms.begin, ms.end, wideEnd},
                 [&](func::FuncOp function) { emitCopy(b, machine, shape, function); });
  }

  /// Adds all products of one first operand, which is copied block by block.
  void addAll(recur::ReadOp operand, Value firstRow, Value rowCount) {
    SmallVector<recur::AccumulateOp> itsTotals =
        llvm::filter_to_vector(totals, [&](recur::AccumulateOp total) { return readA(total) == operand; });
    TotalShape shape = shapeOf(itsTotals.front());
    b.setLoc(itsTotals.front().getLoc());
    findRows(operand, firstRow, rowCount);
    forEachBlock(b, ns, Blocking::widestA(real), [&](Value n, Value nCount) {
      Slice block = {n, b.add(n, nCount)};
      b.callShared(shape.turnName(), {rows, rowCount, copyOfA, block.begin, block.end},
                   [&](func::FuncOp function) { emitTurn(b, machine, shape, function); });
      for (recur::AccumulateOp total : itsTotals)
        add(total, firstRow, rowCount, block);
      for (size_t i = 0; i < sums.size(); ++i) {
        recur::PhaseOp phase = sums[i];
        for (auto sum : phase.getOps<recur::AccumulateOp>())
          if (isSame(sum.getValue().getDefiningOp<recur::ReadOp>(), operand))
            addSum(framesOfSums[i], shape, sum, rowCount, block);
      }
    });
  }

  /// Sums up the elements of the first operand of which there is a copy.
  void addSum(const Frame &frame, const TotalShape &shape, recur::AccumulateOp sum, Value rowCount, Slice block) {
    b.setLoc(sum.getLoc());
    Value into = b.at(frame.slotRow(sum.getSlot(), {}, {}), real, b.add(block.begin, b.integer(sum.getOffset())));
    Value count = b.select(sumsUp, b.sub(block.end, block.begin), b.integer(0));
    b.callShared(shape.sumName(), {rowCount, copyOfA, count, into},
                 [&](func::FuncOp function) { emitSum(b, machine, shape, function); });
  }

  void add(recur::AccumulateOp total, Value firstRow, Value rowCount, Slice block) {
    TotalShape shape = shapeOf(total);
    b.setLoc(total.getLoc());
    Value result = b.at(frame.slotRow(total.getSlot(), {}, {}), real, b.integer(total.getOffset()));
    b.callShared(shape.addName(),
                 {rowCount, copiesOfB[readB(total)], ms.begin, ms.end, wideEnd, copyOfA, block.begin, block.end, result,
                  b.integer(total.getStrides()[0]), begins(total, firstRow)},
                 [&](func::FuncOp function) { emitAdd(b, machine, shape, function); });
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
  ArrayRef<recur::PhaseOp> sums;
  ArrayRef<Frame> framesOfSums;
  FloatType real;
  Blocking sizes;
  Value wideEnd, rows, copyOfA;
  Value sumsUp; // whether this is the first one of threads that divide the last dim, who all copy the first operand
  llvm::SmallDenseMap<recur::ReadOp, Value> copiesOfB;
  Slice ns, ms;
};

} // namespace

void emitTotalTiles(ArrayRef<Frame> frames, const Machine &machine, recur::PhaseOp phase, ArrayRef<recur::PhaseOp> sums,
                    Value scratch, Slice slice) {
  TotalTiles(frames, machine, phase, sums, scratch, slice).emit();
}

} // namespace seqc::cpu
