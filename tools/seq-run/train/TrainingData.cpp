//===- TrainingData.cpp - What a run trains and validates on ----------------------------===//
#include "tools/seq-run/train/TrainingData.h"

#include "tools/seq-run/Failure.h"
#include "tools/seq-run/Random.h"

#include <numeric>

using namespace seqc::run;

namespace {

/// The split of examples has a stream of random numbers of its own, apart from those of the epochs.
constexpr uint64_t splitStream = ~uint64_t(0);

TrainingData readTextData(const Description &model, const TrainSettings &settings) {
  TextInputs inputs = findTextInputs(model, settings.input, settings.target);
  Unit unit = settings.unit == "byte" ? Unit::Byte : Unit::Char;
  SplitText text = readSplitText(settings.text, unit, settings.validation);
  std::vector<uint32_t> all = text.training;
  all.insert(all.end(), text.validation.begin(), text.validation.end());
  // Symbols that only the held-out part has must have ids too, but their frequencies must not be known.
  Vocabulary vocabulary(text.training, unit, all);
  checkVocabulary(model, inputs, vocabulary);

  TrainingData data;
  data.text = true;
  data.vocabulary = vocabulary.toJson();
  data.validationText = joinSymbols(text.validation, unit);
  data.summary = std::to_string(text.training.size()) + " symbols to train on, " +
                 std::to_string(text.validation.size()) + " held out, vocabulary of " +
                 std::to_string(vocabulary.size());
  int64_t steps = std::max<int64_t>(1, settings.steps);
  data.training =
      makeTextBatches(model, vocabulary.encode(text.training), {inputs, settings.batch, steps, true, settings.seed});
  if (text.validation.size() > 1) {
    std::vector<int32_t> heldOut = vocabulary.encode(text.validation);
    data.unigramBits = vocabulary.unigramBits(heldOut);
    data.validation = makeTextBatches(model, std::move(heldOut), {inputs, settings.batch, steps, false, 0});
  }
  return data;
}

TrainingData readArrayData(const Description &model, const TrainSettings &settings) {
  auto examples = std::make_shared<const Examples>(readExamples(settings.data, model));
  std::vector<int64_t> order(examples->N);
  std::iota(order.begin(), order.end(), 0);
  std::vector<int64_t> heldOut;
  bool separate = !settings.validationData.empty();
  if (!separate) {
    Random{settings.seed, splitStream}.shuffle(order);
    auto count = static_cast<int64_t>(static_cast<double>(order.size()) * settings.validation);
    heldOut.assign(order.end() - count, order.end());
    order.resize(order.size() - count);
  }
  if (order.empty())
    fail(Message::FewExamples, settings.data, examples->N, order.size(), heldOut.size());

  TrainingData data;
  data.training = makeExampleBatches(examples, {order, settings.batch, settings.steps, true, settings.seed});
  auto validation = examples;
  if (separate) {
    validation = std::make_shared<const Examples>(readExamples(settings.validationData, model));
    heldOut.resize(validation->N);
    std::iota(heldOut.begin(), heldOut.end(), 0);
  }
  data.summary =
      std::to_string(order.size()) + " examples to train on, " + std::to_string(heldOut.size()) + " held out";
  if (!heldOut.empty())
    data.validation = makeExampleBatches(validation, {heldOut, settings.batch, settings.steps, false, 0});
  return data;
}

} // namespace

uint64_t TrainingData::fingerprint() const {
  uint64_t parts[] = {training->fingerprint(), validation ? validation->fingerprint() : 0};
  return hashBytes(parts, sizeof parts);
}

TrainingData seqc::run::readTrainingData(const Description &model, const TrainSettings &settings) {
  if (!settings.text.empty())
    return readTextData(model, settings);
  if (settings.data.empty())
    fail(Message::NoData);
  return readArrayData(model, settings);
}
