//===- Description.cpp - What a compiled library says of a model ------------------------===//
#include "tools/seq-run/Description.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

using namespace seqc::run;
using nlohmann::json;

namespace {

DType parseRealType(const std::string &name) {
  if (name == "f32")
    return DType::F32;
  if (name == "f64")
    return DType::F64;
  throw std::runtime_error("unknown dtype '" + name + "'");
}

InputKind parseKind(const std::string &name) {
  if (name == "real")
    return InputKind::Real;
  if (name == "id")
    return InputKind::Id;
  if (name == "mask")
    return InputKind::Mask;
  throw std::runtime_error("unknown kind of input '" + name + "'");
}

std::string number(const json &init, const char *key) {
  std::ostringstream text;
  text << init.value(key, 0.0);
  return text.str();
}

std::string readableInit(const json &init) {
  std::string kind = init.value("kind", "");
  if (kind == "constant")
    return "= " + number(init, "value");
  if (kind == "normal")
    return "normal(" + number(init, "std") + ")";
  if (kind == "uniform")
    return "uniform(" + number(init, "low") + ", " + number(init, "high") + ")";
  return kind;
}

std::string nameOrNull(const json &root, const char *key) {
  return root.contains(key) && root[key].is_string() ? root[key].get<std::string>() : "";
}

Description fromJson(const json &root) {
  Description result;
  result.model = root.at("model").get<std::string>();
  result.dtype = parseRealType(root.at("dtype").get<std::string>());
  if (root.contains("dims"))
    result.dims = root["dims"].get<std::map<std::string, int64_t>>();
  for (const json &param : root.at("params"))
    result.params.push_back({param.at("name"), param.at("shape").get<Shape>(),
                             param.contains("init") ? readableInit(param["init"]) : "",
                             param.value("estimate", false)});
  for (const json &input : root.at("inputs"))
    result.inputs.push_back({input.at("name"), input.at("shape").get<Shape>(),
                             parseKind(input.at("kind").get<std::string>()), input.value("vocabulary", int64_t(0))});
  for (const json &state : root.at("states"))
    result.states.push_back({state.at("name"), state.at("shape").get<Shape>()});
  for (const json &output : root.at("outputs"))
    result.outputs.push_back({output.at("name"), output.at("shape").get<Shape>(), output.value("last", false)});
  result.hasLoss = root.at("has_loss").get<bool>();
  result.entryPoints = root.at("entry_points").get<std::vector<std::string>>();
  result.looksAhead = nameOrNull(root, "looks_ahead");
  result.needsBatch = nameOrNull(root, "needs_batch");
  for (auto &[name, program] : root.at("programs").items())
    result.flopsPerStep[name] = program.at("flops_per_step").get<double>();
  return result;
}

/// Rows of cells, each column as wide as its widest cell.
class Table {
public:
  void add(std::vector<std::string> cells) { rows.push_back(std::move(cells)); }

  void print(std::ostream &stream) const {
    std::vector<size_t> widths;
    for (const auto &row : rows)
      for (size_t i = 0; i < row.size(); ++i) {
        widths.resize(std::max(widths.size(), i + 1));
        widths[i] = std::max(widths[i], columns(row[i]));
      }
    for (const auto &row : rows) {
      std::string line = " ";
      for (size_t i = 0; i < row.size(); ++i)
        line += " " + row[i] + std::string(widths[i] - columns(row[i]) + 1, ' ');
      stream << line.substr(0, line.find_last_not_of(' ') + 1) << "\n";
    }
  }

private:
  /// Columns on the screen: code points that are no combining marks, so that h̃ counts as one.
  static size_t columns(const std::string &text) {
    size_t count = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      auto byte = static_cast<unsigned char>(text[i]);
      bool continuation = (byte & 0xc0) == 0x80;
      bool combining = byte == 0xcc || (byte == 0xcd && static_cast<unsigned char>(text[i + 1]) < 0xb0);
      count += !continuation && !combining;
    }
    return count;
  }

  std::vector<std::vector<std::string>> rows;
};

/// "[T, B, 5]" or "[B, 5]".
std::string withTime(const Shape &shape, bool time) {
  std::string text = time ? "[T, B" : "[B";
  for (int64_t dim : shape)
    text += ", " + std::to_string(dim);
  return text + "]";
}

std::string kindText(const InputInfo &input) {
  switch (input.kind) {
  case InputKind::Id:
    return "id below " + std::to_string(input.vocabulary);
  case InputKind::Mask:
    return "mask";
  case InputKind::Real:
    return "real";
  }
  return "";
}

void printSection(std::ostream &stream, const char *title, const Table &table, bool empty) {
  if (empty)
    return;
  stream << title << "\n";
  table.print(stream);
}

} // namespace

bool Description::hasEntry(const std::string &name) const {
  return std::find(entryPoints.begin(), entryPoints.end(), name) != entryPoints.end();
}

int64_t Description::parameterCount() const {
  int64_t count = 0;
  for (const ParamInfo &param : params)
    count += elementCount(param.shape);
  return count;
}

std::vector<bool> Description::estimates() const {
  std::vector<bool> result;
  for (const ParamInfo &param : params)
    result.push_back(param.estimate);
  return result;
}

Description seqc::run::parseDescription(const std::string &text) {
  try {
    Description result = fromJson(json::parse(text));
    result.text = text;
    return result;
  } catch (const json::exception &error) {
    throw std::runtime_error(error.what());
  }
}

std::string seqc::run::describeReadably(const Description &model) {
  std::ostringstream stream;
  stream << "model " << model.model << " (" << (model.dtype == DType::F64 ? "f64" : "f32");
  for (auto &[name, value] : model.dims)
    stream << ", " << name << " = " << value;
  stream << "), " << model.parameterCount() << " parameters\n";
  Table params, inputs, states, outputs;
  for (const ParamInfo &param : model.params)
    params.add({param.name, shapeText(param.shape), param.init + (param.estimate ? ", an estimate" : "")});
  for (const InputInfo &input : model.inputs)
    inputs.add({input.name, withTime(input.shape, true), kindText(input)});
  for (const StateInfo &state : model.states)
    states.add({state.name, withTime(state.shape, false)});
  for (const OutputInfo &output : model.outputs)
    outputs.add({output.name, withTime(output.shape, !output.last), output.last ? "last step only" : ""});
  printSection(stream, "parameters", params, model.params.empty());
  printSection(stream, "inputs", inputs, model.inputs.empty());
  printSection(stream, "states", states, model.states.empty());
  printSection(stream, "outputs", outputs, model.outputs.empty());
  stream << "loss\n  " << (model.hasLoss ? "yes" : "none") << "\nentry points\n ";
  for (const std::string &entry : model.entryPoints)
    stream << " " << entry;
  stream << "\n";
  if (!model.looksAhead.empty())
    stream << "looks ahead, so it has no step\n  " << model.looksAhead << "\n";
  if (!model.needsBatch.empty())
    stream << "needs all rows of a batch at once\n  " << model.needsBatch << "\n";
  return stream.str();
}
