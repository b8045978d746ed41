//===- PhasesTest.cpp - Compiled phases against plain loops ----------------------===//
#include "Program.h"
#include "Systems.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace seqc::test;

namespace {

std::vector<double> numbers(int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> result(count);
  for (double &number : result)
    number = float(uniform(generator));
  return result;
}

class Elman : public testing::TestWithParam<SystemRun> {};

TEST_P(Elman, AgreesWithPlainLoops) {
  auto [T, B, H, I, type, target] = GetParam();
  auto program = Program::compile(elmanForward({H, I, type}), target);
  ASSERT_TRUE(program);
  std::vector<int64_t> lengths(B);
  for (int64_t b = 0; b < B; ++b)
    lengths[b] = b == 0 ? T : (b * 7) % (T + 1);
  Call call(*program, T, B, lengths);
  auto x = numbers(T * B * I, 1), U = numbers(H * H, 2), W = numbers(H * I, 3), bias = numbers(H, 4);
  auto h0 = numbers(B * H, 5);
  for (int64_t b = 0; b < B; ++b)
    for (int64_t t = lengths[b]; t < T; ++t)
      for (int64_t i = 0; i < I; ++i)
        x[(t * B + b) * I + i] = NAN;
  for (double &u : U)
    u /= double(H);
  call.set("input x", x);
  call.set("param U", U);
  call.set("param W", W);
  call.set("param b", bias);
  call.set("state h", h0);
  call.run();

  auto h = call.get("output h"), hn = call.get("final_state h");
  double tolerance = type == std::string("f64") ? 1e-13 : 3e-6;
  for (int64_t b = 0; b < B; ++b) {
    std::vector<double> state(h0.begin() + b * H, h0.begin() + (b + 1) * H);
    for (int64_t t = 0; t < T; ++t) {
      std::vector<double> next(H, 0);
      for (int64_t i = 0; i < H && t < lengths[b]; ++i) {
        double sum = bias[i];
        for (int64_t k = 0; k < I; ++k)
          sum += W[i * I + k] * x[(t * B + b) * I + k];
        for (int64_t k = 0; k < H; ++k)
          sum += U[i * H + k] * state[k];
        next[i] = std::tanh(sum);
      }
      for (int64_t i = 0; i < H; ++i)
        ASSERT_NEAR(h[(t * B + b) * H + i], next[i], tolerance) << "t " << t << " b " << b << " i " << i;
      if (t < lengths[b])
        state = next;
    }
    for (int64_t i = 0; i < H; ++i)
      ASSERT_NEAR(hn[b * H + i], state[i], tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, Elman,
    testing::Values(SystemRun{3, 2, 4, 3, "f32", "native"}, SystemRun{0, 2, 4, 3, "f32", "native"},
                    SystemRun{5, 0, 4, 3, "f32", "native"}, SystemRun{7, 17, 37, 19, "f32", "native"},
                    SystemRun{7, 17, 37, 19, "f64", "native"}, SystemRun{4, 1, 100, 5, "f32", "x86-64"},
                    SystemRun{4, 3, 130, 33, "f32", "native"},
                    // A last panel with less than one vector.
                    SystemRun{4, 3, 130, 33, "f32", "x86-64-v3"}, SystemRun{4, 13, 64, 64, "f32", "native"},
                    SystemRun{4, 3, 130, 33, "f64", "x86-64-v2"}, SystemRun{3, 9, 1, 1, "f32", "native"}),
    [](const auto &info) { return nameOf(info.param); });

} // namespace
