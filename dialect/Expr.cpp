//===- Expr.cpp - Formulas that build ops -------------------------------------===//
#include "dialect/Recur.h"

using namespace mlir;
using namespace recur;

namespace {

template <typename OpTy, typename... Args> Expr build(Expr like, Args &&...args) {
  Value value = OpTy::create(*like.builder, like.loc, std::forward<Args>(args)...);
  return {value, like.builder, like.loc};
}

Expr compare(Predicate predicate, Expr x, Expr y) {
  auto type = RankedTensorType::get(x.getType().getShape(), x.builder->getI1Type());
  return build<CompareOp>(x, type, predicate, x.value, y.value);
}

RankedTensorType withShape(Expr x, ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, x.getType().getElementType());
}

} // namespace

Expr Expr::number(double number) const { return build<ConstantOp>(*this, value.getType(), number); }

namespace recur {

Expr operator-(Expr x) { return build<NegOp>(x, x.value); }
Expr operator+(Expr x, Expr y) { return build<AddOp>(x, x.value, y.value); }
Expr operator-(Expr x, Expr y) { return build<SubOp>(x, x.value, y.value); }
Expr operator*(Expr x, Expr y) { return build<MulOp>(x, x.value, y.value); }
Expr operator/(Expr x, Expr y) { return build<DivOp>(x, x.value, y.value); }
Expr operator+(Expr x, double y) { return x + x.number(y); }
Expr operator-(Expr x, double y) { return x - x.number(y); }
Expr operator*(Expr x, double y) { return y == -1.0 ? -x : x * x.number(y); }
Expr operator/(Expr x, double y) { return x / x.number(y); }
Expr operator+(double x, Expr y) { return y.number(x) + y; }
Expr operator-(double x, Expr y) { return y.number(x) - y; }
Expr operator*(double x, Expr y) { return x == -1.0 ? -y : y.number(x) * y; }
Expr operator/(double x, Expr y) { return y.number(x) / y; }

Expr operator==(Expr x, Expr y) { return compare(Predicate::eq, x, y); }
Expr operator<(Expr x, Expr y) { return compare(Predicate::lt, x, y); }
Expr operator>(Expr x, Expr y) { return compare(Predicate::gt, x, y); }
Expr where(Expr condition, Expr x, Expr y) {
  return build<SelectOp>(x, x.value.getType(), condition.value, x.value, y.value);
}
Expr where(Expr condition, Expr x, double y) { return where(condition, x, x.number(y)); }
Expr where(Expr condition, double x, Expr y) { return where(condition, y.number(x), y); }

Expr estimate(Expr running, Expr batch) { return build<EstimateOp>(running, running.value, batch.value); }

Expr exp(Expr x) { return build<ExpOp>(x, x.value); }
Expr log(Expr x) { return build<LogOp>(x, x.value); }
Expr sin(Expr x) { return build<SinOp>(x, x.value); }
Expr cos(Expr x) { return build<CosOp>(x, x.value); }
Expr sign(Expr x) { return build<SignOp>(x, x.value); }
Expr pow(Expr x, Expr y) { return build<PowOp>(x, x.value, y.value); }

Expr matmul(Expr a, Expr b) {
  ArrayRef<int64_t> left = a.getType().getShape(), right = b.getType().getShape();
  SmallVector<int64_t> shape(left.drop_back());
  if (left.size() == right.size())
    shape.push_back(right.back());
  return build<MatmulOp>(a, withShape(a, shape), a.value, b.value);
}

Expr outer(Expr a, Expr b) {
  SmallVector<int64_t> shape(a.getType().getShape());
  shape.push_back(b.getType().getShape().back());
  return build<OuterOp>(a, withShape(a, shape), a.value, b.value);
}

Expr transpose(Expr x) {
  SmallVector<int64_t> shape(x.getType().getShape());
  std::swap(shape[shape.size() - 2], shape.back());
  return build<TransposeOp>(x, withShape(x, shape), x.value);
}

Expr reshape(Expr x, RankedTensorType type) { return x.getType() == type ? x : build<ReshapeOp>(x, type, x.value); }

Expr slice(Expr x, RankedTensorType type, int64_t dim, int64_t offset) {
  return x.getType() == type ? x : build<SliceOp>(x, type, x.value, dim, offset);
}

Expr pad(Expr x, RankedTensorType type, int64_t dim, int64_t offset) {
  return x.getType() == type ? x : build<PadOp>(x, type, x.value, dim, offset);
}

Expr broadcast(Expr x, RankedTensorType type) { return x.getType() == type ? x : build<BroadcastOp>(x, type, x.value); }

Expr sumTo(Expr x, RankedTensorType type) {
  int64_t missing = x.getType().getRank() - type.getRank();
  for (int64_t i = 0; i < missing; ++i)
    x = build<ReduceOp>(x, withShape(x, x.getType().getShape().drop_front()), ReduceKind::sum, x.value, 0, false);
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (x.getType().getDimSize(dim) == type.getDimSize(dim))
      continue;
    SmallVector<int64_t> shape(x.getType().getShape());
    shape[dim] = 1;
    x = build<ReduceOp>(x, withShape(x, shape), ReduceKind::sum, x.value, dim, true);
  }
  return x;
}

Expr unreduce(Expr x, RankedTensorType type, int64_t dim) {
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = 1;
  return broadcast(reshape(x, withShape(x, shape)), type);
}

Expr gather(Expr table, Expr id) {
  return build<GatherOp>(table, withShape(table, table.getType().getShape().drop_front()), table.value, id.value);
}

Expr scatter(Expr x, Expr id, RankedTensorType type) { return build<ScatterOp>(x, type, x.value, id.value); }

} // namespace recur
