//===- OptimizerTest.cpp - Optimisers, clipping and schedules against closed forms --------===//
#include "tools/seq-run/train/Optimizer.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace seqc::run;

namespace {

Tensors vectorOf(std::vector<double> values, DType dtype = DType::F64) {
  Tensor tensor(dtype, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i)
    tensor.set(i, values[i]);
  return {tensor};
}

/// The parameter after `updates` with the same gradient each time.
double after(int updates, const OptimizerSettings &settings, double param, double gradient, double rate) {
  Tensors params = vectorOf({param}), slope = vectorOf({gradient});
  Optimizer optimizer(settings, params);
  for (int update = 0; update < updates; ++update)
    optimizer.apply(params, slope, rate, update);
  return params[0].at(0);
}

OptimizerSettings method(const char *name) {
  OptimizerSettings settings;
  settings.method = name;
  return settings;
}

TEST(Optimizer, sgdGoesAgainstTheGradient) { EXPECT_DOUBLE_EQ(after(3, method("sgd"), 1, 2, 0.1), 1 - 3 * 0.1 * 2); }

TEST(Optimizer, momentumSumsAGeometricSeries) {
  OptimizerSettings settings = method("sgd");
  settings.momentum = 0.5;
  // Velocities 2, 3, 3.5.
  EXPECT_DOUBLE_EQ(after(3, settings, 1, 2, 0.1), 1 - 0.1 * (2 + 3 + 3.5));
}

TEST(Optimizer, sgdDecayShrinksTheParameter) {
  OptimizerSettings settings = method("sgd");
  settings.weightDecay = 0.5;
  EXPECT_NEAR(after(10, settings, 3, 0, 0.1), 3 * std::pow(0.95, 10), 1e-14);
}

TEST(Optimizer, adamMovesByTheRateUnderAConstantGradient) {
  // With bias correction both averages are the gradient itself, so each update is rate * sign.
  for (double gradient : {1e-3, 5.0, -40.0})
    EXPECT_NEAR(after(7, method("adam"), 1, gradient, 0.01), 1 - 7 * 0.01 * (gradient > 0 ? 1 : -1), 1e-5);
}

TEST(Optimizer, adamFollowsItsEquations) {
  OptimizerSettings settings = method("adam");
  settings.beta1 = 0.5;
  settings.beta2 = 0.75;
  settings.epsilon = 0.1;
  Tensors params = vectorOf({1});
  Optimizer optimizer(settings, params);
  optimizer.apply(params, vectorOf({2}), 0.1, 0);
  double first = 1 - 0.1 * 2 / (2 + 0.1);
  EXPECT_NEAR(params[0].at(0), first, 1e-15);
  optimizer.apply(params, vectorOf({-1}), 0.1, 1);
  double mean = (0.5 * 1 + 0.5 * -1) / (1 - 0.25), square = (0.75 * 1 + 0.25 * 1) / (1 - 0.5625);
  EXPECT_NEAR(params[0].at(0), first - 0.1 * mean / (std::sqrt(square) + 0.1), 1e-15);
}

TEST(Optimizer, adamwDecaysApartFromTheGradient) {
  OptimizerSettings settings = method("adamw");
  settings.weightDecay = 0.5;
  EXPECT_NEAR(after(10, settings, 3, 0, 0.1), 3 * std::pow(0.95, 10), 1e-14);
  settings.method = "adam"; // the decay is a gradient here, and Adam makes every gradient a step of the rate
  EXPECT_NEAR(after(1, settings, 3, 0, 0.1), 3 - 0.1, 1e-8);
}

TEST(Optimizer, singleAndDoublePrecisionAgree) {
  for (const char *name : {"sgd", "adam", "adamw"}) {
    OptimizerSettings settings = method(name);
    settings.momentum = 0.9;
    settings.weightDecay = 0.01;
    Tensors narrow = vectorOf({1, -2, 0.5}, DType::F32), wide = vectorOf({1, -2, 0.5});
    Optimizer first(settings, narrow), second(settings, wide);
    for (int update = 0; update < 20; ++update) {
      first.apply(narrow, vectorOf({0.1, 2, -0.3}, DType::F32), 0.01, update);
      second.apply(wide, vectorOf({0.1, 2, -0.3}), 0.01, update);
    }
    for (int i = 0; i < 3; ++i)
      EXPECT_NEAR(narrow[0].at(i), wide[0].at(i), 1e-5) << name;
  }
}

TEST(Optimizer, estimatesAreMovingAverages) {
  for (const char *name : {"sgd", "adam", "adamw"}) {
    OptimizerSettings settings = method(name);
    settings.momentum = settings.weightDecay = 0.5;
    settings.estimateRate = 0.1;
    Tensors params = vectorOf({1}), distance = vectorOf({1 - 3});
    params.push_back(vectorOf({1})[0]);
    distance.push_back(vectorOf({0})[0]);
    Optimizer(settings, params, {true, false}).apply(params, distance, 0.7, 0);
    EXPECT_DOUBLE_EQ(params[0].at(0), 0.9 * 1 + 0.1 * 3) << name;
    EXPECT_LT(params[1].at(0), 1) << name; // decays, as the estimate does not
  }
}

TEST(Clipping, leavesEstimatesOut) {
  OptimizerSettings settings;
  settings.clipNorm = settings.clipValue = 1;
  Tensors gradient = vectorOf({30});
  gradient.push_back(vectorOf({4})[0]);
  EXPECT_DOUBLE_EQ(clipGradient(gradient, settings, {true, false}), 1);
  EXPECT_EQ(gradient[0].at(0), 30);
  EXPECT_EQ(gradient[1].at(0), 1);
}

TEST(Clipping, limitsTheNormOfAllTensorsTogether) {
  OptimizerSettings settings;
  settings.clipNorm = 1;
  Tensors gradient = vectorOf({3, 0});
  gradient.push_back(vectorOf({4})[0]);
  EXPECT_DOUBLE_EQ(clipGradient(gradient, settings), 5);
  EXPECT_DOUBLE_EQ(gradient[0].at(0), 0.6);
  EXPECT_DOUBLE_EQ(gradient[1].at(0), 0.8);
}

TEST(Clipping, leavesASmallGradientAlone) {
  OptimizerSettings settings;
  settings.clipNorm = 6;
  Tensors gradient = vectorOf({3, 4});
  EXPECT_DOUBLE_EQ(clipGradient(gradient, settings), 5);
  EXPECT_EQ(gradient[0].at(1), 4);
}

TEST(Clipping, limitsElementsBeforeTheNorm) {
  OptimizerSettings settings;
  settings.clipValue = 1;
  Tensors gradient = vectorOf({-7, 0.5, 9});
  EXPECT_DOUBLE_EQ(clipGradient(gradient, settings), 1.5);
  EXPECT_EQ(gradient[0].at(0), -1);
  EXPECT_EQ(gradient[0].at(1), 0.5);
}

TEST(Clipping, aGradientThatIsNoNumberHasNoFiniteNorm) {
  OptimizerSettings settings;
  settings.clipNorm = 1;
  Tensors gradient = vectorOf({NAN, 1});
  EXPECT_FALSE(std::isfinite(clipGradient(gradient, settings)));
}

ScheduleSettings schedule(const char *shape) {
  ScheduleSettings settings;
  settings.shape = shape;
  settings.rate = 2;
  settings.finalFactor = 0.1;
  return settings;
}

TEST(Schedule, constantStays) {
  EXPECT_DOUBLE_EQ(learningRate(schedule("constant"), 0, 100), 2);
  EXPECT_DOUBLE_EQ(learningRate(schedule("constant"), 99, 100), 2);
}

TEST(Schedule, linearFallsToTheFinalFactor) {
  EXPECT_DOUBLE_EQ(learningRate(schedule("linear"), 0, 100), 2);
  EXPECT_DOUBLE_EQ(learningRate(schedule("linear"), 50, 100), 2 * 0.55);
  EXPECT_DOUBLE_EQ(learningRate(schedule("linear"), 100, 100), 0.2);
}

TEST(Schedule, cosineIsHalfWayInTheMiddle) {
  EXPECT_DOUBLE_EQ(learningRate(schedule("cosine"), 0, 100), 2);
  EXPECT_NEAR(learningRate(schedule("cosine"), 50, 100), 2 * 0.55, 1e-12);
  EXPECT_NEAR(learningRate(schedule("cosine"), 100, 100), 0.2, 1e-12);
}

TEST(Schedule, stepMultipliesNowAndThen) {
  ScheduleSettings settings = schedule("step");
  settings.stepEvery = 10;
  settings.stepFactor = 0.5;
  EXPECT_DOUBLE_EQ(learningRate(settings, 9, 100), 2);
  EXPECT_DOUBLE_EQ(learningRate(settings, 10, 100), 1);
  EXPECT_DOUBLE_EQ(learningRate(settings, 35, 100), 0.25);
}

TEST(Schedule, warmupRisesToTheRate) {
  ScheduleSettings settings = schedule("linear");
  settings.warmup = 4;
  EXPECT_DOUBLE_EQ(learningRate(settings, 0, 104), 0.5);
  EXPECT_DOUBLE_EQ(learningRate(settings, 3, 104), 2);
  EXPECT_DOUBLE_EQ(learningRate(settings, 4, 104), 2);
  EXPECT_DOUBLE_EQ(learningRate(settings, 54, 104), 2 * 0.55);
}

} // namespace
