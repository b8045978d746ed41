//===- PhasesTest.cpp - Compiled phases against plain loops ----------------------===//
#include "Program.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace seqc::test;

namespace {

std::vector<double> numbers(int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> result(count);
  for (double &number : result)
    number = float(uniform(generator));
  return result;
}

std::string replaceAll(std::string text, const std::string &what, const std::string &with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

/// h = tanh(U @ h[t-1] + z), z = W @ x + b.
std::string elman(int64_t H, int64_t I, const std::string &type) {
  std::string text = R"(
recur.system exported @Elman.forward {
  %x = recur.slot input "x" time batch : !recur.slot<tensor<IxR>>
  %U = recur.slot param "U" : !recur.slot<tensor<HxHxR>>
  %W = recur.slot param "W" : !recur.slot<tensor<HxIxR>>
  %b = recur.slot param "b" : !recur.slot<tensor<HxR>>
  %h0 = recur.slot state "h" batch : !recur.slot<tensor<HxR>>
  %hn = recur.slot final_state "h" batch : !recur.slot<tensor<HxR>>
  %z = recur.slot workspace "z" time batch : !recur.slot<tensor<HxR>>
  %h = recur.slot output "h" time batch : !recur.slot<tensor<HxR>>
  recur.map {
    recur.phase "z" space [H] {
      %w = recur.read %W offset 0 strides [I, 1] : (!recur.slot<tensor<HxIxR>>) -> tensor<HxIxR>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<IxR>>) -> tensor<IxR>
      %p = recur.matmul %w, %xt : (tensor<HxIxR>, tensor<IxR>) -> tensor<HxR>
      %bias = recur.read %b offset 0 strides [1] : (!recur.slot<tensor<HxR>>) -> tensor<HxR>
      %s = recur.add %p, %bias : tensor<HxR>
      recur.write %s, %z offset 0 strides [1] : tensor<HxR>, !recur.slot<tensor<HxR>>
    }
  }
  recur.loop forward {
    recur.phase "h" space [H] {
      %u = recur.read %U offset 0 strides [H, 1] : (!recur.slot<tensor<HxHxR>>) -> tensor<HxHxR>
      %hp = recur.read %h shift -1 boundary %h0 offset 0 strides [1]
        : (!recur.slot<tensor<HxR>>, !recur.slot<tensor<HxR>>) -> tensor<HxR>
      %p = recur.matmul %u, %hp : (tensor<HxHxR>, tensor<HxR>) -> tensor<HxR>
      %zt = recur.read %z offset 0 strides [1] : (!recur.slot<tensor<HxR>>) -> tensor<HxR>
      %a = recur.add %p, %zt : tensor<HxR>
      %y = recur.tanh %a : tensor<HxR>
      recur.write %y, %h offset 0 strides [1] : tensor<HxR>, !recur.slot<tensor<HxR>>
    }
  }
  recur.at end offset 0 {
    recur.phase "h[T]" space [H] {
      %last = recur.read %h shift -1 boundary %h0 offset 0 strides [1]
        : (!recur.slot<tensor<HxR>>, !recur.slot<tensor<HxR>>) -> tensor<HxR>
      recur.write %last, %hn offset 0 strides [1] : tensor<HxR>, !recur.slot<tensor<HxR>>
    }
  }
})";
  for (const char *before : {"<", "[", "[H, "})
    for (auto [name, size] : {std::pair("H", H), std::pair("I", I)})
      text = replaceAll(text, std::string(before) + name, std::string(before) + std::to_string(size));
  for (auto [name, size] : {std::pair("xH", H), std::pair("xI", I)})
    text = replaceAll(text, std::string(name) + "x", "x" + std::to_string(size) + "x");
  text = replaceAll(text, std::to_string(H) + "xH", std::to_string(H) + "x" + std::to_string(H));
  return replaceAll(text, "xR>", "x" + type + ">");
}

struct ElmanSizes {
  int64_t T, B, H, I;
  const char *type, *target;
};

class Elman : public testing::TestWithParam<ElmanSizes> {};

TEST_P(Elman, AgreesWithPlainLoops) {
  auto [T, B, H, I, type, target] = GetParam();
  auto program = Program::compile(elman(H, I, type), target);
  ASSERT_TRUE(program);
  std::vector<int64_t> lengths(B);
  for (int64_t b = 0; b < B; ++b)
    lengths[b] = b == 0 ? T : (b * 7) % (T + 1);
  Call call(*program, T, B, lengths);
  auto x = numbers(T * B * I, 1), U = numbers(H * H, 2), W = numbers(H * I, 3), bias = numbers(H, 4);
  auto h0 = numbers(B * H, 5);
  for (int64_t b = 0; b < B; ++b)
    for (int64_t t = lengths[b]; t < T; ++t)
      for (int64_t i = 0; i < I; ++i)
        x[(t * B + b) * I + i] = NAN;
  for (double &u : U)
    u /= double(H);
  call.set("input x", x);
  call.set("param U", U);
  call.set("param W", W);
  call.set("param b", bias);
  call.set("state h", h0);
  call.run();

  auto h = call.get("output h"), hn = call.get("final_state h");
  double tolerance = type == std::string("f64") ? 1e-13 : 3e-6;
  for (int64_t b = 0; b < B; ++b) {
    std::vector<double> state(h0.begin() + b * H, h0.begin() + (b + 1) * H);
    for (int64_t t = 0; t < T; ++t) {
      std::vector<double> next(H, 0);
      for (int64_t i = 0; i < H && t < lengths[b]; ++i) {
        double sum = bias[i];
        for (int64_t k = 0; k < I; ++k)
          sum += W[i * I + k] * x[(t * B + b) * I + k];
        for (int64_t k = 0; k < H; ++k)
          sum += U[i * H + k] * state[k];
        next[i] = std::tanh(sum);
      }
      for (int64_t i = 0; i < H; ++i)
        ASSERT_NEAR(h[(t * B + b) * H + i], next[i], tolerance) << "t " << t << " b " << b << " i " << i;
      if (t < lengths[b])
        state = next;
    }
    for (int64_t i = 0; i < H; ++i)
      ASSERT_NEAR(hn[b * H + i], state[i], tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Elman,
                         testing::Values(ElmanSizes{3, 2, 4, 3, "f32", "native"}, ElmanSizes{0, 2, 4, 3, "f32", "native"},
                                         ElmanSizes{5, 0, 4, 3, "f32", "native"},
                                         ElmanSizes{7, 17, 37, 19, "f32", "native"},
                                         ElmanSizes{7, 17, 37, 19, "f64", "native"},
                                         ElmanSizes{4, 1, 100, 5, "f32", "x86-64"},
                                         ElmanSizes{4, 3, 130, 33, "f32", "x86-64-v3"},
                                         ElmanSizes{4, 13, 64, 64, "f32", "native"},
                                         ElmanSizes{4, 3, 130, 33, "f64", "x86-64-v2"},
                                         ElmanSizes{3, 9, 1, 1, "f32", "native"}));

} // namespace
