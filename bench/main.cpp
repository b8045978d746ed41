//===- main.cpp - seq-bench: compiled models against their peers -------------------------===//
//
// seq-bench --seqc=PROGRAM --source=ROOT --models=FOLDER --python=LIBPYTHON --rounds=N [Google Benchmark's options];
// bench/run.sh calls it.
//
//===--------------------------------------------------------------------------------------===//
#include "bench/CellRows.h"
#include "bench/CompiledModel.h"
#include "bench/EigenStep.h"
#include "bench/Limits.h"
#include "bench/NarrowRows.h"
#include "bench/OneDnn.h"
#include "bench/Python.h"
#include "bench/RecurrentRows.h"
#include "bench/Row.h"
#include "bench/StepRows.h"
#include "bench/Table.h"
#include "bench/ThreadRows.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <unistd.h>

using namespace seqc::bench;

namespace {

constexpr int noSuchRow = 2; // the exit code, as of other wrong arguments

/// Libraries with threads read these when they are loaded, so the program starts itself again with them set.
void requireOneThread(char **argv) {
  if (std::getenv("OMP_NUM_THREADS"))
    return;
  for (const char *name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"})
    setenv(name, "1", 1);
  execv("/proc/self/exe", argv);
}

/// Takes --NAME=VALUE out of the arguments.
std::string takeOption(int &argc, char **argv, const std::string &name) {
  std::string prefix = "--" + name + "=";
  for (int i = 1; i < argc; ++i)
    if (std::strncmp(argv[i], prefix.c_str(), prefix.size()) == 0) {
      std::string value = argv[i] + prefix.size();
      std::copy(argv + i + 1, argv + argc + 1, argv + i);
      --argc;
      return value;
    }
  std::fprintf(stderr, "seq-bench: --%s=… is missing\n", name.c_str());
  std::exit(2);
}

std::string processorName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.compare(0, 10, "model name") == 0)
      return line.substr(line.find(": ") + 2);
  return "unknown processor";
}

} // namespace

int main(int argc, char **argv) {
  requireOneThread(argv);
  settings() = {takeOption(argc, argv, "seqc"), takeOption(argc, argv, "source"), takeOption(argc, argv, "models"),
                takeOption(argc, argv, "python"), std::stoul(takeOption(argc, argv, "rounds"))};
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  benchmark::AddCustomContext("processor", processorName());
  benchmark::AddCustomContext("oneDNN", oneDnn().version);
  benchmark::AddCustomContext("Eigen", eigenVersion());
  for (const auto &[framework, version] : pythonFrameworks())
    benchmark::AddCustomContext(framework, version);
  addLimitRows();
  addRecurrentRows();
  addNarrowRows();
  addThreadRows();
  addCellRows();
  addStepRows();
  Table table;
  if (benchmark::RunSpecifiedBenchmarks(&table) == 0) {
    std::fprintf(stderr, "bench: no row has a name like that; docs/performance.md has the names\n");
    return noSuchRow;
  }
  return anyRowFailed() ? 1 : 0;
}
