//===- Shapes.h - The sizes that rows are measured at --------------------------*- C++ -*-===//
#ifndef SEQC_BENCH_SHAPES_H
#define SEQC_BENCH_SHAPES_H

#include <cstdint>
#include <string>

namespace seqc::bench {

struct Shape {
  int64_t T, B, H; ///< I = H
};

constexpr Shape batchedShapes[] = {{64, 64, 512}, {64, 32, 256}, {35, 20, 650}, {100, 16, 1024}};
/// Between and beside those, where a kernel may have a hole.
constexpr Shape otherShapes[] = {{64, 2, 1024}, {40, 8, 1024}, {64, 4, 512},
                                 {64, 10, 200}, {64, 16, 128}, {64, 128, 64}};
constexpr Shape singleShapes[] = {{100, 1, 512}, {100, 1, 128}, {2000, 1, 64}, {2000, 1, 32}, {2000, 1, 16}};

/// "inference/LSTM/64,64,512".
inline std::string rowName(const std::string &work, const std::string &what, const Shape &shape) {
  return work + "/" + what + "/" + std::to_string(shape.T) + "," + std::to_string(shape.B) + "," +
         std::to_string(shape.H);
}

} // namespace seqc::bench

#endif // SEQC_BENCH_SHAPES_H
