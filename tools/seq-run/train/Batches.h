//===- Batches.h - Training data cut into batches -----------------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_BATCHES_H
#define SEQC_SEQ_RUN_TRAIN_BATCHES_H

#include "tools/seq-run/Binding.h"
#include "tools/seq-run/train/Text.h"

#include <memory>

namespace seqc::run {

struct Batch {
  int64_t T = 0, B = 0;
  Tensors inputs;
  std::vector<int64_t> lengths; ///< empty: all T
  bool continues = false;       ///< its rows go on where those of the batch before it ended

  int64_t length(int64_t b) const { return lengths.empty() ? T : lengths[b]; }
};

/// A batch depends on its numbers alone, not on what was asked for before, so a run can be resumed anywhere.
class BatchSource {
public:
  virtual ~BatchSource() = default;
  virtual int64_t batchesPerEpoch() const = 0;
  virtual Batch batch(int64_t epoch, int64_t index) const = 0;
  /// A number that differs if the data does.
  virtual uint64_t fingerprint() const = 0;
};

/// Rows of one long text, next to each other, each read in steps of `T`. For training each epoch begins somewhere
/// else and what is left over at the ends is dropped; otherwise every symbol after the first is a target once.
struct TextBatchOptions {
  TextInputs inputs;
  int64_t B = 1, T = 1;
  bool training = false;
  uint64_t seed = 0;
};
std::unique_ptr<BatchSource> makeTextBatches(const Description &model, std::vector<int32_t> text,
                                             const TextBatchOptions &options);

/// Examples, which are the rows of arrays [T, N, …].
struct Examples {
  int64_t T = 0, N = 0;
  Tensors inputs;
  std::vector<int64_t> lengths;
};
Examples readExamples(const std::string &path, const Description &model);

/// Batches of some examples, cut into pieces of `T` steps (0: whole). For training their order changes each epoch.
struct ExampleBatchOptions {
  std::vector<int64_t> chosen;
  int64_t B = 1, T = 0;
  bool training = false;
  uint64_t seed = 0;
};
std::unique_ptr<BatchSource> makeExampleBatches(std::shared_ptr<const Examples> examples,
                                                const ExampleBatchOptions &options);

/// FNV-1a.
uint64_t hashBytes(const void *data, size_t size, uint64_t hash = 0xcbf29ce484222325);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_BATCHES_H
