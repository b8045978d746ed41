//===- Evaluator.h - Values of a graph at any step, on demand -------*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQ_INTERP_EVALUATOR_H
#define SEQC_TOOLS_SEQ_INTERP_EVALUATOR_H

#include "tools/seq-interp/Interp.h"

namespace seqc::interp {

/// Computes "the value of a node at step t" for all batch rows, once each, following what it depends on. There is no
/// schedule: a recurrence of either direction unwinds by itself. The stack is explicit, so that T may be long.
class Evaluator {
public:
  Evaluator(const Graph &graph, const Call &call);

  /// Makes `row(node, step, …)` available. `step` lies in [0, T); a value that does not vary ignores it.
  llvm::Error demand(unsigned node, int64_t step);

  /// The row of a demanded value.
  const double *row(unsigned node, int64_t step, int64_t row) const;

  /// What the shift `node` reads at `step` of batch row `row`: the source inside the sequence, else the boundary.
  /// `step` itself may lie outside the sequence.
  const double *readShift(unsigned index, int64_t step, int64_t row) const;

  /// Boundary slot `slot` of a shift: what the caller gave, else its init, else zero.
  const double *boundary(unsigned shift, int64_t slot, int64_t row) const;

  /// Makes available what `readShift(node, step, …)` needs for every row.
  llvm::Error demandShift(unsigned node, int64_t step);

  /// Gradient of one slot of a boundary_gradient's state. Its shifts must have been demanded.
  void boundaryGradient(unsigned index, int64_t slot, int64_t row, double *result) const;

private:
  struct Task {
    unsigned node;
    int64_t step;
  };
  enum Progress : uint8_t { Untouched, Open, Done };
  struct Memo {
    std::vector<double> values;     // [step, row, elements], or one row if the node does not vary
    std::vector<Progress> progress; // by step
  };

  Progress &progressAt(Task task);
  double *place(unsigned node, int64_t step, int64_t row);
  llvm::Error work(std::vector<Task> &stack);
  llvm::Error cycleError(llvm::ArrayRef<Task> stack, Task closing) const;

  void listDependences(Task task, llvm::SmallVectorImpl<Task> &dependences) const;
  void listShiftDependences(unsigned index, int64_t step, llvm::SmallVectorImpl<Task> &dependences) const;
  void listBoundaryDependences(unsigned index, llvm::SmallVectorImpl<Task> &dependences) const;

  llvm::Error compute(Task task);
  llvm::Error computeRow(const Node &node, unsigned index, int64_t step, int64_t row, double *result);
  bool computeLeaf(const Node &node, int64_t step, int64_t row, double *result) const;
  void computeSeed(const Node &node, int64_t step, int64_t row, double *result) const;
  void computeTotal(const Node &node, double *result) const;
  void computeBoundaryTotal(unsigned index, double *result) const;

  int64_t boundaryStep(recur::BoundaryGradientOp op, int64_t slot, int64_t row) const;

  const Graph &graph;
  const Call &call;
  std::vector<Memo> memos;
  std::vector<double> zeros; // as long as the longest row
};

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_EVALUATOR_H
