//===- Folds.cpp - Constants and identities ------------------------------------===//
//
// A fold never rounds otherwise than the op would: constants are computed in f64 and rounded once. It may drop a NaN
// or infinity of the other operand (x * 0 is 0).
//
//===----------------------------------------------------------------------===//
#include "dialect/Recur.h"

#include <cmath>

using namespace mlir;
using namespace recur;

//===-- Constants ------------------------------------------------------------------===//

// Elements of constants that are not splats are folded one by one up to this number.
static constexpr int64_t maxElements = 4096;

static DenseElementsAttr asReal(Attribute attr) {
  auto elements = dyn_cast_if_present<DenseElementsAttr>(attr);
  return elements && isa<FloatType>(elements.getElementType()) ? elements : DenseElementsAttr();
}

static bool isSplat(Attribute attr, double number) {
  DenseElementsAttr elements = asReal(attr);
  return elements && elements.isSplat() && elements.getSplatValue<APFloat>().convertToDouble() == number;
}

static Attribute splat(RankedTensorType type, double number) {
  return DenseElementsAttr::get(type, FloatAttr::get(type.getElementType(), number));
}

/// f of the operands, element by element; null unless all are constant.
static Attribute foldElements(ArrayRef<Attribute> operands, RankedTensorType type,
                              llvm::function_ref<double(ArrayRef<double>)> f) {
  SmallVector<DenseElementsAttr, 2> constants;
  for (Attribute operand : operands)
    constants.push_back(asReal(operand));
  if (llvm::any_of(constants, [](DenseElementsAttr constant) { return !constant; }))
    return {};
  SmallVector<double, 2> arguments(constants.size());
  if (llvm::all_of(constants, [](DenseElementsAttr constant) { return constant.isSplat(); })) {
    for (auto [argument, constant] : llvm::zip(arguments, constants))
      argument = constant.getSplatValue<APFloat>().convertToDouble();
    return splat(type, f(arguments));
  }
  if (type.getNumElements() > maxElements)
    return {};
  SmallVector<Attribute> results;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    for (auto [argument, constant] : llvm::zip(arguments, constants))
      argument = constant.getValues<APFloat>()[i].convertToDouble();
    results.push_back(FloatAttr::get(type.getElementType(), f(arguments)));
  }
  return DenseElementsAttr::get(type, results);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

std::optional<double> ConstantOp::getSplat() {
  auto elements = dyn_cast<DenseElementsAttr>(getValue());
  if (!elements || !elements.isSplat())
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  return elements.getSplatValue<APInt>().getSExtValue();
}

Operation *RecurDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  return elements && elements.getType() == type ? ConstantOp::create(builder, loc, type, elements).getOperation()
                                                : nullptr;
}

//===-- Functions of one number -------------------------------------------------------===//

static Attribute foldUnary(Attribute x, RankedTensorType type, double (*f)(double)) {
  return foldElements(x, type, [f](ArrayRef<double> arguments) { return f(arguments[0]); });
}

OpFoldResult NegOp::fold(FoldAdaptor adaptor) {
  if (auto inner = getX().getDefiningOp<NegOp>())
    return inner.getX();
  return foldUnary(adaptor.getX(), getType(), [](double x) { return -x; });
}

OpFoldResult SigmoidOp::fold(FoldAdaptor adaptor) {
  return foldUnary(adaptor.getX(), getType(), [](double x) { return 1 / (1 + std::exp(-x)); });
}

OpFoldResult SignOp::fold(FoldAdaptor adaptor) {
  return foldUnary(adaptor.getX(), getType(), [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; });
}

OpFoldResult AbsOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::fabs); }
OpFoldResult ExpOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::exp); }
OpFoldResult LogOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::log); }
OpFoldResult Log1pOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::log1p); }
OpFoldResult SqrtOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::sqrt); }
OpFoldResult TanhOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::tanh); }
OpFoldResult ErfOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::erf); }
OpFoldResult SinOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::sin); }
OpFoldResult CosOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::cos); }
OpFoldResult FloorOp::fold(FoldAdaptor adaptor) { return foldUnary(adaptor.getX(), getType(), std::floor); }

//===-- Functions of two numbers --------------------------------------------------------===//

template <typename Adaptor, typename Function>
static Attribute foldBinary(Adaptor adaptor, RankedTensorType type, Function f) {
  return foldElements({adaptor.getX(), adaptor.getY()}, type,
                      [f](ArrayRef<double> arguments) { return f(arguments[0], arguments[1]); });
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getY(), 0))
    return getX();
  if (isSplat(adaptor.getX(), 0))
    return getY();
  return foldBinary(adaptor, getType(), [](double x, double y) { return x + y; });
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getY(), 0))
    return getX();
  return foldBinary(adaptor, getType(), [](double x, double y) { return x - y; });
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getY(), 1))
    return getX();
  if (isSplat(adaptor.getX(), 1))
    return getY();
  if (isSplat(adaptor.getX(), 0) || isSplat(adaptor.getY(), 0))
    return splat(getType(), 0);
  return foldBinary(adaptor, getType(), [](double x, double y) { return x * y; });
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getY(), 1))
    return getX();
  return foldBinary(adaptor, getType(), [](double x, double y) { return x / y; });
}

OpFoldResult PowOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getY(), 1))
    return getX();
  if (isSplat(adaptor.getY(), 0))
    return splat(getType(), 1);
  return foldBinary(adaptor, getType(), [](double x, double y) { return std::pow(x, y); });
}

OpFoldResult MinOp::fold(FoldAdaptor adaptor) {
  if (getX() == getY())
    return getX();
  return foldBinary(adaptor, getType(), [](double x, double y) { return x < y ? x : y; });
}

OpFoldResult MaxOp::fold(FoldAdaptor adaptor) {
  if (getX() == getY())
    return getX();
  return foldBinary(adaptor, getType(), [](double x, double y) { return x > y ? x : y; });
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getX() == getY())
    return getX();
  if (adaptor.getX() && adaptor.getX() == adaptor.getY())
    return adaptor.getX();
  auto condition = dyn_cast_if_present<DenseElementsAttr>(adaptor.getCondition());
  if (condition && condition.isSplat())
    return condition.getSplatValue<bool>() ? getX() : getY();
  return {};
}

OpFoldResult EstimateOp::fold(FoldAdaptor) { return getRunning() == getBatch() ? getBatch() : OpFoldResult(); }

//===-- Movement ------------------------------------------------------------------------===//

/// A splat of another shape.
static Attribute respread(Attribute attr, RankedTensorType type) {
  auto elements = dyn_cast_if_present<DenseElementsAttr>(attr);
  return elements && elements.isSplat() ? elements.resizeSplat(type) : Attribute();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (auto inner = getX().getDefiningOp<BroadcastOp>()) {
    getXMutable().assign(inner.getX());
    return getResult();
  }
  return respread(adaptor.getX(), getType());
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    getXMutable().assign(inner.getX());
    return getResult();
  }
  if (auto elements = dyn_cast_if_present<DenseElementsAttr>(adaptor.getX()))
    return elements.reshape(getType());
  return {};
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (auto inner = getX().getDefiningOp<TransposeOp>())
    return inner.getX();
  return respread(adaptor.getX(), getType());
}

static int64_t dimSize(Value value, int64_t dim) { return cast<RankedTensorType>(value.getType()).getDimSize(dim); }

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  if (Attribute constant = respread(adaptor.getX(), getType()))
    return constant;
  int64_t begin = getOffset(), end = begin + getType().getDimSize(getDim());
  if (auto inner = getX().getDefiningOp<SliceOp>(); inner && inner.getDim() == getDim()) {
    setOffset(begin + inner.getOffset());
    getXMutable().assign(inner.getX());
    return getResult();
  }
  if (auto concat = getX().getDefiningOp<ConcatOp>(); concat && concat.getDim() == getDim()) {
    int64_t partBegin = 0;
    for (Value part : concat.getParts()) {
      int64_t partEnd = partBegin + dimSize(part, getDim());
      if (partBegin <= begin && end <= partEnd) {
        setOffset(begin - partBegin);
        getXMutable().assign(part);
        return part.getType() == getType() ? OpFoldResult(part) : getResult();
      }
      partBegin = partEnd;
    }
  }
  if (auto pad = getX().getDefiningOp<PadOp>(); pad && pad.getDim() == getDim()) {
    int64_t innerBegin = pad.getOffset(), innerEnd = innerBegin + dimSize(pad.getX(), getDim());
    if (innerBegin <= begin && end <= innerEnd) {
      setOffset(begin - innerBegin);
      getXMutable().assign(pad.getX());
      return pad.getX().getType() == getType() ? OpFoldResult(pad.getX()) : getResult();
    }
    if ((end <= innerBegin || innerEnd <= begin) && isa<FloatType>(getType().getElementType()))
      return splat(getType(), 0);
  }
  return {};
}

/// The value that `parts` are adjacent slices of, from its first element to its last.
static Value sliced(OperandRange parts, int64_t dim, RankedTensorType type) {
  Value whole;
  int64_t offset = 0;
  for (Value part : parts) {
    auto slice = part.getDefiningOp<SliceOp>();
    if (!slice || slice.getDim() != dim || slice.getOffset() != offset || (whole && slice.getX() != whole))
      return {};
    whole = slice.getX();
    offset += dimSize(part, dim);
  }
  return whole.getType() == type ? whole : Value();
}

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  if (getParts().size() == 1)
    return getParts().front();
  if (Value whole = sliced(getParts(), getDim(), getType()))
    return whole;
  std::optional<double> number;
  for (Attribute part : adaptor.getParts()) {
    DenseElementsAttr elements = asReal(part);
    if (!elements || !elements.isSplat())
      return {};
    double value = elements.getSplatValue<APFloat>().convertToDouble();
    if (number && *number != value)
      return {};
    number = value;
  }
  return splat(getType(), *number);
}

OpFoldResult ReduceOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType()) // one kept element
    return getX();
  DenseElementsAttr elements = asReal(adaptor.getX());
  if (!elements || !elements.isSplat())
    return {};
  double number = elements.getSplatValue<APFloat>().convertToDouble();
  return splat(getType(), getKind() == ReduceKind::sum ? number * dimSize(getX(), getDim()) : number);
}
