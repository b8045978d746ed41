//===- Tensor.cpp - Arrays with an element type and a shape -----------------------------===//
#include "tools/seq-run/Tensor.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <sys/mman.h>
#include <unistd.h>

using namespace seqc::run;

namespace {

struct DTypeEntry {
  DType dtype;
  std::string_view name;
  size_t size;
};

const DTypeEntry dtypes[] = {
    {DType::F64, "F64", 8}, {DType::F32, "F32", 4},   {DType::F16, "F16", 2}, {DType::BF16, "BF16", 2},
    {DType::I64, "I64", 8}, {DType::I32, "I32", 4},   {DType::I16, "I16", 2}, {DType::I8, "I8", 1},
    {DType::U8, "U8", 1},   {DType::Bool, "BOOL", 1},
};

const DTypeEntry &entryOf(DType dtype) { return dtypes[static_cast<size_t>(dtype)]; }

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float fromBFloat16(uint16_t bits) { return fromBits(uint32_t(bits) << 16); }

float fromHalf(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  int exponent = (bits >> 10) & 0x1f;
  uint32_t mantissa = bits & 0x3ff;
  if (exponent == 0x1f) // infinity and NaN
    return fromBits(sign | 0x7f800000 | mantissa << 13);
  if (exponent == 0) // zero and subnormal numbers
    return (sign ? -1.0f : 1.0f) * std::ldexp(float(mantissa), -24);
  return fromBits(sign | uint32_t(exponent + 112) << 23 | mantissa << 13);
}

template <typename T> T load(const std::byte *bytes, int64_t index) {
  T value;
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T> void store(std::byte *bytes, int64_t index, double value) {
  T element = static_cast<T>(value);
  std::memcpy(bytes + index * sizeof(T), &element, sizeof(T));
}

bool fitsInteger(double value, DType dtype) {
  if (value != std::trunc(value))
    return false; // also refuses NaN; infinity fails the ranges below
  switch (dtype) {
  case DType::I64:
    return std::abs(value) <= 9007199254740992.0; // 2^53, exact in a double
  case DType::I32:
    return value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
  case DType::Bool:
    return value == 0 || value == 1;
  default:
    return value >= 0 && value <= 255;
  }
}

} // namespace

size_t seqc::run::elementSize(DType dtype) { return entryOf(dtype).size; }
std::string_view seqc::run::dtypeName(DType dtype) { return entryOf(dtype).name; }

std::optional<DType> seqc::run::parseDType(std::string_view name) {
  for (const DTypeEntry &entry : dtypes)
    if (entry.name == name)
      return entry.dtype;
  return std::nullopt;
}

std::string seqc::run::shapeText(const Shape &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

void *seqc::run::allocateAligned(size_t bytes, std::align_val_t alignment) {
  constexpr size_t many = size_t(4) << 20; // the threshold of NumPy
  void *memory = ::operator new(bytes, alignment);
  if (bytes < many)
    return memory;
  uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)), start = reinterpret_cast<uintptr_t>(memory);
  uintptr_t first = (start + page - 1) / page * page;
  // Only a wish: where it is refused, pages are as small as usual.
  madvise(reinterpret_cast<void *>(first), start + bytes - first, MADV_HUGEPAGE);
  return memory;
}

int64_t seqc::run::elementCount(const Shape &shape) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

Tensor::Tensor(DType dtype, Shape shape) : type(dtype), dims(std::move(shape)), count(elementCount(dims)) {
  // A spare line keeps the pointer of an empty tensor, and of its copies, valid: a null pointer means "not given".
  storage.resize(byteSize() + 64);
}

double Tensor::at(int64_t index) const {
  const std::byte *data = storage.data();
  switch (type) {
  case DType::F64:
    return load<double>(data, index);
  case DType::F32:
    return load<float>(data, index);
  case DType::F16:
    return fromHalf(load<uint16_t>(data, index));
  case DType::BF16:
    return fromBFloat16(load<uint16_t>(data, index));
  case DType::I64:
    return static_cast<double>(load<int64_t>(data, index));
  case DType::I32:
    return load<int32_t>(data, index);
  case DType::I16:
    return load<int16_t>(data, index);
  case DType::I8:
    return load<int8_t>(data, index);
  case DType::U8:
    return load<uint8_t>(data, index);
  case DType::Bool:
    return load<uint8_t>(data, index) != 0;
  }
  return 0;
}

void Tensor::set(int64_t index, double value) {
  std::byte *data = storage.data();
  switch (type) {
  case DType::F64:
    return store<double>(data, index, value);
  case DType::F32:
    return store<float>(data, index, value);
  case DType::I64:
    return store<int64_t>(data, index, value);
  case DType::I32:
    return store<int32_t>(data, index, value);
  default:
    return store<uint8_t>(data, index, value);
  }
}

Tensor Tensor::reshaped(Shape shape) const {
  Tensor result = *this;
  result.dims = std::move(shape);
  return result;
}

Tensor seqc::run::toReal(const Tensor &tensor, DType dtype) {
  if (tensor.dtype() == dtype)
    return tensor;
  Tensor result(dtype, tensor.shape());
  for (int64_t i = 0; i < tensor.elements(); ++i)
    result.set(i, tensor.at(i));
  return result;
}

std::optional<Tensor> seqc::run::toInteger(const Tensor &tensor, DType dtype) {
  Tensor result(dtype, tensor.shape());
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    double value = tensor.at(i);
    if (!fitsInteger(value, dtype))
      return std::nullopt;
    result.set(i, value);
  }
  return result;
}
