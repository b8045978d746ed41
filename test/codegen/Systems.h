//===- Systems.h - Phases-level systems of any size, as text ---------------------===//
#ifndef SEQC_TEST_CODEGEN_SYSTEMS_H
#define SEQC_TEST_CODEGEN_SYSTEMS_H

#include <cstdint>
#include <string>

namespace seqc::test {

struct Sizes {
  int64_t H, I;
  std::string type = "f32";
};

/// A system of some sizes, compiled for a target and run on T steps of B rows.
struct SystemRun {
  int64_t T, B, H, I;
  const char *type, *target;
};

/// "T4_B3_H5_I3_f32_native".
std::string nameOf(const SystemRun &run);

/// h = tanh(U @ h[t-1] + W @ x + b).
std::string elmanForward(const Sizes &sizes);

/// An LSTM with weights U [4H, H], W [4H, I] and biases b [4H] in the order f, i, o, g; tapes f, i, o, g, c, h.
std::string lstmForward(const Sizes &sizes);

/// Its adjoint: gradients of x, U, W, b, h[0] and c[0] from those of h.
std::string lstmBackward(const Sizes &sizes);

/// y = op(x) for a unary op of the dialect, `length` elements a row.
std::string elementwiseSystem(const std::string &op, const std::string &type, int64_t length);

/// `$name` in `text` becomes a size: $H, $I, $Z = 4H, $1 … $3 = H … 3H, $R the element type.
std::string fill(std::string text, const Sizes &sizes);

} // namespace seqc::test

#endif // SEQC_TEST_CODEGEN_SYSTEMS_H
