//===- HostTest.cpp - Memory that forward and backward of one call share -----------===//
#include "SmallCall.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

using namespace seqc::test;

namespace {

constexpr int F = small_features;
constexpr int64_t T = 4, B = 3, sequenceBytes = T * B * F * sizeof(double);

/// The small model, whose tape is the sequence h, with the output h as host of that.
class Hosts : public testing::Test {
protected:
  Hosts() {
    tape.host = small_output_h;
    model.tape = &tape;
  }

  /// Bytes of the tape that the call has not touched.
  static int64_t untouched(SmallCall &call, const std::function<void()> &run) {
    constexpr char mark = 0x5a;
    std::fill(call.tape.data, call.tape.data + call.tape.size, mark);
    run();
    return std::count(call.tape.data, call.tape.data + call.tape.size, mark);
  }

  void expectGradient(const SmallCall &call) {
    SmallCall plain(T, B);
    ASSERT_EQ(seqc_run_gradient(&small_model, &plain.call), SEQC_OK);
    EXPECT_EQ(call.dw, plain.dw);
    EXPECT_EQ(call.dE, plain.dE);
    EXPECT_EQ(call.dx, plain.dx);
    EXPECT_EQ(call.dh0, plain.dh0);
  }

  seqc_slot tape = small_model.tape[0];
  seqc_model model = small_model;
};

} // namespace

TEST_F(Hosts, InGradientTheOutputIsTheTape) {
  SmallCall call(T, B), plain(T, B);
  EXPECT_GE(untouched(call, [&] { ASSERT_EQ(seqc_run_gradient(&model, &call.call), SEQC_OK); }), sequenceBytes);
  expectGradient(call);
  ASSERT_EQ(seqc_run_forward(&model, &plain.call), SEQC_OK);
  EXPECT_EQ(call.h, plain.h);
}

TEST_F(Hosts, AnOutputThatIsNotWantedIsNone) {
  SmallCall call(T, B);
  auto run = [&] { ASSERT_EQ(seqc_run_gradient(&model, &call.call), SEQC_OK) << call.message(); };
  call.outputs[small_output_h].data = nullptr;
  EXPECT_LT(untouched(call, run), sequenceBytes);
  expectGradient(call);
  call.call.outputs = nullptr;
  EXPECT_LT(untouched(call, run), sequenceBytes);
  expectGradient(call);
}

TEST_F(Hosts, AnOutputWhoseRowsLieApartIsNone) {
  SmallCall call(T, B);
  call.outputs[small_output_h].stride_t = F; // batch first
  call.outputs[small_output_h].stride_b = T * F;
  auto run = [&] { ASSERT_EQ(seqc_run_gradient(&model, &call.call), SEQC_OK) << call.message(); };
  EXPECT_LT(untouched(call, run), sequenceBytes);
  expectGradient(call);
}

TEST_F(Hosts, InTwoCallsTheTapeIsTheCallers) {
  SmallCall call(T, B);
  EXPECT_LT(untouched(call, [&] { ASSERT_EQ(seqc_run_forward_taped(&model, &call.call), SEQC_OK); }), sequenceBytes);
  std::fill(call.h.begin(), call.h.end(), 99); // the caller's to change
  ASSERT_EQ(seqc_run_backward(&model, &call.call), SEQC_OK) << call.message();
  expectGradient(call);
}

TEST_F(Hosts, ASequenceOfBackwardIsOnTheTapeInGradientAlone) {
  static int64_t kept, made; // the slots of the tape and of the sequence
  static bool isOnTape;
  std::vector<seqc_slot> slots(model.backward.slots, model.backward.slots + model.backward.slot_count);
  kept = std::find_if(slots.begin(), slots.end(), [](const seqc_slot &slot) { return slot.source == SEQC_TAPE; }) -
         slots.begin();
  made = static_cast<int64_t>(slots.size());
  seqc_slot sequence = slots[kept];
  sequence.source = SEQC_WORKSPACE;
  sequence.host = 0;
  slots.push_back(sequence);
  tape.host = -1;
  model.backward.slots = slots.data();
  model.backward.slot_count = made + 1;
  model.backward.run = [](seqc_frame *frame) {
    isOnTape = frame->places[made].base == frame->places[kept].base;
    small_model.backward.run(frame);
  };
  SmallCall call(model, T, B);
  ASSERT_EQ(seqc_run_gradient(&model, &call.call), SEQC_OK) << call.message();
  EXPECT_TRUE(isOnTape);
  expectGradient(call);
  ASSERT_EQ(seqc_run_forward_taped(&model, &call.call), SEQC_OK);
  ASSERT_EQ(seqc_run_backward(&model, &call.call), SEQC_OK);
  EXPECT_FALSE(isOnTape);
}

TEST_F(Hosts, GradientLeavesNoTapeForBackward) {
  SmallCall call(T, B);
  ASSERT_EQ(seqc_run_gradient(&model, &call.call), SEQC_OK);
  EXPECT_EQ(seqc_run_backward(&model, &call.call), SEQC_WRONG_CONTENT);
  EXPECT_EQ(call.message(), "Small_backward: tape was used up by Small_gradient: call Small_forward_taped first");
}
