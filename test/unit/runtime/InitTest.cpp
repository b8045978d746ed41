//===- InitTest.cpp - Parameters start as their initialisers say -------------------===//
#include "SmallModel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

namespace {

enum { constant, xavier, he, orthogonal, normal, uniform };

/// One parameter of `copies` matrices.
seqc_tensor makeParam(int init, int64_t rows, int64_t columns, int64_t copies = 1, double a = 0, double b = 0) {
  seqc_tensor tensor = {};
  tensor.name = "W";
  tensor.features = copies * rows * columns;
  tensor.element = sizeof(double);
  tensor.init = init;
  tensor.a = a;
  tensor.b = b;
  tensor.rows = tensor.fan_out = rows;
  tensor.columns = tensor.fan_in = columns;
  return tensor;
}

template <typename Real> std::vector<Real> initialize(seqc_tensor tensor, uint64_t seed = 1) {
  tensor.element = sizeof(Real);
  seqc_model model = {};
  model.library = small_model.library;
  model.name = "M";
  model.element = sizeof(Real);
  model.params = &tensor;
  model.param_count = 1;
  std::vector<Real> values(tensor.features, -7);
  seqc_array array = {values.data(), tensor.features, 0, 0};
  seqc_call call = {};
  call.abi = SEQC_ABI_VERSION;
  call.seed = seed;
  call.params = &array;
  EXPECT_EQ(seqc_run_init(&model, &call), SEQC_OK);
  return values;
}

double meanOf(const std::vector<double> &values) {
  double sum = 0;
  for (double value : values)
    sum += value;
  return sum / values.size();
}

double deviationOf(const std::vector<double> &values) {
  double mean = meanOf(values), sum = 0;
  for (double value : values)
    sum += (value - mean) * (value - mean);
  return std::sqrt(sum / values.size());
}

} // namespace

TEST(Init, ConstantFillsWithTheNumber) {
  EXPECT_EQ(initialize<double>(makeParam(constant, 2, 2, 1, 0.1)), std::vector<double>(4, 0.1));
  EXPECT_EQ(initialize<float>(makeParam(constant, 2, 2, 1, 0.1)), std::vector<float>(4, 0.1f));
}

TEST(Init, XavierStaysInItsRangeAndFillsIt) {
  std::vector<double> values = initialize<double>(makeParam(xavier, 100, 50));
  double limit = std::sqrt(6.0 / 150);
  for (double value : values)
    EXPECT_LT(std::abs(value), limit);
  EXPECT_NEAR(deviationOf(values), limit / std::sqrt(3.0), 0.01 * limit);
  EXPECT_NEAR(meanOf(values), 0, 0.02 * limit);
}

TEST(Init, HeHasItsDeviation) {
  EXPECT_NEAR(deviationOf(initialize<double>(makeParam(he, 100, 50))), std::sqrt(2.0 / 50), 0.004);
}

TEST(Init, NormalHasItsDeviationAndItsTails) {
  std::vector<double> values = initialize<double>(makeParam(normal, 200, 500, 1, 2.5));
  EXPECT_NEAR(deviationOf(values), 2.5, 0.02);
  EXPECT_NEAR(meanOf(values), 0, 0.03);
  int far = 0;
  for (double value : values)
    far += std::abs(value) > 2 * 2.5;
  EXPECT_NEAR(far / 1e5, 0.0455, 0.002);
}

TEST(Init, NormalIsTheQuantileOfTheUniformDraw) {
  // With the same name and seed both initialisers use the same draws u, and erfc inverts the quantile.
  std::vector<double> z = initialize<double>(makeParam(normal, 100, 100, 1, 1));
  std::vector<double> u = initialize<double>(makeParam(uniform, 100, 100, 1, 0, 1));
  for (size_t i = 0; i < z.size(); ++i)
    EXPECT_NEAR(0.5 * std::erfc(-z[i] / std::sqrt(2.0)), u[i], 1e-14);
}

TEST(Init, UniformStaysBetweenItsBounds) {
  std::vector<double> values = initialize<double>(makeParam(uniform, 100, 100, 1, -1, 3));
  for (double value : values) {
    EXPECT_GT(value, -1);
    EXPECT_LT(value, 3);
  }
  EXPECT_NEAR(meanOf(values), 1, 0.05);
}

TEST(Init, OrthogonalMatricesAreOrthogonal) {
  const int64_t shapes[][3] = {{8, 8, 1}, {5, 12, 1}, {12, 5, 1}, {4, 4, 3}, {1, 1, 1}};
  for (const auto &shape : shapes) {
    const int64_t rows = shape[0], columns = shape[1], copies = shape[2];
    std::vector<double> values = initialize<double>(makeParam(orthogonal, rows, columns, copies));
    int64_t count = std::min(rows, columns), length = std::max(rows, columns);
    auto at = [&](int64_t copy, int64_t vector, int64_t e) {
      return values[copy * rows * columns + (rows <= columns ? vector * columns + e : e * columns + vector)];
    };
    for (int64_t copy = 0; copy < copies; ++copy)
      for (int64_t i = 0; i < count; ++i)
        for (int64_t j = 0; j < count; ++j) {
          double dot = 0;
          for (int64_t e = 0; e < length; ++e)
            dot += at(copy, i, e) * at(copy, j, e);
          EXPECT_NEAR(dot, i == j, 1e-14) << rows << "x" << columns;
        }
  }
}

TEST(Init, OrthogonalHoldsInSinglePrecision) {
  std::vector<float> values = initialize<float>(makeParam(orthogonal, 64, 64));
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < 64; ++j) {
      double dot = 0;
      for (int e = 0; e < 64; ++e)
        dot += static_cast<double>(values[i * 64 + e]) * values[j * 64 + e];
      EXPECT_NEAR(dot, i == j, 1e-6);
    }
}

TEST(Init, ASeedMeansTheSameNumbersEverywhere) {
  // Bits, not values: these may never change, or saved experiments could not be repeated.
  std::vector<double> values = initialize<double>(makeParam(normal, 1, 3, 1, 1), 42);
  uint64_t bits[3];
  std::memcpy(bits, values.data(), sizeof bits);
  EXPECT_EQ(bits[0], UINT64_C(13824572339527234566));
  EXPECT_EQ(bits[1], UINT64_C(4608975292049884018));
  EXPECT_EQ(bits[2], UINT64_C(13818361931391290711));
}

TEST(Init, SeedsAndNamesChangeTheNumbers) {
  seqc_tensor param = makeParam(normal, 4, 4, 1, 1);
  std::vector<double> first = initialize<double>(param, 1);
  EXPECT_NE(first, initialize<double>(param, 2));
  param.name = "U";
  EXPECT_NE(first, initialize<double>(param, 1));
}

TEST(Init, SinglePrecisionIsTheRoundedDouble) {
  seqc_tensor param = makeParam(xavier, 7, 5);
  std::vector<double> doubles = initialize<double>(param);
  std::vector<float> floats = initialize<float>(param);
  for (size_t i = 0; i < doubles.size(); ++i)
    EXPECT_EQ(floats[i], static_cast<float>(doubles[i]));
}
