//===- Interp.h - The oracle: evaluates a system in f64 -------------*- C++ -*-===//
//
// Runs a `recur.system` of the equation level as it stands: before or after the passes on equations, with or without
// instances, primal or joint with its adjoint. It shares no code with passes and backends, so that agreement means
// something.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_TOOLS_SEQ_INTERP_INTERP_H
#define SEQC_TOOLS_SEQ_INTERP_INTERP_H

#include "tools/seq-interp/Array.h"
#include "tools/seq-interp/Graph.h"

#include <optional>

namespace seqc::interp {

/// What a system is evaluated on. Sequences are [T, B, …], state slots [B, …].
struct Call {
  int64_t T = 0, B = 0;
  std::vector<int64_t> lengths; // empty: all T
  uint64_t seed = 0;
  bool training = false;
  Arrays params, inputs;
  Arrays states; // "h[0]": those given; the boundary equations hold for the others

  /// The objective of a gradient: Σ outputGradients · outputs + Σ finalGradients · final states (+ loss).
  Arrays outputGradients, finalGradients;
  bool withLoss = true;

  int64_t length(int64_t row) const { return lengths.empty() ? T : lengths[row]; }
};

/// What it came to. Steps past the length of a row are zero.
struct Evaluation {
  Arrays outputs;     // [T, B, …]; those marked `last` [B, …]
  Arrays finalStates; // by slot, under the names of the states
  std::optional<double> loss;
  Arrays gradients; // of parameters, inputs and state slots, where the system computes them
};

class Interpreter {
public:
  static llvm::Expected<Interpreter> create(recur::SystemOp system);

  llvm::Expected<Evaluation> run(const Call &call) const;

  /// An error that says which array is missing or has the wrong shape, which id or length is out of range.
  llvm::Error check(const Call &call) const;

  const Graph &getGraph() const { return graph; }
  llvm::ArrayRef<State> getStates() const { return states; }

private:
  Interpreter(Graph graph) : graph(std::move(graph)), states(collectStates(this->graph)) {}

  Graph graph;
  std::vector<State> states;
};

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_INTERP_H
