//===- Files.h - Calls from files, results to files -----------------*- C++ -*-===//
//
// The conventions of seq-run: parameters in one file, inputs in another together with given states (`h[0]`),
// `lengths`, and for a gradient those of outputs (`d.h`) and final states (`d.final.h[0]`).
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_TOOLS_SEQ_INTERP_FILES_H
#define SEQC_TOOLS_SEQ_INTERP_FILES_H

#include "tools/seq-interp/Interp.h"

namespace seqc::interp {

struct CallOptions {
  std::string params, in, states; // paths; empty: no file
  int64_t steps = -1, batch = -1; // where there are no inputs to tell them
  uint64_t seed = 0;
  bool training = false, noLoss = false;
};

/// Reads the files of a call and sorts their tensors. Throws seqc::run::Failure for a file that cannot be read; what
/// does not fit the system is left to Interpreter::check.
Call readCall(const CallOptions &options, const Interpreter &interpreter);

/// Writes arrays as f64, each name after `prefix`. An empty path writes nothing.
void writeArrays(const std::string &path, const Arrays &arrays, const std::string &prefix = "",
                 std::optional<double> loss = std::nullopt);

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_FILES_H
