//===- FuseGates.cpp - Few large products instead of many small ones ----------------===//
//
// A step may only fuse what is computed at the same time: a product on a recurrence fuses with products of the same
// recurrence, never with one that could run for all steps at once. No step can close a cycle without a delay: the
// fused product needs what each of its parts needed, and where parts need different things (totals, sums) that is
// checked or follows from their only use.
//
//===----------------------------------------------------------------------===//
#include "passes/Passes.h"
#include "passes/Sums.h"
#include "passes/analysis/Components.h"
#include "passes/analysis/TimeInvariance.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "recur-fuse-gates"

namespace recur {
#define GEN_PASS_DEF_RECURFUSEGATES
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

struct FuseGates : public recur::impl::RecurFuseGatesBase<FuseGates> {
  void runOnOperation() override {
    splitConcatenations();
    stackProducts();
    joinSums();
    joinTotals();
  }

private:
  Block &body() { return getOperation().getBody().front(); }
  void splitConcatenations();
  void stackProducts();
  void joinSums();
  void joinTotals();
};

/// For each op the number of its recurrence, 0 for an op on none.
class Cycles {
public:
  explicit Cycles(Block &block) {
    for (auto [i, component] : llvm::enumerate(findComponents(block)))
      if (component.cyclic)
        for (Operation *op : component.ops)
          numbers[op] = i + 1;
  }
  unsigned of(Operation *op) const { return numbers.lookup(op); }

private:
  DenseMap<Operation *, unsigned> numbers;
};

} // namespace

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

static RankedTensorType resized(RankedTensorType type, int64_t dim, int64_t size) {
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = size;
  return RankedTensorType::get(shape, type.getElementType());
}

static Value concat(OpBuilder &builder, Location loc, ArrayRef<Value> parts, int64_t dim) {
  int64_t size = 0;
  for (Value part : parts)
    size += typeOf(part).getDimSize(dim);
  return ConcatOp::create(builder, loc, resized(typeOf(parts.front()), dim, size), parts, dim);
}

static Value slice(OpBuilder &builder, Location loc, Value x, int64_t dim, int64_t offset, int64_t size) {
  return SliceOp::create(builder, loc, resized(typeOf(x), dim, size), x, dim, offset);
}

static Location fusedLoc(ArrayRef<Operation *> ops) {
  SmallVector<Location> locs;
  for (Operation *op : ops)
    locs.push_back(op->getLoc());
  return FusedLoc::get(ops.front()->getContext(), locs);
}

/// Puts the parts of `whole` along `dim` in place of the results of `ops`, in their order.
static void replaceByParts(OpBuilder &builder, ArrayRef<Operation *> ops, Value whole, int64_t dim) {
  int64_t offset = 0;
  for (Operation *op : ops) {
    int64_t size = typeOf(op->getResult(0)).getDimSize(dim);
    op->getResult(0).replaceAllUsesWith(slice(builder, op->getLoc(), whole, dim, offset, size));
    offset += size;
  }
  for (Operation *op : ops)
    op->erase();
}

/// A plain matrix by a vector.
static bool isPlainProduct(MatmulOp op) { return op.isMatrixVector() && op.getA().getType().getRank() == 2; }

//===-- W @ [h, x] = W[:, :H] @ h + W[:, H:] @ x ------------------------------------------===//

namespace {

/// Neighbouring parts of a concatenation that are all on the recurrence of the product, or all off it.
struct Run {
  bool onCycle;
  int64_t offset;
  SmallVector<Value> parts;
};

} // namespace

static SmallVector<Run> findRuns(ConcatOp vector, unsigned cycle, const Cycles &cycles) {
  SmallVector<Run> runs;
  int64_t offset = 0;
  for (Value part : vector.getParts()) {
    bool onCycle = cycles.of(part.getDefiningOp()) == cycle;
    if (runs.empty() || runs.back().onCycle != onCycle)
      runs.push_back({onCycle, offset, {}});
    runs.back().parts.push_back(part);
    offset += typeOf(part).getDimSize(0);
  }
  return runs;
}

void FuseGates::splitConcatenations() {
  TimeInvariance invariance(getOperation());
  Cycles cycles(body());
  SmallVector<MatmulOp> products(body().getOps<MatmulOp>());
  for (MatmulOp op : products) {
    auto vector = op.getB().getDefiningOp<ConcatOp>();
    unsigned cycle = cycles.of(op);
    if (!vector || !cycle || !isPlainProduct(op) || !invariance.isInvariant(op.getA()))
      continue;
    SmallVector<Run> runs = findRuns(vector, cycle, cycles);
    if (runs.size() < 2)
      continue;
    OpBuilder builder(op);
    auto named = dyn_cast<NameLoc>(op.getLoc());
    Location loc = named ? named.getChildLoc() : op.getLoc();
    Value sum;
    for (const Run &run : runs) {
      Value part = run.parts.size() == 1 ? run.parts.front() : concat(builder, loc, run.parts, 0);
      Value columns = slice(builder, loc, op.getA(), 1, run.offset, typeOf(part).getDimSize(0));
      Value product = MatmulOp::create(builder, loc, op.getType(), columns, part);
      sum = sum ? AddOp::create(builder, loc, sum, product).getResult() : product;
    }
    sum.getDefiningOp()->setLoc(op.getLoc());
    op.getResult().replaceAllUsesWith(sum);
    ++numSplit;
  }
  // Only now: the ops are keys of the analysis.
  for (MatmulOp op : products)
    if (op.getResult().use_empty())
      op.erase();
}

//===-- W1 @ z, W2 @ z = rows of [W1; W2] @ z, in each of the leading dims (heads) ------------===//

void FuseGates::stackProducts() {
  TimeInvariance invariance(getOperation());
  Cycles cycles(body());
  llvm::MapVector<std::pair<Value, unsigned>, SmallVector<Operation *>> groups;
  for (auto op : body().getOps<MatmulOp>())
    if (op.isMatrixVector() && invariance.isPrepared(op.getA()))
      groups[{op.getB(), cycles.of(op)}].push_back(op);
  for (auto &[key, ops] : groups) {
    if (ops.size() < 2)
      continue;
    OpBuilder builder(ops.front());
    Location loc = fusedLoc(ops);
    SmallVector<Value> matrices;
    for (Operation *op : ops)
      matrices.push_back(cast<MatmulOp>(op).getA());
    int64_t dim = typeOf(matrices.front()).getRank() - 2; // of the rows, in matrix and product
    Value matrix = concat(builder, loc, matrices, dim);
    auto type = resized(typeOf(ops.front()->getResult(0)), dim, typeOf(matrix).getDimSize(dim));
    // Not the key: another group may have replaced the vector.
    Value vector = cast<MatmulOp>(ops.front()).getB();
    Value product = MatmulOp::create(builder, loc, type, matrix, vector);
    numFused += ops.size();
    replaceByParts(builder, ops, product, dim);
  }
}

//===-- W1.T @ a + W2.T @ b = [W1; W2].T @ [a, b] ------------------------------------------------===//

void FuseGates::joinSums() {
  TimeInvariance invariance(getOperation());
  Cycles cycles(body());
  for (AddOp root : findSums(body())) {
    llvm::MapVector<unsigned, SmallVector<Operation *>> groups;
    SmallVector<Value> rest;
    for (Value term : collectTerms(root)) {
      auto product = term.getDefiningOp<MatmulOp>();
      bool joins = product && isPlainProduct(product) && term.hasOneUse() &&
                   product.getA().getDefiningOp<TransposeOp>() && invariance.isPrepared(product.getA());
      if (joins)
        groups[cycles.of(product)].push_back(product);
      else
        rest.push_back(term);
    }
    if (llvm::none_of(groups, [](auto &group) { return group.second.size() > 1; }))
      continue;
    OpBuilder builder(root);
    SmallVector<Value> terms;
    for (auto &[cycle, ops] : groups) {
      if (ops.size() < 2) {
        terms.push_back(ops.front()->getResult(0));
        continue;
      }
      Location loc = fusedLoc(ops);
      SmallVector<Value> matrices, vectors;
      for (Operation *op : ops) {
        auto product = cast<MatmulOp>(op);
        matrices.push_back(product.getA().getDefiningOp<TransposeOp>().getX());
        vectors.push_back(product.getB());
      }
      Expr matrix{concat(builder, loc, matrices, 0), &builder, loc};
      Expr vector{concat(builder, loc, vectors, 0), &builder, loc};
      terms.push_back(matmul(transpose(matrix), vector).value);
      numFused += ops.size();
    }
    terms.append(rest);
    Value sum = terms.front();
    for (Value term : llvm::ArrayRef(terms).drop_front())
      sum = AddOp::create(builder, root.getLoc(), sum, term);
    root.getResult().replaceAllUsesWith(sum);
  }
}

//===-- total(outer(a, z)), total(outer(b, z)) = rows of total(outer([a, b], z)) ----------------------===//

/// Whether `value` needs the result of `target`.
static bool dependsOn(Value value, Operation *target) {
  SmallVector<Operation *> next = {value.getDefiningOp()};
  DenseSet<Operation *> seen;
  while (!next.empty()) {
    Operation *op = next.pop_back_val();
    if (!op || !seen.insert(op).second)
      continue;
    if (op == target)
      return true;
    for (Value operand : op->getOperands())
      next.push_back(operand.getDefiningOp());
  }
  return false;
}

void FuseGates::joinTotals() {
  auto outerOf = [](Operation *total) { return cast<TotalOp>(total).getX().getDefiningOp<OuterOp>(); };
  llvm::MapVector<Value, SmallVector<Operation *>> candidates;
  for (auto total : body().getOps<TotalOp>()) {
    OuterOp outer = outerOf(total);
    if (outer && total.getX().hasOneUse() && outer.getA().getType().getRank() == 1)
      candidates[outer.getB()].push_back(total);
  }
  for (auto &[key, ops] : candidates) {
    // A total that needs another one of the group cannot be computed together with it. This is asked of the system as
    // the groups before left it: they may have made one depend on the other.
    llvm::SetVector<Operation *> group;
    for (Operation *total : ops) {
      bool apart = llvm::any_of(group, [&](Operation *other) {
        return dependsOn(other->getOperand(0), total) || dependsOn(total->getOperand(0), other);
      });
      if (!apart)
        group.insert(total);
    }
    if (group.size() < 2)
      continue;
    ArrayRef<Operation *> totals = group.getArrayRef();
    OpBuilder builder(totals.front());
    Location loc = fusedLoc(totals);
    SmallVector<Value> rows;
    for (Operation *total : totals)
      rows.push_back(outerOf(total).getA());
    Value vector = outerOf(totals.front()).getB();
    Expr all = outer({concat(builder, loc, rows, 0), &builder, loc}, {vector, &builder, loc});
    Value total = TotalOp::create(builder, loc, all.value);
    numFused += totals.size();
    replaceByParts(builder, totals, total, 0);
  }
}
