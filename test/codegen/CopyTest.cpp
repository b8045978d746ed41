//===- CopyTest.cpp - Copies that transpose ----------------------------------------===//
#include "Program.h"

#include <gtest/gtest.h>

using namespace seqc::test;

namespace {

/// Packs a [2 · lanes, depth] matrix as [2][depth][lanes]; `turned`: a [depth, 2 · lanes] matrix, of which lines are
/// copied as they are. `throughWorkspace`: to memory of our own, of which the output is a copy.
std::string packing(int64_t lanes, int64_t depth, const std::string &type, bool throughWorkspace = false,
                    bool turned = false) {
  std::string l = std::to_string(lanes), d = std::to_string(depth);
  std::string panel = std::to_string(lanes * depth), rows = std::to_string(2 * lanes);
  std::string strides = turned ? l + ", " + rows + ", 1" : panel + ", 1, " + d;
  std::string from = "!recur.slot<tensor<" + (turned ? d + "x" + rows : rows + "x" + d) + "x" + type + ">>";
  std::string to = "!recur.slot<tensor<2x" + d + "x" + l + "x" + type + ">>";
  std::string block = "tensor<2x" + d + "x" + l + "x" + type + ">", packed = "[" + panel + ", " + l + ", 1]";
  auto phase = [&](const std::string &source, const std::string &type, const std::string &strides,
                   const std::string &target) {
    return "    recur.phase \"p\" space [2, " + d + ", " + l + "] {\n      %r = recur.read " + source +
           " offset 0 strides " + strides + " : (" + type + ") -> " + block + "\n      recur.write %r, " + target +
           " offset 0 strides " + packed + " : " + block + ", " + to + "\n    }\n";
  };
  std::string text = "recur.system @M {\n  %w = recur.slot param \"w\" : " + from +
                     "\n  %p = recur.slot output \"p\" : " + to + "\n  %own = recur.slot workspace \"own\" : " + to +
                     "\n  recur.once {\n" + phase("%w", from, "[" + strides + "]", throughWorkspace ? "%own" : "%p");
  if (throughWorkspace)
    text += phase("%own", to, packed, "%p");
  return text + "  }\n}\n";
}

class TransposedCopy : public testing::TestWithParam<std::tuple<int64_t, int64_t, const char *>> {};

TEST_P(TransposedCopy, PutsEveryElementInItsPlace) {
  auto [lanes, depth, type] = GetParam();
  auto program = Program::compile(packing(lanes, depth, type));
  ASSERT_TRUE(program);
  Call call(*program, 1, 1, {1});
  std::vector<double> w(2 * lanes * depth);
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = double(i);
  call.set("param w", w);
  call.run();
  std::vector<double> p = call.get("output p");
  for (int64_t panel = 0; panel < 2; ++panel)
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t lane = 0; lane < lanes; ++lane)
        ASSERT_EQ(p[(panel * depth + k) * lanes + lane], w[(panel * lanes + lane) * depth + k]);
}

// Whole squares, what is left of one, fewer than one; vectors shorter than the machine's.
INSTANTIATE_TEST_SUITE_P(Sizes, TransposedCopy,
                         testing::Combine(testing::Values(2, 4, 8), testing::Values(3, 8, 16, 21),
                                          testing::Values("f32", "f64")),
                         [](const auto &info) {
                           return std::string(std::get<2>(info.param)) + "_lanes" +
                                  std::to_string(std::get<0>(info.param)) + "_depth" +
                                  std::to_string(std::get<1>(info.param));
                         });

class CopyPastCaches : public testing::TestWithParam<std::tuple<bool, const char *>> {};

TEST_P(CopyPastCaches, PutsEveryElementInItsPlace) {
  auto [turned, type] = GetParam();
  // Large enough for it, with a rest of a tile; a vector of the machine for AVX-512.
  int64_t lanes = std::string(type) == "f32" ? 16 : 8, depth = 2056 + 5, rows = 2 * lanes;
  auto program = Program::compile(packing(lanes, depth, type, /*throughWorkspace=*/true, turned));
  ASSERT_TRUE(program);
  Call call(*program, 1, 1, {1});
  std::vector<double> w(rows * depth);
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = double(i);
  call.set("param w", w);
  call.run();
  std::vector<double> p = call.get("output p");
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t k = 0; k < depth; ++k)
      ASSERT_EQ(p[(row / lanes * depth + k) * lanes + row % lanes], w[turned ? k * rows + row : row * depth + k]);
}

INSTANTIATE_TEST_SUITE_P(Ways, CopyPastCaches, testing::Combine(testing::Bool(), testing::Values("f32", "f64")),
                         [](const auto &info) {
                           return std::string(std::get<1>(info.param)) +
                                  (std::get<0>(info.param) ? "_lines" : "_transposed");
                         });

} // namespace
