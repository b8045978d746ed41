//===- OurRuns.cpp - Entry points of a compiled model as contestants ---------------------===//
#include "bench/OurRuns.h"

#include <algorithm>

using namespace seqc;
using namespace seqc::bench;

namespace {

std::vector<float> valuesOf(const run::Tensor &tensor) {
  return {tensor.as<float>(), tensor.as<float>() + tensor.elements()};
}

} // namespace

OurRun::OurRun(Session &session, run::Entry entry, std::optional<Cell> cell, std::string name)
    : Contestant(std::move(name)), session(session), entry(entry), cell(cell),
      function(session.model().function(entry)) {
  if (entry == run::Entry::Forward)
    session.prepare();
  call = session.call();
}

void OurRun::run() { session.check(function(&call)); }

Results OurRun::results() {
  const run::Description &info = session.info();
  Results results;
  for (size_t i = 0; i < info.outputs.size(); ++i)
    results[info.outputs[i].name] = valuesOf(session.outputs[i]);
  if (entry != run::Entry::Gradient)
    return results;
  for (size_t i = 0; i < info.inputs.size(); ++i)
    results["d" + info.inputs[i].name] = valuesOf(session.dInputs[i]);
  if (cell)
    addGradients(results, readGates(*cell, info, session.dParams));
  else
    for (size_t i = 0; i < info.params.size(); ++i)
      results["d" + info.params[i].name] = valuesOf(session.dParams[i]);
  return results;
}

OurPacking::OurPacking(Session &session) : Contestant("packing"), session(session), call(session.call()) {
  call.T = 0;
  call.d_params = call.d_inputs = call.d_states = nullptr;
}

void OurPacking::run() { session.check(session.model().function(run::Entry::Gradient)(&call)); }

OurSteps::OurSteps(Session &session, std::string name)
    : Contestant(std::move(name)), session(session), function(session.model().function(run::Entry::Step)) {
  session.prepare();
  call = session.call();
  input = call.inputs[0];
  output = call.outputs[0];
  input.count /= session.steps();
  output.count /= session.steps();
  states = run::arraysOf(session.states);
  call.T = 1;
  call.inputs = &input;
  call.outputs = &output;
  call.states = call.final_states = states.data();
}

void OurSteps::run() {
  for (run::Tensor &state : session.states)
    std::fill_n(state.as<float>(), state.elements(), 0.0f);
  input.data = session.inputs.front().bytes();
  output.data = session.outputs.front().bytes();
  int status = SEQC_OK;
  for (int64_t t = 0; t < session.steps(); ++t) {
    status |= function(&call);
    input.data = static_cast<float *>(input.data) + input.count;
    output.data = static_cast<float *>(output.data) + output.count;
  }
  session.check(status);
}

Results OurSteps::results() { return {{session.info().outputs.front().name, valuesOf(session.outputs.front())}}; }
