//===- Table.h - Rows as lines of text, as they are measured -------------------*- C++ -*-===//
#ifndef SEQC_BENCH_TABLE_H
#define SEQC_BENCH_TABLE_H

#include <benchmark/benchmark.h>

namespace seqc::bench {

class Table : public benchmark::BenchmarkReporter {
public:
  bool ReportContext(const Context &context) override;
  void ReportRuns(const std::vector<Run> &runs) override;
};

} // namespace seqc::bench

#endif // SEQC_BENCH_TABLE_H
