//===- Interp.cpp - The oracle: evaluates a system in f64 -------------------===//
#include "tools/seq-interp/Interp.h"

#include "tools/seq-interp/Evaluator.h"

using namespace mlir;
using namespace seqc::interp;

namespace {

llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

std::vector<int64_t> shapeOf(Value value, std::vector<int64_t> leading) {
  llvm::append_range(leading, cast<RankedTensorType>(value.getType()).getShape());
  return leading;
}

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t dim) { return std::to_string(dim); }), ", ") + "]";
}

llvm::Error checkShape(StringRef name, const Array &array, llvm::ArrayRef<int64_t> shape) {
  if (llvm::ArrayRef<int64_t>(array.shape) != shape)
    return refuse("'" + name + "' has shape " + shapeText(array.shape) + ", needs " + shapeText(shape));
  return llvm::Error::success();
}

llvm::Error checkGiven(StringRef kind, const Arrays &arrays, StringRef name, llvm::ArrayRef<int64_t> shape) {
  auto found = arrays.find(name.str());
  if (found == arrays.end())
    return refuse(kind + " '" + name + "' is missing");
  return checkShape(name, found->second, shape);
}

llvm::Error checkIds(StringRef name, const Array &array, int64_t vocabulary) {
  for (double id : array.values)
    if (!(id >= 0 && id < vocabulary))
      return refuse("'" + name + "' holds the id " + llvm::Twine(int64_t(id)) + ", needs [0, " +
                    llvm::Twine(vocabulary) + ")");
  return llvm::Error::success();
}

/// Reads what a run came to off an evaluator.
class Collector {
public:
  Collector(const Graph &graph, llvm::ArrayRef<State> states, const Call &call)
      : graph(graph), states(states), call(call), evaluator(graph, call) {}

  llvm::Expected<Evaluation> collect();

private:
  llvm::Error collectResult(unsigned index);
  llvm::Error collectOutput(recur::OutputOp output, unsigned source);
  llvm::Error collectSequence(unsigned source, Array &array);
  llvm::Error collectLast(unsigned source, Array &array);
  llvm::Error collectGradient(recur::GradientOp gradient, unsigned source);
  llvm::Error collectBoundaryGradient(recur::BoundaryGradientOp gradient, unsigned index);
  llvm::Error collectFinalState(const State &state);
  const State *findState(unsigned source) const;
  llvm::Error copyAt(unsigned source, int64_t step, int64_t row, double *to);

  const Graph &graph;
  llvm::ArrayRef<State> states;
  const Call &call;
  Evaluator evaluator;
  Evaluation run;
};

llvm::Error Collector::copyAt(unsigned source, int64_t step, int64_t row, double *to) {
  if (llvm::Error error = evaluator.demand(source, step))
    return error;
  std::copy_n(evaluator.row(source, step, row), graph.nodes[source].elements(), to);
  return llvm::Error::success();
}

llvm::Error Collector::collectSequence(unsigned source, Array &array) {
  int64_t count = graph.nodes[source].elements();
  for (int64_t step = 0; step < call.T; ++step)
    for (int64_t row = 0; row < call.B; ++row)
      if (step < call.length(row))
        if (llvm::Error error = copyAt(source, step, row, array.values.data() + (step * call.B + row) * count))
          return error;
  return llvm::Error::success();
}

const State *Collector::findState(unsigned source) const {
  auto found = llvm::find_if(states, [&](const State &state) { return state.source == source; });
  return found == states.end() ? nullptr : &*found;
}

/// The value at the last step of each row; of an empty row, its boundary before the first step.
llvm::Error Collector::collectLast(unsigned source, Array &array) {
  int64_t count = graph.nodes[source].elements();
  const State *state = findState(source);
  for (int64_t row = 0; row < call.B; ++row) {
    double *to = array.values.data() + row * count;
    if (call.length(row) > 0) {
      if (llvm::Error error = copyAt(source, call.length(row) - 1, row, to))
        return error;
    } else if (state && !state->atEnd) {
      if (llvm::Error error = evaluator.demandShift(state->shift, -1))
        return error;
      std::copy_n(evaluator.boundary(state->shift, 0, row), count, to);
    }
  }
  return llvm::Error::success();
}

llvm::Error Collector::collectOutput(recur::OutputOp output, unsigned source) {
  bool last = output.getLast();
  Array &array = run.outputs[output.getName().str()];
  array = Array::zeros(shapeOf(output.getValue(), last ? std::vector{call.B} : std::vector{call.T, call.B}));
  return last ? collectLast(source, array) : collectSequence(source, array);
}

/// Slot j of the final state is the value j steps before the last one (of a reversed recurrence: j steps after the
/// first); where the sequence is too short for that, it is what was at the boundary.
llvm::Error Collector::collectFinalState(const State &state) {
  const Node &shift = graph.nodes[state.shift];
  int64_t count = shift.elements();
  for (int64_t slot = 0; slot < state.slots; ++slot) {
    Array &array = run.finalStates[state.slotName(slot)];
    array = Array::zeros(shapeOf(shift.op->getResult(0), {call.B}));
    for (int64_t row = 0; row < call.B; ++row) {
      double *to = array.values.data() + row * count;
      int64_t length = call.length(row);
      if (slot < length) {
        if (llvm::Error error = copyAt(state.source, state.atEnd ? slot : length - 1 - slot, row, to))
          return error;
        continue;
      }
      if (llvm::Error error = evaluator.demandShift(state.shift, -1))
        return error;
      std::copy_n(evaluator.boundary(state.shift, slot - length, row), count, to);
    }
  }
  return llvm::Error::success();
}

llvm::Error Collector::collectGradient(recur::GradientOp gradient, unsigned source) {
  bool isInput = call.inputs.count(gradient.getName().str());
  Array &array = run.gradients[gradient.getName().str()];
  array = Array::zeros(shapeOf(gradient.getValue(), isInput ? std::vector{call.T, call.B} : std::vector<int64_t>{}));
  return isInput ? collectSequence(source, array) : copyAt(source, 0, 0, array.values.data());
}

llvm::Error Collector::collectBoundaryGradient(recur::BoundaryGradientOp gradient, unsigned index) {
  State state{gradient.getState().str(), 0, 0, 0, gradient.getReversed()};
  if (llvm::Error error = evaluator.demand(index, 0))
    return error;
  int64_t count = graph.nodes[index].elements();
  for (int64_t slot = 0; slot < gradient.getSlots() && !state.name.empty(); ++slot) {
    Array &array = run.gradients[state.slotName(slot)];
    array = Array::zeros(shapeOf(gradient.getResult(), {call.B}));
    for (int64_t row = 0; row < call.B; ++row)
      evaluator.boundaryGradient(index, slot, row, array.values.data() + row * count);
  }
  return llvm::Error::success();
}

llvm::Error Collector::collectResult(unsigned index) {
  const Node &node = graph.nodes[index];
  if (auto output = dyn_cast<recur::OutputOp>(node.op))
    return collectOutput(output, node.operands[0]);
  if (auto gradient = dyn_cast<recur::GradientOp>(node.op))
    return collectGradient(gradient, node.operands[0]);
  if (auto gradient = dyn_cast<recur::BoundaryGradientOp>(node.op))
    return collectBoundaryGradient(gradient, index);
  if (isa<recur::LossOp>(node.op)) {
    run.loss = 0;
    return copyAt(node.operands[0], 0, 0, &*run.loss);
  }
  return llvm::Error::success();
}

llvm::Expected<Evaluation> Collector::collect() {
  for (auto [index, node] : llvm::enumerate(graph.nodes))
    if (!node.frame->parent) // only the top system has results; an instance is read by its equations
      if (llvm::Error error = collectResult(index))
        return std::move(error);
  for (const State &state : states)
    if (llvm::Error error = collectFinalState(state))
      return std::move(error);
  return std::move(run);
}

} // namespace

llvm::Expected<Interpreter> Interpreter::create(recur::SystemOp system) {
  llvm::Expected<Graph> graph = Graph::build(system);
  if (!graph)
    return graph.takeError();
  return Interpreter(std::move(*graph));
}

llvm::Error Interpreter::check(const Call &call) const {
  if (call.T < 0 || call.B < 0)
    return refuse("T and B must not be negative");
  if (!call.lengths.empty() && int64_t(call.lengths.size()) != call.B)
    return refuse("there are " + llvm::Twine(call.lengths.size()) + " lengths for " + llvm::Twine(call.B) + " rows");
  for (int64_t length : call.lengths)
    if (length < 0 || length > call.T)
      return refuse("a length is " + llvm::Twine(length) + ", needs [0, " + llvm::Twine(call.T) + "]");
  for (const Node &node : graph.nodes) {
    if (auto param = dyn_cast<recur::ParamOp>(node.op)) {
      std::string name = node.frame->paramPrefix + param.getName().str();
      if (llvm::Error error = checkGiven("parameter", call.params, name, shapeOf(param.getValue(), {})))
        return error;
    } else if (auto input = dyn_cast<recur::InputOp>(node.op)) {
      StringRef name = input.getName();
      if (llvm::Error error = checkGiven("input", call.inputs, name, shapeOf(input.getValue(), {call.T, call.B})))
        return error;
      if (auto vocabulary = input.getVocabulary())
        if (llvm::Error error = checkIds(name, call.inputs.at(name.str()), *vocabulary))
          return error;
    }
  }
  for (const State &state : states)
    for (int64_t slot = 0; slot < state.slots; ++slot)
      if (auto given = call.states.find(state.slotName(slot)); given != call.states.end())
        if (llvm::Error error =
                checkShape(given->first, given->second, shapeOf(graph.nodes[state.shift].op->getResult(0), {call.B})))
          return error;
  return llvm::Error::success();
}

llvm::Expected<Evaluation> Interpreter::run(const Call &call) const {
  if (llvm::Error error = check(call))
    return std::move(error);
  return Collector(graph, states, call).collect();
}
