//===- Pairing.cpp - Times of contestants that take turns --------------------------------===//
#include "bench/Pairing.h"

#include "bench/CompiledModel.h"
#include "bench/Limits.h"

#include <algorithm>
#include <cmath>

using namespace seqc::bench;

namespace {

/// Runs of one sample take at least this long together.
constexpr double sampleSeconds = 4e-3;

double now(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

double timeOf(Contestant &contestant, size_t runs, clockid_t clock) {
  double begin = now(clock);
  for (size_t i = 0; i < runs; ++i)
    contestant.run();
  return (now(clock) - begin) / double(runs);
}

/// How many runs make a sample. Also the warm-up.
size_t runsOfSample(Contestant &contestant, clockid_t clock) {
  double once = timeOf(contestant, 1, clock);
  if (once < sampleSeconds)
    once = timeOf(contestant, std::max<size_t>(1, size_t(sampleSeconds / 4 / std::max(once, 1e-7))), clock);
  return std::max<size_t>(1, size_t(std::ceil(sampleSeconds / std::max(once, 1e-9))));
}

/// A contestant's samples. The first run of a sample finds the caches as the one before left them and is not timed
/// where a run is short.
struct Series {
  Contestant *contestant;
  clockid_t clock;
  size_t runs;
  std::vector<double> seconds;

  Series(Contestant &contestant, clockid_t clock)
      : contestant(&contestant), clock(clock), runs(runsOfSample(contestant, clock)) {}
  double spent = 0;

  void sample() {
    if (runs > 1)
      contestant->run();
    seconds.push_back(timeOf(*contestant, runs, clock));
    spent += seconds.back() * double(runs);
  }
};

std::vector<double> ratios(const std::vector<double> &numerators, const std::vector<double> &denominators) {
  std::vector<double> result;
  for (size_t i = 0; i < numerators.size(); ++i)
    result.push_back(numerators[i] / denominators[i]);
  return result;
}

} // namespace

Quartiles seqc::bench::quartilesOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  auto at = [&](double share) {
    double place = share * double(values.size() - 1);
    size_t below = size_t(place), above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - double(below)) * (values[above] - values[below]);
  };
  return {at(0.25), at(0.5), at(0.75)};
}

Comparison seqc::bench::compare(const Contestants &contestants, double flops, clockid_t clock) {
  PeakFma peak;
  std::vector<Series> all;
  for (const auto &contestant : contestants)
    all.emplace_back(*contestant, clock);
  Series peakSeries(peak, clock);

  const size_t fewestRounds = settings().rounds, mostRounds = 15 * fewestRounds;
  const double seconds = double(fewestRounds) / 20;
  Comparison comparison;
  auto enough = [&](const Series &series) { return series.spent >= seconds; };
  while (comparison.rounds < fewestRounds ||
         (comparison.rounds < mostRounds && !std::all_of(all.begin(), all.end(), enough))) {
    // Each of them starts as many rounds, so that none finds its own data in the caches more often than another.
    size_t first = comparison.rounds++ % all.size();
    for (size_t i = 0; i < all.size(); ++i)
      all[(first + i) % all.size()].sample();
    peakSeries.sample();
  }

  for (const Series &series : all)
    comparison.timings.push_back({series.contestant->name(), quartilesOf(series.seconds),
                                  quartilesOf(ratios(series.seconds, all.front().seconds))});
  comparison.peakFlops = peak.flops() / quartilesOf(peakSeries.seconds).median;
  Quartiles peakShare = quartilesOf(ratios(peakSeries.seconds, all.front().seconds));
  double scale = flops / peak.flops();
  comparison.peakFraction = {peakShare.low * scale, peakShare.median * scale, peakShare.high * scale};
  return comparison;
}
