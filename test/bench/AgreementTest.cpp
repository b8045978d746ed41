//===- AgreementTest.cpp - Nobody who computes something else is timed -------------------===//
#include "bench/Agreement.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace seqc::bench;

namespace {

/// The message of the refusal, or "" if the results agree.
std::string refusal(const Results &expected, const Results &found) {
  try {
    requireAgreement("ours", expected, "theirs", found, 0.01);
  } catch (const std::runtime_error &error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST(Agreement, DifferenceIsRelativeToTheLargestElement) {
  EXPECT_DOUBLE_EQ(requireAgreement("ours", {{"h", {4, 0}}}, "theirs", {{"h", {4, 0.03125f}}}, 0.01), 0.03125 / 4);
}

TEST(Agreement, WorstArrayCounts) {
  EXPECT_DOUBLE_EQ(requireAgreement("ours", {{"h", {1}}, {"x", {2}}}, "theirs", {{"h", {1}}, {"x", {2.015625f}}}, 0.01),
                   0.015625 / 2);
}

TEST(Agreement, LargerDifferenceIsRefused) {
  EXPECT_EQ(refusal({{"h", {1, 2}}}, {{"h", {1, 2.5f}}}), "theirs and ours disagree in 'h': 0.25");
}

TEST(Agreement, NonFiniteIsRefusedOnEitherSide) {
  EXPECT_EQ(refusal({{"h", {1, 2}}}, {{"h", {1, NAN}}}), "theirs and ours disagree in 'h': nan");
  EXPECT_EQ(refusal({{"h", {INFINITY, 2}}}, {{"h", {INFINITY, 2}}}), "theirs and ours disagree in 'h': nan");
}

TEST(Agreement, ZerosAgreeWithNothing) {
  EXPECT_EQ(refusal({{"h", {0, 0}}}, {{"h", {0, 0}}}), "theirs and ours disagree in 'h': nan");
}

TEST(Agreement, MissingOrShorterArrayIsRefused) {
  EXPECT_EQ(refusal({{"h", {1}}}, {{"x", {1}}}), "theirs and ours disagree in 'h': missing, or of another size");
  EXPECT_EQ(refusal({{"h", {1, 2}}}, {{"h", {1}}}), "theirs and ours disagree in 'h': missing, or of another size");
  EXPECT_EQ(refusal({}, {{"h", {1}}}), "theirs and ours disagree in '': nothing to compare");
}

TEST(Agreement, SameBitsTellZerosApart) {
  EXPECT_NO_THROW(requireSameBits("ours", {{"h", {1, 0}}}, "theirs", {{"h", {1, 0}}}));
  EXPECT_THROW(requireSameBits("ours", {{"h", {1, 0}}}, "theirs", {{"h", {1, -0.0f}}}), std::runtime_error);
  EXPECT_THROW(requireSameBits("ours", {{"h", {1, 0}}}, "theirs", {{"x", {1, 0}}}), std::runtime_error);
}
