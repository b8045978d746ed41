//===- ActivationTest.cpp - exp, tanh and sigmoid over all of f32 ------------------===//
//
// Every 61st bit pattern, and all around special numbers. This compares every pattern, in six minutes of one core:
//   SEQC_EVERY_PATTERN=1 build/release/bin/activation-test
//
//===------------------------------------------------------------------------------===//
#include "Program.h"
#include "Systems.h"

#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <optional>

using namespace seqc::test;

namespace {

//===-- Exact results, good to 50 bits; short cuts where most patterns lie ----------===//

double exactExp(double x) { return std::abs(x) > 120 ? (x > 0 ? 1e50 : 0) : std::exp(x); }

double exactTanh(double x) {
  if (std::abs(x) < 0x1p-13)
    return x * (1 - x * x / 3);
  return std::abs(x) > 20 ? std::copysign(1, x) : std::tanh(x);
}

double exactSigmoid(double x) {
  if (std::abs(x) < 0x1p-20)
    return 0.5 + x / 4;
  return x > 40 ? 1 : 1 / (1 + exactExp(-x));
}

struct Activation {
  const char *name;
  double (*exact)(double);
  double limit; // ULP from the exact result, as seen over all patterns, rounded up to a tenth
};

void PrintTo(const Activation &which, std::ostream *out) { *out << which.name; }

/// Distance in units of the last place of the exact result. Infinity is the number after the largest.
double ulps(float actual, double exact) {
  if (std::isnan(actual) || std::isnan(exact))
    return std::isnan(actual) == std::isnan(exact) ? 0 : std::numeric_limits<double>::infinity();
  exact = std::clamp(exact, -0x1p128, 0x1p128);
  double value = std::clamp(double(actual), -0x1p128, 0x1p128);
  uint64_t bits;
  std::memcpy(&bits, &exact, 8);
  int64_t exponent = std::max(int64_t(bits >> 52 & 0x7ff) - 1023 - 23, int64_t(-149));
  bits = uint64_t(1023 - exponent) << 52;
  double scale;
  std::memcpy(&scale, &bits, 8);
  return std::abs(value - exact) * scale;
}

/// How many numbers the result is away from the correctly rounded one.
double steps(float actual, double exact) {
  auto place = [](float x) {
    int32_t bits;
    std::memcpy(&bits, &x, 4);
    return bits < 0 ? -double(bits & 0x7fffffff) : double(bits);
  };
  return std::isnan(exact) ? 0 : std::abs(place(actual) - place(float(exact)));
}

/// One compiled function. A row is no multiple of a vector, so its end is computed in shorter ones.
class Compiled {
public:
  static constexpr int64_t rows = 64, columns = 1015, block = rows * columns;

  Compiled(const std::string &name, const std::string &target)
      : program(Program::compile(elementwiseSystem(name, "f32", columns), target)), call(*program, 1, rows) {}

  const float *apply(const std::vector<float> &arguments) {
    std::memcpy(call.data("input x"), arguments.data(), block * sizeof(float));
    call.run();
    return static_cast<const float *>(call.data("output y"));
  }

private:
  std::unique_ptr<Program> program;
  Call call;
};

/// Blocks of patterns: each `stride`-th, and all in the neighbourhood of special numbers.
void forEachBlock(uint64_t stride, llvm::function_ref<void(const std::vector<float> &)> visit) {
  std::vector<float> block;
  auto add = [&](uint32_t pattern) {
    float argument;
    std::memcpy(&argument, &pattern, 4);
    block.push_back(argument);
    if (block.size() == Compiled::block) {
      visit(block);
      block.clear();
    }
  };
  for (uint64_t pattern = 0; pattern < uint64_t(1) << 32; pattern += stride)
    add(uint32_t(pattern));
  for (float special : {0.0f, 0x1p-126f, 0.3466f, 0.5f, 1.0f, 9.01f, 10.0f, 16.64f, 17.33f, 20.0f, 87.34f, 88.72f,
                        103.97f, 105.0f, std::numeric_limits<float>::infinity()})
    for (uint32_t sign : {0x00000000u, 0x80000000u})
      for (uint32_t away = 0; away < 20000; ++away) {
        uint32_t pattern;
        std::memcpy(&pattern, &special, 4);
        add((pattern - 10000 + away) ^ sign);
      }
  while (!block.empty())
    add(0x7fc00000); // NaN
}

class Activations : public testing::TestWithParam<Activation> {
protected:
  struct Worst {
    double ulps = 0, steps = 0;
    float where = 0;
  };

  static void compare(const std::vector<float> &arguments, const std::vector<double> &exact, const float *results,
                      Worst &worst) {
    for (int64_t i = 0; i < Compiled::block; ++i) {
      double error = ulps(results[i], exact[i]);
      if (error > worst.ulps) {
        worst.ulps = error;
        worst.where = arguments[i];
      }
      worst.steps = std::max(worst.steps, steps(results[i], exact[i]));
      if (std::signbit(results[i]) != std::signbit(exact[i]) && !std::isnan(exact[i]))
        ADD_FAILURE() << "sign of zero at " << arguments[i];
    }
  }

  void check(uint64_t stride) {
    const Activation &which = GetParam();
    Compiled native(which.name, "native");
    std::optional<Compiled> narrow, plain;
    if (runs("fma"))
      narrow.emplace(which.name, "x86-64-v3");
    if (runs("sse2"))
      plain.emplace(which.name, "x86-64");
    Worst worst, worstPlain;
    std::vector<double> exact(Compiled::block);
    forEachBlock(stride, [&](const std::vector<float> &arguments) {
      for (int64_t i = 0; i < Compiled::block; ++i)
        exact[i] = which.exact(arguments[i]);
      const float *results = native.apply(arguments);
      compare(arguments, exact, results, worst);
      // Whatever the width of a vector, the bits are the same.
      if (narrow)
        ASSERT_EQ(std::memcmp(results, narrow->apply(arguments), Compiled::block * sizeof(float)), 0);
      if (plain)
        compare(arguments, exact, plain->apply(arguments), worstPlain);
    });
    std::printf("%s: %.3f ULP; without fma %.3f\n", which.name, worst.ulps, worstPlain.ulps);
    EXPECT_LE(worst.steps, 2) << "at " << worst.where;
    EXPECT_LE(worst.ulps, which.limit) << "at " << worst.where;
    EXPECT_LE(worstPlain.steps, 2) << "without fma, at " << worstPlain.where;
    EXPECT_LE(worstPlain.ulps, which.limit) << "without fma, at " << worstPlain.where;
  }

private:
  static bool runs(const char *feature) {
    bool x86 = llvm::Triple(llvm::sys::getProcessTriple()).getArch() == llvm::Triple::x86_64;
    return x86 && llvm::sys::getHostCPUFeatures().lookup(feature);
  }
};

TEST_P(Activations, AreWithinTwoUlp) { check(std::getenv("SEQC_EVERY_PATTERN") ? 1 : 61); }

INSTANTIATE_TEST_SUITE_P(Functions, Activations,
                         testing::Values(Activation{"exp", exactExp, 1.1}, Activation{"tanh", exactTanh, 2.1},
                                         Activation{"sigmoid", exactSigmoid, 2.0}),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
