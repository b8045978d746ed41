//===- Sums.cpp - Sums of more than two terms --------------------------------------===//
#include "passes/Sums.h"
#include "passes/Cleanup.h"
#include "passes/analysis/Components.h"
#include "passes/analysis/TimeInvariance.h"

using namespace mlir;

namespace recur {

//===-- Finding sums -----------------------------------------------------------------===//

/// The addition that only serves a larger one.
static AddOp innerSum(Value value) {
  auto add = value.getDefiningOp<AddOp>();
  return add && value.hasOneUse() && isa<AddOp>(*value.user_begin()) ? add : AddOp();
}

SmallVector<Value> collectTerms(AddOp root) {
  SmallVector<Value> terms;
  SmallVector<Value> next = {root.getY(), root.getX()};
  while (!next.empty()) {
    Value value = next.pop_back_val();
    if (AddOp inner = innerSum(value))
      next.append({inner.getY(), inner.getX()});
    else
      terms.push_back(value);
  }
  return terms;
}

SmallVector<AddOp> findSums(Block &block) {
  SmallVector<AddOp> sums;
  for (auto add : block.getOps<AddOp>())
    if (!add.getResult().use_empty() && !innerSum(add.getResult()))
      sums.push_back(add);
  return sums;
}

//===-- Building sums ----------------------------------------------------------------===//

/// x + y, which may be there already.
static Value add(OpBuilder &builder, Location loc, Value x, Value y) {
  for (Operation *user : x.getUsers()) {
    auto known = dyn_cast<AddOp>(user);
    if (known && ((known.getX() == x && known.getY() == y) || (known.getX() == y && known.getY() == x)))
      return known;
  }
  return AddOp::create(builder, loc, x, y);
}

static Value sum(OpBuilder &builder, Location loc, ArrayRef<Value> terms) {
  Value sum;
  for (Value term : terms)
    sum = sum ? add(builder, loc, sum, term) : term;
  return sum;
}

/// Puts `value` in place of `root`; true if that is a change. The old sum stays for `eraseDeadOps`: its ops may be keys
/// of an analysis.
static bool replaceSum(AddOp root, Value value) {
  if (value == root.getResult())
    return false;
  if (Operation *op = value.getDefiningOp(); isa<NameLoc>(root.getLoc()) && !isa<NameLoc>(op->getLoc()))
    op->setLoc(root.getLoc());
  root.getResult().replaceAllUsesWith(value);
  return true;
}

//===-- Pads ----------------------------------------------------------------------------===//

static int64_t begin(PadOp pad) { return pad.getOffset(); }
static int64_t end(PadOp pad) { return pad.getOffset() + pad.getX().getType().getDimSize(pad.getDim()); }

/// Adds pads to the same place inside one pad.
static SmallVector<PadOp> addSamePlace(OpBuilder &builder, Location loc, ArrayRef<PadOp> pads) {
  SmallVector<PadOp> merged;
  for (PadOp pad : pads) {
    auto *same = llvm::find_if(merged, [&](PadOp other) {
      return begin(other) == begin(pad) && other.getX().getType() == pad.getX().getType();
    });
    if (same == merged.end()) {
      merged.push_back(pad);
      continue;
    }
    Value inner = AddOp::create(builder, loc, same->getX(), pad.getX());
    *same = PadOp::create(builder, loc, pad.getType(), inner, pad.getDim(), pad.getOffset());
  }
  return merged;
}

/// The concatenation of pads that do not overlap, with zeros between them.
static Value concatenate(OpBuilder &builder, Location loc, ArrayRef<PadOp> pads) {
  PadOp first = pads.front();
  RankedTensorType type = first.getType();
  int64_t dim = first.getDim();
  SmallVector<Value> parts;
  auto fill = [&](int64_t from, int64_t to) {
    if (from == to)
      return;
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] = to - from;
    parts.push_back(ConstantOp::create(builder, loc, RankedTensorType::get(shape, type.getElementType()), 0.0));
  };
  int64_t offset = 0;
  for (PadOp pad : pads) {
    fill(offset, begin(pad));
    parts.push_back(pad.getX());
    offset = end(pad);
  }
  fill(offset, type.getDimSize(dim));
  return ConcatOp::create(builder, loc, type, parts, dim);
}

/// The first pads, by offset, that overlap none before them.
static SmallVector<PadOp> disjoint(SmallVector<PadOp> pads) {
  llvm::stable_sort(pads, [](PadOp a, PadOp b) { return begin(a) < begin(b); });
  SmallVector<PadOp> chosen;
  for (PadOp pad : pads)
    if (chosen.empty() || end(chosen.back()) <= begin(pad))
      chosen.push_back(pad);
  return chosen;
}

static bool mergePads(AddOp root) {
  SmallVector<Value> terms = collectTerms(root);
  // Pads along one dim at a time: another round takes the next.
  auto isPad = [](Value term) { return term.getDefiningOp<PadOp>() != nullptr; };
  auto *firstPad = llvm::find_if(terms, isPad);
  if (firstPad == terms.end())
    return false;
  int64_t dim = firstPad->getDefiningOp<PadOp>().getDim();
  SmallVector<PadOp> pads;
  SmallVector<Value> rest;
  for (Value term : terms) {
    auto pad = term.getDefiningOp<PadOp>();
    if (pad && pad.getDim() == dim)
      pads.push_back(pad);
    else
      rest.push_back(term);
  }
  if (pads.size() < 2)
    return false;
  OpBuilder builder(root);
  Location loc = unnamed(root.getLoc());
  size_t numPads = pads.size();
  pads = addSamePlace(builder, loc, pads);
  SmallVector<PadOp> chosen = disjoint(pads);
  if (chosen.size() < 2 && pads.size() == numPads)
    return false;
  SmallVector<Value> all = {chosen.size() > 1 ? concatenate(builder, loc, chosen) : Value(chosen.front())};
  for (PadOp pad : pads)
    if (!llvm::is_contained(chosen, pad))
      all.push_back(pad);
  all.append(rest);
  return replaceSum(root, sum(builder, loc, all));
}

unsigned mergePads(Block &block) {
  unsigned changed = 0;
  for (AddOp root : findSums(block))
    changed += mergePads(root);
  return changed;
}

//===-- Order ---------------------------------------------------------------------------===//

unsigned reorderSums(SystemOp system) {
  Block &body = system.getBody().front();
  TimeInvariance invariance(system);
  DenseMap<Operation *, unsigned> cycles; // the recurrence an op belongs to
  for (auto [i, component] : llvm::enumerate(findComponents(body)))
    if (component.cyclic)
      for (Operation *op : component.ops)
        cycles[op] = i + 1;

  unsigned changed = 0;
  for (AddOp root : findSums(body)) {
    if (root.getResult().use_empty())
      continue;
    unsigned cycle = cycles.lookup(root);
    SmallVector<Value> ahead, invariant, waiting;
    for (Value term : collectTerms(root)) {
      if (cycle && cycles.lookup(term.getDefiningOp()) == cycle)
        waiting.push_back(term);
      else
        (invariance.isInvariant(term) ? invariant : ahead).push_back(term);
    }
    OpBuilder builder(root);
    Location loc = unnamed(root.getLoc());
    SmallVector<Value> parts = {sum(builder, loc, ahead), sum(builder, loc, invariant)};
    llvm::erase(parts, Value());
    SmallVector<Value> all = {sum(builder, loc, parts)};
    llvm::erase(all, Value());
    all.append(waiting);
    Value result = sum(builder, loc, all);
    changed += replaceSum(root, result);
    if (cycle)
      cycles[result.getDefiningOp()] = cycle;
  }
  return changed;
}

} // namespace recur
