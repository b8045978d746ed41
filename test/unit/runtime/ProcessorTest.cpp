//===- ProcessorTest.cpp - Which level of a library runs, and what is said if none ----===//
#include "SmallCall.h"

#include "runtime/internal.h"
#include <gtest/gtest.h>

using namespace seqc::test;

namespace {

uint64_t bitOf(const std::string &name) {
  uint64_t bit = 1;
#define SEQC_FEATURE(feature, leaf, subleaf, register, position, saved)                                                \
  if (name == (feature))                                                                                               \
    return bit;                                                                                                        \
  bit <<= 1;
#include "runtime/processor.def"
#undef SEQC_FEATURE
  ADD_FAILURE() << "no feature " << name;
  return 0;
}

/// A library with code for two made-up levels.
struct TwoLevels {
  uint64_t small = bitOf("avx2"), large = small | bitOf("avx512f") | bitOf("avx512vl");
  seqc_level levels[2] = {{"small", small}, {"large", large}};
  seqc_library library = {levels, 2, "small, large", 7, 7, nullptr, 7};

  void choose(uint64_t has, const char *wanted = nullptr) { seqc_choose_level(&library, has, wanted); }
  bool runs() const { return library.abi == SEQC_ABI_VERSION; }

  /// What an entry point says.
  std::string refusal() const {
    seqc_model model = small_model;
    model.library = &library;
    SmallCall setting(model, 2, 3);
    EXPECT_EQ(seqc_run_forward(&model, &setting.call), SEQC_WRONG_PROCESSOR);
    return setting.message();
  }
};

TEST(Processor, TheBestLevelItHasIsChosen) {
  TwoLevels two;
  two.choose(two.large | bitOf("gfni"));
  EXPECT_TRUE(two.runs());
  EXPECT_EQ(two.library.level, 1);
  two.choose(two.small | bitOf("avx512f"));
  EXPECT_TRUE(two.runs());
  EXPECT_EQ(two.library.level, 0);
}

TEST(Processor, ALevelCanBeAskedFor) {
  TwoLevels two;
  two.choose(two.large, "small");
  EXPECT_TRUE(two.runs());
  EXPECT_EQ(two.library.level, 0);
  two.choose(two.large, "large");
  EXPECT_TRUE(two.runs());
  EXPECT_EQ(two.library.level, 1);
  two.choose(two.large, "");
  EXPECT_EQ(two.library.level, 1);
}

TEST(Processor, OneThatHasNoLevelIsRefusedByName) {
  TwoLevels two;
  two.choose(bitOf("sse4.2") | bitOf("avx512f") | bitOf("avx512vl"));
  EXPECT_EQ(two.refusal(),
            "Small_forward: this library is for small, large; this processor has no avx2, which small needs");
}

TEST(Processor, ALevelThatItLacksIsNotReplacedByAnother) {
  TwoLevels two;
  two.choose(two.small | bitOf("avx512f"), "large");
  EXPECT_EQ(two.refusal(), "Small_forward: SEQC_MARCH asks for large, but this processor has no avx512vl");
  two.choose(two.large, "medium");
  EXPECT_EQ(two.refusal(), "Small_forward: SEQC_MARCH names no level of this library, which is for small, large");
}

TEST(Processor, EveryEntryPointRefuses) {
  TwoLevels two;
  two.choose(0);
  seqc_model model = small_model;
  model.library = &two.library;
  SmallCall setting(model, 1, 1);
  for (auto *entry : {seqc_run_init, seqc_run_prepare, seqc_run_forward, seqc_run_forward_taped, seqc_run_backward,
                      seqc_run_gradient, seqc_run_step, seqc_run_pool_start, seqc_run_pool_stop})
    EXPECT_EQ(entry(&model, &setting.call), SEQC_WRONG_PROCESSOR) << setting.message();
  EXPECT_EQ(setting.h[0], -7) << "a refused call writes nothing";
}

TEST(Processor, WhatItHasIsWhatTheCompilersRuntimeFinds) {
#if defined(__x86_64__)
  uint64_t has = seqc_processor_features();
  __builtin_cpu_init();
#define EXPECT_SAME(name) EXPECT_EQ((has & bitOf(name)) != 0, __builtin_cpu_supports(name) != 0) << (name)
  EXPECT_SAME("sse3");
  EXPECT_SAME("ssse3");
  EXPECT_SAME("sse4.1");
  EXPECT_SAME("sse4.2");
  EXPECT_SAME("popcnt");
  EXPECT_SAME("avx");
  EXPECT_SAME("fma");
  EXPECT_SAME("f16c");
  EXPECT_SAME("lzcnt");
  EXPECT_SAME("bmi");
  EXPECT_SAME("bmi2");
  EXPECT_SAME("avx2");
  EXPECT_SAME("avx512f");
  EXPECT_SAME("avx512dq");
  EXPECT_SAME("avx512bw");
  EXPECT_SAME("avx512vl");
  EXPECT_SAME("avx512cd");
  EXPECT_SAME("avx512vbmi");
  EXPECT_SAME("avx512vbmi2");
  EXPECT_SAME("avx512vnni");
  EXPECT_SAME("avx512bitalg");
  EXPECT_SAME("avx512vpopcntdq");
  EXPECT_SAME("avx512bf16");
  EXPECT_SAME("avxvnni");
  EXPECT_SAME("gfni");
#undef EXPECT_SAME
#else
  EXPECT_EQ(seqc_processor_features(), 0U);
#endif
}

} // namespace
