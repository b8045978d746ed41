//===- VectorMathTest.cpp - How accurate the vector functions are ----------------===//
//
// f32: every 1021st bit pattern, so all exponents, both signs, infinities, NaN and denormal numbers. f64: random bit
// patterns and random numbers in the range that matters. The limits are what was seen, rounded up to a half.
//
//===------------------------------------------------------------------------------===//
#include "Program.h"
#include "Systems.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace seqc::test;

namespace {

using Function = long double (*)(long double);

long double sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }

struct Case {
  const char *name;
  Function function;
  double ulpSingle, ulpDouble;
};

void PrintTo(const Case &which, std::ostream *out) { *out << which.name; }

constexpr int64_t rowLength = 1024;

std::vector<double> apply(const Case &which, const std::string &type, const std::string &target,
                          std::vector<double> arguments) {
  auto program = Program::compile(elementwiseSystem(which.name, type, rowLength), target);
  arguments.resize((arguments.size() + rowLength - 1) / rowLength * rowLength, 0.5);
  Call call(*program, 1, int64_t(arguments.size()) / rowLength);
  call.set("input x", arguments);
  call.run();
  return call.get("output y");
}

/// Distance in units of the last place of the exact result, in a format with `digits` digits from 2^`least` on.
double ulps(double actual, long double exact, int digits, int least, double largest) {
  if (std::isnan(exact) || std::isnan(actual))
    return std::isnan(exact) == std::isnan(actual) ? 0 : std::numeric_limits<double>::infinity();
  if (std::isinf(actual) || std::isinf(exact)) {
    // Beyond the largest number infinity is the rounded result.
    bool both = std::abs(exact) > largest && std::isinf(actual) && std::signbit(exact) == std::signbit(actual);
    return both ? 0 : std::numeric_limits<double>::infinity();
  }
  int exponent = exact == 0 ? least : std::max(std::ilogb(exact) - digits + 1, least);
  return double(std::abs((long double)actual - exact) / std::ldexp(1.0L, exponent));
}

class VectorMath : public testing::TestWithParam<Case> {
protected:
  double worst(const std::string &type, const std::string &target, const std::vector<double> &arguments) {
    std::vector<double> results = apply(GetParam(), type, target, arguments);
    bool single = type == "f32";
    double worst = 0;
    for (size_t i = 0; i < arguments.size(); ++i) {
      long double exact = GetParam().function(arguments[i]);
      double error = single ? ulps(results[i], exact, 24, -149, std::numeric_limits<float>::max())
                            : ulps(results[i], exact, 53, -1074, std::numeric_limits<double>::max());
      if (error > worst) {
        worst = error;
        where = arguments[i];
      }
      // Odd functions keep the sign of zero.
      if (arguments[i] == 0 && exact == 0)
        EXPECT_EQ(std::signbit(results[i]), std::signbit(exact));
    }
    return worst;
  }
  double where = 0;
};

std::vector<double> singles() {
  std::vector<double> arguments;
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 1021) {
    float number;
    uint32_t pattern = uint32_t(bits);
    std::memcpy(&number, &pattern, 4);
    arguments.push_back(number);
  }
  for (double special : {0.0, -0.0, 88.72283, 88.72284, -87.33655, -103.97, -103.98, 0.625, -0.625, 1.0, -1.0})
    arguments.push_back(float(special));
  return arguments;
}

std::vector<double> doubles() {
  std::mt19937_64 generator(7);
  std::vector<double> arguments = {0.0, -0.0, 709.78271289338397, 709.7827128933841, -708.4, -745.13, -745.14, 1.0};
  for (int i = 0; i < 300000; ++i) {
    uint64_t pattern = generator();
    double number;
    std::memcpy(&number, &pattern, 8);
    arguments.push_back(number);
    arguments.push_back((double(pattern >> 11) / 9007199254740992.0 - 0.5) * (i % 2 ? 4 : 1500));
  }
  return arguments;
}

TEST_P(VectorMath, SinglePrecisionIsWithinItsLimit) {
  EXPECT_LE(worst("f32", "native", singles()), GetParam().ulpSingle) << "at " << where;
}

TEST_P(VectorMath, DoublePrecisionIsWithinItsLimit) {
  EXPECT_LE(worst("f64", "native", doubles()), GetParam().ulpDouble) << "at " << where;
}

TEST_P(VectorMath, WithoutFusedMultiplyAddItIsNearlyAsGood) {
  std::vector<double> arguments = singles();
  for (size_t i = 0; i * 7 < arguments.size(); ++i)
    arguments[i] = arguments[i * 7];
  arguments.resize(arguments.size() / 7);
  EXPECT_LE(worst("f32", "x86-64", arguments), GetParam().ulpSingle + 0.5) << "at " << where;
}

INSTANTIATE_TEST_SUITE_P(Functions, VectorMath,
                         testing::Values(Case{"exp", std::exp, 1.0, 1.5}, Case{"log", std::log, 1.0, 1.0},
                                         Case{"log1p", std::log1p, 2.5, 2.5}, Case{"tanh", std::tanh, 2.0, 2.0},
                                         Case{"sigmoid", sigmoid, 2.0, 2.5}, Case{"sqrt", std::sqrt, 0.5, 0.5},
                                         Case{"floor", std::floor, 0, 0}, Case{"abs", std::abs, 0, 0},
                                         Case{"erf", std::erf, 1.0, 1.0}, Case{"sin", std::sin, 1.0, 1.0},
                                         Case{"cos", std::cos, 1.0, 1.0}),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
