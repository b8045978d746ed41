//===- SampleCommand.cpp - sample --------------------------------------------------------===//
#include "tools/seq-run/Library.h"
#include "tools/seq-run/Random.h"
#include "tools/seq-run/train/Batches.h"
#include "tools/seq-run/train/TextCommands.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

using namespace seqc::run;

namespace {

size_t findInput(const Description &model, const std::string &name) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < model.inputs.size(); ++i)
    if (model.inputs[i].kind == InputKind::Id) {
      if (name.empty() || model.inputs[i].name == name)
        return i;
      ids.push_back(model.inputs[i].name);
    }
  fail(Message::NotAnIdInput, model.model, name, listNames(ids));
}

size_t findLogits(const Description &model, const std::string &name, int64_t vocabulary) {
  std::vector<std::string> names;
  std::vector<size_t> fitting;
  for (size_t i = 0; i < model.outputs.size(); ++i) {
    const OutputInfo &output = model.outputs[i];
    names.push_back(output.name);
    if (!name.empty() ? output.name == name : elementCount(output.shape) == vocabulary && !output.last)
      fitting.push_back(i);
  }
  if (!name.empty() && fitting.empty())
    fail(Message::NoLogits, model.model, name, listNames(names));
  if (fitting.size() != 1)
    fail(Message::UnclearLogits, model.model, vocabulary, listNames(names));
  return fitting.front();
}

/// One stream of symbols through the model's `step`.
class Stream {
public:
  Stream(const Model &model, const Tensors &params, size_t input, size_t logits)
      : caller(model), input(input), logits(logits), params(arraysOf(params)),
        outputs(outputTensors(model.info(), 1, 1)), states(stateTensors(model.info(), 1)) {
    for (const InputInfo &info : model.info().inputs)
      inputs.emplace_back(inputType(info, model.info()), withSteps(info.shape, 1, 1));
    caller.prepare(this->params.data());
  }

  /// Feeds one symbol; returns the logits of the next.
  std::vector<double> feed(int32_t id) {
    inputs[input].as<int32_t>()[0] = id;
    std::vector<seqc_array> inputArrays = arraysOf(inputs), stateArrays = arraysOf(states);
    std::vector<seqc_array> outputArrays = arraysOf(outputs);
    seqc_call call = {};
    call.T = 1;
    call.B = 1;
    call.params = params.data();
    call.inputs = inputArrays.data();
    call.states = begun ? stateArrays.data() : nullptr;
    call.outputs = outputArrays.data();
    call.final_states = stateArrays.data();
    caller.run(Entry::Step, call);
    begun = true;
    std::vector<double> result;
    for (int64_t i = 0; i < outputs[logits].elements(); ++i)
      result.push_back(outputs[logits].at(i));
    return result;
  }

private:
  Caller caller;
  size_t input, logits;
  std::vector<seqc_array> params;
  Tensors inputs, outputs, states;
  bool begun = false;
};

std::vector<int32_t> encodePrompt(const SampleOptions &options, const Vocabulary &vocabulary) {
  // A model that has seen no symbol yet has no logits: without a prompt, a line begins.
  Symbols symbols = splitSymbols(options.prompt.empty() ? "\n" : options.prompt, vocabulary.unit());
  if (symbols.invalidAt)
    fail(Message::BadUtf8, "--prompt", *symbols.invalidAt);
  for (uint32_t symbol : symbols.values)
    if (vocabulary.idOf(symbol) == Vocabulary::unknown)
      fail(Message::UnknownSymbol, "prompt", joinSymbols({symbol}, vocabulary.unit()), options.params);
  return vocabulary.encode(symbols.values);
}

} // namespace

int64_t seqc::run::drawFromLogits(const std::vector<double> &logits, int64_t first, int64_t count, double temperature,
                                  int64_t topK, Random &random) {
  std::vector<int64_t> order(count - first);
  std::iota(order.begin(), order.end(), first);
  std::sort(order.begin(), order.end(),
            [&](int64_t a, int64_t b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
  if (topK > 0 && topK < static_cast<int64_t>(order.size()))
    order.resize(topK);
  if (temperature <= 0)
    return order.front();
  std::vector<double> sums;
  double sum = 0;
  for (int64_t index : order)
    sums.push_back(sum += std::exp((logits[index] - logits[order.front()]) / temperature));
  auto drawn = std::upper_bound(sums.begin(), sums.end(), random.uniform() * sum);
  return drawn == sums.end() ? order.back() : order[drawn - sums.begin()];
}

Exit seqc::run::runSample(const SampleOptions &options) {
  Model model = Model::load(options.library, options.model);
  const Description &info = model.info();
  model.require(Entry::Step);
  Tensors params = readParams(options.params, info);
  Vocabulary vocabulary = readVocabulary(options.params);
  size_t input = findInput(info, options.input);
  size_t logits = findLogits(info, options.logits, info.inputs[input].vocabulary);
  int64_t width = elementCount(info.outputs[logits].shape);
  if (width < vocabulary.size())
    fail(Message::LogitsTooFew, info.outputs[logits].name, width, vocabulary.size());
  std::vector<int32_t> prompt = encodePrompt(options, vocabulary);

  for (int64_t sample = 0; sample < options.count; ++sample) {
    Random random{options.seed, static_cast<uint64_t>(sample)};
    Stream stream(model, params, input, logits);
    std::vector<double> next;
    for (int32_t id : prompt)
      next = stream.feed(id);
    if (sample > 0)
      std::cout << "----------\n";
    std::cout << options.prompt;
    for (int64_t i = 0; i < options.length; ++i) {
      int64_t id =
          drawFromLogits(next, Vocabulary::unknown + 1, vocabulary.size(), options.temperature, options.topK, random);
      std::cout << vocabulary.decode(static_cast<int32_t>(id)) << std::flush;
      if (i + 1 < options.length)
        next = stream.feed(static_cast<int32_t>(id));
    }
    std::cout << "\n";
  }
  return Exit::Success;
}
