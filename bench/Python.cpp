//===- Python.cpp - Opponents that live in Python ----------------------------------------===//
#include "bench/Python.h"

#include <dlfcn.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

using namespace seqc;
using namespace seqc::bench;
using nlohmann::json;

namespace {

/// What Python code fills in; bench/opponents/__init__.py has the same structure.
struct Reply {
  int (*call)(int request) = nullptr; ///< 0: run, 1: write the results. Not 0: see `error`
  char text[4096] = "";               ///< an error, or what was asked for
};

constexpr int runRequest = 0, resultsRequest = 1;

/// Evaluates a call of a function of bench/opponents with the reply's address and a JSON value.
void callPython(const char *function, Reply &reply, const json &argument) {
  using RunString = int (*)(const char *, void *);
  static RunString runString = [] {
    void *library = dlopen(settings().python.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!library)
      throw std::runtime_error(dlerror());
    reinterpret_cast<void (*)(int)>(dlsym(library, "Py_InitializeEx"))(0);
    return reinterpret_cast<RunString>(dlsym(library, "PyRun_SimpleStringFlags"));
  }();
  std::string code = std::string("import opponents\nopponents.") + function + "(" +
                     std::to_string(reinterpret_cast<uintptr_t>(&reply)) + ", r'''" + argument.dump() + "''')\n";
  if (runString(code.c_str(), nullptr) != 0)
    throw std::runtime_error("bench/opponents failed; its traceback is above");
}

/// An array for Python: where it is and its shape.
json arrayAt(const float *data, std::vector<int64_t> shape) {
  return {{"address", reinterpret_cast<uintptr_t>(data)}, {"shape", std::move(shape)}};
}

class PythonContestant : public Contestant {
public:
  /// `spec`: what opponents.create wants to know, but for the results, which it writes over `results`.
  PythonContestant(std::string name, json spec, Results expected, std::map<std::string, std::vector<float>> owned = {})
      : Contestant(std::move(name)), written(std::move(expected)), owned(std::move(owned)) {
    for (const auto &[array, values] : this->owned)
      spec["arrays"][array] = arrayAt(values.data(), {int64_t(values.size())});
    for (const auto &[array, values] : written)
      spec["results"][array] = arrayAt(values.data(), {int64_t(values.size())});
    callPython("create", reply, spec);
  }

  void run() override { request(runRequest); }

  Results results() override {
    request(resultsRequest);
    return written;
  }

private:
  void request(int what) {
    if (reply.call(what) != 0)
      throw std::runtime_error(name() + ": " + reply.text);
  }

  Results written;
  std::map<std::string, std::vector<float>> owned;
  Reply reply;
};

json specOf(const char *framework, const char *work, const std::string &cell, const Session &session) {
  json spec = {{"framework", framework}, {"work", work},        {"cell", cell},
               {"T", session.steps()},   {"B", session.rows()}, {"dims", session.info().dims}};
  const run::Tensor &x = session.inputs.front();
  spec["arrays"]["x"] = arrayAt(x.as<float>(), x.shape());
  return spec;
}

/// The gates' arrays, under the names that their gradients have but for the d.
std::map<std::string, std::vector<float>> gateArrays(Cell cell, const Session &session) {
  Results gradients;
  addGradients(gradients, readGates(cell, session.info(), session.params));
  std::map<std::string, std::vector<float>> arrays;
  for (auto &[name, values] : gradients)
    arrays[name.substr(1)] = std::move(values);
  return arrays;
}

std::vector<float> arrayLike(const run::Tensor &tensor) { return std::vector<float>(size_t(tensor.elements())); }

bool has(const char *framework) { return pythonFrameworks().count(framework) != 0; }

} // namespace

const std::map<std::string, std::string> &bench::pythonFrameworks() {
  static const std::map<std::string, std::string> frameworks = [] {
    if (settings().python.empty())
      return std::map<std::string, std::string>();
    Reply reply;
    callPython("find_frameworks", reply, nullptr);
    return json::parse(reply.text).get<std::map<std::string, std::string>>();
  }();
  return frameworks;
}

void bench::addOnnxRuntime(Contestants &contestants, Cell cell, const Session &session) {
  if (has("onnxruntime"))
    contestants.push_back(std::make_unique<PythonContestant>(
        "ONNX Runtime", specOf("onnx_runtime", "inference", fileOf(cell).name, session),
        Results{{"h", arrayLike(session.outputs.front())}}, gateArrays(cell, session)));
}

void bench::addPyTorch(Contestants &contestants, Cell cell, const Session &session, Work work) {
  if (!has("torch") || cell == Cell::Gru)
    return;
  json spec = specOf("pytorch", work == Work::Training ? "training" : "inference", fileOf(cell).name, session);
  Results results = {{"h", arrayLike(session.outputs.front())}};
  if (work == Work::Training) {
    spec["arrays"]["dh"] = arrayAt(session.dOutputs.front().as<float>(), session.dOutputs.front().shape());
    addGradients(results, readGates(cell, session.info(), session.dParams));
    results["dx"] = arrayLike(session.inputs.front());
  }
  contestants.push_back(
      std::make_unique<PythonContestant>("PyTorch", std::move(spec), std::move(results), gateArrays(cell, session)));
}

void bench::addOnnxRuntimeSteps(Contestants &contestants, const Session &session) {
  if (has("onnxruntime"))
    contestants.push_back(std::make_unique<PythonContestant>(
        "ONNX Runtime, one-step calls", specOf("onnx_runtime", "steps", "LSTM", session),
        Results{{"h", arrayLike(session.outputs.front())}}, gateArrays(Cell::Lstm, session)));
}

void bench::addFrameworkLoop(Contestants &contestants, const std::string &cell, const Session &session) {
  const char *framework = has("torch") ? "pytorch" : has("numpy") ? "numpy" : nullptr;
  if (!framework)
    return;
  json spec = specOf(framework, "loop", cell, session);
  const run::Description &info = session.info();
  for (size_t i = 0; i < info.params.size(); ++i)
    spec["arrays"][info.params[i].name] = arrayAt(session.params[i].as<float>(), session.params[i].shape());
  Results results;
  for (size_t i = 0; i < info.outputs.size(); ++i)
    results[info.outputs[i].name] = arrayLike(session.outputs[i]);
  contestants.push_back(std::make_unique<PythonContestant>(has("torch") ? "PyTorch loop" : "NumPy loop",
                                                           std::move(spec), std::move(results)));
}
