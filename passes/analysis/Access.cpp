//===- Access.cpp - Where the elements of a view are -------------------------------===//
#include "passes/analysis/Access.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace recur {

Strides rowMajorStrides(ArrayRef<int64_t> shape) {
  Strides strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0; stride *= shape[i])
    strides[i] = stride;
  return strides;
}

Access Access::whole(Value base) {
  Access access;
  access.base = base;
  access.shape.assign(cast<RankedTensorType>(base.getType()).getShape().begin(),
                      cast<RankedTensorType>(base.getType()).getShape().end());
  access.strides = rowMajorStrides(access.shape);
  return access;
}

bool Access::isWhole() const {
  return isOfThisStep() && offset == 0 && ArrayRef(shape) == cast<RankedTensorType>(base.getType()).getShape() &&
         strides == rowMajorStrides(shape);
}

void Access::slice(int64_t dim, int64_t begin, int64_t size) {
  offset += begin * strides[dim];
  shape[dim] = size;
}

void Access::transpose() {
  std::swap(strides[strides.size() - 1], strides[strides.size() - 2]);
  std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
}

void Access::broadcast(ArrayRef<int64_t> to) {
  Strides spread(to.size(), 0);
  size_t missing = to.size() - shape.size();
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == to[missing + i])
      spread[missing + i] = strides[i];
  strides = spread;
  shape.assign(to.begin(), to.end());
}

/// Merges dims that follow each other without a gap.
static void mergeDims(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides, SmallVectorImpl<int64_t> &sizes,
                      Strides &steps) {
  for (auto [size, stride] : llvm::zip(shape, strides)) {
    if (size == 1)
      continue;
    if (!sizes.empty() && steps.back() == size * stride) {
      sizes.back() *= size;
      steps.back() = stride;
      continue;
    }
    sizes.push_back(size);
    steps.push_back(stride);
  }
}

bool Access::reshape(ArrayRef<int64_t> to) {
  SmallVector<int64_t, 4> sizes;
  Strides steps;
  mergeDims(shape, strides, sizes, steps);
  // Each merged dim, innermost first, must be a product of new dims.
  Strides result(to.size(), 1);
  size_t next = sizes.size();
  int64_t rest = 1, stride = 1;
  for (size_t i = to.size(); i-- > 0;) {
    if (to[i] == 1)
      continue;
    if (rest == 1) {
      if (next == 0)
        return false;
      --next;
      rest = sizes[next];
      stride = steps[next];
    }
    if (rest % to[i] != 0)
      return false;
    result[i] = stride;
    stride *= to[i];
    rest /= to[i];
  }
  strides = result;
  shape.assign(to.begin(), to.end());
  return true;
}

} // namespace recur
