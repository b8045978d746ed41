//===- Verify.cpp - What spans operands ----------------------------------------===//
#include "dialect/Recur.h"

using namespace mlir;
using namespace recur;

bool MatmulOp::isMatrixVector() { return getB().getType().getRank() + 1 == getA().getType().getRank(); }

int64_t MatmulOp::getDepth() { return getA().getType().getShape().back(); }

std::optional<double> ConstantOp::getSplat() {
  auto elements = dyn_cast<DenseElementsAttr>(getValue());
  if (!elements || !elements.isSplat())
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  return elements.getSplatValue<APInt>().getSExtValue();
}
