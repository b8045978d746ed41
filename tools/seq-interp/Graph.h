//===- Graph.h - A system with its instances unrolled ---------------*- C++ -*-===//
//
// The oracle does not use the inliner it is there to check. It opens instances by itself: every application of a cell
// is a frame, every equation of a frame a node.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_TOOLS_SEQ_INTERP_GRAPH_H
#define SEQC_TOOLS_SEQ_INTERP_GRAPH_H

#include "dialect/Recur.h"

#include "llvm/Support/Error.h"

#include <memory>

namespace seqc::interp {

/// One application of a system.
struct Frame {
  recur::SystemOp system;
  Frame *parent = nullptr;
  recur::InstanceOp instance; // in `parent`; null at the top
  std::string paramPrefix;    // "enc." ; "" at the top
  std::string statePrefix;    // like it, but tells the applications of one instance apart
  bool reversed = false;      // time runs from the last step to the first
  llvm::DenseMap<mlir::Operation *, unsigned> nodes;
  llvm::DenseMap<mlir::Operation *, Frame *> children; // by instance
};

/// One op of one frame. Instances, and the inputs of their systems, have no node: they are seen through.
struct Node {
  mlir::Operation *op;
  Frame *frame;
  llvm::SmallVector<unsigned, 3> operands;
  bool varying = false; // not the same at every step and batch row
  int64_t shift = 0;    // of a delay or advance, after reversal: the step it reads minus its own step
  int64_t site = 0;     // of a random mask

  /// Elements of one row of the result.
  int64_t elements() const;
};

struct Graph {
  std::vector<std::unique_ptr<Frame>> frames; // the top one first
  std::vector<Node> nodes;

  static llvm::Expected<Graph> build(recur::SystemOp system);
};

/// A state that the caller may pass: its slots, and the node whose values they are.
struct State {
  std::string name; // "rnn.h"
  unsigned source;  // node
  unsigned shift;   // one of the shift nodes that read it
  int64_t slots = 0;
  bool atEnd = false; // slots after the last step: h[T+1], …

  /// "h[0]", "h[-1]", …, or "h[T+1]", "h[T+2]", …
  std::string slotName(int64_t slot) const;
};

/// In order of first appearance.
std::vector<State> collectStates(const Graph &graph);

/// The full name of the state a shift node reads; empty if a caller cannot pass it.
std::string stateName(const Node &shift);

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_GRAPH_H
