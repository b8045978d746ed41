//===- Gates.h - The weights of an LSTM or GRU, gate by gate -------------------*- C++ -*-===//
//
// Every framework stacks the gates of a layer in its own order and layout. What is compared and handed on is this
// neutral form, read from the parameters of the .seq cell by name, or from their gradients.
//
//===----------------------------------------------------------------------------------------===//
#ifndef SEQC_BENCH_GATES_H
#define SEQC_BENCH_GATES_H

#include "bench/CompiledModel.h"

namespace seqc::bench {

enum class Cell { Lstm, Gru, GruResetAfter };

struct CellFile {
  const char *file, *name; ///< in the standard library
};
CellFile fileOf(Cell cell);

/// One gate: `input` is [H, I], `state` is [H, H], both row-major.
struct Gate {
  std::string name;
  std::vector<float> input, state, bias;
};

struct GateWeights {
  int64_t I = 0, H = 0;
  std::vector<Gate> gates;      ///< LSTM: f, i, o, C; GRU: r, z, h
  std::vector<float> stateBias; ///< of the candidate, inside the reset (reset after the product alone)
};

/// One of them by its name, row-major. `params` in the order of the description.
std::vector<float> readParameter(const run::Description &info, const run::Tensors &params, const std::string &name);

/// `params` in the order of the description: the parameters, or their gradients.
GateWeights readGates(Cell cell, const run::Description &info, const run::Tensors &params);

/// Adds the arrays under "dW_x f", "dW_h f", "db f", …
void addGradients(Results &results, const GateWeights &gradients);

} // namespace seqc::bench

#endif // SEQC_BENCH_GATES_H
