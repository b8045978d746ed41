//===- Pairing.h - Times of contestants that take turns ------------------------*- C++ -*-===//
//
// A machine's speed drifts (frequency, neighbours, memory placement), so times of two programs are compared only if
// they were taken side by side. Contestants run in rounds, A B C, B C A, …; each round gives one ratio, and a row
// reports the median of these ratios with their quartiles. The peak FMA loop takes part as one more contestant, so
// that the fraction of the peak is of the frequency at that moment.
//
// One-thread rows are timed by the CPU time of the process: what the machine gives to others does not count, and a
// contestant that uses a second thread pays for it. Rows of several threads are timed by the clock on the wall.
//
//===----------------------------------------------------------------------------------------===//
#ifndef SEQC_BENCH_PAIRING_H
#define SEQC_BENCH_PAIRING_H

#include "bench/Contestant.h"

#include <ctime>

namespace seqc::bench {

struct Quartiles {
  double low = 0, median = 0, high = 0;
};

Quartiles quartilesOf(std::vector<double> values);

struct Timing {
  std::string name;
  Quartiles seconds;  ///< of one run
  Quartiles slowdown; ///< its time over that of the first contestant, round by round
};

struct Comparison {
  std::vector<Timing> timings; ///< in the order of the contestants
  Quartiles peakFraction;      ///< of the first contestant
  double peakFlops = 0;
  size_t rounds = 0;
};

/// Times contestants[0] against the others for at least settings().rounds rounds and a twentieth of as many seconds
/// each. `flops`: floating-point operations of one run.
Comparison compare(const Contestants &contestants, double flops, clockid_t clock = CLOCK_PROCESS_CPUTIME_ID);

} // namespace seqc::bench

#endif // SEQC_BENCH_PAIRING_H
