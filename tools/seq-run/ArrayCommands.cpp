//===- ArrayCommands.cpp - describe, init, forward, step and gradient -------------------===//
#include "tools/seq-run/Binding.h"
#include "tools/seq-run/Commands.h"
#include "tools/seq-run/Library.h"

#include <algorithm>
#include <iostream>

using namespace seqc::run;

namespace {

constexpr const char *gradientPrefix = "d.";
constexpr const char *finalPrefix = "d.final.";
constexpr const char *lossName = "loss";

/// Everything the three commands read.
struct Given {
  int64_t T = 0, B = 0;
  std::vector<int64_t> lengths;
  Tensors params, inputs, states;
  Tensors dOutputs, dFinalStates; ///< gradient only

  bool anyGradient() const {
    for (const Tensors *tensors : {&dOutputs, &dFinalStates})
      for (const Tensor &tensor : *tensors)
        if (tensor.bytes())
          return true;
    return false;
  }
};

void readStates(const ArrayOptions &options, const Description &info, Given &given) {
  TensorFile file = readSafetensors(options.states);
  Binder binder(options.states, file, info);
  binder.setSize(-1, given.B);
  Tensors states = binder.states();
  binder.finish();
  for (size_t i = 0; i < states.size(); ++i)
    if (states[i].bytes())
      given.states[i] = std::move(states[i]);
}

Given readGiven(const ArrayOptions &options, const Description &info, bool gradients) {
  Given given;
  if (options.in.empty() && !info.inputs.empty())
    fail(Message::InputsNeeded, info.model);
  given.params = readParams(options.params, info);
  TensorFile file = options.in.empty() ? TensorFile() : readSafetensors(options.in);
  Binder binder(options.in, file, info);
  if (info.inputs.empty())
    binder.setSize(options.steps, options.batch);
  given.inputs = binder.inputs();
  given.states = binder.states();
  if (gradients) {
    for (const OutputInfo &output : info.outputs)
      given.dOutputs.push_back(
          binder.optional(gradientPrefix + output.name, output.shape, output.last ? Axes::Rows : Axes::StepsAndRows));
    for (const StateInfo &state : info.states)
      given.dFinalStates.push_back(binder.optional(finalPrefix + state.name, state.shape, Axes::Rows));
  }
  given.lengths = binder.lengths();
  binder.finish();
  given.T = binder.steps();
  given.B = binder.rows();
  if (given.T < 0 || given.B < 0)
    fail(Message::NoStepCount, info.model);
  if (!options.states.empty())
    readStates(options, info, given);
  return given;
}

/// The arrays of a call; keeps them alive.
struct CallArrays {
  std::vector<seqc_array> params, inputs, states, outputs, finalStates;

  CallArrays(const Given &given, const Tensors &outputTensors, const Tensors &finalTensors)
      : params(arraysOf(given.params)), inputs(arraysOf(given.inputs)), states(arraysOf(given.states)),
        outputs(arraysOf(outputTensors)), finalStates(arraysOf(finalTensors)) {}

  seqc_call call(const ArrayOptions &options, const Given &given) const {
    seqc_call call = {};
    call.T = given.T;
    call.B = given.B;
    call.lengths = given.lengths.empty() ? nullptr : given.lengths.data();
    call.training = options.training;
    call.seed = options.seed;
    call.params = params.data();
    call.inputs = inputs.data();
    call.states = states.data();
    call.outputs = outputs.data();
    call.final_states = finalStates.data();
    return call;
  }
};

void addOutputs(TensorFile &file, const Description &info, Tensors outputs) {
  for (size_t i = 0; i < outputs.size(); ++i)
    file.tensors.emplace(info.outputs[i].name, std::move(outputs[i]));
}

void writeStates(const std::string &path, const Description &info, Tensors states) {
  TensorFile file;
  for (size_t i = 0; i < states.size(); ++i)
    file.tensors.emplace(info.states[i].name, std::move(states[i]));
  writeSafetensors(path, file);
}

std::string gradientNames(const Description &info) {
  std::vector<std::string> names;
  for (const OutputInfo &output : info.outputs)
    names.push_back(gradientPrefix + output.name);
  return listNames(names);
}

void checkStart(const ArrayOptions &options, const Description &info, const Given &given) {
  if (given.anyGradient())
    return;
  if (!info.hasLoss)
    fail(Message::NothingToDifferentiate, info.model, options.in, gradientNames(info));
  if (options.noLoss)
    fail(Message::NoGradientsGiven, options.in, gradientNames(info));
}

/// The rows of one step, or of the sequence that `step` puts together.
std::byte *stepOf(Tensor &tensor, int64_t t, int64_t T) { return tensor.bytes() + tensor.byteSize() / T * t; }

/// An output of the last step only keeps, for each row, what its last valid step said.
void keepLast(const Tensor &now, Tensor &kept, const std::vector<int64_t> &active) {
  for (size_t b = 0; b < active.size(); ++b) {
    size_t row = kept.byteSize() / active.size();
    if (active[b])
      std::copy_n(now.bytes() + row * b, row, kept.bytes() + row * b);
  }
}

} // namespace

Exit seqc::run::runDescribe(const DescribeOptions &options) {
  Model model = Model::load(options.library, options.model);
  std::cout << (options.json ? model.info().text + "\n" : describeReadably(model.info()));
  return Exit::Success;
}

Exit seqc::run::runInit(const InitOptions &options) {
  Model model = Model::load(options.library, options.model);
  const Description &info = model.info();
  Tensors params = paramTensors(info);
  std::vector<seqc_array> arrays = arraysOf(params);
  seqc_call call = {};
  call.seed = options.seed;
  call.params = arrays.data();
  Caller(model).run(Entry::Init, call);
  TensorFile file;
  for (size_t i = 0; i < params.size(); ++i)
    file.tensors.emplace(info.params[i].name, std::move(params[i]));
  file.metadata = {{"model", info.model}, {"seed", std::to_string(options.seed)}};
  writeSafetensors(options.out, file);
  return Exit::Success;
}

Exit seqc::run::runForward(const ArrayOptions &options) {
  Model model = Model::load(options.library, options.model);
  const Description &info = model.info();
  Given given = readGiven(options, info, false);
  Tensors outputs = outputTensors(info, given.T, given.B), finalStates = stateTensors(info, given.B);
  CallArrays arrays(given, outputs, finalStates);
  seqc_call call = arrays.call(options, given);
  Tensor loss(info.dtype, {});
  if (info.hasLoss)
    call.loss = loss.bytes();
  Caller(model, options.threads).run(Entry::Forward, call);

  TensorFile file;
  addOutputs(file, info, std::move(outputs));
  if (info.hasLoss)
    file.tensors.emplace(lossName, std::move(loss));
  writeSafetensors(options.out, file);
  if (!options.finalStates.empty())
    writeStates(options.finalStates, info, std::move(finalStates));
  return Exit::Success;
}

Exit seqc::run::runStep(const ArrayOptions &options) {
  Model model = Model::load(options.library, options.model);
  model.require(Entry::Step);
  const Description &info = model.info();
  Given given = readGiven(options, info, false);
  if (given.T == 0)
    return runForward(options);
  Tensors outputs = outputTensors(info, given.T, given.B), states = stateTensors(info, given.B);
  Tensors now = outputTensors(info, 1, given.B);
  CallArrays arrays(given, now, states);
  Caller caller(model);
  caller.prepare(arrays.params.data());
  std::vector<int64_t> active(given.B, 1);
  for (int64_t t = 0; t < given.T; ++t) {
    for (int64_t b = 0; b < given.B && !given.lengths.empty(); ++b)
      active[b] = t < given.lengths[b];
    seqc_call call = arrays.call(options, given);
    call.T = 1;
    call.lengths = active.data();
    for (size_t i = 0; i < given.inputs.size(); ++i) {
      arrays.inputs[i].data = stepOf(given.inputs[i], t, given.T);
      arrays.inputs[i].count = given.inputs[i].elements() / given.T;
    }
    if (t > 0)
      call.states = arrays.finalStates.data();
    caller.run(Entry::Step, call);
    for (size_t i = 0; i < outputs.size(); ++i)
      if (info.outputs[i].last)
        keepLast(now[i], outputs[i], active);
      else
        std::copy_n(now[i].bytes(), now[i].byteSize(), stepOf(outputs[i], t, given.T));
  }
  TensorFile file;
  addOutputs(file, info, std::move(outputs));
  writeSafetensors(options.out, file);
  if (!options.finalStates.empty())
    writeStates(options.finalStates, info, std::move(states));
  return Exit::Success;
}

Exit seqc::run::runGradient(const ArrayOptions &options) {
  Model model = Model::load(options.library, options.model);
  const Description &info = model.info();
  Given given = readGiven(options, info, true);
  checkStart(options, info, given);
  Tensors outputs = outputTensors(info, given.T, given.B), finalStates = stateTensors(info, given.B);
  Tensors dParams = paramTensors(info), dStates = stateTensors(info, given.B);
  Tensors dInputs = inputGradientTensors(info, given.T, given.B);
  CallArrays arrays(given, outputs, finalStates);
  std::vector<seqc_array> dOutputArrays = arraysOf(given.dOutputs), dFinalArrays = arraysOf(given.dFinalStates);
  std::vector<seqc_array> dParamArrays = arraysOf(dParams), dInputArrays = arraysOf(dInputs);
  std::vector<seqc_array> dStateArrays = arraysOf(dStates);
  seqc_call call = arrays.call(options, given);
  Tensor loss(info.dtype, {});
  if (info.hasLoss)
    call.loss = loss.bytes();
  call.no_loss = options.noLoss;
  call.d_outputs = dOutputArrays.data();
  call.d_final_states = dFinalArrays.data();
  call.d_params = dParamArrays.data();
  call.d_inputs = dInputArrays.data();
  call.d_states = dStateArrays.data();
  Caller(model, options.threads).run(Entry::Gradient, call);

  TensorFile file;
  auto add = [&](const std::string &name, Tensor &tensor) {
    if (tensor.bytes())
      file.tensors.emplace(gradientPrefix + name, std::move(tensor));
  };
  for (size_t i = 0; i < dParams.size(); ++i)
    add(info.params[i].name, dParams[i]);
  for (size_t i = 0; i < dInputs.size(); ++i)
    add(info.inputs[i].name, dInputs[i]);
  for (size_t i = 0; i < dStates.size(); ++i)
    add(info.states[i].name, dStates[i]);
  if (options.withOutputs)
    addOutputs(file, info, std::move(outputs));
  if (info.hasLoss)
    file.tensors.emplace(lossName, std::move(loss));
  writeSafetensors(options.out, file);
  return Exit::Success;
}
