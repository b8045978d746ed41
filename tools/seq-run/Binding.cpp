//===- Binding.cpp - Tensors of a file as arrays of a model -----------------------------===//
#include "tools/seq-run/Binding.h"

#include "tools/seq-run/Failure.h"

using namespace seqc::run;

namespace {

std::string found(const Tensor &tensor) {
  return std::string(dtypeName(tensor.dtype())) + " " + shapeText(tensor.shape());
}

} // namespace

const Tensor *Binder::find(const std::string &name) {
  auto entry = file.tensors.find(name);
  if (entry == file.tensors.end())
    return nullptr;
  taken.insert(name);
  return &entry->second;
}

void Binder::setSize(int64_t steps, int64_t rows) {
  if (steps >= 0)
    T = steps;
  if (rows >= 0)
    B = rows;
}

/// The first sequence that fits sets T and B for all others.
bool Binder::matches(const Tensor &tensor, const Shape &row, Axes axes) {
  const Shape &shape = tensor.shape();
  size_t leading = axes == Axes::StepsAndRows ? 2 : axes == Axes::Rows ? 1 : 0;
  if (shape.size() != leading + row.size() || !std::equal(row.begin(), row.end(), shape.begin() + leading))
    return false;
  if (axes == Axes::None)
    return true;
  int64_t rows = shape[leading - 1], steps = axes == Axes::StepsAndRows ? shape[0] : T;
  if ((B >= 0 && rows != B) || (T >= 0 && steps != T))
    return false;
  T = steps;
  B = rows;
  return true;
}

std::string Binder::expectedText(const Shape &row, Axes axes) const {
  auto axis = [](const char *name, int64_t size) { return size < 0 ? name : std::to_string(size); };
  std::vector<std::string> dims;
  if (axes == Axes::StepsAndRows)
    dims.push_back(axis("T", T));
  if (axes != Axes::None)
    dims.push_back(axis("B", B));
  for (int64_t dim : row)
    dims.push_back(std::to_string(dim));
  return dims.empty() ? "[]" : "[" + listNames(dims) + "]";
}

Tensor Binder::convert(const std::string &name, const Tensor &tensor, InputKind kind) {
  if (kind == InputKind::Real)
    return toReal(tensor, model.dtype);
  std::optional<Tensor> integers = toInteger(tensor, kind == InputKind::Id ? DType::I32 : DType::Bool);
  if (integers)
    return std::move(*integers);
  const char *wanted = kind == InputKind::Id ? "whole numbers (ids)" : "0 and 1 only (a mask)";
  problems.push_back("'" + name + "' must hold " + wanted);
  return Tensor();
}

Tensor Binder::required(const std::string &name, const Shape &row, Axes axes, InputKind kind) {
  const Tensor *tensor = find(name);
  if (tensor && matches(*tensor, row, axes))
    return convert(name, *tensor, kind);
  if (tensor)
    problems.push_back("'" + name + "' is " + found(*tensor) + ", expected " + expectedText(row, axes));
  else
    problems.push_back("'" + name + "' " + expectedText(row, axes) + " is missing");
  return Tensor();
}

Tensor Binder::optional(const std::string &name, const Shape &row, Axes axes) {
  return file.tensors.count(name) ? required(name, row, axes) : Tensor();
}

Tensors Binder::params() {
  Tensors result;
  for (const ParamInfo &param : model.params)
    result.push_back(required(param.name, param.shape, Axes::None));
  return result;
}

Tensors Binder::inputs() {
  Tensors result;
  for (const InputInfo &input : model.inputs)
    result.push_back(required(input.name, input.shape, Axes::StepsAndRows, input.kind));
  return result;
}

Tensors Binder::states() {
  Tensors result;
  for (const StateInfo &state : model.states)
    result.push_back(optional(state.name, state.shape, Axes::Rows));
  return result;
}

std::vector<int64_t> Binder::lengths() {
  const Tensor *tensor = find("lengths");
  if (!tensor)
    return {};
  if (!matches(*tensor, {}, Axes::Rows)) {
    problems.push_back("'lengths' is " + found(*tensor) + ", expected " + expectedText({}, Axes::Rows));
    return {};
  }
  std::optional<Tensor> integers = toInteger(*tensor, DType::I64);
  if (!integers) {
    problems.emplace_back("'lengths' must hold whole numbers");
    return {};
  }
  const int64_t *data = integers->as<int64_t>();
  return {data, data + integers->elements()};
}

void Binder::finish() {
  for (auto &[name, tensor] : file.tensors)
    if (!taken.count(name))
      problems.push_back("'" + name + "' " + shapeText(tensor.shape()) + " is not expected here");
  if (problems.empty())
    return;
  std::string text;
  for (const std::string &problem : problems)
    text += (text.empty() ? "  " : "\n  ") + problem;
  fail(Message::TensorMismatch, path, model.model, text);
}

Tensors seqc::run::readParams(const std::string &path, const Description &model) {
  TensorFile file = readSafetensors(path);
  Binder binder(path, file, model);
  Tensors params = binder.params();
  binder.finish();
  return params;
}

DType seqc::run::inputType(const InputInfo &input, const Description &model) {
  switch (input.kind) {
  case InputKind::Id:
    return DType::I32;
  case InputKind::Mask:
    return DType::Bool;
  case InputKind::Real:
    break;
  }
  return model.dtype;
}

Shape seqc::run::withRows(const Shape &row, int64_t B) {
  Shape shape = row;
  shape.insert(shape.begin(), B);
  return shape;
}

Shape seqc::run::withSteps(const Shape &row, int64_t T, int64_t B) {
  Shape shape = withRows(row, B);
  shape.insert(shape.begin(), T);
  return shape;
}

Tensors seqc::run::outputTensors(const Description &model, int64_t T, int64_t B) {
  Tensors result;
  for (const OutputInfo &output : model.outputs)
    result.emplace_back(model.dtype, output.last ? withRows(output.shape, B) : withSteps(output.shape, T, B));
  return result;
}

Tensors seqc::run::stateTensors(const Description &model, int64_t B) {
  Tensors result;
  for (const StateInfo &state : model.states)
    result.emplace_back(model.dtype, withRows(state.shape, B));
  return result;
}

Tensors seqc::run::paramTensors(const Description &model) {
  Tensors result;
  for (const ParamInfo &param : model.params)
    result.emplace_back(model.dtype, param.shape);
  return result;
}

Tensors seqc::run::inputGradientTensors(const Description &model, int64_t T, int64_t B) {
  Tensors result;
  for (const InputInfo &input : model.inputs)
    result.push_back(input.kind == InputKind::Real ? Tensor(model.dtype, withSteps(input.shape, T, B)) : Tensor());
  return result;
}

std::vector<seqc_array> seqc::run::arraysOf(const Tensors &tensors) {
  std::vector<seqc_array> arrays;
  for (const Tensor &tensor : tensors)
    arrays.push_back({const_cast<std::byte *>(tensor.bytes()), tensor.elements(), 0, 0});
  return arrays;
}
