//===- EigenStep.h - A careful template LSTM step in C++ -----------------------*- C++ -*-===//
//
// What an expert writes who needs one small LSTM, step by step: all sizes known at compile time, everything in fixed
// arrays, Eigen's vector code, fast-math. Two ways to write the products; which is faster depends on the size.
//
//===----------------------------------------------------------------------------------------===//
#ifndef SEQC_BENCH_EIGENSTEP_H
#define SEQC_BENCH_EIGENSTEP_H

#include "bench/Gates.h"

namespace seqc::bench {

std::string eigenVersion();

/// Steps through the session's input, one call a step: `product` writes matrix times vector and leaves the rest to
/// Eigen, otherwise columns are added up in what should stay in registers. For I = 1 and H = 8, 16, 32 or 64.
std::unique_ptr<Contestant> eigenSteps(const Session &session, bool product);

} // namespace seqc::bench

#endif // SEQC_BENCH_EIGENSTEP_H
