//===- LstmTest.cpp - A compiled LSTM and its adjoint against plain loops --------===//
#include "Program.h"
#include "Systems.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace seqc::test;

namespace {

using Array = std::vector<double>;

Array numbers(int64_t count, unsigned seed, double scale) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-scale, scale);
  Array result(count);
  for (double &number : result)
    number = float(uniform(generator));
  return result;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Forward and backward as a textbook writes them, in double precision.
struct Reference {
  int64_t T, B, H, I;
  std::vector<int64_t> lengths;
  Array x, U, W, b, h0, c0, d_h, d_hT;
  Array f, i, o, g, c, h;
  Array d_x, d_U, d_W, d_b, d_h0, d_c0;

  int64_t at(int64_t t, int64_t row) const { return (t * B + row) * H; }

  void forward() {
    for (Array *tape : {&f, &i, &o, &g, &c, &h})
      tape->assign(T * B * H, 0);
    Array *gates[] = {&f, &i, &o, &g};
    for (int64_t row = 0; row < B; ++row)
      for (int64_t t = 0; t < lengths[row]; ++t) {
        const double *hp = t ? &h[at(t - 1, row)] : &h0[row * H], *cp = t ? &c[at(t - 1, row)] : &c0[row * H];
        for (int64_t j = 0; j < H; ++j) {
          for (int64_t gate = 0; gate < 4; ++gate) {
            double z = b[gate * H + j];
            for (int64_t k = 0; k < I; ++k)
              z += W[(gate * H + j) * I + k] * x[(t * B + row) * I + k];
            for (int64_t k = 0; k < H; ++k)
              z += U[(gate * H + j) * H + k] * hp[k];
            (*gates[gate])[at(t, row) + j] = gate == 3 ? std::tanh(z) : sigmoid(z);
          }
          int64_t n = at(t, row) + j;
          c[n] = f[n] * cp[j] + i[n] * g[n];
          h[n] = o[n] * std::tanh(c[n]);
        }
      }
  }

  void backward() {
    d_x.assign(T * B * I, 0);
    d_U.assign(U.size(), 0);
    d_W.assign(W.size(), 0);
    d_b.assign(b.size(), 0);
    d_h0.assign(B * H, 0);
    d_c0.assign(B * H, 0);
    for (int64_t row = 0; row < B; ++row) {
      // What flows back to the state; with no step at all the given gradient does not pass through this system.
      Array dh(H, 0), dc(H, 0), dz(4 * H);
      for (int64_t t = lengths[row] - 1; t >= 0; --t) {
        const double *hp = t ? &h[at(t - 1, row)] : &h0[row * H], *cp = t ? &c[at(t - 1, row)] : &c0[row * H];
        for (int64_t j = 0; j < H; ++j) {
          int64_t n = at(t, row) + j;
          double d = dh[j] + d_h[n] + (t == lengths[row] - 1 ? d_hT[row * H + j] : 0), tc = std::tanh(c[n]);
          double e = dc[j] + d * o[n] * (1 - tc * tc);
          dz[j] = e * cp[j] * f[n] * (1 - f[n]);
          dz[H + j] = e * g[n] * i[n] * (1 - i[n]);
          dz[2 * H + j] = d * tc * o[n] * (1 - o[n]);
          dz[3 * H + j] = e * i[n] * (1 - g[n] * g[n]);
          dc[j] = e * f[n];
        }
        std::fill(dh.begin(), dh.end(), 0);
        for (int64_t j = 0; j < 4 * H; ++j) {
          d_b[j] += dz[j];
          for (int64_t k = 0; k < H; ++k) {
            d_U[j * H + k] += dz[j] * hp[k];
            dh[k] += dz[j] * U[j * H + k];
          }
          for (int64_t k = 0; k < I; ++k) {
            d_W[j * I + k] += dz[j] * x[(t * B + row) * I + k];
            d_x[(t * B + row) * I + k] += dz[j] * W[j * I + k];
          }
        }
      }
      for (int64_t j = 0; j < H; ++j) {
        d_h0[row * H + j] = dh[j];
        d_c0[row * H + j] = dc[j];
      }
    }
  }
};

void expectNear(const Call &call, const std::string &key, const Array &expected, double tolerance) {
  Array actual = call.get(key);
  ASSERT_EQ(actual.size(), expected.size()) << key;
  double scale = 1;
  for (double value : expected)
    scale = std::max(scale, std::abs(value));
  for (size_t n = 0; n < actual.size(); ++n)
    ASSERT_LE(std::abs(actual[n] - expected[n]), tolerance * scale) << key << " element " << n;
}

class Lstm : public testing::TestWithParam<SystemRun> {
protected:
  void SetUp() override {
    auto [T, B, H, I, type, target] = GetParam();
    reference.T = T, reference.B = B, reference.H = H, reference.I = I;
    for (int64_t b = 0; b < B; ++b)
      reference.lengths.push_back(b == 0 ? T : (b * 7) % (T + 1));
    reference.x = numbers(T * B * I, 1, 1);
    reference.U = numbers(4 * H * H, 2, 1 / std::sqrt(double(H)));
    reference.W = numbers(4 * H * I, 3, 1 / std::sqrt(double(I)));
    reference.b = numbers(4 * H, 4, 1);
    reference.h0 = numbers(B * H, 5, 1);
    reference.c0 = numbers(B * H, 6, 1);
    reference.d_h = numbers(T * B * H, 7, 1);
    reference.d_hT = numbers(B * H, 8, 1);
    reference.forward();
    reference.backward();
    tolerance = type == std::string("f64") ? 1e-12 : 2e-5;
  }

  /// `x`, with NaN in the padding.
  Array padded() const {
    Array x = reference.x;
    for (int64_t b = 0; b < reference.B; ++b)
      for (int64_t t = reference.lengths[b]; t < reference.T; ++t)
        for (int64_t k = 0; k < reference.I; ++k)
          x[(t * reference.B + b) * reference.I + k] = NAN;
    return x;
  }

  Sizes sizes() const { return {GetParam().H, GetParam().I, GetParam().type}; }

  Reference reference;
  double tolerance;
};

TEST_P(Lstm, ForwardAgreesWithPlainLoops) {
  auto program = Program::compile(lstmForward(sizes()), GetParam().target);
  ASSERT_TRUE(program);
  Call call(*program, reference.T, reference.B, reference.lengths);
  call.set("input x", padded());
  call.set("param U", reference.U);
  call.set("param W", reference.W);
  call.set("param b", reference.b);
  call.set("state h", reference.h0);
  call.set("state c", reference.c0);
  call.run();
  expectNear(call, "tape f", reference.f, tolerance);
  expectNear(call, "tape g", reference.g, tolerance);
  expectNear(call, "tape c", reference.c, tolerance);
  expectNear(call, "tape h", reference.h, tolerance);
}

TEST_P(Lstm, BackwardAgreesWithPlainLoops) {
  auto program = Program::compile(lstmBackward(sizes()), GetParam().target);
  ASSERT_TRUE(program);
  Call call(*program, reference.T, reference.B, reference.lengths);
  call.set("input x", padded());
  call.set("param U", reference.U);
  call.set("param W", reference.W);
  call.set("state h", reference.h0);
  call.set("state c", reference.c0);
  call.set("d_output h", reference.d_h);
  call.set("d_final_state h", reference.d_hT);
  for (auto [name, tape] :
       {std::pair("tape f", &reference.f), std::pair("tape i", &reference.i), std::pair("tape o", &reference.o),
        std::pair("tape g", &reference.g), std::pair("tape c", &reference.c), std::pair("tape h", &reference.h)})
    call.set(name, *tape);
  call.run();
  expectNear(call, "d_input x", reference.d_x, tolerance);
  expectNear(call, "d_param U", reference.d_U, tolerance);
  expectNear(call, "d_param W", reference.d_W, tolerance);
  expectNear(call, "d_param b", reference.d_b, tolerance);
  expectNear(call, "d_state h", reference.d_h0, tolerance);
  expectNear(call, "d_state c", reference.d_c0, tolerance);
}

// Whatever tile a row falls into, and whether its steps come in one call or one by one.
TEST_P(Lstm, RowsAndStepsAreBitIdenticalAlone) {
  auto program = Program::compile(lstmForward(sizes()), GetParam().target);
  ASSERT_TRUE(program);
  int64_t T = reference.T, B = reference.B, H = reference.H, I = reference.I;
  auto setUp = [&](Call &call, const Array &x, const Array &h0, const Array &c0) {
    call.set("input x", x);
    call.set("param U", reference.U);
    call.set("param W", reference.W);
    call.set("param b", reference.b);
    call.set("state h", h0);
    call.set("state c", c0);
    call.run();
  };
  Call together(*program, T, B);
  setUp(together, reference.x, reference.h0, reference.c0);
  Array expected = together.get("tape h");
  for (int64_t row = 0; row < std::min<int64_t>(B, 3); ++row) {
    Array h(reference.h0.begin() + row * H, reference.h0.begin() + (row + 1) * H);
    Array c(reference.c0.begin() + row * H, reference.c0.begin() + (row + 1) * H);
    for (int64_t t = 0; t < T; ++t) {
      auto x = reference.x.begin() + (t * B + row) * I;
      Call step(*program, 1, 1);
      setUp(step, Array(x, x + I), h, c);
      h = step.get("final_state h");
      c = step.get("final_state c");
      for (int64_t j = 0; j < H; ++j)
        ASSERT_EQ(h[j], expected[reference.at(t, row) + j]) << "t " << t << " row " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, Lstm,
    testing::Values(SystemRun{4, 3, 5, 3, "f32", "native"}, SystemRun{0, 2, 5, 3, "f32", "native"},
                    SystemRun{3, 0, 5, 3, "f32", "native"}, SystemRun{1, 1, 16, 8, "f32", "native"},
                    SystemRun{30, 17, 40, 23, "f32", "native"}, SystemRun{30, 17, 40, 23, "f64", "native"},
                    SystemRun{6, 3, 33, 70, "f32", "x86-64"}, SystemRun{6, 3, 33, 70, "f64", "x86-64-v2"},
                    SystemRun{6, 13, 33, 70, "f32", "x86-64-v3"}, SystemRun{6, 1, 130, 64, "f64", "x86-64-v3"}),
    [](const auto &info) { return nameOf(info.param); });

} // namespace
