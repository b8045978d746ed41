//===- ThreadRows.h - Two threads against one ----------------------------------*- C++ -*-===//
#ifndef SEQC_BENCH_THREADROWS_H
#define SEQC_BENCH_THREADROWS_H

namespace seqc::bench {

/// Registers the LSTM's inference and training steps on two threads against one.
void addThreadRows();

} // namespace seqc::bench

#endif // SEQC_BENCH_THREADROWS_H
