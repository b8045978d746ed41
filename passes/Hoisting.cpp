//===- Hoisting.cpp - Work on weights instead of on every row ----------------------===//
#include "passes/Hoisting.h"

#include "dialect/Expr.h"
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

//===-- Centred products ------------------------------------------------------------===//

/// The product of a matrix with a vector whose mean `centred` subtracts from it, if it is used for that alone; or null.
static MatmulOp productOf(SubOp centred) {
  auto product = centred.getX().getDefiningOp<MatmulOp>();
  auto spread = centred.getY().getDefiningOp<BroadcastOp>();
  auto mean = spread ? spread.getX().getDefiningOp<DivOp>() : DivOp();
  auto sum = mean ? mean.getX().getDefiningOp<ReduceOp>() : ReduceOp();
  auto count = mean ? mean.getY().getDefiningOp<ConstantOp>() : ConstantOp();
  if (!product || !sum || !count || sum.getX() != product.getResult() || sum.getKind() != ReduceKind::sum)
    return {};
  auto matrix = cast<RankedTensorType>(product.getA().getType());
  bool isPlain = matrix.getRank() == 2 && product.isMatrixVector() && count.getSplat() == matrix.getDimSize(0);
  bool isAlone = llvm::all_of(product->getUsers(), [&](Operation *user) { return user == centred || user == sum; });
  return isPlain && isAlone ? product : MatmulOp();
}

unsigned centreWeights(SystemOp system) {
  TimeInvariance invariance(system);
  unsigned rewritten = 0;
  for (SubOp centred : llvm::make_early_inc_range(system.getOps<SubOp>())) {
    MatmulOp product = productOf(centred);
    if (!product || !invariance.isInvariant(product.getA()) || invariance.isInvariant(product.getB()))
      continue;
    OpBuilder builder(centred);
    Expr weights{product.getA(), &builder, product.getA().getLoc()}, vector{product.getB(), &builder, product.getLoc()};
    int64_t outputs = weights.getType().getDimSize(0), inputs = weights.getType().getDimSize(1);
    auto row = RankedTensorType::get({1, inputs}, weights.getType().getElementType());
    Expr mean = sumTo(weights, row) / double(outputs);
    Expr result = matmul(weights - broadcast(mean, weights.getType()), vector);
    result.value.setLoc(centred.getLoc());
    centred.getResult().replaceAllUsesWith(result.value);
    ++rewritten;
  }
  return rewritten;
}

} // namespace recur
