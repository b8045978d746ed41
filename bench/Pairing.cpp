//===- Pairing.cpp - Times of contestants that take turns --------------------------------===//
#include "bench/Pairing.h"

#include "bench/Limits.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>

using namespace seqc::bench;

namespace {

double now() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

double timeOf(Contestant &contestant, size_t runs) {
  double begin = now();
  for (size_t i = 0; i < runs; ++i)
    contestant.run();
  return (now() - begin) / double(runs);
}

/// How many runs make a sample. Also the warm-up.
size_t runsOfSample(Contestant &contestant, double sampleSeconds) {
  double once = timeOf(contestant, 1);
  if (once < sampleSeconds)
    once = timeOf(contestant, std::max<size_t>(1, size_t(sampleSeconds / 4 / std::max(once, 1e-7))));
  return std::max<size_t>(1, size_t(std::ceil(sampleSeconds / std::max(once, 1e-9))));
}

/// A contestant's samples. The first run of a sample finds the caches as the one before left them and is not timed
/// where a run is short.
struct Series {
  Contestant *contestant;
  size_t runs;
  std::vector<double> seconds;
  double spent = 0;

  void sample() {
    if (runs > 1)
      contestant->run();
    seconds.push_back(timeOf(*contestant, runs));
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

Comparison seqc::bench::compare(const Contestants &contestants, double flops, const PairingOptions &options) {
  PeakFma peak;
  std::vector<Series> all;
  for (const auto &contestant : contestants)
    all.push_back({contestant.get(), runsOfSample(*contestant, options.sampleSeconds), {}, 0});
  Series peakSeries{&peak, runsOfSample(peak, options.sampleSeconds), {}, 0};

  Comparison comparison;
  auto enough = [&](const Series &series) { return series.spent >= options.seconds; };
  while (comparison.rounds < options.fewestRounds ||
         (comparison.rounds < options.mostRounds && !std::all_of(all.begin(), all.end(), enough))) {
    std::vector<size_t> order(all.size());
    std::iota(order.begin(), order.end(), size_t(0));
    if (comparison.rounds++ % 2)
      std::reverse(order.begin(), order.end());
    for (size_t i : order)
      all[i].sample();
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
