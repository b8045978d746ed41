//===- BatchesTest.cpp - Texts and examples cut into batches ------------------------------===//
#include "tools/seq-run/train/Batches.h"
#include "tools/seq-run/Failure.h"

#include <gtest/gtest.h>
#include <map>
#include <numeric>

using namespace seqc::run;

namespace {

Description textModel() {
  Description model;
  model.inputs = {{"x", {}, InputKind::Id, 1000}, {"y", {}, InputKind::Id, 1000}};
  return model;
}

std::vector<int32_t> counting(int32_t count) {
  std::vector<int32_t> text(count);
  std::iota(text.begin(), text.end(), 0);
  return text;
}

int32_t id(const Batch &batch, size_t input, int64_t t, int64_t b) {
  return batch.inputs[input].as<int32_t>()[t * batch.B + b];
}

TEST(TextBatches, theTargetIsTheNextSymbol) {
  auto source = makeTextBatches(textModel(), counting(200), {{0, 1}, 3, 7, true, 5});
  for (int64_t index = 0; index < source->batchesPerEpoch(); ++index) {
    Batch batch = source->batch(0, index);
    for (int64_t t = 0; t < batch.T; ++t)
      for (int64_t b = 0; b < batch.B; ++b)
        EXPECT_EQ(id(batch, 1, t, b), id(batch, 0, t, b) + 1);
  }
}

TEST(TextBatches, aBatchGoesOnWhereTheOneBeforeEnded) {
  auto source = makeTextBatches(textModel(), counting(500), {{0, 1}, 4, 10, true, 5});
  ASSERT_GT(source->batchesPerEpoch(), 3);
  EXPECT_FALSE(source->batch(2, 0).continues);
  for (int64_t index = 1; index < source->batchesPerEpoch(); ++index) {
    Batch before = source->batch(2, index - 1), batch = source->batch(2, index);
    EXPECT_TRUE(batch.continues);
    for (int64_t b = 0; b < 4; ++b)
      EXPECT_EQ(id(batch, 0, 0, b), id(before, 0, before.T - 1, b) + 1);
  }
}

TEST(TextBatches, epochsBeginAtDifferentPlaces) {
  auto source = makeTextBatches(textModel(), counting(900), {{0, 1}, 2, 20, true, 5});
  std::map<int32_t, int> starts;
  for (int64_t epoch = 0; epoch < 20; ++epoch)
    ++starts[id(source->batch(epoch, 0), 0, 0, 0)];
  EXPECT_GT(starts.size(), 5u);
}

TEST(TextBatches, forValidationEverySymbolIsATargetOnce) {
  for (int32_t size : {2, 3, 7, 50, 101, 128, 129})
    for (int64_t rows : {1, 3, 8}) {
      auto source = makeTextBatches(textModel(), counting(size), {{0, 1}, rows, 6, false, 0});
      std::map<int32_t, int> targets;
      for (int64_t index = 0; index < source->batchesPerEpoch(); ++index) {
        Batch batch = source->batch(0, index);
        for (int64_t b = 0; b < batch.B; ++b)
          for (int64_t t = 0; t < batch.length(b); ++t)
            ++targets[id(batch, 1, t, b)];
      }
      EXPECT_EQ(targets.size(), size_t(size - 1)) << size << " symbols, " << rows << " rows";
      for (auto [target, times] : targets)
        EXPECT_EQ(times, 1);
    }
}

TEST(TextBatches, aTextShorterThanItsRowsIsRefused) {
  EXPECT_THROW(makeTextBatches(textModel(), counting(8), {{0, 1}, 8, 4, true, 0}), Failure);
  EXPECT_EQ(makeTextBatches(textModel(), counting(9), {{0, 1}, 8, 4, true, 0})->batchesPerEpoch(), 1);
}

/// Examples whose element at step t of example n is 100 n + t.
std::shared_ptr<const Examples> numbered(int64_t T, int64_t N) {
  auto examples = std::make_shared<Examples>();
  examples->T = T;
  examples->N = N;
  examples->inputs.emplace_back(DType::F32, Shape{T, N, 1});
  for (int64_t t = 0; t < T; ++t)
    for (int64_t n = 0; n < N; ++n)
      examples->inputs[0].set(t * N + n, 100.0 * n + t);
  return examples;
}

TEST(ExampleBatches, anEpochHasEachChosenExampleOnce) {
  auto source = makeExampleBatches(numbered(3, 10), {{0, 2, 3, 5, 8}, 2, 0, true, 7});
  ASSERT_EQ(source->batchesPerEpoch(), 3);
  std::map<int, int> seen;
  for (int64_t index = 0; index < 3; ++index) {
    Batch batch = source->batch(4, index);
    EXPECT_EQ(batch.B, index < 2 ? 2 : 1);
    for (int64_t b = 0; b < batch.B; ++b)
      ++seen[static_cast<int>(batch.inputs[0].at(b)) / 100];
  }
  EXPECT_EQ(seen, (std::map<int, int>{{0, 1}, {2, 1}, {3, 1}, {5, 1}, {8, 1}}));
}

TEST(ExampleBatches, theOrderChangesFromEpochToEpochOnlyInTraining) {
  std::vector<int64_t> all(50);
  std::iota(all.begin(), all.end(), 0);
  auto training = makeExampleBatches(numbered(1, 50), {all, 50, 0, true, 7});
  auto fixed = makeExampleBatches(numbered(1, 50), {all, 50, 0, false, 7});
  auto first = [](const Batch &batch) { return batch.inputs[0].at(0) + 7 * batch.inputs[0].at(1); };
  EXPECT_NE(first(training->batch(0, 0)), first(training->batch(1, 0)));
  EXPECT_EQ(first(training->batch(1, 0)), first(training->batch(1, 0)));
  EXPECT_EQ(first(fixed->batch(0, 0)), first(fixed->batch(1, 0)));
}

TEST(ExampleBatches, piecesOfAnExampleFollowEachOther) {
  auto examples = std::make_shared<Examples>(*numbered(7, 2));
  examples->lengths = {7, 4};
  auto source = makeExampleBatches(examples, {{0, 1}, 2, 3, false, 0});
  ASSERT_EQ(source->batchesPerEpoch(), 3);
  for (int64_t piece = 0; piece < 3; ++piece) {
    Batch batch = source->batch(0, piece);
    EXPECT_EQ(batch.T, piece < 2 ? 3 : 1);
    EXPECT_EQ(batch.continues, piece > 0);
    EXPECT_EQ(batch.inputs[0].at(0), 3.0 * piece);
    EXPECT_EQ(batch.lengths, (piece == 0   ? std::vector<int64_t>{3, 3}
                              : piece == 1 ? std::vector<int64_t>{3, 1}
                                           : std::vector<int64_t>{1, 0}));
  }
}

TEST(Batches, otherDataHasAnotherFingerprint) {
  auto text = [](int32_t last) {
    std::vector<int32_t> symbols = counting(100);
    symbols.back() = last;
    return makeTextBatches(textModel(), symbols, {{0, 1}, 2, 4, true, 0})->fingerprint();
  };
  EXPECT_EQ(text(7), text(7));
  EXPECT_NE(text(7), text(8));
}

} // namespace
