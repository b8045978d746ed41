//===- TextBatches.cpp - A text cut into batches ----------------------------------------===//
#include "tools/seq-run/Failure.h"
#include "tools/seq-run/Random.h"
#include "tools/seq-run/train/Batches.h"

#include <algorithm>

using namespace seqc::run;

namespace {

class TextBatches : public BatchSource {
public:
  TextBatches(const Description &model, std::vector<int32_t> symbols, const TextBatchOptions &options)
      : inputCount(model.inputs.size()), text(std::move(symbols)), options(options) {
    // The symbol after the last has no target.
    int64_t targets = static_cast<int64_t>(text.size()) - 1;
    if (targets < options.B && options.training)
      fail(Message::ShortText, "training", text.size(), options.B, options.B + 1);
    if (options.training) {
      rows = options.B;
      slack = std::min(options.T - 1, (targets - rows) / 10);
      rowLength = (targets - slack) / rows;
    } else {
      rows = std::clamp<int64_t>(options.B, 1, std::max<int64_t>(1, targets));
      rowLength = (std::max<int64_t>(0, targets) + rows - 1) / rows;
    }
    steps = std::max<int64_t>(1, std::min(options.T, rowLength));
  }

  int64_t batchesPerEpoch() const override {
    return options.training ? rowLength / steps : (rowLength + steps - 1) / steps;
  }

  Batch batch(int64_t epoch, int64_t index) const override {
    Batch result;
    int64_t done = index * steps;
    result.T = std::min(steps, rowLength - done);
    result.B = rows;
    result.continues = index > 0;
    result.inputs.assign(inputCount, Tensor(DType::I32, {result.T, rows}));
    int64_t start = options.training ? Random{options.seed, static_cast<uint64_t>(epoch)}.below(slack + 1) : 0;
    for (int64_t b = 0; b < rows; ++b)
      fillRow(result, b, start + b * rowLength + done);
    return result;
  }

  uint64_t fingerprint() const override { return hashBytes(text.data(), text.size() * sizeof(int32_t)); }

private:
  void fillRow(Batch &batch, int64_t b, int64_t begin) const {
    int64_t targets = static_cast<int64_t>(text.size()) - 1;
    int64_t length = std::clamp<int64_t>(targets - begin, 0, batch.T);
    if (!options.training)
      batch.lengths.push_back(length);
    for (int64_t t = 0; t < length; ++t) {
      batch.inputs[options.inputs.input].as<int32_t>()[t * rows + b] = text[begin + t];
      batch.inputs[options.inputs.target].as<int32_t>()[t * rows + b] = text[begin + t + 1];
    }
  }

  size_t inputCount;
  std::vector<int32_t> text;
  TextBatchOptions options;
  int64_t slack = 0; ///< how much later an epoch may begin
  int64_t rows = 1, rowLength = 1, steps = 1;
};

} // namespace

std::unique_ptr<BatchSource> seqc::run::makeTextBatches(const Description &model, std::vector<int32_t> text,
                                                        const TextBatchOptions &options) {
  return std::make_unique<TextBatches>(model, std::move(text), options);
}

uint64_t seqc::run::hashBytes(const void *data, size_t size, uint64_t hash) {
  auto bytes = static_cast<const unsigned char *>(data);
  for (size_t i = 0; i < size; ++i)
    hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}
