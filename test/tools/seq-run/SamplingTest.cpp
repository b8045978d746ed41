//===- SamplingTest.cpp - Drawing the next symbol -----------------------------------------===//
#include "tools/seq-run/train/TextCommands.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace seqc::run;

namespace {

/// How often each index is drawn in so many draws.
std::vector<double> frequencies(const std::vector<double> &logits, double temperature, int64_t topK, int draws) {
  std::vector<double> counts(logits.size());
  Random random{3};
  for (int i = 0; i < draws; ++i)
    ++counts[drawFromLogits(logits, 1, static_cast<int64_t>(logits.size()), temperature, topK, random)];
  for (double &count : counts)
    count /= draws;
  return counts;
}

TEST(Sampling, followsTheSoftmax) {
  std::vector<double> drawn = frequencies({100, std::log(1), std::log(2), std::log(5)}, 1, 0, 40000);
  EXPECT_EQ(drawn[0], 0) << "the first index stands for unknown symbols";
  EXPECT_NEAR(drawn[1], 1 / 8.0, 0.01);
  EXPECT_NEAR(drawn[2], 2 / 8.0, 0.01);
  EXPECT_NEAR(drawn[3], 5 / 8.0, 0.01);
}

TEST(Sampling, aLowTemperatureSharpens) {
  std::vector<double> drawn = frequencies({0, std::log(1), std::log(2)}, 0.5, 0, 40000);
  EXPECT_NEAR(drawn[1], 1 / 5.0, 0.01);
}

TEST(Sampling, temperatureZeroTakesTheLikeliest) { EXPECT_EQ(frequencies({9, 1, 3, 2}, 0, 0, 100)[2], 1); }

TEST(Sampling, topKLeavesOutTheRest) {
  std::vector<double> drawn = frequencies({0, 1, 3, 2}, 1, 2, 1000);
  EXPECT_EQ(drawn[1], 0);
  EXPECT_GT(drawn[3], 0);
}

TEST(Sampling, logitsOfAnySizeDoNotOverflow) { EXPECT_EQ(frequencies({0, -1e308, 1e308}, 0.1, 0, 100)[2], 1); }

} // namespace
