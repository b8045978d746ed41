//===- Differences.cpp - Gradients by central differences -------------------===//
#include "tools/seq-interp/Differences.h"

#include "tools/seq-interp/Evaluator.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace seqc::interp;

namespace {

double dot(const Arrays &gradients, const Arrays &values) {
  double sum = 0;
  for (const auto &[name, gradient] : gradients)
    if (auto value = values.find(name); value != values.end())
      for (auto [g, v] : llvm::zip(gradient.values, value->second.values))
        sum += g * v;
  return sum;
}

/// Names of the inputs that have a gradient: real numbers, no ids and no masks.
llvm::StringSet<> realInputs(const Interpreter &interpreter) {
  llvm::StringSet<> names;
  for (const Node &node : interpreter.getGraph().nodes)
    if (auto input = dyn_cast<recur::InputOp>(node.op))
      if (isa<FloatType>(cast<RankedTensorType>(input.getValue().getType()).getElementType()))
        names.insert(input.getName());
  return names;
}

/// One objective, to be tried with one element after another moved.
class Differences {
public:
  Differences(const Interpreter &interpreter, Call &call, double step)
      : interpreter(interpreter), call(call), step(step) {}

  llvm::Error differentiate(Array &array, Array &gradient, bool isSequence);

private:
  llvm::Expected<double> objectiveAt(double &element, double value);
  bool isPadding(const Array &array, int64_t index) const;

  const Interpreter &interpreter;
  Call &call;
  double step;
};

llvm::Expected<double> Differences::objectiveAt(double &element, double value) {
  double old = element;
  element = value;
  llvm::Expected<Evaluation> run = interpreter.run(call);
  element = old;
  if (!run)
    return run.takeError();
  return objective(call, *run);
}

bool Differences::isPadding(const Array &array, int64_t index) const {
  int64_t features = array.values.size() / (call.T * call.B);
  int64_t row = index / features % call.B, time = index / features / call.B;
  return time >= call.length(row);
}

llvm::Error Differences::differentiate(Array &array, Array &gradient, bool isSequence) {
  gradient = Array::zeros(array.shape);
  for (auto [index, element] : llvm::enumerate(array.values)) {
    if (isSequence && isPadding(array, index))
      continue;
    llvm::Expected<double> above = objectiveAt(element, element + step);
    if (!above)
      return above.takeError();
    llvm::Expected<double> below = objectiveAt(element, element - step);
    if (!below)
      return below.takeError();
    gradient.values[index] = (*above - *below) / (2 * step);
  }
  return llvm::Error::success();
}

/// In training the gradient of an estimate is its distance from the statistic of the batch, summed over its uses.
llvm::Error addDistances(const Graph &graph, const Call &call, Arrays &gradients) {
  Evaluator evaluator(graph, call);
  for (const Node &node : graph.nodes) {
    if (!isa<recur::EstimateOp>(node.op))
      continue;
    const Node &running = graph.nodes[node.operands[0]];
    auto param = dyn_cast<recur::ParamOp>(running.op);
    if (!param)
      continue;
    for (unsigned operand : node.operands)
      if (llvm::Error error = evaluator.demand(operand, 0))
        return error;
    Array &gradient = gradients.at(running.frame->paramPrefix + param.getName().str());
    for (auto [i, distance] : llvm::enumerate(gradient.values))
      distance += evaluator.row(node.operands[0], 0, 0)[i] - evaluator.row(node.operands[1], 0, 0)[i];
  }
  return llvm::Error::success();
}

} // namespace

double seqc::interp::objective(const Call &call, const Evaluation &run) {
  double loss = call.withLoss && run.loss ? *run.loss : 0;
  return loss + dot(call.outputGradients, run.outputs) + dot(call.finalGradients, run.finalStates);
}

llvm::Expected<Arrays> seqc::interp::centralDifferences(const Interpreter &interpreter, Call call, double step) {
  if (llvm::Error error = interpreter.check(call))
    return std::move(error);
  Differences differences(interpreter, call, step);
  Arrays gradients;
  for (auto &[name, array] : call.params)
    if (llvm::Error error = differences.differentiate(array, gradients[name], false))
      return std::move(error);
  if (call.training) // the objective does not read them, so that the differences above are zero
    if (llvm::Error error = addDistances(interpreter.getGraph(), call, gradients))
      return std::move(error);
  llvm::StringSet<> real = realInputs(interpreter);
  for (auto &[name, array] : call.inputs)
    if (real.contains(name))
      if (llvm::Error error = differences.differentiate(array, gradients[name], true))
        return std::move(error);
  for (auto &[name, array] : call.states)
    if (llvm::Error error = differences.differentiate(array, gradients[name], false))
      return std::move(error);
  return gradients;
}
