//===- Simplify.cpp - Algebra on equations ------------------------------------------===//
#include "passes/Centring.h"
#include "passes/Cleanup.h"
#include "passes/Hoisting.h"
#include "passes/Passes.h"
#include "passes/Sums.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "recur-simplify"

namespace recur {
#define GEN_PASS_DEF_RECURSIMPLIFY
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

static bool isNumber(Value value, double number) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && constant.getSplat() == number;
}

static Value zero(PatternRewriter &rewriter, Operation *op) {
  return ConstantOp::create(rewriter, op->getLoc(), op->getResult(0).getType(), 0.0);
}

//===-- Signs ---------------------------------------------------------------------------===//

namespace {

/// x + (-y) = x - y
struct AddOfNeg : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &rewriter) const override {
    Value x = op.getX(), y = op.getY();
    if (x.getDefiningOp<NegOp>())
      std::swap(x, y);
    auto neg = y.getDefiningOp<NegOp>();
    if (!neg)
      return failure();
    rewriter.replaceOpWithNewOp<SubOp>(op, x, neg.getX());
    return success();
  }
};

/// x + x = x * 2, which is a factor.
struct AddToItself : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &rewriter) const override {
    if (op.getX() != op.getY())
      return failure();
    Value two = ConstantOp::create(rewriter, op.getLoc(), op.getType(), 2.0);
    rewriter.replaceOpWithNewOp<MulOp>(op, op.getX(), two);
    return success();
  }
};

/// x - (-y) = x + y;  0 - y = -y
struct SubOfNeg : OpRewritePattern<SubOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SubOp op, PatternRewriter &rewriter) const override {
    if (auto neg = op.getY().getDefiningOp<NegOp>())
      rewriter.replaceOpWithNewOp<AddOp>(op, op.getX(), neg.getX());
    else if (isNumber(op.getX(), 0))
      rewriter.replaceOpWithNewOp<NegOp>(op, op.getY());
    else
      return failure();
    return success();
  }
};

/// (-x) * y = -(x * y), and the same for quotients and for what repeats elements: an addition further on takes the
/// sign.
struct SignOutwards : RewritePattern {
  explicit SignOutwards(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<MulOp, DivOp, BroadcastOp, ReshapeOp>(op))
      return failure();
    for (OpOperand &operand : op->getOpOperands()) {
      auto neg = operand.get().getDefiningOp<NegOp>();
      if (!neg)
        continue;
      Operation *positive = rewriter.clone(*op);
      positive->setOperand(operand.getOperandNumber(), neg.getX());
      positive->setLoc(unnamed(op->getLoc()));
      rewriter.replaceOpWithNewOp<NegOp>(op, positive->getResult(0));
      return success();
    }
    return failure();
  }
};

/// x * (-1) = -x
struct MulByMinusOne : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &rewriter) const override {
    if (isNumber(op.getY(), -1))
      rewriter.replaceOpWithNewOp<NegOp>(op, op.getX());
    else if (isNumber(op.getX(), -1))
      rewriter.replaceOpWithNewOp<NegOp>(op, op.getY());
    else
      return failure();
    return success();
  }
};

/// x ^ 2 = x * x, up to x ^ 4;  x ^ -1 = 1 / x. Right for negative x too, whatever computes powers later.
struct SmallPower : OpRewritePattern<PowOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PowOp op, PatternRewriter &rewriter) const override {
    Value x = op.getX();
    if (isNumber(op.getY(), -1)) {
      Value one = ConstantOp::create(rewriter, op.getLoc(), op.getType(), 1.0);
      rewriter.replaceOpWithNewOp<DivOp>(op, one, x);
      return success();
    }
    for (int power : {2, 3, 4}) {
      if (!isNumber(op.getY(), power))
        continue;
      Value square = MulOp::create(rewriter, op.getLoc(), x, x);
      if (power == 2)
        rewriter.replaceOp(op, square);
      else
        rewriter.replaceOpWithNewOp<MulOp>(op, square, power == 3 ? x : square);
      return success();
    }
    return failure();
  }
};

//===-- Products ------------------------------------------------------------------------===//

/// (A @ B).T = B.T @ A.T;  outer(a, b).T = outer(b, a)
struct TransposeOfProduct : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    if (!op.getX().hasOneUse())
      return failure();
    if (auto outer = op.getX().getDefiningOp<OuterOp>()) {
      rewriter.replaceOpWithNewOp<OuterOp>(op, op.getType(), outer.getB(), outer.getA());
      return success();
    }
    auto product = op.getX().getDefiningOp<MatmulOp>();
    if (!product || product.isMatrixVector())
      return failure();
    auto side = [&](Value value) { return transpose({value, &rewriter, op.getLoc()}).value; };
    rewriter.replaceOpWithNewOp<MatmulOp>(op, op.getType(), side(product.getB()), side(product.getA()));
    return success();
  }
};

/// total(outer(a, b) + c) = total(outer(a, b)) + total(c): a total of one product needs no sum in memory.
struct TotalOfSum : OpRewritePattern<TotalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TotalOp op, PatternRewriter &rewriter) const override {
    auto sum = op.getX().getDefiningOp<AddOp>();
    if (!sum || !op.getX().hasOneUse())
      return failure();
    SmallVector<Value> terms = collectTerms(sum);
    if (llvm::none_of(terms,
                      [](Value term) { return term.getDefiningOp<OuterOp>() || term.getDefiningOp<ScatterOp>(); }))
      return failure();
    Value total;
    for (Value term : terms) {
      Value part = TotalOp::create(rewriter, op.getLoc(), term);
      total = total ? AddOp::create(rewriter, op.getLoc(), total, part).getResult() : part;
    }
    rewriter.replaceOp(op, total);
    return success();
  }
};

/// total(f(x)) = f(total(x)) where f moves elements, repeats them, pads them or turns their sign.
struct TotalOfMovement : OpRewritePattern<TotalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TotalOp op, PatternRewriter &rewriter) const override {
    Operation *moved = op.getX().getDefiningOp();
    if (!isa_and_nonnull<PadOp, ReshapeOp, TransposeOp, BroadcastOp, NegOp>(moved) || !op.getX().hasOneUse())
      return failure();
    Value total = TotalOp::create(rewriter, moved->getLoc(), moved->getOperand(0));
    Operation *outside = rewriter.clone(*moved);
    outside->setOperand(0, total);
    outside->setLoc(op.getLoc());
    rewriter.replaceOp(op, outside->getResults());
    return success();
  }
};

/// sum(-x) = -sum(x): the sum takes x as it is stored.
struct SumOfNeg : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    auto neg = op.getX().getDefiningOp<NegOp>();
    if (!neg || op.getKind() != ReduceKind::sum)
      return failure();
    Operation *sum = rewriter.clone(*op);
    sum->setOperand(0, neg.getX());
    sum->setLoc(unnamed(op.getLoc()));
    rewriter.replaceOpWithNewOp<NegOp>(op, sum->getResult(0));
    return success();
  }
};

/// An op that is linear in an operand that is zero: 0 @ b = 0, total(0) = 0, …
struct LinearInZero : RewritePattern {
  explicit LinearInZero(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<MatmulOp, OuterOp, TotalOp, ScatterOp, PadOp, ShiftOpInterface>(op))
      return failure();
    // A state reads what the caller gives; a boundary is no zero.
    if (auto shift = dyn_cast<ShiftOpInterface>(op); shift && (!shift.getStateName().empty() || shift.getBoundary()))
      return failure();
    if (llvm::none_of(op->getOperands(), [](Value operand) { return isNumber(operand, 0); }))
      return failure();
    rewriter.replaceOp(op, zero(rewriter, op));
    return success();
  }
};

/// Zeros among what flows back through a state.
struct ZeroBoundary : OpRewritePattern<BoundaryGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BoundaryGradientOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> kept;
    for (Value value : op.getShifted())
      if (!isNumber(value, 0))
        kept.push_back(value);
    if (kept.size() == op.getShifted().size())
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getShiftedMutable().assign(kept); });
    return success();
  }
};

//===-- The pass ---------------------------------------------------------------------------===//

/// Names of the source move on to what replaces a value.
struct NameKeeper : RewriterBase::Listener {
  void notifyOperationReplaced(Operation *op, ValueRange replacement) override {
    if (replacement.size() == 1)
      passNameOn(op->getLoc(), replacement.front());
  }
};

/// Uses of what the caller knows. The rewrite driver erases ops without uses, but parameters, inputs and states
/// belong to the interface of the system.
class Pins {
public:
  explicit Pins(Block &block) {
    OpBuilder builder = OpBuilder::atBlockEnd(&block);
    SmallVector<Operation *> ops;
    for (Operation &op : block) {
      auto shift = dyn_cast<ShiftOpInterface>(op);
      if (isa<ParamOp, InputOp>(op) || (shift && !shift.getStateName().empty()))
        ops.push_back(&op);
    }
    for (Operation *op : ops)
      pins.push_back(EquationOp::create(builder, op->getLoc(), "pin", op->getResult(0)));
  }
  ~Pins() {
    for (EquationOp pin : pins)
      pin.erase();
  }

private:
  SmallVector<EquationOp> pins;
};

struct Simplify : public recur::impl::RecurSimplifyBase<Simplify> {
  using RecurSimplifyBase::RecurSimplifyBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<AddOfNeg, AddToItself, SubOfNeg, SignOutwards, MulByMinusOne, SmallPower, TransposeOfProduct, TotalOfSum,
            TotalOfMovement, SumOfNeg, LinearInZero, ZeroBoundary>(context);
    addSumsOfCentred(set);
    patterns = std::move(set);
    return success();
  }

  LogicalResult applyAlgebra(SystemOp system) {
    Pins pins(system.getBody().front());
    NameKeeper names;
    GreedyRewriteConfig config;
    config.setListener(&names).setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    return applyPatternsGreedily(system, patterns, config);
  }

  void runOnOperation() override {
    Block &body = getOperation().getBody().front();
    // Each step gives the others work; every one lowers the number of ops or leaves it.
    for (int round = 0; round < maxRounds; ++round) {
      if (failed(applyAlgebra(getOperation())))
        return signalPassFailure();
      unsigned hoisted = takeFactorsOut(getOperation());
      if (centresWeights)
        hoisted += centreWeights(getOperation());
      unsigned sums = mergePads(body) + reorderSums(getOperation());
      unsigned merged = mergeEqualOps(body);
      unsigned dead = eraseDeadOps(body, dropEquations);
      numReordered += sums;
      numMerged += merged;
      numDead += dead;
      if (hoisted + sums + merged + dead == 0)
        return;
    }
  }

  static constexpr int maxRounds = 10;
  FrozenRewritePatternSet patterns;
};

} // namespace
