//===- ExampleBatches.cpp - Arrays cut into batches -------------------------------------===//
#include "tools/seq-run/Failure.h"
#include "tools/seq-run/Random.h"
#include "tools/seq-run/train/Batches.h"

#include <algorithm>
#include <cstring>

using namespace seqc::run;

namespace {

class ExampleBatches : public BatchSource {
public:
  ExampleBatches(std::shared_ptr<const Examples> examples, const ExampleBatchOptions &options)
      : examples(std::move(examples)), options(options) {
    steps = options.T > 0 ? std::min(options.T, std::max<int64_t>(1, this->examples->T))
                          : std::max<int64_t>(1, this->examples->T);
    pieces = std::max<int64_t>(1, (this->examples->T + steps - 1) / steps);
  }

  int64_t batchesPerEpoch() const override {
    int64_t count = static_cast<int64_t>(options.chosen.size());
    return (count + options.B - 1) / options.B * pieces;
  }

  Batch batch(int64_t epoch, int64_t index) const override {
    std::vector<int64_t> order = options.chosen;
    if (options.training)
      Random{options.seed, static_cast<uint64_t>(epoch)}.shuffle(order);
    int64_t first = index / pieces * options.B, begin = index % pieces * steps;
    Batch result;
    result.T = std::min(steps, examples->T - begin);
    result.B = std::min<int64_t>(options.B, static_cast<int64_t>(order.size()) - first);
    result.continues = begin > 0;
    order = {order.begin() + first, order.begin() + first + result.B};
    for (const Tensor &input : examples->inputs)
      result.inputs.push_back(gather(input, order, begin, result.T));
    for (int64_t n = 0; n < result.B && !examples->lengths.empty(); ++n)
      result.lengths.push_back(std::clamp<int64_t>(examples->lengths[order[n]] - begin, 0, result.T));
    return result;
  }

  uint64_t fingerprint() const override {
    uint64_t hash = hashBytes(options.chosen.data(), options.chosen.size() * sizeof(int64_t));
    hash = hashBytes(examples->lengths.data(), examples->lengths.size() * sizeof(int64_t), hash);
    for (const Tensor &input : examples->inputs)
      hash = hashBytes(input.bytes(), input.byteSize(), hash);
    return hash;
  }

private:
  Tensor gather(const Tensor &input, const std::vector<int64_t> &order, int64_t begin, int64_t T) const {
    auto B = static_cast<int64_t>(order.size());
    Shape shape = input.shape();
    shape[0] = T;
    shape[1] = B;
    Tensor result(input.dtype(), shape);
    size_t row = T * B > 0 ? result.byteSize() / (T * B) : 0;
    for (int64_t t = 0; t < T; ++t)
      for (int64_t n = 0; n < B; ++n)
        std::memcpy(result.bytes() + (t * B + n) * row, input.bytes() + ((begin + t) * examples->N + order[n]) * row,
                    row);
    return result;
  }

  std::shared_ptr<const Examples> examples;
  ExampleBatchOptions options;
  int64_t steps = 1, pieces = 1;
};

} // namespace

Examples seqc::run::readExamples(const std::string &path, const Description &model) {
  TensorFile file = readSafetensors(path);
  Binder binder(path, file, model);
  Examples examples;
  examples.inputs = binder.inputs();
  examples.lengths = binder.lengths();
  binder.finish();
  examples.T = binder.steps();
  examples.N = binder.rows();
  if (examples.T < 0)
    fail(Message::NoStepCount, model.model);
  return examples;
}

std::unique_ptr<BatchSource> seqc::run::makeExampleBatches(std::shared_ptr<const Examples> examples,
                                                           const ExampleBatchOptions &options) {
  return std::make_unique<ExampleBatches>(std::move(examples), options);
}
