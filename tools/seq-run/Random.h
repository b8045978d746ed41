//===- Random.h - Random numbers that are the same everywhere ---------------------*- C++ -*-===//
//
// The distributions of <random> differ between standard libraries, and training must be repeatable, so this has its
// own. A stream is found from what it is for (seed, epoch, …), not from how many numbers were drawn before: a
// resumed run needs no generator state.
//
//===--------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_RANDOM_H
#define SEQC_SEQ_RUN_RANDOM_H

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace seqc::run {

/// Sebastiano Vigna's splitmix64.
class Random {
public:
  explicit Random(std::initializer_list<uint64_t> purpose) {
    for (uint64_t part : purpose)
      state = mix(state + 0x9E3779B97F4A7C15 + part);
  }

  uint64_t bits() { return mix(state += 0x9E3779B97F4A7C15); }

  /// In [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  /// In [0, bound).
  int64_t below(int64_t bound) { return static_cast<int64_t>(uniform() * static_cast<double>(bound)); }

  /// Standard normal (Box and Muller).
  double normal() {
    double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

  template <typename T> void shuffle(std::vector<T> &values) {
    for (size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[below(i)]);
  }

private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }

  uint64_t state = 0;
};

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_RANDOM_H
