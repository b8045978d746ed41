//===- OneDnn.h - oneDNN's LSTM and GRUs ---------------------------------------*- C++ -*-===//
#ifndef SEQC_BENCH_ONEDNN_H
#define SEQC_BENCH_ONEDNN_H

#include "bench/Gates.h"

namespace seqc::bench {

std::string oneDnnVersion();

/// Its inference, with the session's parameters and input.
std::unique_ptr<Contestant> oneDnnInference(Cell cell, const Session &session);
/// Its forward pass for training, which is sometimes its fastest.
std::unique_ptr<Contestant> oneDnnTrainingForward(Cell cell, const Session &session);
/// Forward and backward. Weights stay in the layouts it chose for each, and it adds to the weight gradients of the
/// run before: it is spared what a training step also has to do.
std::unique_ptr<Contestant> oneDnnTraining(Cell cell, const Session &session);

/// Steps through the session's input by calls of one step each, the state handed from call to call.
std::unique_ptr<Contestant> oneDnnSteps(const Session &session);

} // namespace seqc::bench

#endif // SEQC_BENCH_ONEDNN_H
