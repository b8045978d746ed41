//===- Files.cpp - Calls from files, results to files -----------------------===//
#include "tools/seq-interp/Files.h"

#include "tools/seq-run/Safetensors.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace seqc::interp;
using namespace seqc::run;

namespace {

constexpr const char *gradientPrefix = "d.";
constexpr const char *finalPrefix = "d.final.";

Array toArray(const Tensor &tensor) {
  Array array = Array::zeros(tensor.shape());
  for (int64_t i = 0; i < tensor.elements(); ++i)
    array.values[i] = tensor.at(i);
  return array;
}

/// Names of the inputs and state slots of a system: what a tensor of the input file may be.
struct Names {
  llvm::StringSet<> inputs, states;

  explicit Names(const Interpreter &interpreter) {
    for (const Node &node : interpreter.getGraph().nodes)
      if (auto input = dyn_cast<recur::InputOp>(node.op))
        inputs.insert(input.getName());
    for (const State &state : interpreter.getStates())
      for (int64_t slot = 0; slot < state.slots; ++slot)
        states.insert(state.slotName(slot));
  }
};

void readSize(Call &call, const CallOptions &options) {
  call.T = std::max<int64_t>(options.steps, 0);
  call.B = std::max<int64_t>(options.batch, 0);
  if (call.inputs.empty())
    return;
  const std::vector<int64_t> &shape = call.inputs.begin()->second.shape;
  call.T = !shape.empty() ? shape[0] : 0;
  call.B = shape.size() > 1 ? shape[1] : 0;
}

} // namespace

Call seqc::interp::readCall(const CallOptions &options, const Interpreter &interpreter) {
  Names names(interpreter);
  Call call;
  call.seed = options.seed;
  call.training = options.training;
  call.withLoss = !options.noLoss;
  if (!options.params.empty())
    for (auto &[name, tensor] : readSafetensors(options.params).tensors)
      call.params[name] = toArray(tensor);
  for (const std::string &path : {options.in, options.states}) {
    if (path.empty())
      continue;
    for (auto &[name, tensor] : readSafetensors(path).tensors) {
      Array array = toArray(tensor);
      StringRef rest = name;
      if (names.inputs.contains(name))
        call.inputs[name] = std::move(array);
      else if (names.states.contains(name))
        call.states[name] = std::move(array);
      else if (name == "lengths")
        call.lengths.assign(array.values.begin(), array.values.end());
      else if (rest.consume_front(finalPrefix))
        call.finalGradients[rest.str()] = std::move(array);
      else if (rest.consume_front(gradientPrefix))
        call.outputGradients[rest.str()] = std::move(array);
    }
  }
  readSize(call, options);
  return call;
}

void seqc::interp::writeArrays(const std::string &path, const Arrays &arrays, const std::string &prefix,
                               std::optional<double> loss) {
  if (path.empty())
    return;
  TensorFile file;
  auto add = [&](const std::string &name, const Array &array) {
    Tensor tensor(DType::F64, array.shape);
    llvm::copy(array.values, tensor.as<double>());
    file.tensors.emplace(name, std::move(tensor));
  };
  for (const auto &[name, array] : arrays)
    add(prefix + name, array);
  if (loss)
    add("loss", Array{{}, {*loss}});
  writeSafetensors(path, file);
}
