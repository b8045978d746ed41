//===- Commands.h - The subcommands of seq-run -----------------------------------*- C++ -*-===//
//
// One function per subcommand and one struct of what its command line said. All print to standard output, refuse by
// throwing Failure, and return what the process shall return.
//
//===------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_COMMANDS_H
#define SEQC_SEQ_RUN_COMMANDS_H

#include "tools/seq-run/Failure.h"

#include <cstdint>
#include <string>
#include <vector>

namespace seqc::run {

/// Which model: an argument of every subcommand.
struct ModelOptions {
  std::string library;
  std::string model; ///< empty: the only one
};

struct DescribeOptions : ModelOptions {
  bool json = false;
};
Exit runDescribe(const DescribeOptions &options);

struct InitOptions : ModelOptions {
  uint64_t seed = 0;
  std::string out;
};
Exit runInit(const InitOptions &options);

/// forward, step and gradient.
struct ArrayOptions : ModelOptions {
  std::string params, in, out;
  std::string states, finalStates; ///< files of states; empty: none
  bool training = false;
  uint64_t seed = 0;
  int64_t steps = -1, batch = -1; ///< for models without inputs
  bool noLoss = false, withOutputs = false;
  int64_t threads = 1; ///< forward and gradient
};
Exit runForward(const ArrayOptions &options);
Exit runStep(const ArrayOptions &options);
Exit runGradient(const ArrayOptions &options);

struct CheckGradientOptions : ModelOptions {
  std::string params, in; ///< empty: random
  int64_t steps = 6, batch = 3;
  int64_t samples = 0;  ///< elements per tensor; 0: all
  bool lengths = false; ///< random lengths
  bool training = false;
  uint64_t seed = 1;
  double delta = 1e-5, tolerance = 1e-6;
};
Exit runCheckGradient(const CheckGradientOptions &options);

struct BenchOptions : ModelOptions {
  int64_t steps = 100, batch = 32;
  double seconds = 1; ///< for each entry point
  int64_t threads = 1;
  std::vector<std::string> entries;
  bool json = false;
};
Exit runBench(const BenchOptions &options);

/// The whole command line; returns what the process shall return.
int runCommandLine(int argc, char **argv);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_COMMANDS_H
