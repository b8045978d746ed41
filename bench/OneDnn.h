//===- OneDnn.h - oneDNN's LSTM and GRUs ---------------------------------------*- C++ -*-===//
//
// oneDNN lives in a module of its own (OneDnnModule.cpp) that is loaded where nobody else sees its symbols: PyTorch has
// another version of it inside, and mixing the two made PyTorch's training step six times slower.
//
//===----------------------------------------------------------------------------------------===//
#ifndef SEQC_BENCH_ONEDNN_H
#define SEQC_BENCH_ONEDNN_H

#include "bench/Gates.h"

namespace seqc::bench {

/// What the module has to offer. All take the session's parameters and input.
struct OneDnn {
  std::string version;
  using Make = std::unique_ptr<Contestant> (*)(Cell cell, const Session &session);
  Make inference;
  /// The forward pass for training, which is sometimes its fastest.
  Make trainingForward;
  /// Forward and backward. Weights stay in the layouts it chose for each, and it adds to the weight gradients of the
  /// run before: it is spared what a training step also has to do.
  Make training;
  /// Steps through the input by calls of one step each, the state handed from call to call. LSTM, I = 1.
  Make steps;
};

/// The module, loaded when it is first asked for.
const OneDnn &oneDnn();

} // namespace seqc::bench

#endif // SEQC_BENCH_ONEDNN_H
