//===- Slices.cpp - How the threads of a call divide a phase --------------------===//
#include "codegen/cpu/Slices.h"

#include "codegen/cpu/Elements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace seqc::cpu {

//===-- Loops over slices -----------------------------------------------------------===//

static Value larger(Code &b, Value x, Value y) { return b.createOrFold<arith::MaxSIOp>(x, y); }

Slice groupsOf(Code &b, Slice slice, int64_t groups, Value inner) {
  if (groups == 1)
    return {b.integer(0), b.integer(1)};
  // One item in each is common, and the division would show.
  Value single = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, inner, b.integer(1));
  auto range = scf::IfOp::create(b, TypeRange{b.getI64Type(), b.getI64Type()}, single, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(range.thenBlock());
  scf::YieldOp::create(b, ValueRange{slice.begin, slice.end});
  b.setInsertionPointToStart(range.elseBlock());
  Value divisor = larger(b, inner, b.integer(1));
  Value last = b.add(slice.end, b.sub(divisor, b.integer(1)));
  scf::YieldOp::create(b, ValueRange{b.div(slice.begin, divisor), b.div(last, divisor)});
  return {range.getResult(0), range.getResult(1)};
}

Slice itemsOf(Code &b, Slice slice, Value group, Value inner) {
  Value start = b.mul(group, inner);
  return {larger(b, b.sub(slice.begin, start), b.integer(0)), b.smaller(b.sub(slice.end, start), inner)};
}

void forEachGroup(Code &b, Slice slice, int64_t inner, function_ref<void(Value, Slice)> body) {
  Value size = b.integer(inner);
  Slice groups{b.div(slice.begin, size), b.div(b.add(slice.end, b.integer(inner - 1)), size)};
  b.forEach(groups.begin, groups.end, 1,
            [&](Value group) { body(group, inner == 1 ? Slice{b.integer(0), size} : itemsOf(b, slice, group, size)); });
}

//===-- Totals ----------------------------------------------------------------------===//

static bool areDistinct(ArrayRef<int64_t> strides, ArrayRef<int64_t> space) {
  SmallVector<std::pair<int64_t, int64_t>> dims;
  for (auto [stride, size] : llvm::zip_equal(strides, space))
    if (size > 1)
      dims.emplace_back(stride, size);
  llvm::sort(dims);
  int64_t extent = 1;
  for (auto [stride, size] : dims) {
    if (stride < extent)
      return false;
    extent += stride * (size - 1);
  }
  return true;
}

static ArrayRef<int64_t> spaceOf(recur::AccumulateOp total) {
  return cast<recur::PhaseOp>(total->getParentOp()).getSpace();
}

bool mayOverlap(recur::AccumulateOp x, recur::AccumulateOp y) {
  ArrayRef<int64_t> strides = x.getStrides(), ofX = spaceOf(x), ofY = spaceOf(y);
  if (x.getSlot() != y.getSlot())
    return false;
  if (strides != y.getStrides() || strides.size() != 2 || strides[0] <= 0 || strides[1] != 1)
    return true;
  int64_t line = strides[0], columnOfX = x.getOffset() % line, columnOfY = y.getOffset() % line,
          rowOfX = x.getOffset() / line, rowOfY = y.getOffset() / line;
  auto meet = [](int64_t first, int64_t size, int64_t other, int64_t otherSize) {
    return first < other + otherSize && other < first + size;
  };
  bool inOneRow = columnOfX + ofX[1] <= line && columnOfY + ofY[1] <= line;
  return !inOneRow || (meet(rowOfX, ofX[0], rowOfY, ofY[0]) && meet(columnOfX, ofX[1], columnOfY, ofY[1]));
}

bool addsToDistinctElements(recur::PhaseOp phase) {
  SmallVector<recur::AccumulateOp> totals(phase.getOps<recur::AccumulateOp>());
  auto overlapsAnother = [&](recur::AccumulateOp total) {
    return llvm::any_of(totals, [&](recur::AccumulateOp other) { return other != total && mayOverlap(other, total); });
  };
  return llvm::all_of(totals, [&](recur::AccumulateOp total) {
    return areDistinct(total.getStrides(), phase.getSpace()) && !overlapsAnother(total);
  });
}

//===-- Work ------------------------------------------------------------------------===//

int64_t workPerRow(const Machine &machine, recur::PhaseOp phase) {
  int64_t elements = 1, perElement = 0;
  for (int64_t size : phase.getSpace())
    elements *= size;
  phase.walk([&](Operation *op) {
    perElement += llvm::TypeSwitch<Operation *, int64_t>(op)
                      .Case([](recur::MatmulOp product) { return product.getDepth(); })
                      .Case([](recur::ReduceOp sum) {
                        return cast<RankedTensorType>(sum.getX().getType()).getDimSize(sum.getDim());
                      })
                      .Case<recur::ExpOp, recur::LogOp, recur::Log1pOp, recur::TanhOp, recur::SigmoidOp, recur::ErfOp,
                            recur::SinOp, recur::CosOp, recur::PowOp>([](Operation *) { return 16; })
                      .Default([](Operation *) { return 1; });
  });
  int64_t lanes = phase.getSpace().empty() ? 1 : machine.lanes(realType(phase), phase.getSpace().back());
  return std::max<int64_t>(elements * perElement / lanes, 1);
}

//===-- Meetings --------------------------------------------------------------------===//

// A slot may be where its fallback or its host is, which is known at the call.
void Accesses::addSlot(llvm::DenseSet<Value> &slots, Value slot) {
  slots.insert(slot);
  auto op = slot.getDefiningOp<recur::SlotOp>();
  for (Value other : {op.getFallback(), op.getHost()})
    if (other)
      addSlot(slots, other);
}

void Accesses::add(recur::PhaseOp phase) {
  phase.walk([&](Operation *op) {
    bool reads = isa<recur::ReadOp, recur::ReadPackedOp>(op);
    for (Value operand : op->getOperands())
      if (isa<recur::SlotType>(operand.getType()))
        addSlot(reads ? read : written, operand);
  });
}

void Accesses::add(const Accesses &other) {
  read.insert(other.read.begin(), other.read.end());
  written.insert(other.written.begin(), other.written.end());
}

bool Accesses::conflictsWith(const Accesses &other) const {
  auto meet = [](const llvm::DenseSet<Value> &x, const llvm::DenseSet<Value> &y) {
    return llvm::any_of(x, [&](Value slot) { return y.contains(slot); });
  };
  return meet(written, other.written) || meet(written, other.read) || meet(read, other.written);
}

SmallVector<bool> meetings(ArrayRef<Accesses> parts, bool loop) {
  SmallVector<bool> before(parts.size(), false);
  Accesses open;
  // The second time round, what the last parts of a step leave open meets the first ones of the next.
  for (int round = 0; round < (loop ? 2 : 1); ++round)
    for (auto [i, own] : llvm::enumerate(parts)) {
      if (open.conflictsWith(own))
        before[i] = true;
      if (before[i])
        open = Accesses();
      open.add(own);
    }
  return before;
}

} // namespace seqc::cpu
