//===- ShardedModel.h - A batch computed by several threads -----------------------*- C++ -*-===//
//
// The rows of a batch are split into a fixed number of shards; each is a call of its own with its own memory, and
// their gradients are added in order. So the result depends on the number of shards, not on that of threads.
//
// The loss of a batch is the mean of its shards' losses, each weighted with its valid steps: for a loss that is a
// mean over steps, the loss of the whole batch.
//
//===------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_TRAIN_SHARDEDMODEL_H
#define SEQC_SEQ_RUN_TRAIN_SHARDEDMODEL_H

#include "tools/seq-run/Library.h"
#include "tools/seq-run/train/Batches.h"

#include <functional>

namespace seqc::run {

struct BatchLoss {
  double loss = 0; ///< mean over valid steps
  int64_t validSteps = 0;
};

class ShardedModel {
public:
  ShardedModel(const Model &model, int64_t shards, int64_t threads);

  /// Loss and gradient, with dropout drawn from `seed`. Starts from `states` if the batch continues another, and
  /// leaves the states after the last step there.
  BatchLoss gradient(const Tensors &params, const Batch &batch, Tensors &states, uint64_t seed, Tensors &gradient);

  /// The loss alone, without dropout.
  BatchLoss forward(const Tensors &params, const Batch &batch, Tensors &states);

private:
  struct Shard {
    explicit Shard(const Model &model) : caller(model) {}
    Caller caller;
    Tensors gradient;
    Tensor loss;
    int64_t begin = 0, rows = 0, validSteps = 0;
  };

  BatchLoss run(Entry entry, const Tensors &params, const Batch &batch, Tensors &states, uint64_t seed);
  void runShard(Entry entry, const Tensors &params, const Batch &batch, Tensors &states, uint64_t seed, size_t index);
  void inParallel(const std::function<void(size_t)> &body);
  bool isCarried(size_t state) const;

  const Description &info;
  int64_t threads;
  std::vector<Shard> shards;
};

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_SHARDEDMODEL_H
