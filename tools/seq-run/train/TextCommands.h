//===- TextCommands.h - Using a trained language model ---------------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_TEXTCOMMANDS_H
#define SEQC_SEQ_RUN_TRAIN_TEXTCOMMANDS_H

#include "tools/seq-run/Commands.h"
#include "tools/seq-run/Random.h"

namespace seqc::run {

struct SampleOptions : ModelOptions {
  std::string params, prompt;
  std::string input, logits; ///< empty: the first id input, the only output with as many elements
  int64_t length = 400, count = 1, topK = 0;
  double temperature = 1;
  uint64_t seed = 1;
};
Exit runSample(const SampleOptions &options);

struct EvaluateOptions : ModelOptions {
  std::string params;
  std::vector<std::string> text;
  std::string input, target;
  int64_t batch = 32, steps = 64, threads = 2;
  bool json = false;
};
Exit runEvaluate(const EvaluateOptions &options);

/// Draws an index by softmax(logits / temperature) from the `topK` largest (0: all); temperature 0 takes the
/// largest. An index beyond `count`, or below `first`, is never drawn.
int64_t drawFromLogits(const std::vector<double> &logits, int64_t first, int64_t count, double temperature,
                       int64_t topK, Random &random);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_TEXTCOMMANDS_H
