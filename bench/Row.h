//===- Row.h - A row of the benchmark ------------------------------------------*- C++ -*-===//
//
// A row is one Google Benchmark, so that its filter chooses rows and its JSON holds their numbers; its single
// iteration is a whole comparison (Pairing.h). The numbers of a row are counters:
//
//   GFLOP/s, peak %, peak % low, peak % high   ours; of the multiply-add peak measured in the same rounds
//   NAME us                                    median time of a run, of ours and of each opponent
//   NAME ratio, NAME low, NAME high            its time over ours: median and quartiles over rounds
//   disagreement                               the largest relative difference between results (Agreement.h)
//   error                                      the same between narrow weights and f32
//
//===----------------------------------------------------------------------------------------===//
#ifndef SEQC_BENCH_ROW_H
#define SEQC_BENCH_ROW_H

#include "bench/Pairing.h"

#include <functional>

namespace seqc::bench {

using Numbers = std::map<std::string, double>;

/// Registers a row. An exception from `measure` is the row's error.
void addRow(const std::string &name, std::function<Numbers()> measure);

/// A row of one contestant: `amount` of `unit` (GFLOP/s, GB/s) in each run.
void addLimitRow(const std::string &name, std::function<std::unique_ptr<Contestant>()> make, const std::string &unit,
                 double amount, clockid_t clock = CLOCK_PROCESS_CPUTIME_ID);

/// Checks that all contestants agree with the first, then times them, and `references`, which do other work. `flops`:
/// of one run of the first.
Numbers compareAgreeing(Contestants contestants, double flops, double tolerance, Contestants references = {});

/// Times `narrow`, which rounds its weights, against `exact`, who have to agree with each other. How far it is from
/// them is a number of the row, held to a sane bound alone.
Numbers compareNarrow(std::unique_ptr<Contestant> narrow, Contestants exact, double flops, double tolerance);

/// Times two that may use several threads, by the clock on the wall, after checking that their results have the same
/// bits.
Numbers compareThreads(Contestants contestants, double flops);

/// Whether a row failed.
bool &anyRowFailed();

} // namespace seqc::bench

#endif // SEQC_BENCH_ROW_H
