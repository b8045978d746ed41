//===- Bench.cpp - Times of a model's entry points --------------------------------------===//
#include "tools/seq-run/Binding.h"
#include "tools/seq-run/Commands.h"
#include "tools/seq-run/Library.h"
#include "tools/seq-run/Random.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

using namespace seqc::run;

namespace {

using Clock = std::chrono::steady_clock;

constexpr Entry timedEntries[] = {Entry::Prepare,  Entry::Forward,  Entry::ForwardTaped,
                                  Entry::Backward, Entry::Gradient, Entry::Step};
constexpr size_t fewestRuns = 3;

struct Times {
  Entry entry;
  int64_t steps; ///< of one call
  std::vector<double> seconds;
  double gigaflops = 0; ///< at the median; 0: not counted
};

class Bench {
public:
  Bench(const Model &model, const BenchOptions &options)
      : info(model.info()), options(options), caller(model, options.threads), params(paramTensors(info)),
        outputs(outputTensors(info, options.steps, options.batch)), states(stateTensors(info, options.batch)),
        dParams(paramTensors(info)), dInputs(inputGradientTensors(info, options.steps, options.batch)),
        dOutputs(outputs) {
    Random random{1};
    for (const InputInfo &input : info.inputs) {
      inputs.emplace_back(inputType(input, info), withSteps(input.shape, options.steps, options.batch));
      for (int64_t i = 0; i < inputs.back().elements(); ++i)
        inputs.back().set(i, input.kind == InputKind::Id ? static_cast<double>(random.below(input.vocabulary))
                                                         : random.uniform());
    }
    for (Tensor &tensor : dOutputs)
      for (int64_t i = 0; i < tensor.elements(); ++i)
        tensor.set(i, random.uniform());
    for (auto [tensors, arrays] :
         {std::pair(&params, &paramArrays), std::pair(&inputs, &inputArrays), std::pair(&outputs, &outputArrays),
          std::pair(&states, &stateArrays), std::pair(&dParams, &dParamArrays), std::pair(&dInputs, &dInputArrays),
          std::pair(&dOutputs, &dOutputArrays)})
      *arrays = arraysOf(*tensors);
    caller.run(Entry::Init, call(Entry::Init));
  }

  Times time(Entry entry) {
    Times times{entry, entry == Entry::Prepare ? 0 : entry == Entry::Step ? 1 : options.steps, {}};
    seqc_call arguments = call(entry);
    auto once = [&] { entry == Entry::Prepare ? caller.prepare(paramArrays.data()) : caller.run(entry, arguments); };
    if (entry == Entry::Backward)
      caller.run(Entry::ForwardTaped, call(Entry::ForwardTaped));
    once(); // touches all memory
    Clock::time_point begin = Clock::now();
    while (times.seconds.size() < fewestRuns || seconds(begin) < options.seconds) {
      Clock::time_point start = Clock::now();
      once();
      times.seconds.push_back(seconds(start));
    }
    std::sort(times.seconds.begin(), times.seconds.end());
    times.gigaflops = work(entry) * times.steps * options.batch / median(times) * 1e-9;
    return times;
  }

  static double median(const Times &times) { return times.seconds[times.seconds.size() / 2]; }

private:
  static double seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

  /// Floating-point operations per step and row.
  double work(Entry entry) const {
    switch (entry) {
    case Entry::Forward:
    case Entry::Step:
      return info.flopsPerStep.at("forward");
    case Entry::ForwardTaped:
    case Entry::Backward:
      return info.flopsPerStep.at(entryName(entry));
    case Entry::Gradient:
      return info.flopsPerStep.at("forward_taped") + info.flopsPerStep.at("backward");
    default:
      return 0;
    }
  }

  seqc_call call(Entry entry) const {
    seqc_call call = {};
    call.T = entry == Entry::Step ? 1 : entry == Entry::Init ? 0 : options.steps;
    call.B = options.batch;
    call.seed = 1;
    call.params = paramArrays.data();
    call.inputs = inputArrays.data();
    call.outputs = outputArrays.data();
    call.final_states = stateArrays.data();
    if (entry == Entry::Step)
      call.states = stateArrays.data();
    call.d_params = dParamArrays.data();
    call.d_inputs = dInputArrays.data();
    call.d_outputs = info.hasLoss ? nullptr : dOutputArrays.data();
    return call;
  }

  const Description &info;
  const BenchOptions &options;
  Caller caller;
  Tensors params, inputs, outputs, states, dParams, dInputs, dOutputs;
  std::vector<seqc_array> paramArrays, inputArrays, outputArrays, stateArrays, dParamArrays, dInputArrays,
      dOutputArrays;
};

std::vector<Entry> chooseEntries(const Model &model, const std::vector<std::string> &names) {
  std::vector<Entry> entries;
  for (Entry entry : timedEntries)
    if (names.empty() ? model.info().hasEntry(entryName(entry))
                      : std::find(names.begin(), names.end(), entryName(entry)) != names.end()) {
      model.require(entry);
      entries.push_back(entry);
    }
  return entries;
}

void printTimes(const Times &times) {
  std::printf("%-14s %10.1f %10.1f %10.1f", entryName(times.entry), times.seconds.front() * 1e6,
              Bench::median(times) * 1e6, times.seconds.back() * 1e6);
  if (times.steps > 0)
    std::printf(" %10.3f", Bench::median(times) * 1e6 / times.steps);
  else
    std::printf(" %10s", "");
  if (times.gigaflops > 0)
    std::printf(" %10.1f", times.gigaflops);
  else
    std::printf(" %10s", "");
  std::printf(" %8zu\n", times.seconds.size());
}

nlohmann::json jsonTimes(const Times &times) {
  nlohmann::json result = {{"entry", entryName(times.entry)},
                           {"min_us", times.seconds.front() * 1e6},
                           {"median_us", Bench::median(times) * 1e6},
                           {"max_us", times.seconds.back() * 1e6},
                           {"gflops", nullptr},
                           {"runs", times.seconds.size()}};
  if (times.gigaflops > 0)
    result["gflops"] = times.gigaflops;
  return result;
}

} // namespace

Exit seqc::run::runBench(const BenchOptions &options) {
  Model model = Model::load(options.library, options.model);
  std::vector<Entry> entries = chooseEntries(model, options.entries);
  Bench bench(model, options);
  nlohmann::json report = nlohmann::json::array();
  if (!options.json) {
    std::string threads = options.threads > 1 ? ", " + std::to_string(options.threads) + " threads" : "";
    std::printf("%s, T = %ld, B = %ld%s; microseconds\n", model.info().model.c_str(), options.steps, options.batch,
                threads.c_str());
    std::printf("%-14s %10s %10s %10s %10s %10s %8s\n", "entry", "min", "median", "max", "per step", "GFLOP/s", "runs");
  }
  for (Entry entry : entries) {
    Times times = bench.time(entry);
    if (options.json)
      report.push_back(jsonTimes(times));
    else
      printTimes(times);
  }
  if (options.json)
    std::cout << report.dump(2) << "\n";
  return Exit::Success;
}
