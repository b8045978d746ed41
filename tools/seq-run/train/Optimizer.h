//===- Optimizer.h - From gradients to new parameters -----------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_OPTIMIZER_H
#define SEQC_SEQ_RUN_TRAIN_OPTIMIZER_H

#include "tools/seq-run/Binding.h"
#include "tools/seq-run/train/Settings.h"

#include <map>

namespace seqc::run {

/// Limits the gradient in place, first each element, then the norm of all; returns the norm before that. What belongs
/// to `estimates` is no derivative and stays out of it.
double clipGradient(Tensors &gradient, const OptimizerSettings &settings, const std::vector<bool> &estimates = {});

/// The learning rate of update `update` (0, 1, …) of `total`.
double learningRate(const ScheduleSettings &settings, int64_t update, int64_t total);

/// SGD with momentum, Adam and AdamW. What it remembers of each parameter is a tensor in `memory`, so that a
/// checkpoint can keep it. The `estimates` among the parameters move toward the statistics of the batch instead: their
/// gradient is the distance, so a step of a fixed rate is a moving average.
class Optimizer {
public:
  Optimizer(const OptimizerSettings &settings, const Tensors &params, std::vector<bool> estimates = {});

  /// `update` counts from 0; Adam corrects the bias of its averages with it.
  void apply(Tensors &params, const Tensors &gradient, double rate, int64_t update);

  /// "momentum", "mean", "square", each with one tensor per parameter.
  std::map<std::string, Tensors> memory;

private:
  OptimizerSettings settings;
  std::vector<bool> estimates; ///< by parameter; empty: none
};

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_OPTIMIZER_H
