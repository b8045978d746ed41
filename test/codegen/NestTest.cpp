//===- NestTest.cpp - Phases that are no tile of products ------------------------===//
#include "Program.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace seqc::test;

namespace {

using Array = std::vector<double>;

/// A system with the given slots and groups.
std::string system(const std::string &body) {
  return R"(
!s = !recur.slot<tensor<f32>>
!i = !recur.slot<tensor<i32>>
!m = !recur.slot<tensor<i1>>
!v = !recur.slot<tensor<21xf32>>
!w = !recur.slot<tensor<5x21xf32>>
!q = !recur.slot<tensor<5x5xf32>>
recur.system @M {
)" + body +
         "\n}\n";
}

Array ramp(int64_t count, double from = -1, double step = 0.01) {
  Array values(count);
  for (int64_t n = 0; n < count; ++n)
    values[n] = float(from + step * double(n * 37 % 101));
  return values;
}

const int64_t T = 4, B = 3, F = 21;
const std::vector<int64_t> lengths = {4, 2, 0};

template <typename Body> void overValid(Body body) {
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b)
      if (t < lengths[b])
        body(t, b, t * B + b);
}

TEST(Nest, ReducesAlongTheLastDim) {
  auto program = Program::compile(system(R"(
  %x = recur.slot input "x" time batch : !v
  %max = recur.slot output "max" time batch : !s
  %sum = recur.slot output "sum" time batch : !recur.slot<tensor<1xf32>>
  recur.map {
    recur.phase "max" space [] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<21xf32>
      %r = recur.reduce max %xt dim 0 : tensor<21xf32> -> tensor<f32>
      recur.write %r, %max offset 0 strides [] : tensor<f32>, !s
    }
    recur.phase "sum" space [1] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<21xf32>
      %r = recur.reduce sum %xt dim 0 keep : tensor<21xf32> -> tensor<1xf32>
      recur.write %r, %sum offset 0 strides [1] : tensor<1xf32>, !recur.slot<tensor<1xf32>>
    }
  })"));
  Call call(*program, T, B, lengths);
  Array x = ramp(T * B * F, -2);
  call.set("input x", x);
  call.run();
  Array max = call.get("output max"), sum = call.get("output sum");
  for (int64_t r = 0; r < T * B; ++r) {
    double largest = -std::numeric_limits<double>::infinity(), total = 0;
    for (int64_t k = 0; k < F; ++k) {
      largest = std::max(largest, x[r * F + k]);
      total += x[r * F + k];
    }
    bool valid = r / B < lengths[r % B];
    EXPECT_EQ(max[r], valid ? largest : 0);
    EXPECT_NEAR(sum[r], valid ? total : 0, 1e-5);
  }
}

TEST(Nest, MultipliesMatricesThatVaryInTime) {
  auto program = Program::compile(system(R"(
  %a = recur.slot input "a" time batch : !w
  %v = recur.slot input "v" time batch : !v
  %y = recur.slot output "y" time batch : !recur.slot<tensor<5xf32>>
  %q = recur.slot output "q" time batch : !q
  %p = recur.slot output "p" time batch : !w
  recur.map {
    recur.phase "y" space [5] {
      %at = recur.read %a offset 0 strides [21, 1] : (!w) -> tensor<5x21xf32>
      %vt = recur.read %v offset 0 strides [1] : (!v) -> tensor<21xf32>
      %r = recur.matmul %at, %vt : (tensor<5x21xf32>, tensor<21xf32>) -> tensor<5xf32>
      recur.write %r, %y offset 0 strides [1] : tensor<5xf32>, !recur.slot<tensor<5xf32>>
    }
    recur.phase "q" space [5, 5] {
      %at = recur.read %a offset 0 strides [21, 1] : (!w) -> tensor<5x21xf32>
      %bt = recur.read %a offset 0 strides [1, 21] : (!w) -> tensor<21x5xf32>
      %r = recur.matmul %at, %bt : (tensor<5x21xf32>, tensor<21x5xf32>) -> tensor<5x5xf32>
      recur.write %r, %q offset 0 strides [5, 1] : tensor<5x5xf32>, !q
    }
    recur.phase "p" space [5, 21] {
      %qt = recur.read %q offset 0 strides [5, 1] : (!q) -> tensor<5x5xf32>
      %at = recur.read %a offset 0 strides [21, 1] : (!w) -> tensor<5x21xf32>
      %r = recur.matmul %qt, %at : (tensor<5x5xf32>, tensor<5x21xf32>) -> tensor<5x21xf32>
      recur.write %r, %p offset 0 strides [21, 1] : tensor<5x21xf32>, !w
    }
  })"));
  Call call(*program, T, B);
  Array a = ramp(T * B * 5 * F), v = ramp(T * B * F, 0.5, -0.02);
  call.set("input a", a);
  call.set("input v", v);
  call.run();
  Array y = call.get("output y"), q = call.get("output q"), p = call.get("output p");
  for (int64_t r = 0; r < T * B; ++r)
    for (int64_t i = 0; i < 5; ++i) {
      const double *row = &a[(r * 5 + i) * F];
      double product = 0;
      for (int64_t k = 0; k < F; ++k)
        product += row[k] * v[r * F + k];
      EXPECT_NEAR(y[r * 5 + i], product, 1e-5);
      for (int64_t j = 0; j < 5; ++j) {
        double square = 0;
        for (int64_t k = 0; k < F; ++k)
          square += row[k] * a[(r * 5 + j) * F + k];
        EXPECT_NEAR(q[(r * 5 + i) * 5 + j], square, 1e-5);
      }
      for (int64_t k = 0; k < F; ++k) {
        double back = 0;
        for (int64_t j = 0; j < 5; ++j)
          back += q[(r * 5 + i) * 5 + j] * a[(r * 5 + j) * F + k];
        EXPECT_NEAR(p[(r * 5 + i) * F + k], back, 1e-5);
      }
    }
}

// Also that ids of padding are not looked up: they are far outside the table here.
TEST(Nest, LooksUpRowsAndAddsToThem) {
  auto program = Program::compile(system(R"(
  %id = recur.slot input "id" time batch : !i
  %table = recur.slot param "table" : !w
  %e = recur.slot output "e" time batch : !v
  %d = recur.slot d_param "table" zeroed : !w
  recur.map {
    recur.phase "e" space [21] {
      %r = recur.read %table id %id stride 21 offset 0 strides [1] : (!w, !i) -> tensor<21xf32>
      recur.write %r, %e offset 0 strides [1] : tensor<21xf32>, !v
    }
    recur.phase "d.table" space [21] total {
      %r = recur.read %e offset 0 strides [1] : (!v) -> tensor<21xf32>
      recur.accumulate %r, %d id %id : !i stride 21 offset 0 strides [1] : tensor<21xf32>, !w
    }
  })"));
  Call call(*program, T, B, lengths);
  Array id(T * B, 2e9), table = ramp(5 * F), sums(5 * F, 0);
  overValid([&](int64_t, int64_t, int64_t r) { id[r] = double(r * 3 % 5); });
  call.set("input id", id);
  call.set("param table", table);
  call.run();
  Array e = call.get("output e"), d = call.get("d_param table");
  overValid([&](int64_t, int64_t, int64_t r) {
    for (int64_t k = 0; k < F; ++k) {
      EXPECT_EQ(e[r * F + k], table[int64_t(id[r]) * F + k]);
      sums[int64_t(id[r]) * F + k] += e[r * F + k];
    }
  });
  for (size_t n = 0; n < sums.size(); ++n)
    EXPECT_NEAR(d[n], sums[n], 1e-5);
}

TEST(Nest, SelectsByMasksComparesAndCounts) {
  auto program = Program::compile(system(R"(
  %x = recur.slot input "x" time batch : !v
  %m = recur.slot input "m" time batch : !m
  %id = recur.slot input "id" time batch : !i
  %y = recur.slot output "y" time batch : !v
  %hot = recur.slot output "hot" time batch : !v
  %n = recur.slot output "n" : !s
  recur.map {
    recur.phase "y" space [21] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<21xf32>
      %mt = recur.read %m offset 0 strides [0] : (!m) -> tensor<21xi1>
      %zero = recur.constant dense<0.25> : tensor<21xf32>
      %big = recur.compare gt %xt, %zero : tensor<21xf32> -> tensor<21xi1>
      %c = recur.select %mt, %xt, %zero : tensor<21xi1>, tensor<21xf32>
      %b = recur.to_real %big : tensor<21xi1> -> tensor<21xf32>
      %s = recur.sign %c : tensor<21xf32>
      %p = recur.mul %s, %c : tensor<21xf32>
      %r = recur.max %p, %b : tensor<21xf32>
      recur.write %r, %y offset 0 strides [1] : tensor<21xf32>, !v
    }
    recur.phase "hot" space [21] {
      %iota = recur.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]>
        : tensor<21xi32>
      %it = recur.read %id offset 0 strides [0] : (!i) -> tensor<21xi32>
      %e = recur.compare eq %it, %iota : tensor<21xi32> -> tensor<21xi1>
      %r = recur.to_real %e : tensor<21xi1> -> tensor<21xf32>
      recur.write %r, %hot offset 0 strides [1] : tensor<21xf32>, !v
    }
  }
  recur.once {
    recur.phase "n" space [] {
      %r = recur.count : tensor<f32>
      recur.write %r, %n offset 0 strides [] : tensor<f32>, !s
    }
  })"));
  Call call(*program, T, B, lengths);
  Array x = ramp(T * B * F), m(T * B), id(T * B);
  for (int64_t r = 0; r < T * B; ++r) {
    m[r] = double(r % 2);
    id[r] = double(r % 21);
  }
  call.set("input x", x);
  call.set("input m", m);
  call.set("input id", id);
  call.run();
  Array y = call.get("output y"), hot = call.get("output hot");
  overValid([&](int64_t, int64_t, int64_t r) {
    for (int64_t k = 0; k < F; ++k) {
      double value = x[r * F + k], chosen = m[r] != 0 ? value : 0.25;
      EXPECT_FLOAT_EQ(float(y[r * F + k]), float(std::max(std::abs(chosen), value > 0.25 ? 1.0 : 0.0)));
      EXPECT_EQ(hot[r * F + k], k == int64_t(id[r]) ? 1 : 0);
    }
  });
  EXPECT_EQ(call.get("output n")[0], 6);
}

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

TEST(Nest, DrawsMasksFromTheCounterBasedGenerator) {
  auto program = Program::compile(system(R"(
  %y = recur.slot output "y" time batch : !v
  %z = recur.slot output "z" time batch : !v
  recur.map {
    recur.phase "y" space [21] {
      %r = recur.random_mask 0.3 site 5 : tensor<21xf32>
      recur.write %r, %y offset 0 strides [1] : tensor<21xf32>, !v
    }
    recur.phase "z" space [21] {
      %r = recur.random_mask 0.3 site 6 shared : tensor<21xf32>
      recur.write %r, %z offset 0 strides [1] : tensor<21xf32>, !v
    }
  })"));
  Call call(*program, T, B);
  call.frame().seed = 0x123456789abcdef0u;
  call.run();
  for (double value : call.get("output y"))
    EXPECT_EQ(value, 1) << "outside training";
  call.frame().training = 1;
  call.run();
  auto draw = [](uint64_t site, uint64_t t, uint64_t b, uint64_t e) {
    uint64_t x = 0x123456789abcdef0u ^ (site * 0x9E3779B97F4A7C15u);
    x = mix(mix(mix(x + t * 0xBF58476D1CE4E5B9u) + b * 0x94D049BB133111EBu) + e);
    return double(x >> 40) / 16777216 < 0.3 ? 0.0 : double(float(1 / 0.7));
  };
  Array y = call.get("output y"), z = call.get("output z");
  for (int64_t n = 0; n < T * B * F; ++n) {
    int64_t t = n / F / B, b = n / F % B, e = n % F;
    EXPECT_EQ(y[n], draw(5, t, b, e));
    EXPECT_EQ(z[n], draw(6, 0, b, e));
  }
}

TEST(Nest, ReadsOneBoundarySlotAStepAndZerosBeyond) {
  auto program = Program::compile(system(R"(
  %x = recur.slot input "x" time batch : !s
  %p = recur.slot state "x" batch : !s
  %q = recur.slot state "x" index 1 batch : !s
  %y = recur.slot output "y" time batch : !s
  %z = recur.slot output "z" time batch : !s
  %last = recur.slot final_state "x" batch : !s
  recur.map {
    recur.phase "y" space [] {
      %r = recur.read %x shift -3 boundary %p, %q offset 0 strides [] : (!s, !s, !s) -> tensor<f32>
      %f = recur.read %x shift 2 boundary %q offset 0 strides [] : (!s, !s) -> tensor<f32>
      recur.write %r, %y offset 0 strides [] : tensor<f32>, !s
      recur.write %f, %z offset 0 strides [] : tensor<f32>, !s
    }
  }
  recur.at end offset -2 {
    recur.phase "last" space [] {
      %r = recur.read %x boundary %p, %q offset 0 strides [] : (!s, !s, !s) -> tensor<f32>
      recur.write %r, %last offset 0 strides [] : tensor<f32>, !s
    }
  })"));
  Call call(*program, T, B, lengths);
  Array x = ramp(T * B), p = {10, 11, 12}, q = {20, 21, 22};
  call.set("input x", x);
  call.set("state x", p);
  call.set("state x 1", q);
  call.run();
  Array y = call.get("output y"), z = call.get("output z"), last = call.get("final_state x");
  overValid([&](int64_t t, int64_t b, int64_t r) {
    double before[] = {0, q[b], p[b]};
    EXPECT_EQ(y[r], t < 3 ? before[t] : x[(t - 3) * B + b]);
    int64_t after = t + 2 - lengths[b];
    EXPECT_EQ(z[r], after < 0 ? x[(t + 2) * B + b] : after == 0 ? q[b] : 0);
  });
  EXPECT_EQ(last, (Array{x[2 * B], x[1], q[2]}));
}

TEST(Nest, TotalsOfBoundariesStopWhereTheCallerGivesTheState) {
  auto program = Program::compile(system(R"(
  %p = recur.slot param "p" : !v
  %h = recur.slot state "h" batch fallback %p : !v : !v
  %d = recur.slot d_param "p" zeroed : !v
  recur.at start offset -1 {
    recur.phase "d.p" space [21] total {
      %r = recur.read %h offset 0 strides [1] : (!v) -> tensor<21xf32>
      recur.accumulate %r, %d offset 0 strides [1] unless_given %h : !v : tensor<21xf32>, !v
    }
  })"));
  Call given(*program, T, B);
  given.set("state h", ramp(B * F));
  given.set("param p", ramp(F));
  given.run();
  EXPECT_EQ(given.get("d_param p"), Array(F, 0));
  Call omitted(*program, T, B);
  omitted.set("param p", Array(F, 2));
  omitted.omit("state h");
  omitted.run();
  EXPECT_EQ(omitted.get("d_param p"), Array(F, 2.0 * B));
}

TEST(Nest, HeadsOfWeightsGoInParallel) {
  auto program = Program::compile(system(R"(
  %W = recur.slot param "W" : !recur.slot<tensor<3x7x5xf32>>
  %x = recur.slot input "x" time batch : !recur.slot<tensor<3x5xf32>>
  %y = recur.slot output "y" time batch : !recur.slot<tensor<3x7xf32>>
  recur.map {
    recur.phase "y" space [3, 7] {
      %w = recur.read %W offset 0 strides [35, 5, 1] : (!recur.slot<tensor<3x7x5xf32>>) -> tensor<3x7x5xf32>
      %v = recur.read %x offset 0 strides [5, 1] : (!recur.slot<tensor<3x5xf32>>) -> tensor<3x5xf32>
      %r = recur.matmul %w, %v : (tensor<3x7x5xf32>, tensor<3x5xf32>) -> tensor<3x7xf32>
      recur.write %r, %y offset 0 strides [7, 1] : tensor<3x7xf32>, !recur.slot<tensor<3x7xf32>>
    }
  })"));
  Call call(*program, T, B);
  Array W = ramp(105), x = ramp(T * B * 15, 0.3);
  call.set("param W", W);
  call.set("input x", x);
  call.run();
  Array y = call.get("output y");
  for (int64_t n = 0; n < T * B * 21; ++n) {
    double sum = 0;
    for (int64_t k = 0; k < 5; ++k)
      sum += W[n % 21 * 5 + k] * x[n / 7 * 5 + k];
    EXPECT_NEAR(y[n], sum, 1e-5);
  }
}

} // namespace
