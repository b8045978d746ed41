//===- StepRows.cpp - Streaming: one step at a time, batch 1 -----------------------------===//
#include "bench/StepRows.h"

#include "bench/EigenStep.h"
#include "bench/HandWritten.h"
#include "bench/OneDnn.h"
#include "bench/OurRuns.h"
#include "bench/Python.h"
#include "bench/Row.h"

#include <algorithm>
#include <stdexcept>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

using namespace seqc;
using namespace seqc::bench;

namespace {

/// Steps of one run: long enough that starting it does not count.
constexpr int64_t steps = 1000;
/// The template step has fast-math, whose error the state carries on.
constexpr double tolerance = 1e-4;

std::shared_ptr<CompiledModel> compileFor(int64_t H, const std::string &option = "--weights=f32") {
  CellFile file = fileOf(Cell::Lstm);
  return CompiledModel::compile(file.file, file.name, {{"I", 1}, {"H", H}}, option);
}

/// Has denormal numbers count as zeros, for everybody: a program with a template step would run like this if GCC had
/// linked it with -ffast-math (crtfastmath.o), and so do threads for audio. `step` then need not do it in each call.
class DenormalsAsZeros {
public:
#if defined(__SSE__)
  DenormalsAsZeros() { _mm_setcsr(before | 0x8040); }
  ~DenormalsAsZeros() { _mm_setcsr(before); }
  DenormalsAsZeros(const DenormalsAsZeros &) = delete;
  DenormalsAsZeros &operator=(const DenormalsAsZeros &) = delete;

private:
  unsigned before = _mm_getcsr();
#else
  DenormalsAsZeros() {}
#endif
};

double flopsOf(const CompiledModel &model) { return model.productFlops() * double(steps); }

void addTemplateSteps(Contestants &contestants, const Session &session) {
  contestants.push_back(eigenSteps(session, false));
  contestants.push_back(eigenSteps(session, true));
}

/// Times of runs as times of their steps.
Numbers byStep(Numbers numbers) {
  for (auto &[name, value] : numbers)
    if (name.size() > 3 && name.compare(name.size() - 3, 3, " us") == 0)
      value /= double(steps);
  return numbers;
}

Numbers streaming(int64_t H) {
  DenormalsAsZeros denormals;
  auto model = compileFor(H);
  Session session(model, steps, 1);
  Contestants contestants;
  contestants.push_back(std::make_unique<OurSteps>(session));
  addTemplateSteps(contestants, session);
  addHandWrittenSteps(contestants, session);
  contestants.push_back(oneDnn().steps(Cell::Lstm, session));
  addOnnxRuntimeSteps(contestants, session);
  return byStep(compareAgreeing(std::move(contestants), flopsOf(*model), tolerance));
}

Numbers fastStreaming(int64_t H) {
  DenormalsAsZeros denormals;
  auto model = compileFor(H, "--fast-activations");
  Session session(model, steps, 1), exactSession(compileFor(H), steps, 1);
  Contestants contestants, exact;
  contestants.push_back(std::make_unique<OurSteps>(session));
  addTemplateSteps(contestants, session);
  exact.push_back(std::make_unique<OurSteps>(exactSession, "exact"));
  return byStep(compareAgreeing(std::move(contestants), flopsOf(*model), tolerance, std::move(exact)));
}

Numbers narrowStreaming(int64_t H, const std::string &weights) {
  DenormalsAsZeros denormals;
  auto model = compileFor(H, "--weights=" + weights);
  Session session(model, steps, 1), exactSession(compileFor(H), steps, 1);
  Contestants exact;
  exact.push_back(std::make_unique<OurSteps>(exactSession, "f32"));
  addTemplateSteps(exact, exactSession);
  return byStep(compareNarrow(std::make_unique<OurSteps>(session), std::move(exact), flopsOf(*model), tolerance));
}

/// Without biases, so that all values but the gates would be denormal.
void makeDenormal(Session &session) {
  for (run::Tensor &param : session.params)
    if (param.shape().size() < 2)
      std::fill_n(param.as<float>(), param.elements(), 0.0f);
  run::Tensor &x = session.inputs.front();
  std::fill_n(x.as<float>(), x.elements(), 1e-39f);
}

bool allZero(const std::vector<float> &values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return value == 0; });
}

Numbers denormalStreaming(int64_t H) {
  auto model = compileFor(H);
  Session session(model, steps, 1), denormalSession(model, steps, 1);
  makeDenormal(denormalSession);
  Contestants contestants, denormals;
  contestants.push_back(std::make_unique<OurSteps>(session));
  denormals.push_back(std::make_unique<OurSteps>(denormalSession, "denormals"));
  denormals.front()->run();
  if (!allZero(denormals.front()->results().at("h")))
    throw std::runtime_error("denormal numbers were to count as zeros");
  return byStep(compareAgreeing(std::move(contestants), flopsOf(*model), tolerance, std::move(denormals)));
}

} // namespace

void bench::addStepRows() {
  for (int64_t H : {8, 16, 32, 64})
    addRow("step/LSTM/" + std::to_string(H), [=] { return streaming(H); });
  for (int64_t H : {8, 16, 32, 64})
    addRow("fast-step/LSTM/" + std::to_string(H), [=] { return fastStreaming(H); });
  for (int64_t H : {8, 16, 32, 64})
    addRow("denormals/LSTM/" + std::to_string(H), [=] { return denormalStreaming(H); });
  addRow("bf16-step/LSTM/64", [] { return narrowStreaming(64, "bf16"); });
}
