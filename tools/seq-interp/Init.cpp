//===- Init.cpp - Starting values for parameters ----------------------------===//
#include "tools/seq-interp/Init.h"

#include "tools/seq-run/Random.h"

#include <cmath>

using namespace mlir;
using namespace seqc::interp;

namespace {

double numberOf(FloatAttr attr) { return attr ? attr.getValueAsDouble() : 0; }

/// Rows of `columns` numbers, made orthonormal one after the other (Gram and Schmidt). More rows than columns start
/// over: no more than `columns` of them can be orthogonal.
void orthogonalize(double *values, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row) {
    double *current = values + row * columns;
    for (int64_t other = row / columns * columns; other < row; ++other) {
      double product = 0;
      for (int64_t i = 0; i < columns; ++i)
        product += current[i] * values[other * columns + i];
      for (int64_t i = 0; i < columns; ++i)
        current[i] -= product * values[other * columns + i];
    }
    double square = 0;
    for (int64_t i = 0; i < columns; ++i)
      square += current[i] * current[i];
    for (int64_t i = 0; i < columns; ++i)
      current[i] /= std::sqrt(square);
  }
}

Array draw(recur::ParamOp param, seqc::run::Random &random) {
  llvm::ArrayRef<int64_t> shape = cast<RankedTensorType>(param.getValue().getType()).getShape();
  Array array = Array::zeros(shape.vec());
  recur::InitAttr init = param.getInit();
  double a = numberOf(init.getA()), b = numberOf(init.getB());
  int64_t columns = shape.empty() ? 1 : shape.back(), rows = shape.size() < 2 ? 1 : shape[shape.size() - 2];
  double glorot = std::sqrt(6.0 / (rows + columns));
  for (double &value : array.values)
    switch (init.getKind()) {
    case recur::InitKind::constant:
      value = a;
      break;
    case recur::InitKind::xavier:
      value = glorot * (2 * random.uniform() - 1);
      break;
    case recur::InitKind::he:
      value = std::sqrt(2.0 / columns) * random.normal();
      break;
    case recur::InitKind::orthogonal:
      value = random.normal();
      break;
    case recur::InitKind::normal:
      value = a * random.normal();
      break;
    case recur::InitKind::uniform:
      value = a + (b - a) * random.uniform();
      break;
    }
  if (init.getKind() == recur::InitKind::orthogonal)
    orthogonalize(array.values.data(), array.values.size() / columns, columns);
  return array;
}

} // namespace

Arrays seqc::interp::initialParams(const Interpreter &interpreter, uint64_t seed) {
  seqc::run::Random random({seed});
  Arrays params;
  for (const Node &node : interpreter.getGraph().nodes)
    if (auto param = dyn_cast<recur::ParamOp>(node.op)) {
      std::string name = node.frame->paramPrefix + param.getName().str();
      if (!params.count(name)) // two applications of one instance share it
        params[name] = draw(param, random);
    }
  return params;
}
