//===- Settings.h - What decides the result of a training run --------------------*- C++ -*-===//
//
// Two runs with equal settings, data and library end with equal bits; so these, and only these, are kept in a
// checkpoint. What only decides how a run goes about it (threads, progress bar, output folder) is in TrainOptions.
//
//===------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_TRAIN_SETTINGS_H
#define SEQC_SEQ_RUN_TRAIN_SETTINGS_H

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace seqc::run {

struct OptimizerSettings {
  std::string method = "adam"; ///< sgd, adam, adamw
  double momentum = 0;         ///< sgd
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weightDecay = 0;    ///< added to the gradient by sgd and adam, taken from the weights by adamw
  double clipNorm = 0;       ///< largest norm of the whole gradient; 0: any
  double clipValue = 0;      ///< largest element of the gradient; 0: any
  double estimateRate = 0.1; ///< of the moving averages of statistics (batchnorm)
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(OptimizerSettings, method, momentum, beta1, beta2, epsilon, weightDecay,
                                                clipNorm, clipValue, estimateRate)

struct ScheduleSettings {
  double rate = 0.002;
  std::string shape = "cosine"; ///< constant, cosine, linear, step
  int64_t warmup = 0;           ///< updates during which the rate rises from 0
  double finalFactor = 0.05;    ///< cosine and linear end at rate * finalFactor
  int64_t stepEvery = 1000;     ///< step: updates between two reductions
  double stepFactor = 0.5;      ///< step: what the rate is multiplied with
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ScheduleSettings, rate, shape, warmup, finalFactor, stepEvery, stepFactor)

struct TrainSettings {
  std::vector<std::string> text;    ///< files and folders; empty: arrays
  std::string data, validationData; ///< arrays
  std::string unit = "char";        ///< of text: char, byte
  std::string input, target;        ///< the id inputs that take the text; empty: the first and the second
  std::string initial;              ///< file of parameters to start from; empty: draw them
  int64_t epochs = 10, batch = 32;
  int64_t steps = 64;      ///< T of one update; 0: whole sequences (arrays only)
  double validation = 0.1; ///< the part of the data held out
  int64_t patience = 0;    ///< epochs without a better validation loss before stopping; 0: never stop
  int64_t shards = 2;      ///< parts of a batch that are computed separately
  uint64_t seed = 1;
  OptimizerSettings optimizer;
  ScheduleSettings schedule;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrainSettings, text, data, validationData, unit, input, target, initial, epochs,
                                   batch, steps, validation, patience, shards, seed, optimizer, schedule)

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_SETTINGS_H
