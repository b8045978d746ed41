//===- CompiledModel.cpp - A .seq file, compiled and ready to run ------------------------===//
#include "bench/CompiledModel.h"

#include "bench/Process.h"
#include "tools/seq-run/Random.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

using namespace seqc;
using namespace seqc::bench;

Settings &bench::settings() {
  static Settings settings;
  return settings;
}

std::shared_ptr<CompiledModel> CompiledModel::compile(const std::string &file, const std::string &name,
                                                      const Dims &dims, const std::string &option) {
  static int compiledSoFar = 0;
  std::string library = settings().folder + "/" + std::to_string(compiledSoFar++) + "-" + name + ".so";
  std::vector<std::string> command = {
      settings().seqc, settings().source + "/" + file, "--march=native", "-o", library, option, "--model", name};
  for (const auto &[dim, size] : dims)
    command.insert(command.end(), {"-D", dim + "=" + std::to_string(size)});
  double seconds = runProcess(command);
  runProcess({"llvm-strip-22", library});
  return std::make_shared<CompiledModel>(
      CompiledModel{run::Model::load(library, name), seconds, size_t(std::filesystem::file_size(library))});
}

double CompiledModel::productFlops() const {
  double elements = 0;
  for (const run::ParamInfo &param : model.info().params)
    if (param.shape.size() >= 2)
      elements += double(run::elementCount(param.shape));
  return 2 * elements;
}

namespace {

void fill(run::Tensors &tensors, double scale, uint64_t purpose) {
  run::Random random{purpose};
  for (run::Tensor &tensor : tensors)
    for (int64_t i = 0; i < tensor.elements(); ++i)
      tensor.set(i, scale * (2 * random.uniform() - 1));
}

/// Uniform in ±1/√fan_in, as frameworks start a recurrent net; vectors in ±0.1 so that biases are seen.
void fillParams(run::Tensors &params) {
  run::Random random{1};
  for (run::Tensor &tensor : params) {
    double scale = tensor.shape().size() < 2 ? 0.1 : 1 / std::sqrt(double(tensor.shape().back()));
    for (int64_t i = 0; i < tensor.elements(); ++i)
      tensor.set(i, scale * (2 * random.uniform() - 1));
  }
}

} // namespace

Session::Session(std::shared_ptr<CompiledModel> compiledModel, int64_t T, int64_t B, int64_t threads)
    : compiled(std::move(compiledModel)), T(T), B(B) {
  params = dParams = run::paramTensors(info());
  for (const run::InputInfo &input : info().inputs)
    inputs.emplace_back(run::inputType(input, info()), run::withSteps(input.shape, T, B));
  dInputs = run::inputGradientTensors(info(), T, B);
  outputs = dOutputs = run::outputTensors(info(), T, B);
  states = dStates = run::stateTensors(info(), B);
  fillParams(params);
  fill(inputs, 1, 2);
  fill(dOutputs, 1, 3);
  for (auto [tensors, arrays] :
       {std::pair(&params, &paramArrays), std::pair(&inputs, &inputArrays), std::pair(&outputs, &outputArrays),
        std::pair(&states, &stateArrays), std::pair(&dParams, &dParamArrays), std::pair(&dInputs, &dInputArrays),
        std::pair(&dOutputs, &dOutputArrays), std::pair(&dStates, &dStateArrays)})
    *arrays = run::arraysOf(*tensors);
  auto atLeastOne = [](int64_t bytes) { return size_t(std::max<int64_t>(bytes, SEQC_ALIGNMENT)); };
  workspace.resize(atLeastOne(model().workspaceSize(T, B)));
  tape.resize(atLeastOne(model().tapeSize(T, B)));
  prepared.resize(atLeastOne(model().preparedSize()));
  if (threads > 1)
    pool = std::make_unique<run::Pool>(model(), threads);
}

seqc_call Session::call() {
  seqc_call call = {};
  call.abi = SEQC_ABI_VERSION;
  call.error = error;
  call.error_size = sizeof error;
  call.training = training;
  call.T = T;
  call.B = B;
  call.params = paramArrays.data();
  call.inputs = inputArrays.data();
  call.outputs = outputArrays.data();
  call.d_outputs = dOutputArrays.data();
  call.d_params = dParamArrays.data();
  call.d_inputs = dInputArrays.data();
  call.d_states = dStateArrays.data();
  call.workspace = workspace.data();
  call.workspace_size = int64_t(workspace.size());
  call.tape = tape.data();
  call.tape_size = int64_t(tape.size());
  if (pool)
    call.pool = pool->data();
  if (isPrepared) {
    call.prepared = prepared.data();
    call.prepared_size = int64_t(prepared.size());
  }
  return call;
}

void Session::prepare() {
  isPrepared = true;
  seqc_call arguments = call();
  check(model().function(run::Entry::Prepare)(&arguments));
}

void Session::check(int status) const {
  if (status != SEQC_OK)
    throw std::runtime_error(info().model + ": " + error);
}
