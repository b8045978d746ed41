//===- ShardedModel.cpp - A batch computed by several threads ---------------------------===//
#include "tools/seq-run/train/ShardedModel.h"

#include <algorithm>
#include <exception>
#include <thread>

using namespace seqc::run;

namespace {

/// Some rows of a sequence [T, B, …], where they are.
seqc_array rowsOfSequence(const Tensor &tensor, const Batch &batch, int64_t begin) {
  int64_t cells = batch.T * batch.B;
  int64_t features = cells > 0 ? tensor.elements() / cells : 1;
  auto data = const_cast<std::byte *>(tensor.bytes()) + begin * features * elementSize(tensor.dtype());
  return {data, std::max<int64_t>(0, tensor.elements() - begin * features), batch.B * features, features};
}

/// Some rows of a state [B, …].
seqc_array rowsOfState(const Tensor &tensor, const Batch &batch, int64_t begin, int64_t rows) {
  int64_t features = batch.B > 0 ? tensor.elements() / batch.B : 1;
  auto data = const_cast<std::byte *>(tensor.bytes()) + begin * features * elementSize(tensor.dtype());
  return {data, rows * features, 0, 0};
}

} // namespace

ShardedModel::ShardedModel(const Model &model, int64_t shardCount, int64_t threads) : info(model.info()) {
  if (!info.needsBatch.empty())
    shardCount = 1;
  this->threads = std::clamp<int64_t>(threads, 1, shardCount);
  for (int64_t i = 0; i < (shardCount > 1 ? shardCount + 1 : 1); ++i) {
    shards.emplace_back(model, shardCount > 1 ? 1 : threads);
    shards.back().gradient = paramTensors(info);
    shards.back().loss = Tensor(info.dtype, {});
  }
}

/// A state after the last step of a recurrence that runs backwards, `h[T+1]`, is not known before the next piece.
bool ShardedModel::isCarried(size_t state) const { return info.states[state].name.find("[T+") == std::string::npos; }

void ShardedModel::inParallel(const std::function<void(Shard &)> &body) {
  std::vector<std::exception_ptr> failures(shards.size());
  auto work = [&](int64_t thread) {
    for (size_t i = thread; i < shards.size(); i += threads)
      try {
        if (shards[i].weight != 0)
          body(shards[i]);
      } catch (...) {
        failures[i] = std::current_exception();
      }
  };
  std::vector<std::thread> others;
  for (int64_t thread = 1; thread < threads; ++thread)
    others.emplace_back(work, thread);
  work(0);
  for (std::thread &other : others)
    other.join();
  for (const std::exception_ptr &failure : failures)
    if (failure)
      std::rethrow_exception(failure);
}

void ShardedModel::runShard(Shard &shard, seqc_call call, Entry entry, const Tensors &params, const Batch &batch,
                            Tensors &states) {
  std::vector<seqc_array> paramArrays = arraysOf(params), gradientArrays = arraysOf(shard.gradient);
  std::vector<seqc_array> inputs, given, written;
  for (const Tensor &input : batch.inputs)
    inputs.push_back(rowsOfSequence(input, batch, shard.begin));
  for (size_t i = 0; i < states.size(); ++i) {
    written.push_back(rowsOfState(states[i], batch, shard.begin, shard.rows));
    given.push_back(batch.continues && isCarried(i) ? written.back() : seqc_array{});
  }
  call.T = batch.T;
  call.B = shard.rows;
  call.first_row = shard.begin;
  call.lengths = batch.lengths.empty() ? nullptr : batch.lengths.data() + shard.begin;
  call.params = paramArrays.data();
  call.inputs = inputs.data();
  call.states = given.data();
  call.final_states = written.data();
  call.loss = shard.loss.bytes();
  call.d_params = gradientArrays.data();
  shard.caller.run(entry, call);
}

/// Gives each shard its rows and its weight in the sum; returns the valid steps of the batch.
int64_t ShardedModel::divide(const Batch &batch) {
  int64_t count = isSplit() ? static_cast<int64_t>(shards.size()) - 1 : 1, used = 0, validSteps = 0;
  for (int64_t i = 0; i < count; ++i) {
    Shard &shard = shards[i];
    shard.begin = batch.B * i / count;
    shard.rows = batch.B * (i + 1) / count - shard.begin;
    shard.weight = shard.rows > 0 ? 1 : 0;
    used += shard.rows > 0;
  }
  if (isSplit())
    shards.back().weight = 1.0 - static_cast<double>(used);
  for (int64_t b = 0; b < batch.B; ++b)
    validSteps += batch.length(b);
  return validSteps;
}

BatchLoss ShardedModel::run(Entry entry, const Tensors &params, const Batch &batch, Tensors &states, uint64_t seed) {
  if (!batch.continues)
    states = stateTensors(info, batch.B);
  BatchLoss result;
  result.validSteps = divide(batch);
  seqc_call call = {};
  call.training = entry == Entry::Gradient;
  call.seed = seed;
  call.batch_steps = result.validSteps;
  inParallel([&](Shard &shard) { runShard(shard, call, entry, params, batch, states); });
  for (const Shard &shard : shards)
    if (shard.weight != 0)
      result.loss += shard.weight * shard.loss.at(0);
  return result;
}

BatchLoss ShardedModel::gradient(const Tensors &params, const Batch &batch, Tensors &states, uint64_t seed,
                                 Tensors &gradient) {
  BatchLoss result = run(Entry::Gradient, params, batch, states, seed);
  for (size_t p = 0; p < gradient.size(); ++p)
    withReal(info.dtype, [&](auto zero) {
      using Real = decltype(zero);
      Real *sum = gradient[p].as<Real>();
      int64_t elements = gradient[p].elements();
      std::fill_n(sum, elements, Real(0));
      for (const Shard &shard : shards) {
        if (shard.weight == 0)
          continue;
        const auto weight = static_cast<Real>(shard.weight);
        const Real *part = shard.gradient[p].as<Real>();
        for (int64_t i = 0; i < elements; ++i)
          sum[i] += weight * part[i];
      }
    });
  return result;
}

BatchLoss ShardedModel::forward(const Tensors &params, const Batch &batch, Tensors &states) {
  return run(Entry::Forward, params, batch, states, 0);
}
