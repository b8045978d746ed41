//===- Tensor.h - Arrays with an element type and a shape -----------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TENSOR_H
#define SEQC_SEQ_RUN_TENSOR_H

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seqc::run {

/// The element types of the safetensors format that seq-run reads.
enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };

size_t elementSize(DType dtype);
std::string_view dtypeName(DType dtype);
std::optional<DType> parseDType(std::string_view name);

using Shape = std::vector<int64_t>;

/// "[6, 3, 5]".
std::string shapeText(const Shape &shape);
int64_t elementCount(const Shape &shape);

/// Memory aligned as the compiled library wants its own. Much of it comes in large pages where the system has them:
/// rows and weights that are used together lie far apart, and a processor remembers few pages at a time.
void *allocateAligned(size_t bytes, std::align_val_t alignment);

/// The same for containers.
template <typename T> struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  AlignedAllocator() = default;
  template <typename U> AlignedAllocator(const AlignedAllocator<U> &) {}

  T *allocate(size_t count) { return static_cast<T *>(allocateAligned(count * sizeof(T), alignment)); }
  void deallocate(T *data, size_t) { ::operator delete(data, alignment); }
  friend bool operator==(const AlignedAllocator &, const AlignedAllocator &) { return true; }
  friend bool operator!=(const AlignedAllocator &, const AlignedAllocator &) { return false; }
};

using AlignedBytes = std::vector<std::byte, AlignedAllocator<std::byte>>;

/// A dense row-major array that owns its elements.
class Tensor {
public:
  Tensor() = default;
  /// All elements zero.
  Tensor(DType dtype, Shape shape);

  DType dtype() const { return type; }
  const Shape &shape() const { return dims; }
  int64_t elements() const { return count; }
  size_t byteSize() const { return count * elementSize(type); }

  std::byte *bytes() { return storage.data(); }
  const std::byte *bytes() const { return storage.data(); }
  template <typename T> T *as() { return reinterpret_cast<T *>(storage.data()); }
  template <typename T> const T *as() const { return reinterpret_cast<const T *>(storage.data()); }

  /// Element `index` as a number, whatever its type.
  double at(int64_t index) const;
  /// Stores a number; only for F64, F32, I64, I32, U8 and Bool.
  void set(int64_t index, double value);

  /// The same elements under another shape with as many elements.
  Tensor reshaped(Shape shape) const;

private:
  DType type = DType::F32;
  Shape dims = {0};
  int64_t count = 0;
  AlignedBytes storage;
};

/// The same numbers as F32 or F64.
Tensor toReal(const Tensor &tensor, DType dtype);

/// The same numbers as I64, I32, U8 or Bool; nothing if one of them is no integer or out of the type's range.
std::optional<Tensor> toInteger(const Tensor &tensor, DType dtype);

/// Calls `body` with a zero of the C++ type of a real dtype.
template <typename Body> void withReal(DType dtype, Body &&body) {
  if (dtype == DType::F64)
    body(double(0));
  else
    body(float(0));
}

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TENSOR_H
