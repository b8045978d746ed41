//===- StepRows.h - Streaming: one step at a time, batch 1 ---------------------*- C++ -*-===//
#ifndef SEQC_BENCH_STEPROWS_H
#define SEQC_BENCH_STEPROWS_H

namespace seqc::bench {

/// Registers the LSTM's `step` against a template step and one-step calls of libraries, and on denormal numbers.
void addStepRows();

} // namespace seqc::bench

#endif // SEQC_BENCH_STEPROWS_H
