//===- BpttTest.cpp - Calls that are cut in time compute what whole ones do ---------===//
#include "SmallCall.h"

#include "runtime/internal.h"

#include <gtest/gtest.h>

using namespace seqc::test;

namespace {

constexpr int F = small_features;

seqc_model bounded(int64_t memory) {
  seqc_model model = small_model;
  model.bptt_memory = memory;
  model.bptt = &seqc_bptt;
  return model;
}

int64_t memoryOf(const seqc_model &model, int64_t T, int64_t B) {
  return seqc_tape_size(&model, T, B) + seqc_workspace_size(&model, T, B);
}

void expectNear(const std::vector<double> &actual, const std::vector<double> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 1e-9 * (1 + std::abs(expected[i]))) << "element " << i;
}

void expectSameResults(const SmallCall &call, const SmallCall &whole) {
  EXPECT_EQ(call.h, whole.h);
  EXPECT_EQ(call.last, whole.last);
  EXPECT_EQ(call.final, whole.final);
  EXPECT_NEAR(call.loss, whole.loss, 1e-9 * (1 + std::abs(whole.loss)));
}

void expectSameGradients(const SmallCall &call, const SmallCall &whole) {
  expectNear(call.dw, whole.dw);
  expectNear(call.dE, whole.dE);
  expectNear(call.dStart, whole.dStart);
  expectNear(call.dUnused, whole.dUnused);
  expectNear(call.dx, whole.dx);
  expectNear(call.dh0, whole.dh0);
}

/// A whole call and one in segments, to which `change` does the same.
template <typename Change> void compare(int64_t T, int64_t B, const Change &change) {
  const seqc_model cut = bounded(-1);
  SmallCall whole(small_model, T, B), call(cut, T, B);
  change(whole);
  change(call);
  for (auto &[model, one] : {std::pair(&small_model, &whole), std::pair(&cut, &call)})
    ASSERT_EQ(seqc_run_gradient(model, &one->call), SEQC_OK) << one->message();
  expectSameResults(call, whole);
  expectSameGradients(call, whole);
}

std::vector<int64_t> lengths = {9, 0, 3, 4, 1, 8};

} // namespace

TEST(Bptt, SegmentsCoverTheSequence) {
  const seqc_model model = bounded(-1);
  for (int64_t T = 0; T < 200; ++T) {
    seqc_cut cut = seqc_find_cut(&model, T, 2);
    EXPECT_GE(cut.steps * cut.count, T);
    EXPECT_LT(cut.steps * (cut.count - 1), std::max<int64_t>(T, 1));
  }
  EXPECT_NEAR(static_cast<double>(seqc_find_cut(&model, 10000, 2).steps), 100, 20) << "states are as large as a step";
}

TEST(Bptt, MemoryStaysBelowTheBound) {
  for (int64_t B : {1, 3, 16}) {
    int64_t least = memoryOf(bounded(-1), 1000, B), most = memoryOf(small_model, 1000, B);
    EXPECT_LT(least, most / 4);
    int64_t before = 0;
    for (int64_t bound = least; bound < most; bound += most / 7) {
      const seqc_model model = bounded(bound);
      EXPECT_LE(memoryOf(model, 1000, B), bound);
      int64_t steps = seqc_find_cut(&model, 1000, B).steps;
      EXPECT_GE(steps, before) << "more memory, longer segments";
      before = steps;
    }
  }
}

TEST(Bptt, NothingIsCutThatFits) {
  const seqc_model model = bounded(memoryOf(small_model, 50, 3));
  EXPECT_EQ(seqc_find_cut(&model, 50, 3).count, 1);
  EXPECT_EQ(memoryOf(model, 50, 3), memoryOf(small_model, 50, 3));
  EXPECT_GT(seqc_find_cut(&model, 51, 3).count, 1);
}

TEST(Bptt, WhatCannotBeReachedComesAsNearAsItCan) {
  EXPECT_EQ(memoryOf(bounded(1), 1000, 3), memoryOf(bounded(-1), 1000, 3));
  EXPECT_EQ(seqc_tape_size(&small_model, INT64_MAX, 2), -1);
  const seqc_model model = bounded(1);
  EXPECT_EQ(seqc_tape_size(&model, INT64_MAX, 2), -1);
  EXPECT_EQ(seqc_workspace_size(&model, INT64_C(1) << 40, INT64_C(1) << 40), -1);
  EXPECT_EQ(seqc_workspace_size(&model, -1, 1), -1);
}

TEST(Bptt, GradientIsThatOfTheWhole) {
  for (int64_t T : {0, 1, 2, 3, 7, 16, 33})
    for (int64_t B : {0, 1, 3})
      compare(T, B, [](SmallCall &) {});
}

TEST(Bptt, RowsEndInTheirSegment) {
  compare(9, 6, [](SmallCall &call) { call.call.lengths = lengths.data(); });
}

TEST(Bptt, BoundaryEquationsHoldBeforeTheFirstSegmentOnly) {
  compare(9, 6, [](SmallCall &call) {
    call.call.states = nullptr;
    call.call.lengths = lengths.data();
  });
  compare(9, 6, [](SmallCall &call) { call.states[0].data = nullptr; });
}

TEST(Bptt, StridesReachTheirSteps) {
  int64_t T = 9, B = 6;
  compare(T, B, [=](SmallCall &call) {
    for (seqc_array *array : {&call.inputs[0], &call.outputs[0], &call.dOutputs[0], &call.dInputs[0]})
      array->stride_t = F, array->stride_b = T * F;
    call.inputs[1].stride_t = 1;
    call.inputs[1].stride_b = T;
  });
}

TEST(Bptt, GradientsAreAddedToWhatIsThere) {
  compare(9, 6, [](SmallCall &call) { call.call.accumulate = 1; });
}

TEST(Bptt, NoLossAndUnwantedArraysAreLeftOut) {
  compare(9, 6, [](SmallCall &call) {
    call.call.no_loss = 1;
    call.call.outputs = call.call.final_states = nullptr;
    call.call.d_inputs = call.call.d_states = nullptr;
  });
  compare(9, 6, [](SmallCall &call) {
    call.call.loss = nullptr;
    call.call.d_outputs = call.call.d_final_states = nullptr;
    call.outputs[1].data = nullptr;
    call.dParams[0].data = nullptr;
  });
}

TEST(Bptt, StatesAreUpdatedInPlace) {
  compare(9, 6, [](SmallCall &call) { call.finals[0] = call.states[0]; });
}

TEST(Bptt, BackwardMayFollowMoreThanOnce) {
  const seqc_model cut = bounded(-1);
  SmallCall whole(small_model, 9, 6), call(cut, 9, 6);
  whole.call.lengths = call.call.lengths = lengths.data();
  ASSERT_EQ(seqc_run_gradient(&small_model, &whole.call), SEQC_OK);
  ASSERT_EQ(seqc_run_forward_taped(&cut, &call.call), SEQC_OK) << call.message();
  expectSameResults(call, whole);
  for (int i = 0; i < 2; ++i) {
    std::fill(call.dw.begin(), call.dw.end(), -7);
    ASSERT_EQ(seqc_run_backward(&cut, &call.call), SEQC_OK) << call.message();
    expectSameGradients(call, whole);
  }
}

TEST(Bptt, ForwardRunsInSegments) {
  const seqc_model cut = bounded(-1);
  for (bool prepared : {false, true}) {
    SmallCall whole(small_model, 9, 6), call(cut, 9, 6);
    whole.call.lengths = call.call.lengths = lengths.data();
    EXPECT_LT(call.call.workspace_size, SmallCall(small_model, 900, 6).call.workspace_size / 4);
    ASSERT_EQ(seqc_run_forward(&small_model, &whole.call), SEQC_OK);
    call.call.prepared = prepared ? call.prepared.data : nullptr;
    if (prepared) {
      ASSERT_EQ(seqc_run_prepare(&cut, &call.call), SEQC_OK);
    }
    ASSERT_EQ(seqc_run_forward(&cut, &call.call), SEQC_OK) << call.message();
    expectSameResults(call, whole);
  }
}
