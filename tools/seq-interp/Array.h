//===- Array.h - Named arrays of f64 --------------------------------*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQ_INTERP_ARRAY_H
#define SEQC_TOOLS_SEQ_INTERP_ARRAY_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace seqc::interp {

/// A row-major array. Everything is a double here: ids and masks are exact in it.
struct Array {
  std::vector<int64_t> shape;
  std::vector<double> values;

  static Array zeros(std::vector<int64_t> shape);
};

/// Ordered, so that whatever is printed or written comes out the same every time.
using Arrays = std::map<std::string, Array>;

inline int64_t countElements(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

inline Array Array::zeros(std::vector<int64_t> shape) {
  int64_t count = countElements(shape);
  return Array{std::move(shape), std::vector<double>(count, 0.0)};
}

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_ARRAY_H
