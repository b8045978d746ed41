//===- Hoisting.cpp - Work on weights instead of on every row ----------------------===//
#include "passes/Hoisting.h"

#include "passes/analysis/TimeInvariance.h"

using namespace mlir;

namespace recur {

//===-- Factors of totals -----------------------------------------------------------===//

namespace {

/// x1 · x2 · … / (y1 · y2 · …), taken apart as far as anything in it is constant in time.
struct Product {
  SmallVector<Value> varying;
  SmallVector<std::pair<Value, bool>> constant; // and whether it divides
};

} // namespace

static Product factorsOf(Value value, const TimeInvariance &invariance) {
  Product product;
  SmallVector<Value> pending = {value};
  while (!pending.empty()) {
    Value factor = pending.pop_back_val();
    if (invariance.isInvariant(factor)) {
      product.constant.emplace_back(factor, false);
    } else if (auto mul = factor.getDefiningOp<MulOp>()) {
      pending.append({mul.getY(), mul.getX()});
    } else if (auto div = factor.getDefiningOp<DivOp>(); div && invariance.isInvariant(div.getY())) {
      product.constant.emplace_back(div.getY(), true);
      pending.push_back(div.getX());
    } else {
      product.varying.push_back(factor);
    }
  }
  return product;
}

unsigned takeFactorsOut(SystemOp system) {
  TimeInvariance invariance(system);
  unsigned rewritten = 0;
  for (TotalOp total : llvm::make_early_inc_range(system.getOps<TotalOp>())) {
    Product product = factorsOf(total.getX(), invariance);
    if (product.varying.empty() || product.constant.empty())
      continue;
    OpBuilder builder(total);
    Location loc = total.getX().getLoc();
    Value inside;
    for (Value factor : product.varying)
      inside = inside ? MulOp::create(builder, loc, inside, factor).getResult() : factor;
    Value result = TotalOp::create(builder, loc, inside);
    for (auto [factor, divides] : product.constant)
      result = divides ? DivOp::create(builder, total.getLoc(), result, factor).getResult()
                       : MulOp::create(builder, total.getLoc(), result, factor).getResult();
    total.getResult().replaceAllUsesWith(result);
    ++rewritten;
  }
  return rewritten;
}

} // namespace recur
