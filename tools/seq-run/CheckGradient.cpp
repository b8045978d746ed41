//===- CheckGradient.cpp - The gradient against central differences ---------------------===//
//
// The objective is the loss plus every output and final state weighted with a fixed random array, so that each of
// them is checked and no symmetry hides an error. It is checked twice: from the boundary equations, and from given
// initial states.
//
//===------------------------------------------------------------------------------------===//
#include "tools/seq-run/Binding.h"
#include "tools/seq-run/Commands.h"
#include "tools/seq-run/Library.h"
#include "tools/seq-run/Random.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <numeric>

using namespace seqc::run;

namespace {

/// Everything that is random says what for, so that no two draws are the same.
enum Purpose : uint64_t { ForParams, ForInputs, ForStates, ForWeights, ForLengths, ForSamples };

constexpr double paramJitter = 0.1;
/// Below this, an error counts as absolute: a gradient that is zero has no relative error.
constexpr double smallestScale = 1e-3;

void addNoise(Tensor &tensor, double scale, Random &random) {
  for (int64_t i = 0; i < tensor.elements(); ++i)
    tensor.set(i, tensor.at(i) + scale * random.normal());
}

struct TensorResult {
  std::string name;
  int64_t checked = 0;
  double error = 0;
};

class Checker {
public:
  Checker(const Model &model, const CheckGradientOptions &options)
      : info(model.info()), options(options), caller(model) {
    if (info.dtype != DType::F64)
      fail(Message::NeedsDouble, options.library, dtypeName(info.dtype));
    drawParams();
    drawInputs();
    dParams = paramTensors(info);
    dInputs = inputGradientTensors(info, T, B);
    dStates = stateTensors(info, B);
    outputs = outputTensors(info, T, B);
    finalStates = stateTensors(info, B);
    weigh(outputs, outputWeights);
    weigh(finalStates, finalWeights);
  }

  std::vector<TensorResult> run() {
    std::vector<TensorResult> results;
    differentiate();
    checkAll(results, params, dParams, [&](size_t i) { return info.params[i].name; });
    checkAll(results, inputs, dInputs, [&](size_t i) { return info.inputs[i].name; });
    if (info.states.empty())
      return results;
    Random random{options.seed, ForStates};
    states = stateTensors(info, B);
    for (Tensor &state : states)
      addNoise(state, 1, random);
    differentiate();
    checkAll(results, params, dParams, [&](size_t i) { return info.params[i].name + ", states given"; });
    checkAll(results, states, dStates, [&](size_t i) { return info.states[i].name; });
    return results;
  }

private:
  void drawParams() {
    if (!options.params.empty()) {
      params = readParams(options.params, info);
      return;
    }
    params = paramTensors(info);
    std::vector<seqc_array> arrays = arraysOf(params);
    seqc_call call = {};
    call.seed = options.seed;
    call.params = arrays.data();
    caller.run(Entry::Init, call);
    Random random{options.seed, ForParams};
    for (Tensor &param : params)
      addNoise(param, paramJitter, random);
  }

  void drawInputs() {
    if (!options.in.empty()) {
      TensorFile file = readSafetensors(options.in);
      Binder binder(options.in, file, info);
      binder.setSize(info.inputs.empty() ? options.steps : -1, info.inputs.empty() ? options.batch : -1);
      inputs = binder.inputs();
      lengths = binder.lengths();
      binder.finish();
      T = binder.steps();
      B = binder.rows();
      return;
    }
    T = options.steps;
    B = options.batch;
    Random random{options.seed, ForInputs};
    for (const InputInfo &input : info.inputs) {
      Tensor tensor(inputType(input, info), withSteps(input.shape, T, B));
      for (int64_t i = 0; i < tensor.elements(); ++i)
        tensor.set(i, input.kind == InputKind::Real ? random.normal()
                      : input.kind == InputKind::Id ? static_cast<double>(random.below(input.vocabulary))
                                                    : static_cast<double>(random.below(2)));
      inputs.push_back(std::move(tensor));
    }
    Random lengthRandom{options.seed, ForLengths};
    for (int64_t b = 0; b < B && options.lengths; ++b)
      lengths.push_back(lengthRandom.below(T + 1));
  }

  void weigh(const Tensors &values, Tensors &weights) {
    Random random{options.seed, ForWeights, static_cast<uint64_t>(&values == &outputs)};
    weights = values;
    for (Tensor &weight : weights)
      addNoise(weight, 1, random);
  }

  seqc_call prepareCall() {
    paramArrays = arraysOf(params);
    inputArrays = arraysOf(inputs);
    stateArrays = arraysOf(states);
    outputArrays = arraysOf(outputs);
    finalArrays = arraysOf(finalStates);
    seqc_call call = {};
    call.T = T;
    call.B = B;
    call.lengths = lengths.empty() ? nullptr : lengths.data();
    call.training = options.training;
    call.seed = options.seed;
    call.params = paramArrays.data();
    call.inputs = inputArrays.data();
    call.states = states.empty() ? nullptr : stateArrays.data();
    call.outputs = outputArrays.data();
    call.final_states = finalArrays.data();
    call.loss = info.hasLoss ? &loss : nullptr;
    return call;
  }

  void differentiate() {
    seqc_call call = prepareCall();
    std::vector<seqc_array> dOutputs = arraysOf(outputWeights), dFinals = arraysOf(finalWeights);
    std::vector<seqc_array> dParamArrays = arraysOf(dParams), dInputArrays = arraysOf(dInputs);
    std::vector<seqc_array> dStateArrays = arraysOf(dStates);
    call.d_outputs = dOutputs.data();
    call.d_final_states = dFinals.data();
    call.d_params = dParamArrays.data();
    call.d_inputs = dInputArrays.data();
    call.d_states = states.empty() ? nullptr : dStateArrays.data();
    caller.run(Entry::Gradient, call);
  }

  double objective() {
    seqc_call call = prepareCall();
    caller.run(Entry::Forward, call);
    double sum = info.hasLoss ? loss : 0;
    auto add = [&](const Tensors &values, const Tensors &weights) {
      for (size_t i = 0; i < values.size(); ++i)
        sum += std::inner_product(values[i].as<double>(), values[i].as<double>() + values[i].elements(),
                                  weights[i].as<double>(), 0.0);
    };
    add(outputs, outputWeights);
    add(finalStates, finalWeights);
    return sum;
  }

  std::vector<int64_t> chooseElements(int64_t count) {
    std::vector<int64_t> chosen(count);
    std::iota(chosen.begin(), chosen.end(), 0);
    if (options.samples == 0 || count <= options.samples)
      return chosen;
    Random random{options.seed, ForSamples, static_cast<uint64_t>(count)};
    random.shuffle(chosen);
    chosen.resize(options.samples);
    return chosen;
  }

  TensorResult check(Tensor &tensor, const Tensor &gradient, const std::string &name) {
    TensorResult result{name};
    double largest = smallestScale, difference = 0;
    for (int64_t element : chooseElements(tensor.elements())) {
      double *value = tensor.as<double>() + element;
      double original = *value, delta = options.delta * std::max(1.0, std::abs(original));
      *value = original + delta;
      double above = objective();
      *value = original - delta;
      double below = objective();
      *value = original;
      double numeric = (above - below) / (2 * delta);
      double wrong = std::abs(gradient.at(element) - numeric);
      largest = std::max(largest, std::abs(numeric));
      difference = std::isnan(wrong) ? wrong : std::max(difference, wrong);
      ++result.checked;
      if (std::isnan(difference))
        break;
    }
    result.error = difference / largest;
    return result;
  }

  /// In training the objective does not read an estimate, whose "gradient" is its distance from the batch.
  bool isDistance(const Tensors &values, size_t i) const {
    return &values == &params && options.training && info.params[i].estimate;
  }

  template <typename Name>
  void checkAll(std::vector<TensorResult> &results, Tensors &values, const Tensors &gradients, Name name) {
    for (size_t i = 0; i < values.size(); ++i)
      if (gradients[i].bytes() && !isDistance(values, i))
        results.push_back(check(values[i], gradients[i], name(i)));
  }

  const Description &info;
  const CheckGradientOptions &options;
  Caller caller;
  int64_t T = 0, B = 0;
  double loss = 0;
  std::vector<int64_t> lengths;
  Tensors params, inputs, states, outputs, finalStates, outputWeights, finalWeights, dParams, dInputs, dStates;
  std::vector<seqc_array> paramArrays, inputArrays, stateArrays, outputArrays, finalArrays;
};

} // namespace

Exit seqc::run::runCheckGradient(const CheckGradientOptions &options) {
  Model model = Model::load(options.library, options.model);
  std::vector<TensorResult> results = Checker(model, options).run();
  bool good = true;
  std::cout << std::scientific << std::setprecision(1);
  for (const TensorResult &result : results) {
    bool passed = result.error <= options.tolerance; // false for NaN
    good &= passed;
    std::cout << (passed ? "ok    " : "WRONG ") << result.error << "  " << result.name << " (" << result.checked
              << " elements)\n";
  }
  std::cout << (good ? "the gradient agrees with central differences\n"
                     : "the gradient differs from central differences\n");
  return good ? Exit::Success : Exit::CheckFailed;
}
