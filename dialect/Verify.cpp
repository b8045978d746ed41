//===- Verify.cpp - What spans operands ----------------------------------------===//
#include "dialect/Recur.h"

using namespace mlir;
using namespace recur;

bool MatmulOp::isMatrixVector() { return getB().getType().getRank() + 1 == getA().getType().getRank(); }

int64_t MatmulOp::getDepth() { return getA().getType().getShape().back(); }
