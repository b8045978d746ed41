//===- Evaluator.cpp - Values of a graph at any step, on demand -------------===//
#include "tools/seq-interp/Evaluator.h"

#include "tools/seq-interp/Ops.h"

using namespace mlir;
using namespace seqc::interp;

Evaluator::Evaluator(const Graph &graph, const Call &call) : graph(graph), call(call), memos(graph.nodes.size()) {
  int64_t longest = 0;
  for (auto [node, memo] : llvm::zip(graph.nodes, memos)) {
    memo.progress.assign(node.varying ? call.T : 1, Untouched);
    longest = std::max(longest, node.elements());
  }
  zeros.assign(longest, 0.0);
}

//===-- The walk --------------------------------------------------------------------===//

Evaluator::Progress &Evaluator::progressAt(Task task) {
  return memos[task.node].progress[graph.nodes[task.node].varying ? task.step : 0];
}

llvm::Error Evaluator::demand(unsigned node, int64_t step) {
  std::vector<Task> stack = {{node, step}};
  return work(stack);
}

llvm::Error Evaluator::demandShift(unsigned node, int64_t step) {
  llvm::SmallVector<Task> dependences;
  listShiftDependences(node, step, dependences);
  std::vector<Task> stack(dependences.begin(), dependences.end());
  return work(stack);
}

/// A task is done when it comes up again after all it depends on. Open tasks are those on the path to the top.
llvm::Error Evaluator::work(std::vector<Task> &stack) {
  llvm::SmallVector<Task> dependences;
  while (!stack.empty()) {
    Task task = stack.back();
    Progress &progress = progressAt(task);
    if (progress == Untouched) {
      progress = Open;
      dependences.clear();
      listDependences(task, dependences);
      for (Task dependence : dependences) {
        if (progressAt(dependence) == Open)
          return cycleError(stack, dependence);
        if (progressAt(dependence) == Untouched)
          stack.push_back(dependence);
      }
      continue;
    }
    if (progress == Open) {
      if (llvm::Error error = compute(task))
        return error;
      progress = Done;
    }
    stack.pop_back();
  }
  return llvm::Error::success();
}

llvm::Error Evaluator::cycleError(llvm::ArrayRef<Task> stack, Task closing) const {
  std::string path = graph.nodes[closing.node].op->getName().getStringRef().str();
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 "the value of '" + path + "' at step " + std::to_string(closing.step + 1) +
                                     " depends on itself, through " + std::to_string(stack.size()) +
                                     " values: a cycle without delay");
}

//===-- What depends on what ------------------------------------------------------------===//

void Evaluator::listDependences(Task task, llvm::SmallVectorImpl<Task> &dependences) const {
  const Node &node = graph.nodes[task.node];
  if (isa<recur::ShiftOpInterface>(node.op))
    return listShiftDependences(task.node, task.step, dependences);
  if (isa<recur::BoundaryGradientOp>(node.op))
    return listBoundaryDependences(task.node, dependences);
  if (isa<recur::TotalOp>(node.op)) {
    for (int64_t step = 0; step < call.T; ++step)
      dependences.push_back({node.operands[0], step});
    if (!graph.nodes[node.operands[0]].varying)
      dependences.assign(1, {node.operands[0], 0});
    return;
  }
  for (unsigned operand : node.operands)
    dependences.push_back({operand, task.step});
}

/// The source at the step that is read, if it is a step of any row; the init, if the node has one.
void Evaluator::listShiftDependences(unsigned index, int64_t step, llvm::SmallVectorImpl<Task> &dependences) const {
  const Node &node = graph.nodes[index];
  int64_t read = step + node.shift;
  bool varying = graph.nodes[node.operands[0]].varying;
  if (read >= 0 && read < call.T)
    dependences.push_back({node.operands[0], varying ? read : 0});
  if (node.operands.size() > 1)
    dependences.push_back({node.operands[1], 0});
}

/// Where boundary slot `slot` of a state lies: before the first step of the row, or after its last one.
int64_t Evaluator::boundaryStep(recur::BoundaryGradientOp op, int64_t slot, int64_t row) const {
  return op.getReversed() ? call.length(row) + slot : -1 - slot;
}

void Evaluator::listBoundaryDependences(unsigned index, llvm::SmallVectorImpl<Task> &dependences) const {
  const Node &node = graph.nodes[index];
  auto op = cast<recur::BoundaryGradientOp>(node.op);
  for (unsigned flow : node.operands)
    if (isa<recur::ShiftOpInterface>(graph.nodes[flow].op))
      for (int64_t slot = 0; slot < op.getSlots(); ++slot)
        for (int64_t row = 0; row < call.B; ++row)
          listShiftDependences(flow, boundaryStep(op, slot, row), dependences);
}

//===-- Values ----------------------------------------------------------------------------===//

double *Evaluator::place(unsigned node, int64_t step, int64_t row) {
  return const_cast<double *>(std::as_const(*this).row(node, step, row));
}

const double *Evaluator::row(unsigned node, int64_t step, int64_t row) const {
  const Node &entry = graph.nodes[node];
  int64_t index = entry.varying ? step * call.B + row : 0;
  return memos[node].values.data() + index * entry.elements();
}

const double *Evaluator::readShift(unsigned index, int64_t step, int64_t row) const {
  const Node &node = graph.nodes[index];
  int64_t read = step + node.shift, length = call.length(row);
  if (read >= 0 && read < length)
    return this->row(node.operands[0], read, row);
  if (node.shift < 0 && read < 0)
    return boundary(index, -1 - read, row);
  if (node.shift > 0 && read >= length)
    return boundary(index, read - length, row);
  return zeros.data();
}

const double *Evaluator::boundary(unsigned shift, int64_t slot, int64_t row) const {
  const Node &node = graph.nodes[shift];
  State state{stateName(node), 0, 0, 0, node.shift > 0};
  if (!state.name.empty())
    if (auto given = call.states.find(state.slotName(slot)); given != call.states.end())
      return given->second.values.data() + row * node.elements();
  return node.operands.size() > 1 ? this->row(node.operands[1], 0, row) : zeros.data();
}

llvm::Error Evaluator::compute(Task task) {
  const Node &node = graph.nodes[task.node];
  Memo &memo = memos[task.node];
  if (memo.values.empty())
    memo.values.assign(node.elements() * (node.varying ? call.T * call.B : 1), 0.0);
  if (!node.varying)
    return computeRow(node, task.node, 0, 0, place(task.node, 0, 0));
  for (int64_t row = 0; row < call.B; ++row)
    if (task.step < call.length(row))
      if (llvm::Error error = computeRow(node, task.node, task.step, row, place(task.node, task.step, row)))
        return error;
  return llvm::Error::success();
}

llvm::Error Evaluator::computeRow(const Node &node, unsigned index, int64_t step, int64_t row, double *result) {
  if (isa<recur::ShiftOpInterface>(node.op)) {
    std::copy_n(readShift(index, step, row), node.elements(), result);
    return llvm::Error::success();
  }
  if (isa<recur::TotalOp>(node.op)) {
    computeTotal(node, result);
    return llvm::Error::success();
  }
  if (isa<recur::BoundaryGradientOp>(node.op)) {
    computeBoundaryTotal(index, result);
    return llvm::Error::success();
  }
  llvm::SmallVector<const double *, 3> operands;
  for (unsigned operand : node.operands)
    operands.push_back(this->row(operand, step, row));
  if (isa<recur::EstimateOp>(node.op)) {
    std::copy_n(operands[call.training ? 1 : 0], node.elements(), result);
    return llvm::Error::success();
  }
  if (node.op->getNumResults() == 0 || computeLeaf(node, step, row, result) || evaluateOp(node.op, operands, result))
    return llvm::Error::success();
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 "'" + node.op->getName().getStringRef().str() + "' is no op of the equation level");
}

//===-- Leaves ------------------------------------------------------------------------------===//

bool Evaluator::computeLeaf(const Node &node, int64_t step, int64_t row, double *result) const {
  int64_t count = node.elements();
  if (auto input = dyn_cast<recur::InputOp>(node.op)) {
    std::copy_n(call.inputs.at(input.getName().str()).values.data() + (step * call.B + row) * count, count, result);
  } else if (auto param = dyn_cast<recur::ParamOp>(node.op)) {
    std::copy_n(call.params.at(node.frame->paramPrefix + param.getName().str()).values.data(), count, result);
  } else if (auto mask = dyn_cast<recur::RandomMaskOp>(node.op)) {
    for (int64_t i = 0; i < count; ++i)
      result[i] = call.training ? randomMask(mask.getP().convertToDouble(), call.seed, node.site,
                                             mask.getShared() ? 0 : step, row, i)
                                : 1.0;
  } else if (isa<recur::CountOp>(node.op)) {
    int64_t valid = 0;
    for (int64_t other = 0; other < call.B; ++other)
      valid += call.length(other);
    *result = std::max<int64_t>(valid, 1);
  } else if (isa<recur::SeedOp, recur::FinalSeedOp>(node.op)) {
    computeSeed(node, step, row, result);
  } else {
    return false;
  }
  return true;
}

/// The caller's gradient of an output or a gradient, or of a final state at the step where that state is.
void Evaluator::computeSeed(const Node &node, int64_t step, int64_t row, double *result) const {
  int64_t count = node.elements();
  std::fill_n(result, count, 0.0);
  if (auto seed = dyn_cast<recur::SeedOp>(node.op)) {
    if (seed.getOutput() == "loss") { // a keyword, so no output has that name
      *result = call.withLoss;
      return;
    }
    auto given = call.outputGradients.find(seed.getOutput().str());
    if (given == call.outputGradients.end() || (seed.getLast() && step != call.length(row) - 1))
      return;
    int64_t index = seed.getConstant() ? 0 : seed.getLast() ? row : step * call.B + row;
    std::copy_n(given->second.values.data() + index * count, count, result);
    return;
  }
  auto seed = cast<recur::FinalSeedOp>(node.op);
  int64_t slot = seed.getReversed() ? step : call.length(row) - 1 - step;
  State state{seed.getState().str(), 0, 0, 0, seed.getReversed()};
  auto given = call.finalGradients.find(state.slotName(slot));
  if (slot < seed.getSlots() && given != call.finalGradients.end())
    std::copy_n(given->second.values.data() + row * count, count, result);
}

//===-- Sums over time ----------------------------------------------------------------------===//

void Evaluator::computeTotal(const Node &node, double *result) const {
  int64_t count = node.elements();
  std::fill_n(result, count, 0.0);
  for (int64_t row = 0; row < call.B; ++row)
    for (int64_t step = 0; step < call.length(row); ++step)
      for (int64_t i = 0; i < count; ++i)
        result[i] += this->row(node.operands[0], step, row)[i];
}

/// The sum of what flows back to the slot: through shifts, and from seeds where the sequence ends before it begins.
void Evaluator::boundaryGradient(unsigned index, int64_t slot, int64_t row, double *result) const {
  const Node &node = graph.nodes[index];
  auto op = cast<recur::BoundaryGradientOp>(node.op);
  int64_t count = node.elements(), step = boundaryStep(op, slot, row);
  std::vector<double> seed(count);
  std::fill_n(result, count, 0.0);
  for (unsigned operand : node.operands) {
    const double *flow = seed.data();
    if (isa<recur::ShiftOpInterface>(graph.nodes[operand].op))
      flow = readShift(operand, step, row);
    else
      computeSeed(graph.nodes[operand], step, row, seed.data());
    for (int64_t i = 0; i < count; ++i)
      result[i] += flow[i];
  }
}

/// Adjoint of the boundary equation: of all the slots the caller did not give.
void Evaluator::computeBoundaryTotal(unsigned index, double *result) const {
  const Node &node = graph.nodes[index];
  auto op = cast<recur::BoundaryGradientOp>(node.op);
  int64_t count = node.elements();
  std::fill_n(result, count, 0.0);
  State state{op.getState().str(), 0, 0, 0, op.getReversed()};
  std::vector<double> part(count);
  for (int64_t slot = 0; slot < op.getSlots(); ++slot) {
    if (call.states.count(state.slotName(slot)))
      continue;
    for (int64_t row = 0; row < call.B; ++row) {
      boundaryGradient(index, slot, row, part.data());
      for (int64_t i = 0; i < count; ++i)
        result[i] += part[i];
    }
  }
}
