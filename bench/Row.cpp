//===- Row.cpp - A row of the benchmark --------------------------------------------------===//
#include "bench/Row.h"

#include "bench/Agreement.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <iterator>

using namespace seqc::bench;

namespace {

/// Of narrow weights: far above what rounding does, far below what garbage does.
constexpr double saneError = 0.1;

/// Runs each once. The largest disagreement with the first.
double disagreementOf(const Contestants &contestants, double tolerance) {
  Contestant &first = *contestants.front();
  first.run();
  Results expected = first.results();
  double disagreement = 0;
  for (size_t i = 1; i < contestants.size(); ++i) {
    contestants[i]->run();
    disagreement = std::max(disagreement, requireAgreement(first.name(), expected, contestants[i]->name(),
                                                           contestants[i]->results(), tolerance));
  }
  return disagreement;
}

Numbers timed(const Contestants &contestants, double flops, clockid_t clock = CLOCK_PROCESS_CPUTIME_ID) {
  Comparison comparison = compare(contestants, flops, clock);
  Numbers numbers = {{"GFLOP/s", flops / comparison.timings.front().seconds.median * 1e-9},
                     {"peak %", 100 * comparison.peakFraction.median},
                     {"peak % low", 100 * comparison.peakFraction.low},
                     {"peak % high", 100 * comparison.peakFraction.high},
                     {"rounds", double(comparison.rounds)}};
  for (const Timing &timing : comparison.timings) {
    numbers[timing.name + " us"] = timing.seconds.median * 1e6;
    if (&timing == &comparison.timings.front())
      continue;
    numbers[timing.name + " ratio"] = timing.slowdown.median;
    numbers[timing.name + " low"] = timing.slowdown.low;
    numbers[timing.name + " high"] = timing.slowdown.high;
  }
  return numbers;
}

} // namespace

bool &seqc::bench::anyRowFailed() {
  static bool failed = false;
  return failed;
}

void seqc::bench::addRow(const std::string &name, std::function<Numbers()> measure) {
  auto body = [measure = std::move(measure)](benchmark::State &state) {
    for (auto _ : state) {
      try {
        Numbers numbers = measure();
        auto ours = numbers.find("ours us");
        state.SetIterationTime(ours == numbers.end() ? 0 : ours->second * 1e-6);
        state.counters.insert(numbers.begin(), numbers.end());
      } catch (const std::exception &error) {
        anyRowFailed() = true;
        state.SkipWithError(error.what());
        return;
      }
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), body)->Iterations(1)->UseManualTime()->Unit(benchmark::kMicrosecond);
}

void seqc::bench::addLimitRow(const std::string &name, std::function<std::unique_ptr<Contestant>()> make,
                              const std::string &unit, double amount, clockid_t clock) {
  addRow(name, [make = std::move(make), unit, amount, clock]() -> Numbers {
    Contestants contestants;
    contestants.push_back(make());
    Comparison comparison = compare(contestants, 0, clock);
    const Quartiles &seconds = comparison.timings.front().seconds;
    double scale = amount * 1e-9;
    return {
        {unit, scale / seconds.median}, {unit + " low", scale / seconds.high}, {unit + " high", scale / seconds.low}};
  });
}

Numbers seqc::bench::compareAgreeing(Contestants contestants, double flops, double tolerance, Contestants references) {
  double disagreement = disagreementOf(contestants, tolerance);
  std::move(references.begin(), references.end(), std::back_inserter(contestants));
  Numbers numbers = timed(contestants, flops);
  numbers["disagreement"] = disagreement;
  return numbers;
}

Numbers seqc::bench::compareNarrow(std::unique_ptr<Contestant> narrow, Contestants exact, double flops,
                                   double tolerance) {
  double disagreement = disagreementOf(exact, tolerance);
  narrow->run();
  double error =
      requireAgreement(exact.front()->name(), exact.front()->results(), narrow->name(), narrow->results(), saneError);
  exact.insert(exact.begin(), std::move(narrow));
  Numbers numbers = timed(exact, flops);
  numbers["disagreement"] = disagreement;
  numbers["error"] = error;
  return numbers;
}

Numbers seqc::bench::compareThreads(Contestants contestants, double flops) {
  for (auto &contestant : contestants)
    contestant->run();
  for (auto &contestant : contestants)
    requireSameBits(contestants.front()->name(), contestants.front()->results(), contestant->name(),
                    contestant->results());
  return timed(contestants, flops, CLOCK_MONOTONIC);
}
