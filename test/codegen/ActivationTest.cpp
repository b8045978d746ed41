//===- ActivationTest.cpp - exp, tanh and sigmoid over all of f32 ------------------===//
//
// Every 61st bit pattern, and all around special numbers. This compares every pattern, in half an hour of one core:
//   SEQC_EVERY_PATTERN=1 build/release/bin/activation-test
//
//===------------------------------------------------------------------------------===//
#include "Program.h"
#include "Systems.h"

#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <list>

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

/// Errors of a fast one: relative to results that are normal numbers, and absolute.
struct Bounds {
  double relative, absolute;
};

struct Activation {
  const char *name;
  double (*exact)(double);
  double limit; // ULP from the exact result, as seen over all patterns, rounded up to a tenth
  Bounds fast, fastAvx512;
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
  static constexpr int64_t block = 64 * 1015;

  Compiled(const std::string &name, const std::string &target, bool fast = false, int64_t columns = 1015)
      : program(Program::compile(elementwiseSystem(name, "f32", columns), target, fast)),
        call(*program, 1, block / columns) {}

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

/// One form of a function: for one target, exact or fast, in long rows and in short ones.
struct Form {
  std::string target;
  Compiled compiled, short5, short29;
  double ulps = 0, steps = 0; // of an exact one, at the worst
  Bounds worst{};             // of a fast one
  float where = 0, highest = 0;

  Form(const Activation &which, const std::string &target, bool fast)
      : target(target), compiled(which.name, target, fast), short5(which.name, target, fast, 5),
        short29(which.name, target, fast, 29) {}
};

class Activations : public testing::TestWithParam<Activation> {
protected:
  explicit Activations(bool fast = false) {
    forms.emplace_back(GetParam(), "native", fast);
    if (runs("fma"))
      forms.emplace_back(GetParam(), "x86-64-v3", fast);
    if (runs("sse2"))
      forms.emplace_back(GetParam(), "x86-64", fast);
  }

  static bool runs(const char *feature) {
    bool x86 = llvm::Triple(llvm::sys::getProcessTriple()).getArch() == llvm::Triple::x86_64;
    return x86 && llvm::sys::getHostCPUFeatures().lookup(feature);
  }

  /// Compares results of all forms with the exact ones, at all patterns or at a sample.
  void compareAll(llvm::function_ref<void(float argument, double exact, float result, Form &form)> compare) {
    std::vector<double> exact(Compiled::block);
    forEachBlock(std::getenv("SEQC_EVERY_PATTERN") ? 1 : 61, [&](const std::vector<float> &arguments) {
      std::transform(arguments.begin(), arguments.end(), exact.begin(), GetParam().exact);
      for (Form &form : forms) {
        const float *results = form.compiled.apply(arguments);
        for (int64_t i = 0; i < Compiled::block; ++i) {
          compare(arguments[i], exact[i], results[i], form);
          form.highest = results[i] > form.highest ? results[i] : form.highest;
        }
        // Whatever the width of a vector, the bits are the same.
        for (Compiled *other : {&form.short5, &form.short29})
          ASSERT_EQ(std::memcmp(results, other->apply(arguments), Compiled::block * sizeof(float)), 0);
      }
    });
    for (Form &form : forms)
      if (GetParam().name != std::string("exp"))
        EXPECT_LE(form.highest, 1) << form.target;
  }

  std::list<Form> forms;
};

TEST_P(Activations, AreWithinTwoUlp) {
  compareAll([](float argument, double exact, float result, Form &form) {
    double error = ulps(result, exact);
    if (error > form.ulps) {
      form.ulps = error;
      form.where = argument;
    }
    form.steps = std::max(form.steps, steps(result, exact));
    if (std::signbit(result) != std::signbit(exact) && !std::isnan(exact))
      ADD_FAILURE() << "sign of zero at " << argument;
  });
  for (const Form &form : forms) {
    std::printf("%s, %s: %.3f ULP, %.0f numbers\n", GetParam().name, form.target.c_str(), form.ulps, form.steps);
    EXPECT_LE(form.steps, 2) << form.target << ", at " << form.where;
    EXPECT_LE(form.ulps, GetParam().limit) << form.target << ", at " << form.where;
  }
}

class FastActivations : public Activations {
protected:
  FastActivations() : Activations(/*fast=*/true) {}

  static void compare(float argument, double exact, float result, Form &form) {
    if (std::isnan(exact) || float(exact) == result) {
      ASSERT_EQ(std::isnan(exact), std::isnan(result)) << "at " << argument;
      return;
    }
    double limited = std::min(exact, 0x1p128);
    double error = std::abs(std::min(double(result), 0x1p128) - limited);
    ASSERT_FALSE(std::isnan(error)) << "at " << argument;
    ASSERT_EQ(std::signbit(result), std::signbit(exact)) << "at " << argument;
    if (std::abs(exact) >= 0x1p-126)
      form.worst.relative = std::max(form.worst.relative, error / std::abs(limited));
    if (std::abs(exact) <= 1)
      form.worst.absolute = std::max(form.worst.absolute, error);
  }

  static void checkEnds(const std::string &name, Compiled &compiled) {
    float infinity = std::numeric_limits<float>::infinity();
    std::vector<float> arguments(Compiled::block, 0);
    std::copy_n(std::array{-infinity, -200.0f, 200.0f, infinity}.begin(), 4, arguments.begin());
    const float *results = compiled.apply(arguments);
    float low = name == "tanh" ? -1 : 0, high = name == "exp" ? infinity : 1;
    float middle = name == "tanh" ? 0 : name == "exp" ? 1 : 0.5f;
    std::array expected{low, low, high, high, middle};
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), results));
  }
};

TEST_P(FastActivations, AreWithinTheirBounds) {
  compareAll(compare);
  for (Form &form : forms) {
    std::printf("%s, fast, %s: relative %.2e, absolute %.2e\n", GetParam().name, form.target.c_str(),
                form.worst.relative, form.worst.absolute);
    bool avx512 = form.target == "native" && runs("avx512dq");
    const Bounds &allowed = avx512 ? GetParam().fastAvx512 : GetParam().fast;
    EXPECT_LE(form.worst.relative, allowed.relative) << form.target;
    EXPECT_LE(form.worst.absolute, allowed.absolute) << form.target;
    checkEnds(GetParam().name, form.compiled);
  }
}

std::string nameOf(const testing::TestParamInfo<Activation> &info) { return info.param.name; }

const Activation activations[] = {{"exp", exactExp, 1.1, {4.2e-7, 1.3e-7}, {4.4e-6, 5.0e-7}},
                                  {"tanh", exactTanh, 2.1, {7.5e-7, 7.5e-7}, {8.5e-7, 8.5e-7}},
                                  {"sigmoid", exactSigmoid, 2.0, {4.4e-7, 1.2e-7}, {4.4e-6, 2.1e-7}}};

INSTANTIATE_TEST_SUITE_P(Functions, Activations, testing::ValuesIn(activations), nameOf);
INSTANTIATE_TEST_SUITE_P(Functions, FastActivations, testing::ValuesIn(activations), nameOf);

} // namespace
