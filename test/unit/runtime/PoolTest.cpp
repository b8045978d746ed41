//===- PoolTest.cpp - Threads that share a call: meetings, frames, errors ----------===//
#include "SmallCall.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cfenv>
#include <limits>
#include <thread>

using namespace seqc::test;

namespace {

constexpr int most = 8, rounds = 200;

/// What the threads of a run leave here. `left[i]` counts up where `right[i]` is read, by another thread and a meeting
/// later: without the meetings some thread would see an old number.
struct Traces {
  std::array<int, most> left{}, right{}, rounding{};
  std::array<double, most> half{};
  std::array<void *, most> own{}, unwanted{};
  std::atomic<int> wrong{0}, entered{0};
  std::atomic<bool> inside{false}, leave{true};
};
Traces traces;

void beMet(seqc_frame *frame) {
  if (frame->threads > 1)
    frame->meet(frame);
}

void run(seqc_frame *frame) {
  int64_t self = frame->thread, next = (self + 1) % frame->threads;
  beMet(frame);
  ++traces.entered;
  traces.own[self] = frame->places[0].base;
  traces.unwanted[self] = frame->places[1].base;
  traces.rounding[self] = std::fegetround();
  volatile double least = std::numeric_limits<double>::min();
  traces.half[self] = least / 2;
  for (int i = 0; i < rounds; ++i) {
    traces.left[self] = i;
    beMet(frame);
    traces.wrong += traces.left[next] != i;
    traces.right[self] = i;
    beMet(frame);
    traces.wrong += traces.right[next] != i;
  }
}

/// Only the first thread has anything to do, so it meets nobody.
void runAlone(seqc_frame *frame) { traces.entered += 1 + (frame->thread != 0); }

void runUntilTold(seqc_frame *) {
  traces.inside = true;
  while (!traces.leave)
    std::this_thread::yield();
}

const seqc_slot slots[] = {{SEQC_WORKSPACE, 0, 40, 8, 0, 0, 0, 1, 0, -1, -1},
                           {SEQC_OUTPUT, 0, 4, 8, 1, 1, 0, 0, 0, -1, -1}};
seqc_tensor output(const char *name, int64_t features) {
  seqc_tensor tensor = {};
  tensor.name = name;
  tensor.features = features;
  tensor.element = 8;
  return tensor;
}
const seqc_tensor outputs[] = {output("y", 4)};

seqc_model modelOf(void (*function)(seqc_frame *)) {
  seqc_model model = {};
  model.library = small_model.library;
  model.name = "Pooled";
  model.element = 8;
  model.outputs = outputs;
  model.output_count = 1;
  model.forward = {slots, 2, nullptr, function};
  model.tag = 99;
  return model;
}

/// A call with a pool that runs.
struct PooledCall {
  explicit PooledCall(const seqc_model &model, int64_t threads)
      : model(model), workspace(seqc_workspace_size(&model, 3, 2)), pool(seqc_pool_size(&model, threads)) {
    call.abi = SEQC_ABI_VERSION;
    call.error = error;
    call.error_size = sizeof error;
    call.T = 3;
    call.B = 2;
    call.workspace = workspace.data;
    call.workspace_size = workspace.size;
    call.pool = pool.data;
    call.pool_size = pool.size;
    call.threads = threads;
    EXPECT_EQ(seqc_run_pool_start(&model, &call), SEQC_OK) << error;
  }
  ~PooledCall() { EXPECT_EQ(seqc_run_pool_stop(&model, &call), SEQC_OK) << error; }

  int forward() { return seqc_run_forward(&model, &call); }
  std::string message() const { return error; }

  const seqc_model &model;
  AlignedMemory workspace, pool;
  char error[512] = "";
  seqc_call call = {};
};

class Pool : public testing::Test {
  void SetUp() override {
    traces.~Traces();
    new (&traces) Traces;
  }
};

TEST_F(Pool, AllThreadsMeetAgainAndAgain) {
  seqc_model model = modelOf(run);
  for (int threads : {1, 2, 3, 5, most}) {
    PooledCall call(model, threads);
    traces.entered = 0;
    for (int i = 1; i <= 20; ++i) {
      ASSERT_EQ(call.forward(), SEQC_OK) << call.message();
      EXPECT_EQ(traces.entered, threads * i);
    }
    EXPECT_EQ(traces.wrong, 0) << threads << " threads";
  }
}

TEST_F(Pool, SleepersWakeUp) {
  seqc_model model = modelOf(run);
  PooledCall call(model, 3);
  for (int i = 1; i <= 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    ASSERT_EQ(call.forward(), SEQC_OK);
    EXPECT_EQ(traces.entered, 3 * i);
  }
}

TEST_F(Pool, NobodyIsAskedWhereNothingIsShared) {
  seqc_model model = modelOf(runAlone);
  PooledCall call(model, 3);
  ASSERT_EQ(call.forward(), SEQC_OK);
  EXPECT_EQ(traces.entered, 1);
}

TEST_F(Pool, EachThreadHasMemoryOfItsOwn) {
  seqc_model model = modelOf(run);
  PooledCall call(model, 3);
  ASSERT_EQ(call.forward(), SEQC_OK);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < i; ++j) {
      EXPECT_NE(traces.own[i], traces.own[j]);
      EXPECT_NE(traces.unwanted[i], traces.unwanted[j]); // the output that the caller does not want
    }
}

TEST_F(Pool, ThreadsRoundAsTheCallerDoes) {
  seqc_model model = modelOf(run);
  PooledCall call(model, 2);
  std::fesetround(FE_UPWARD);
  ASSERT_EQ(call.forward(), SEQC_OK);
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(traces.rounding[1], FE_UPWARD);
  ASSERT_EQ(call.forward(), SEQC_OK);
  EXPECT_EQ(traces.rounding[1], FE_TONEAREST);
}

TEST_F(Pool, ThreadsHaveNoDenormalNumbers) {
  seqc_model model = modelOf(run);
  PooledCall call(model, 2);
  traces.half = {1, 1};
  ASSERT_EQ(call.forward(), SEQC_OK);
  EXPECT_EQ(traces.half[0], 0);
  EXPECT_EQ(traces.half[1], 0);
  volatile double least = std::numeric_limits<double>::min();
  EXPECT_GT(least / 2, 0);
}

TEST_F(Pool, TwoCallsAtOnceAreRefused) {
  seqc_model model = modelOf(runUntilTold);
  PooledCall call(model, 2);
  traces.leave = false;
  std::thread first([&] {
    seqc_call own = call.call;
    own.error = nullptr;
    EXPECT_EQ(seqc_run_forward(&model, &own), SEQC_OK);
  });
  while (!traces.inside)
    std::this_thread::yield();
  EXPECT_EQ(call.forward(), SEQC_BUSY_POOL);
  EXPECT_EQ(call.message(), "Pooled_forward: another call is using the pool: calls at the same time need a pool each");
  EXPECT_EQ(seqc_run_pool_stop(&model, &call.call), SEQC_BUSY_POOL);
  traces.leave = true;
  first.join();
  EXPECT_EQ(call.forward(), SEQC_OK);
}

TEST_F(Pool, WrongPoolsAreRefused) {
  seqc_model model = modelOf(run);
  AlignedMemory workspace(seqc_workspace_size(&model, 1, 1)), pool(seqc_pool_size(&model, 2));
  std::fill_n(pool.data, pool.size, 0);
  char error[512] = "";
  seqc_call call = {};
  call.abi = SEQC_ABI_VERSION;
  call.error = error;
  call.error_size = sizeof error;
  call.T = call.B = 1;
  call.workspace = workspace.data;
  call.workspace_size = workspace.size;
  auto expect = [&](int status, int expected, const std::string &text) {
    EXPECT_EQ(status, expected);
    EXPECT_EQ(std::string(error), text);
  };
  expect(seqc_run_pool_start(&model, &call), SEQC_BAD_DIMENSION, "Pooled_pool_start: threads is 0, outside [1, 1024]");
  call.threads = 2;
  expect(seqc_run_pool_start(&model, &call), SEQC_NULL_POINTER,
         "Pooled_pool_start: pool is NULL, needs " + std::to_string(pool.size) + " bytes (Pooled_pool_size)");
  expect(seqc_run_pool_stop(&model, &call), SEQC_NULL_POINTER, "Pooled_pool_stop: pool is NULL");
  call.pool = pool.data + 8;
  call.pool_size = pool.size;
  expect(seqc_run_pool_start(&model, &call), SEQC_MISALIGNED, "Pooled_pool_start: pool is not aligned to 64 bytes");
  expect(seqc_run_forward(&model, &call), SEQC_MISALIGNED, "Pooled_forward: pool is not aligned to 64 bytes");
  call.pool = pool.data;
  expect(seqc_run_forward(&model, &call), SEQC_WRONG_CONTENT,
         "Pooled_forward: pool was not started by Pooled_pool_start");
  call.pool_size -= 1;
  EXPECT_EQ(seqc_run_pool_start(&model, &call), SEQC_SMALL_WORKSPACE);
  call.pool_size += 1;
  EXPECT_EQ(seqc_run_pool_start(&model, &call), SEQC_OK);
  EXPECT_EQ(seqc_run_forward(&model, &call), SEQC_OK);
  EXPECT_EQ(seqc_run_pool_stop(&model, &call), SEQC_OK);
  expect(seqc_run_forward(&model, &call), SEQC_WRONG_CONTENT,
         "Pooled_forward: pool was not started by Pooled_pool_start");
  EXPECT_EQ(seqc_pool_size(&model, 0), -1);
  EXPECT_EQ(seqc_pool_size(&model, 1025), -1);
}

} // namespace
