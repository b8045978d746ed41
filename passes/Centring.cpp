//===- Centring.cpp - What has had its mean subtracted ------------------------------===//
#include "passes/Centring.h"

#include "dialect/Expr.h"
#include "passes/Cleanup.h"
#include "passes/analysis/TimeInvariance.h"

using namespace mlir;

namespace recur {

//===-- Recognition -----------------------------------------------------------------===//

/// The sum of x over `dim`, if `value` is the mean that it gives, repeated along it; or null.
static ReduceOp sumOfMean(Value value, int64_t dim) {
  auto spread = value.getDefiningOp<BroadcastOp>();
  auto mean = spread ? spread.getX().getDefiningOp<DivOp>() : DivOp();
  auto sum = mean ? mean.getX().getDefiningOp<ReduceOp>() : ReduceOp();
  auto count = mean ? mean.getY().getDefiningOp<ConstantOp>() : ConstantOp();
  if (!sum || !count || sum.getKind() != ReduceKind::sum || sum.getDim() != dim)
    return {};
  auto type = cast<RankedTensorType>(sum.getX().getType());
  bool isSpreadBack = type == value.getType() && (sum.getKeep() || dim == 0);
  return isSpreadBack && count.getSplat() == type.getDimSize(dim) ? sum : ReduceOp();
}

/// Whether the elements of `value` along `dim` are the same.
static bool isSameAlong(Value value, int64_t dim) {
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return constant.getSplat().has_value();
  auto spread = value.getDefiningOp<BroadcastOp>();
  if (!spread)
    return false;
  auto from = cast<RankedTensorType>(spread.getX().getType()), to = cast<RankedTensorType>(value.getType());
  int64_t dimOfSource = dim - (to.getRank() - from.getRank());
  return dimOfSource < 0 || from.getDimSize(dimOfSource) == 1;
}

/// Whether the elements of `value` along `dim` sum to zero because their mean has been subtracted.
static bool isCentred(Value value, int64_t dim) {
  if (auto sub = value.getDefiningOp<SubOp>()) {
    ReduceOp sum = sumOfMean(sub.getY(), dim);
    return sum && sum.getX() == sub.getX();
  }
  if (auto mul = value.getDefiningOp<MulOp>())
    return (isSameAlong(mul.getY(), dim) && isCentred(mul.getX(), dim)) ||
           (isSameAlong(mul.getX(), dim) && isCentred(mul.getY(), dim));
  if (auto div = value.getDefiningOp<DivOp>())
    return isSameAlong(div.getY(), dim) && isCentred(div.getX(), dim);
  auto product = value.getDefiningOp<MatmulOp>();
  return product && product.isMatrixVector() && dim == 0 && isCentred(product.getA(), 0);
}

//===-- Products --------------------------------------------------------------------===//

/// The product of a matrix with a vector whose mean `centred` subtracts from it, if it is used for that alone; or null.
static MatmulOp productOf(SubOp centred) {
  auto product = centred.getX().getDefiningOp<MatmulOp>();
  ReduceOp sum = sumOfMean(centred.getY(), 0);
  if (!product || !sum || sum.getX() != product.getResult())
    return {};
  auto matrix = cast<RankedTensorType>(product.getA().getType());
  bool isAlone = llvm::all_of(product->getUsers(), [&](Operation *user) { return user == centred || user == sum; });
  return matrix.getRank() == 2 && product.isMatrixVector() && isAlone ? product : MatmulOp();
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

//===-- Sums ------------------------------------------------------------------------===//

namespace {

struct SumOfCentred : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != ReduceKind::sum)
      return failure();
    int64_t dim = op.getDim();
    if (isCentred(op.getX(), dim)) {
      rewriter.replaceOpWithNewOp<ConstantOp>(op, op.getType(), 0.0);
      return success();
    }
    Operation *sum = op.getX().getDefiningOp();
    if (!isa_and_nonnull<AddOp, SubOp>(sum))
      return failure();
    bool ofFirst = isCentred(sum->getOperand(1), dim);
    if (!ofFirst && !isCentred(sum->getOperand(0), dim))
      return failure();
    Operation *rest = rewriter.clone(*op);
    rest->setOperand(0, sum->getOperand(ofFirst ? 0 : 1));
    if (ofFirst || isa<AddOp>(sum)) {
      rewriter.replaceOp(op, rest->getResults());
      return success();
    }
    rest->setLoc(unnamed(op.getLoc()));
    rewriter.replaceOpWithNewOp<NegOp>(op, rest->getResult(0));
    return success();
  }
};

struct TotalOfCentred : OpRewritePattern<TotalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TotalOp op, PatternRewriter &rewriter) const override {
    auto centred = op.getX().getDefiningOp<SubOp>();
    auto mean = centred ? centred.getY().getDefiningOp<DivOp>() : DivOp();
    auto total = mean ? mean.getX().getDefiningOp<TotalOp>() : TotalOp();
    if (!total || total.getX() != centred.getX())
      return failure();
    Value count = mean.getY();
    if (auto spread = count.getDefiningOp<BroadcastOp>())
      count = spread.getX();
    if (!count.getDefiningOp<CountOp>())
      return failure();
    rewriter.replaceOpWithNewOp<ConstantOp>(op, op.getType(), 0.0);
    return success();
  }
};

} // namespace

void addSumsOfCentred(RewritePatternSet &patterns) {
  patterns.add<SumOfCentred, TotalOfCentred>(patterns.getContext());
}

} // namespace recur
