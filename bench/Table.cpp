//===- Table.cpp - Rows as lines of text, as they are measured ---------------------------===//
#include "bench/Table.h"

#include <cstdio>

using namespace seqc::bench;

namespace {

bool endsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void printComparison(const std::string &row, const benchmark::UserCounters &numbers) {
  auto number = [&](const std::string &name) { return double(numbers.at(name)); };
  std::printf("%-34s %11.3f us  %7.1f GFLOP/s  %5.1f %% of peak", row.c_str(), number("ours us"), number("GFLOP/s"),
              number("peak %"));
  if (numbers.count("error"))
    std::printf("  error %.1e", number("error"));
  const std::string suffix = " ratio";
  for (const auto &[name, ratio] : numbers)
    if (endsWith(name, suffix)) {
      std::string opponent = name.substr(0, name.size() - suffix.size());
      std::printf("\n    %-30s %11.3f us  %5.2fx  [%.2f, %.2f]", opponent.c_str(), number(opponent + " us"),
                  double(ratio), number(opponent + " low"), number(opponent + " high"));
    }
  std::printf("\n");
}

} // namespace

bool Table::ReportContext(const Context &) {
  std::printf("ours: median time of a run; opponents: their time over ours, median and quartiles over the rounds\n");
  return true;
}

void Table::ReportRuns(const std::vector<Run> &runs) {
  for (const Run &run : runs) {
    const std::string &row = run.run_name.function_name;
    if (run.error_occurred)
      std::printf("%-34s FAILED: %s\n", row.c_str(), run.error_message.c_str());
    else if (run.counters.count("ours us"))
      printComparison(row, run.counters);
    else
      for (const auto &[name, value] : run.counters)
        if (!endsWith(name, " low") && !endsWith(name, " high"))
          std::printf("%-34s %11.1f %s\n", row.c_str(), double(value), name.c_str());
  }
  std::fflush(stdout);
}
