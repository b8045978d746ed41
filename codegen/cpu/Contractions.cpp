//===- Contractions.cpp - Products, reductions and memory of Elements ----------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/VectorMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace mlir;

namespace seqc::cpu {

//===-- Which way to contract -----------------------------------------------------===//

static ArrayRef<int64_t> stridesOf(Value read) {
  auto op = read.getDefiningOp<recur::ReadOp>();
  return op ? op.getStrides() : ArrayRef<int64_t>();
}

/// The dim of a reduction's operand along which the result's lanes run; -1: the result is one element.
static int64_t laneDimOf(recur::ReduceOp op) {
  int64_t last = cast<RankedTensorType>(op.getX().getType()).getRank() - 1;
  if (op.getDim() != last)
    return last;
  return op.getKeep() ? -1 : last - 1;
}

bool contractsAlongLanes(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([](recur::MatmulOp op) {
        ArrayRef<int64_t> a = stridesOf(op.getA()), b = stridesOf(op.getB());
        if (a.empty() || b.empty()) // packed
          return false;
        if (op.isMatrixVector())
          return a[a.size() - 2] != 1 && a.back() == 1 && b.back() == 1;
        return b.back() != 1 && b[b.size() - 2] == 1 && a.back() == 1;
      })
      .Case([](recur::ReduceOp op) {
        ArrayRef<int64_t> x = stridesOf(op.getX());
        if (x.empty()) // computed, as vectors along the last dim
          return op.getDim() + 1 == cast<RankedTensorType>(op.getX().getType()).getRank();
        int64_t lane = laneDimOf(op);
        return x[op.getDim()] == 1 && (lane < 0 || x[lane] != 1);
      })
      .Default([](Operation *) { return false; });
}

bool contractsAlongLanes(recur::PhaseOp phase) {
  return phase
      .walk([](Operation *op) { return contractsAlongLanes(op) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

//===-- Contractions ----------------------------------------------------------------===//

Value Elements::contract(bool alongLanes, int64_t depth, double neutral, Step step, Combine combine) {
  VectorMath math(b, b.getLoc(), machine.fma);
  auto start = [&](int64_t lanes) { return math.splat(b.zero(VectorType::get({lanes}, real)), neutral); };
  int64_t lanes = alongLanes ? machine.lanes(real, depth) : 1;
  if (lanes > depth)
    lanes /= 2;
  auto run = [&](Value sum, int64_t from, int64_t to, int64_t lanes) {
    return b.fold(b.integer(from), b.integer(to), lanes, sum,
                  [&](Value k, ValueRange sums) { return SmallVector<Value>{step(sums.front(), k, lanes)}; })[0];
  };
  if (lanes <= 1)
    return run(start(width), 0, depth, 1);
  // Several chains, so that a sum need not wait for the one before it.
  constexpr int64_t chains = 4;
  int64_t turn = chains * lanes, turns = depth / turn * turn, whole = depth / lanes * lanes;
  SmallVector<Value> sums = {start(lanes)};
  if (turns > 0) {
    sums.assign(chains, sums.front());
    sums = b.fold(b.integer(0), b.integer(turns), turn, sums, [&](Value k, ValueRange before) {
      SmallVector<Value> next;
      for (auto [chain, sum] : llvm::enumerate(before))
        next.push_back(step(sum, b.add(k, b.integer(int64_t(chain) * lanes)), lanes));
      return next;
    });
  }
  Value sum = sums.size() == 1 ? sums[0] : combine(combine(sums[0], sums[1]), combine(sums[2], sums[3]));
  if (turns < whole)
    sum = run(sum, turns, whole, lanes);
  sum = acrossLanes(b, sum, combine);
  return whole == depth ? sum : run(sum, whole, depth, 1);
}

Value acrossLanes(Code &b, Value vector, Combine combine) {
  int64_t lanes = cast<VectorType>(vector.getType()).getDimSize(0);
  for (; lanes > 1; lanes /= 2) {
    int64_t half = lanes / 2;
    auto part = [&](int64_t offset) -> Value {
      return vector::ExtractStridedSliceOp::create(b, vector, {offset}, {half}, {1});
    };
    vector = combine(part(0), part(half));
  }
  return vector;
}

Value Elements::larger(Value x, Value y) {
  return b.select(arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y), x, y);
}

Value Elements::matmul(recur::MatmulOp op) {
  bool alongLanes = contractsAlongLanes(op.getOperation());
  bool vector = op.isMatrixVector();
  size_t lead = index.size() - (vector ? 1 : 2);
  ArrayRef<Value> leading = index.take_front(lead);
  VectorMath math(b, b.getLoc(), machine.fma);
  auto step = [&](Value sum, Value k, int64_t lanes) {
    SmallVector<Value> atA(leading), atB(leading);
    atA.append({index[lead], k});
    atB.push_back(k);
    if (!vector)
      atB.push_back(index[lead + 1]);
    // Along k, or along the result's last dim, or one element for all lanes.
    int64_t i = lead, k_A = lead + 1, k_B = lead, j = lead + 1;
    if (lanes > 1)
      return math.fma(load(op.getA(), atA, k_A, lanes), load(op.getB(), atB, k_B, lanes), sum);
    return math.fma(load(op.getA(), atA, vector ? i : -1, width), load(op.getB(), atB, vector ? -1 : j, width), sum);
  };
  return contract(alongLanes, op.getDepth(), 0, step, [&](Value x, Value y) { return arith::AddFOp::create(b, x, y); });
}

Value Elements::outer(recur::OuterOp op) {
  int64_t last = index.size() - 1;
  SmallVector<Value> atA(index.drop_back()), atB(index.drop_back(2));
  atB.push_back(index.back());
  return arith::MulFOp::create(b, load(op.getA(), atA, -1, width), load(op.getB(), atB, last - 1, width));
}

Value Elements::reduce(recur::ReduceOp op) {
  auto shape = cast<RankedTensorType>(op.getX().getType()).getShape();
  bool maximum = op.getKind() == recur::ReduceKind::max;
  auto combine = [&](Value x, Value y) -> Value {
    return maximum ? larger(x, y) : Value(arith::AddFOp::create(b, x, y));
  };
  auto step = [&](Value sum, Value k, int64_t lanes) {
    SmallVector<Value> at(index);
    if (op.getKeep())
      at[op.getDim()] = k;
    else
      at.insert(at.begin() + op.getDim(), k);
    return combine(sum, lanes > 1 ? operand(op.getX(), at, op.getDim(), lanes)
                                  : operand(op.getX(), at, laneDimOf(op), width));
  };
  double neutral = maximum ? -std::numeric_limits<double>::infinity() : 0;
  return contract(contractsAlongLanes(op.getOperation()), shape[op.getDim()], neutral, step, combine);
}

Value Elements::operand(Value value, ArrayRef<Value> at, int64_t along, int64_t lanes) {
  if (value.getDefiningOp<recur::ReadOp>())
    return load(value, at, along, lanes);
  return Elements(frame, machine, row, real, at, lanes).vector(value);
}

//===-- Memory ----------------------------------------------------------------------===//

Value Elements::load(Value read, ArrayRef<Value> at, int64_t along, int64_t lanes) {
  auto op = read.getDefiningOp<recur::ReadOp>();
  Type element = cast<RankedTensorType>(read.getType()).getElementType();
  Value address = b.at(row.of(op), memoryElement(element), b.dot(op.getOffset(), op.getStrides(), at));
  return loadLanes(element, address, along < 0 ? 0 : op.getStrides()[along], lanes);
}

Value Elements::loadLanes(Type element, Value address, int64_t stride, int64_t lanes) {
  Type memory = memoryElement(element);
  auto type = VectorType::get({lanes}, memory);
  Value vector;
  if (stride == 1) {
    vector = b.load(type, address);
  } else if (stride == 0 || lanes == 1) {
    vector = b.broadcast(b.load(memory, address), lanes);
  } else {
    vector = b.zero(type);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value scalar = b.load(memory, b.at(address, memory, b.integer(lane * stride)));
      vector = vector::InsertOp::create(b, scalar, vector, lane);
    }
  }
  if (memory == element)
    return vector;
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, vector, b.zero(type));
}

void Elements::storeLanes(Value vector, Value address, int64_t stride) {
  auto type = cast<VectorType>(vector.getType());
  Type memory = memoryElement(type.getElementType());
  if (memory != type.getElementType())
    vector = arith::ExtUIOp::create(b, type.clone(memory), vector);
  if (stride == 1)
    return b.store(vector, address);
  for (int64_t lane = 0; lane < type.getDimSize(0); ++lane)
    b.store(vector::ExtractOp::create(b, vector, lane), b.at(address, memory, b.integer(lane * stride)));
}

void Elements::write(recur::WriteOp op, Value vector) {
  auto slot = op.getSlot().getDefiningOp<recur::SlotOp>();
  if (row.row().valid && slot.getTime())
    vector = b.select(row.row().valid, vector, b.zero(vector.getType()));
  Type memory = memoryElement(cast<VectorType>(vector.getType()).getElementType());
  auto store = [&] {
    Value address = b.at(row.of(op), memory, b.dot(op.getOffset(), op.getStrides(), index));
    storeLanes(vector, address, index.empty() ? 1 : op.getStrides().back());
  };
  if (Value exists = row.stored(op))
    b.when(exists, store);
  else
    store();
}

void Elements::accumulate(recur::AccumulateOp op, Value vector) {
  Type element = cast<VectorType>(vector.getType()).getElementType();
  auto add = [&] {
    Value address = b.at(row.of(op), element, b.dot(op.getOffset(), op.getStrides(), index));
    int64_t stride = index.empty() ? 1 : op.getStrides().back();
    Value sum = arith::AddFOp::create(b, loadLanes(element, address, stride, width), vector);
    storeLanes(sum, address, stride);
  };
  if (!op.getUnlessGiven())
    return add();
  Value given = frame.given(op.getUnlessGiven());
  b.when(arith::XOrIOp::create(b, given, arith::ConstantOp::create(b, b.getBoolAttr(true))), add);
}

void Elements::store(recur::PhaseOp phase) {
  SmallVector<std::pair<Operation *, Value>> results;
  for (Operation &op : phase.getBody().front())
    if (isa<recur::WriteOp, recur::AccumulateOp>(op))
      results.emplace_back(&op, vector(op.getOperand(0)));
  for (auto [op, value] : results) {
    b.setLoc(op->getLoc());
    if (auto write = dyn_cast<recur::WriteOp>(op))
      this->write(write, value);
    else
      accumulate(cast<recur::AccumulateOp>(op), value);
  }
}

} // namespace seqc::cpu
