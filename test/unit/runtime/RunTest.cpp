//===- RunTest.cpp - What the entry points compute, whatever arrays they get -------===//
#include "SmallCall.h"

#include "runtime/internal.h"

#include <gtest/gtest.h>

#include <limits>

using namespace seqc::test;

namespace {

constexpr int F = small_features;

/// The recurrence itself, straight from its equation, from `before` over the steps of row b.
std::vector<double> expectedRow(const SmallCall &call, int64_t b, int64_t length, std::vector<double> before) {
  std::vector<double> result;
  for (int64_t t = 0; t < length; ++t)
    for (int f = 0; f < F; ++f) {
      int64_t row = t * call.call.B + b;
      before[f] = call.w[f] * before[f] + call.x[row * F + f] + call.E[call.id[row] * F + f];
      result.push_back(before[f]);
    }
  return result;
}

std::vector<double> slice(const std::vector<double> &values, int64_t row) {
  return {values.begin() + row * F, values.begin() + (row + 1) * F};
}

void expectRows(const SmallCall &call, const std::vector<double> &h, const std::vector<int64_t> &lengths,
                bool withStates = true) {
  for (int64_t b = 0; b < call.call.B; ++b) {
    std::vector<double> expected = expectedRow(call, b, lengths[b], withStates ? slice(call.h0, b) : call.start);
    for (int64_t t = 0; t < call.call.T; ++t)
      for (int f = 0; f < F; ++f)
        EXPECT_EQ(h[(t * call.call.B + b) * F + f], t < lengths[b] ? expected[t * F + f] : 0)
            << "t " << t << " b " << b;
  }
}

/// The loss that gradients are taken of: given gradients of the outputs plus the model's own loss.
double objective(SmallCall &call) {
  EXPECT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
  double sum = call.call.no_loss ? 0 : call.loss;
  for (size_t i = 0; i < call.h.size(); ++i)
    sum += call.h[i] * call.dOut[i];
  for (size_t i = 0; i < call.last.size(); ++i)
    sum += call.last[i] * (call.dLast[i] + call.dFinal[i]);
  return sum;
}

void expectDifferences(SmallCall &call, std::vector<double> &values, const std::vector<double> &gradient) {
  for (size_t i = 0; i < values.size(); ++i) {
    double old = values[i], e = 1e-6;
    values[i] = old + e;
    double up = objective(call);
    values[i] = old - e;
    double down = objective(call);
    values[i] = old;
    EXPECT_NEAR(gradient[i], (up - down) / (2 * e), 1e-6) << "element " << i;
  }
}

} // namespace

TEST(Run, ForwardComputesTheEquations) {
  SmallCall call(4, 3);
  ASSERT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
  expectRows(call, call.h, {4, 4, 4});
  for (int64_t b = 0; b < 3; ++b)
    EXPECT_EQ(slice(call.final, b), slice(call.h, 3 * 3 + b));
  EXPECT_EQ(call.last, call.final);
}

TEST(Run, WithoutStatesTheBoundaryEquationHolds) {
  SmallCall call(4, 3);
  call.call.states = nullptr;
  ASSERT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK);
  expectRows(call, call.h, {4, 4, 4}, /*withStates=*/false);
  call.call.states = call.states.data();
  call.states[0].data = nullptr;
  std::vector<double> first = call.h;
  ASSERT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK);
  EXPECT_EQ(call.h, first);
}

TEST(Run, LengthsEndRowsAndPaddingNeverLeaks) {
  SmallCall call(4, 3);
  std::vector<int64_t> lengths = {0, 2, 4};
  call.call.lengths = lengths.data();
  for (int64_t t = 0; t < 4; ++t)
    for (int64_t b = 0; b < 3; ++b)
      if (t >= lengths[b]) {
        call.x[(t * 3 + b) * F] = std::numeric_limits<double>::quiet_NaN();
        call.id[t * 3 + b] = -100;
      }
  ASSERT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
  expectRows(call, call.h, lengths);
  EXPECT_EQ(slice(call.final, 0), slice(call.h0, 0));
  EXPECT_EQ(slice(call.final, 1), slice(call.h, 1 * 3 + 1));
}

TEST(Run, BatchFirstArraysPassWithoutACopy) {
  int64_t T = 4, B = 3;
  SmallCall plain(T, B), call(T, B);
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b) {
      for (int f = 0; f < F; ++f)
        call.x[(b * T + t) * F + f] = plain.x[(t * B + b) * F + f];
      call.id[b * T + t] = plain.id[t * B + b];
    }
  call.inputs[0].stride_t = call.outputs[0].stride_t = F;
  call.inputs[0].stride_b = call.outputs[0].stride_b = T * F;
  call.inputs[1].stride_t = 1;
  call.inputs[1].stride_b = T;
  ASSERT_EQ(seqc_run_forward(&small_model, &plain.call), SEQC_OK);
  ASSERT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b)
      EXPECT_EQ(slice(call.h, b * T + t), slice(plain.h, t * B + b));
}

TEST(Run, OneRowOfInputsMayServeTheWholeBatch) {
  SmallCall call(4, 3);
  call.inputs[0] = {call.x.data(), 4 * F, F, 0};
  ASSERT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
}

TEST(Run, StepsAndBlocksGiveTheBitsOfOneForward) {
  int64_t T = 6, B = 2;
  SmallCall whole(T, B);
  ASSERT_EQ(seqc_run_forward(&small_model, &whole.call), SEQC_OK);
  for (int64_t block : {1, 2, 3}) {
    SmallCall call(T, B);
    call.call.T = block;
    // The state is updated in place.
    call.finals[0] = call.states[0];
    for (int64_t t = 0; t < T; t += block) {
      call.inputs[0].data = call.x.data() + t * B * F;
      call.inputs[1].data = call.id.data() + t * B;
      call.outputs[0].data = call.h.data() + t * B * F;
      auto run = block == 1 ? seqc_run_step : seqc_run_forward;
      ASSERT_EQ(run(&small_model, &call.call), SEQC_OK) << call.message();
    }
    EXPECT_EQ(call.h, whole.h);
    EXPECT_EQ(call.h0, whole.final);
  }
}

TEST(Run, NoStepsAndNoRowsWork) {
  for (auto [T, B] : {std::pair<int64_t, int64_t>{0, 3}, {3, 0}, {0, 0}}) {
    SmallCall call(T, B);
    EXPECT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
    EXPECT_EQ(call.final, call.h0);
    EXPECT_EQ(call.loss, 0);
    EXPECT_EQ(seqc_run_gradient(&small_model, &call.call), SEQC_OK) << call.message();
    EXPECT_EQ(call.dw, std::vector<double>(F, 0));
  }
}

TEST(Run, EmptyArraysMayBeNull) {
  SmallCall call(0, 3);
  call.inputs[0].data = call.inputs[1].data = call.outputs[0].data = nullptr;
  EXPECT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
}

TEST(Run, WhatIsNotWantedIsLeftOut) {
  SmallCall call(4, 3);
  call.call.outputs = nullptr;
  call.call.final_states = nullptr;
  ASSERT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
  SmallCall whole(4, 3);
  ASSERT_EQ(seqc_run_forward(&small_model, &whole.call), SEQC_OK);
  EXPECT_EQ(call.loss, whole.loss);
  call.call.loss = nullptr;
  EXPECT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK);
}

TEST(Run, GradientAgreesWithDifferences) {
  SmallCall call(4, 3);
  std::vector<int64_t> lengths = {0, 2, 4};
  call.call.lengths = lengths.data();
  ASSERT_EQ(seqc_run_gradient(&small_model, &call.call), SEQC_OK) << call.message();
  SmallCall other(4, 3);
  other.call.lengths = lengths.data();
  expectDifferences(other, other.w, call.dw);
  expectDifferences(other, other.E, call.dE);
  expectDifferences(other, other.x, call.dx);
  expectDifferences(other, other.h0, call.dh0);
  EXPECT_EQ(call.dStart, std::vector<double>(F, 0)) << "the states were given";
  EXPECT_EQ(call.dUnused, std::vector<double>(2, 0));
}

TEST(Run, GradientOfTheBoundaryEquationWithoutStates) {
  SmallCall call(4, 3), other(4, 3);
  call.call.states = other.call.states = nullptr;
  ASSERT_EQ(seqc_run_gradient(&small_model, &call.call), SEQC_OK) << call.message();
  expectDifferences(other, other.start, call.dStart);
}

TEST(Run, NoLossStartsFromTheGivenGradientsAlone) {
  SmallCall call(4, 3), other(4, 3);
  call.call.no_loss = other.call.no_loss = 1;
  ASSERT_EQ(seqc_run_gradient(&small_model, &call.call), SEQC_OK) << call.message();
  expectDifferences(other, other.w, call.dw);
  call.call.d_outputs = call.call.d_final_states = nullptr;
  ASSERT_EQ(seqc_run_gradient(&small_model, &call.call), SEQC_OK);
  EXPECT_EQ(call.dw, std::vector<double>(F, 0));
}

TEST(Run, ForwardTapedAndBackwardAreTheGradient) {
  SmallCall both(4, 3), call(4, 3);
  ASSERT_EQ(seqc_run_gradient(&small_model, &both.call), SEQC_OK);
  ASSERT_EQ(seqc_run_forward_taped(&small_model, &call.call), SEQC_OK);
  EXPECT_EQ(call.h, both.h);
  ASSERT_EQ(seqc_run_backward(&small_model, &call.call), SEQC_OK) << call.message();
  EXPECT_EQ(call.dw, both.dw);
  EXPECT_EQ(call.dx, both.dx);
  EXPECT_EQ(call.dh0, both.dh0);
}

TEST(Run, BackwardReadsTheStatesFromTheTape) {
  SmallCall both(4, 3), call(4, 3);
  ASSERT_EQ(seqc_run_gradient(&small_model, &both.call), SEQC_OK);
  call.finals[0] = call.states[0]; // training with a carried state
  ASSERT_EQ(seqc_run_gradient(&small_model, &call.call), SEQC_OK);
  EXPECT_EQ(call.dw, both.dw);
  EXPECT_EQ(call.h0, both.final);
}

TEST(Run, AccumulateAddsToParametersAndOverwritesTheRest) {
  SmallCall once(4, 3), twice(4, 3);
  once.call.states = twice.call.states = nullptr;
  ASSERT_EQ(seqc_run_gradient(&small_model, &once.call), SEQC_OK);
  ASSERT_EQ(seqc_run_gradient(&small_model, &twice.call), SEQC_OK);
  twice.call.accumulate = 1;
  ASSERT_EQ(seqc_run_gradient(&small_model, &twice.call), SEQC_OK);
  for (int f = 0; f < F; ++f) {
    EXPECT_NEAR(twice.dw[f], 2 * once.dw[f], 1e-12);
    EXPECT_EQ(twice.dStart[f], 2 * once.dStart[f]);
  }
  EXPECT_EQ(twice.dx, once.dx);
}

TEST(Run, WhatAProgramBeginsItselfIsClearedOnlyWhereItCannot) {
  std::vector<seqc_slot> slots(small_model.backward.slots,
                               small_model.backward.slots + small_model.backward.slot_count);
  ASSERT_EQ(slots.back().index, small_param_unused); // of which the program does nothing
  slots.back().zeroed = SEQC_BEGUN;
  seqc_model model = small_model;
  model.backward.slots = slots.data();
  auto gradientOfUnused = [&](int64_t T, int32_t accumulate) {
    SmallCall call(model, T, 3);
    call.call.accumulate = accumulate;
    EXPECT_EQ(seqc_run_gradient(&model, &call.call), SEQC_OK) << call.message();
    return call.dUnused;
  };
  EXPECT_EQ(gradientOfUnused(4, 0), std::vector<double>(2, -7));
  EXPECT_EQ(gradientOfUnused(4, 1), std::vector<double>(2, -7));
  EXPECT_EQ(gradientOfUnused(0, 0), std::vector<double>(2, 0));
}

TEST(Run, PreparedParametersGiveTheSameNumbers) {
  SmallCall plain(4, 3), call(4, 3);
  ASSERT_EQ(seqc_run_forward(&small_model, &plain.call), SEQC_OK);
  call.call.prepared = call.prepared.data;
  ASSERT_EQ(seqc_run_prepare(&small_model, &call.call), SEQC_OK) << call.message();
  // E is packed: forward does not look at it any more.
  SmallCall::fill(call.E, 99);
  ASSERT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_OK) << call.message();
  EXPECT_EQ(call.h, plain.h);
}

TEST(Run, RingsHoldTheirStepsAlone) {
  seqc_slot slot = {SEQC_WORKSPACE, 0, F, sizeof(double), 1, 1, 0, 0, 4, -1, -1};
  EXPECT_EQ(seqc_extent(&slot, 3, 2), 3 * 2 * F);
  EXPECT_EQ(seqc_extent(&slot, 100, 2), 4 * 2 * F);
}

TEST(Run, SizesGrowWithTheCall) {
  EXPECT_EQ(seqc_workspace_size(&small_model, -1, 1), -1);
  EXPECT_EQ(seqc_tape_size(&small_model, 1, -1), -1);
  EXPECT_EQ(seqc_workspace_size(&small_model, INT64_C(1) << 40, INT64_C(1) << 40), -1);
  EXPECT_EQ(seqc_tape_size(&small_model, INT64_MAX, 2), -1);
  EXPECT_GT(seqc_workspace_size(&small_model, 0, 0), 0);
  EXPECT_GE(seqc_tape_size(&small_model, 10, 4), static_cast<int64_t>(10 * 4 * F * sizeof(double)));
  EXPECT_EQ(seqc_workspace_size(&small_model, 10, 4) % SEQC_ALIGNMENT, 0);
}
