//===- RecurrentRows.h - LSTM and GRU against their hand-written peers ---------*- C++ -*-===//
#ifndef SEQC_BENCH_RECURRENTROWS_H
#define SEQC_BENCH_RECURRENTROWS_H

namespace seqc::bench {

/// Registers inference (batched and batch 1) and training steps of LSTM and GRU.
void addRecurrentRows();

} // namespace seqc::bench

#endif // SEQC_BENCH_RECURRENTROWS_H
