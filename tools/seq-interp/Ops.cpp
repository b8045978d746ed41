//===- Ops.cpp - What each equation op computes, naively --------------------===//
//
// One function a family. Every loop is the definition of the op; nothing is fast.
//
//===----------------------------------------------------------------------===//
#include "tools/seq-interp/Ops.h"

#include "dialect/Recur.h"

#include <cmath>
#include <functional>

using namespace mlir;

namespace {

using Operands = llvm::ArrayRef<const double *>;
using Shape = llvm::ArrayRef<int64_t>;

Shape shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// Product of the dims in [begin, end).
int64_t productOf(Shape shape, int64_t begin, int64_t end) {
  int64_t product = 1;
  for (int64_t dim = begin; dim < end; ++dim)
    product *= shape[dim];
  return product;
}

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

//===-- Elementwise ----------------------------------------------------------------===//

std::function<double(double)> unaryFunction(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::function<double(double)>>(op)
      .Case<recur::NegOp>([](auto) { return [](double x) { return -x; }; })
      .Case<recur::AbsOp>([](auto) { return [](double x) { return std::fabs(x); }; })
      .Case<recur::ExpOp>([](auto) { return [](double x) { return std::exp(x); }; })
      .Case<recur::LogOp>([](auto) { return [](double x) { return std::log(x); }; })
      .Case<recur::Log1pOp>([](auto) { return [](double x) { return std::log1p(x); }; })
      .Case<recur::SqrtOp>([](auto) { return [](double x) { return std::sqrt(x); }; })
      .Case<recur::TanhOp>([](auto) { return [](double x) { return std::tanh(x); }; })
      .Case<recur::SigmoidOp>([](auto) { return [](double x) { return 1 / (1 + std::exp(-x)); }; })
      .Case<recur::ErfOp>([](auto) { return [](double x) { return std::erf(x); }; })
      .Case<recur::SinOp>([](auto) { return [](double x) { return std::sin(x); }; })
      .Case<recur::CosOp>([](auto) { return [](double x) { return std::cos(x); }; })
      .Case<recur::SignOp>([](auto) { return sign; })
      .Case<recur::FloorOp>([](auto) { return [](double x) { return std::floor(x); }; })
      .Case<recur::StopGradientOp, recur::ToRealOp>([](auto) { return [](double x) { return x; }; })
      .Default(nullptr);
}

std::function<double(double, double)> binaryFunction(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::function<double(double, double)>>(op)
      .Case<recur::AddOp>([](auto) { return [](double x, double y) { return x + y; }; })
      .Case<recur::SubOp>([](auto) { return [](double x, double y) { return x - y; }; })
      .Case<recur::MulOp>([](auto) { return [](double x, double y) { return x * y; }; })
      .Case<recur::DivOp>([](auto) { return [](double x, double y) { return x / y; }; })
      .Case<recur::PowOp>([](auto) { return [](double x, double y) { return std::pow(x, y); }; })
      .Case<recur::MinOp>([](auto) { return [](double x, double y) { return x < y ? x : y; }; })
      .Case<recur::MaxOp>([](auto) { return [](double x, double y) { return x > y ? x : y; }; })
      .Default(nullptr);
}

bool compare(recur::Predicate predicate, double x, double y) {
  switch (predicate) {
  case recur::Predicate::lt:
    return x < y;
  case recur::Predicate::le:
    return x <= y;
  case recur::Predicate::gt:
    return x > y;
  case recur::Predicate::ge:
    return x >= y;
  case recur::Predicate::eq:
    return x == y;
  case recur::Predicate::ne:
    return x != y;
  }
  llvm_unreachable("all predicates are above");
}

bool evaluateElementwise(Operation *op, Operands operands, double *result) {
  if (op->getNumResults() != 1)
    return false;
  int64_t count = elementsOf(op->getResult(0));
  if (auto unary = unaryFunction(op)) {
    for (int64_t i = 0; i < count; ++i)
      result[i] = unary(operands[0][i]);
    return true;
  }
  if (auto binary = binaryFunction(op)) {
    for (int64_t i = 0; i < count; ++i)
      result[i] = binary(operands[0][i], operands[1][i]);
    return true;
  }
  if (auto comparison = dyn_cast<recur::CompareOp>(op)) {
    for (int64_t i = 0; i < count; ++i)
      result[i] = compare(comparison.getPredicate(), operands[0][i], operands[1][i]);
    return true;
  }
  if (isa<recur::SelectOp>(op)) {
    for (int64_t i = 0; i < count; ++i)
      result[i] = operands[0][i] != 0 ? operands[1][i] : operands[2][i];
    return true;
  }
  return false;
}

//===-- Ops that move elements -------------------------------------------------------===//

/// result[i] = x[i aligned at the last dim, 0 where x has size 1].
void evaluateBroadcast(recur::BroadcastOp op, const double *x, double *result) {
  Shape from = shapeOf(op.getX()), to = shapeOf(op.getResult());
  int64_t missing = to.size() - from.size();
  for (int64_t flat = 0, count = elementsOf(op.getResult()); flat < count; ++flat) {
    int64_t rest = flat, source = 0, stride = 1;
    for (int64_t dim = int64_t(to.size()) - 1; dim >= missing; --dim) {
      int64_t index = rest % to[dim];
      rest /= to[dim];
      if (from[dim - missing] != 1)
        source += index * stride;
      stride *= from[dim - missing];
    }
    result[flat] = x[source];
  }
}

void evaluateTranspose(recur::TransposeOp op, const double *x, double *result) {
  Shape shape = shapeOf(op.getX());
  int64_t rank = shape.size(), rows = shape[rank - 2], columns = shape[rank - 1];
  for (int64_t matrix = 0, matrices = productOf(shape, 0, rank - 2); matrix < matrices; ++matrix)
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        result[(matrix * columns + j) * rows + i] = x[(matrix * rows + i) * columns + j];
}

/// Copies `part` into or out of `whole` at `offset` along `dim`: slice, pad and concat.
template <typename Copy> void forSection(Shape part, Shape whole, int64_t dim, int64_t offset, Copy copy) {
  int64_t outer = productOf(whole, 0, dim), inner = productOf(whole, dim + 1, whole.size());
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t d = 0; d < part[dim]; ++d)
      for (int64_t i = 0; i < inner; ++i)
        copy((o * part[dim] + d) * inner + i, (o * whole[dim] + offset + d) * inner + i);
}

bool evaluateMove(Operation *op, Operands operands, double *result) {
  if (auto broadcast = dyn_cast<recur::BroadcastOp>(op)) {
    evaluateBroadcast(broadcast, operands[0], result);
  } else if (isa<recur::ReshapeOp>(op)) {
    std::copy_n(operands[0], elementsOf(op->getResult(0)), result);
  } else if (auto transpose = dyn_cast<recur::TransposeOp>(op)) {
    evaluateTranspose(transpose, operands[0], result);
  } else if (auto slice = dyn_cast<recur::SliceOp>(op)) {
    forSection(shapeOf(slice.getResult()), shapeOf(slice.getX()), slice.getDim(), slice.getOffset(),
               [&](int64_t part, int64_t whole) { result[part] = operands[0][whole]; });
  } else if (auto pad = dyn_cast<recur::PadOp>(op)) {
    std::fill_n(result, elementsOf(pad.getResult()), 0.0);
    forSection(shapeOf(pad.getX()), shapeOf(pad.getResult()), pad.getDim(), pad.getOffset(),
               [&](int64_t part, int64_t whole) { result[whole] = operands[0][part]; });
  } else if (auto concat = dyn_cast<recur::ConcatOp>(op)) {
    int64_t offset = 0;
    for (auto [x, values] : llvm::zip(concat.getParts(), operands)) {
      forSection(shapeOf(x), shapeOf(concat.getResult()), concat.getDim(), offset,
                 [&, values = values](int64_t part, int64_t whole) { result[whole] = values[part]; });
      offset += shapeOf(x)[concat.getDim()];
    }
  } else {
    return false;
  }
  return true;
}

//===-- Products, reductions, look-ups -------------------------------------------------===//

/// A[…, i, k] b[…, k] -> [i], or A[…, i, k] B[…, k, j] -> [i, j]; a vector is a matrix of one column.
void evaluateMatmul(recur::MatmulOp op, const double *a, const double *b, double *result) {
  Shape shapeA = shapeOf(op.getA()), shapeB = shapeOf(op.getB());
  int64_t rank = shapeA.size(), rows = shapeA[rank - 2], depth = shapeA[rank - 1];
  int64_t columns = shapeB.size() < shapeA.size() ? 1 : shapeB.back();
  for (int64_t matrix = 0, matrices = productOf(shapeA, 0, rank - 2); matrix < matrices; ++matrix)
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < depth; ++k)
          sum += a[(matrix * rows + i) * depth + k] * b[(matrix * depth + k) * columns + j];
        result[(matrix * rows + i) * columns + j] = sum;
      }
}

void evaluateOuter(recur::OuterOp op, const double *a, const double *b, double *result) {
  int64_t rows = shapeOf(op.getA()).back(), columns = shapeOf(op.getB()).back();
  for (int64_t vector = 0, vectors = elementsOf(op.getA()) / rows; vector < vectors; ++vector)
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        result[(vector * rows + i) * columns + j] = a[vector * rows + i] * b[vector * columns + j];
}

void evaluateReduce(recur::ReduceOp op, const double *x, double *result) {
  Shape shape = shapeOf(op.getX());
  int64_t dim = op.getDim(), size = shape[dim];
  int64_t outer = productOf(shape, 0, dim), inner = productOf(shape, dim + 1, shape.size());
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      double value = x[o * size * inner + i];
      for (int64_t d = 1; d < size; ++d) {
        double next = x[(o * size + d) * inner + i];
        value = op.getKind() == recur::ReduceKind::sum ? value + next : std::max(value, next);
      }
      result[o * inner + i] = value;
    }
}

bool evaluateProduct(Operation *op, Operands operands, double *result) {
  if (auto matmul = dyn_cast<recur::MatmulOp>(op)) {
    evaluateMatmul(matmul, operands[0], operands[1], result);
  } else if (auto outer = dyn_cast<recur::OuterOp>(op)) {
    evaluateOuter(outer, operands[0], operands[1], result);
  } else if (auto reduce = dyn_cast<recur::ReduceOp>(op)) {
    evaluateReduce(reduce, operands[0], result);
  } else if (auto gather = dyn_cast<recur::GatherOp>(op)) {
    int64_t size = elementsOf(gather.getResult());
    std::copy_n(operands[0] + int64_t(operands[1][0]) * size, size, result);
  } else if (auto scatter = dyn_cast<recur::ScatterOp>(op)) {
    int64_t size = elementsOf(scatter.getX());
    std::fill_n(result, elementsOf(scatter.getResult()), 0.0);
    std::copy_n(operands[0], size, result + int64_t(operands[1][0]) * size);
  } else {
    return false;
  }
  return true;
}

bool evaluateConstant(Operation *op, double *result) {
  auto constant = dyn_cast<recur::ConstantOp>(op);
  auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!elements)
    return false;
  if (isa<FloatType>(elements.getElementType())) {
    for (auto [index, value] : llvm::enumerate(elements.getValues<APFloat>()))
      result[index] = value.convertToDouble();
  } else {
    bool isBoolean = elements.getElementType().isInteger(1);
    for (auto [index, value] : llvm::enumerate(elements.getValues<APInt>()))
      result[index] = isBoolean ? value.getZExtValue() : value.getSExtValue();
  }
  return true;
}

/// The finalizer of SplitMix64 (Steele, Lea & Flood 2014).
uint64_t mix(uint64_t z) {
  z ^= z >> 30;
  z *= 0xBF58476D1CE4E5B9;
  z ^= z >> 27;
  z *= 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

} // namespace

bool seqc::interp::evaluateOp(Operation *op, Operands operands, double *result) {
  return evaluateConstant(op, result) || evaluateElementwise(op, operands, result) ||
         evaluateMove(op, operands, result) || evaluateProduct(op, operands, result);
}

double seqc::interp::randomMask(double p, uint64_t seed, uint64_t site, uint64_t step, uint64_t row, uint64_t element) {
  uint64_t x = seed ^ (site * 0x9E3779B97F4A7C15);
  x = mix(x + step * 0xBF58476D1CE4E5B9);
  x = mix(x + row * 0x94D049BB133111EB);
  x = mix(x + element);
  double uniform = double(x >> 40) * 0x1p-24;
  return uniform < p ? 0 : 1 / (1 - p);
}
