//===- Agreement.h - Whether two contestants computed the same -----------------*- C++ -*-===//
#ifndef SEQC_BENCH_AGREEMENT_H
#define SEQC_BENCH_AGREEMENT_H

#include "bench/Contestant.h"

namespace seqc::bench {

/// The largest difference between two results, over their arrays, relative to the largest element of the array in
/// `expected`. Throws std::runtime_error, naming both, if it exceeds `tolerance`, if an element is not finite, or if
/// arrays are missing or of another size: nobody who computes something else is timed.
double requireAgreement(const std::string &expectedName, const Results &expected, const std::string &foundName,
                        const Results &found, double tolerance);

/// Throws std::runtime_error, naming both, unless all arrays are the same, bit by bit.
void requireSameBits(const std::string &expectedName, const Results &expected, const std::string &foundName,
                     const Results &found);

} // namespace seqc::bench

#endif // SEQC_BENCH_AGREEMENT_H
