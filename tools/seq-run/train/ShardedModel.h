//===- ShardedModel.h - A batch computed by several threads -----------------------*- C++ -*-===//
//
// The rows of a batch are split into a fixed number of shards; each is a call of its own with its own memory, and
// their losses and gradients are added in order. So not a bit of the result depends on the number of threads.
//
// The result is that of the whole batch. Its loss is affine in totals over steps and rows (the compiler says if it is
// not: then there is one shard): loss = Σ totals · coefficients + rest, where the rest does not depend on the batch.
// Each shard knows the steps and rows of the batch, so that its means and masks are parts of the batch's. Summed over
// n shards the rest is there n times; a call without rows gives it alone, and n - 1 of it are taken off.
//
//===------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_TRAIN_SHARDEDMODEL_H
#define SEQC_SEQ_RUN_TRAIN_SHARDEDMODEL_H

#include "tools/seq-run/Library.h"
#include "tools/seq-run/train/Batches.h"

#include <functional>

namespace seqc::run {

struct BatchLoss {
  double loss = 0; ///< of the whole batch
  int64_t validSteps = 0;
};

class ShardedModel {
public:
  ShardedModel(const Model &model, int64_t shardCount, int64_t threads);

  /// Loss and gradient, with dropout drawn from `seed`. Starts from `states` if the batch continues another, and
  /// leaves the states after the last step there.
  BatchLoss gradient(const Tensors &params, const Batch &batch, Tensors &states, uint64_t seed, Tensors &gradient);

  /// The loss alone, without dropout.
  BatchLoss forward(const Tensors &params, const Batch &batch, Tensors &states);

private:
  struct Shard {
    Shard(const Model &model, int64_t threads) : caller(model, threads) {}
    Caller caller;
    Tensors gradient;
    Tensor loss;
    int64_t begin = 0, rows = 0;
    double weight = 0; ///< in the sum; 0: not run
  };

  int64_t divide(const Batch &batch);
  BatchLoss run(Entry entry, const Tensors &params, const Batch &batch, Tensors &states, uint64_t seed);
  void runShard(Shard &shard, seqc_call call, Entry entry, const Tensors &params, const Batch &batch, Tensors &states);
  void inParallel(const std::function<void(Shard &)> &body);
  bool isSplit() const { return shards.size() > 1; }
  bool isCarried(size_t state) const;

  const Description &info;
  int64_t threads;
  std::vector<Shard> shards; ///< if there are several, the last one has no rows
};

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_SHARDEDMODEL_H
