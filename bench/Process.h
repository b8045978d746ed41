//===- Process.h - Another program, run and timed ------------------------------*- C++ -*-===//
#ifndef SEQC_BENCH_PROCESS_H
#define SEQC_BENCH_PROCESS_H

#include <string>
#include <vector>

namespace seqc::bench {

/// Runs a program to its end and returns the seconds of CPU time it took. Throws if it fails.
double runProcess(const std::vector<std::string> &command);

} // namespace seqc::bench

#endif // SEQC_BENCH_PROCESS_H
