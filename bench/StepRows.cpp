//===- StepRows.cpp - Streaming: one step at a time, batch 1 -----------------------------===//
#include "bench/StepRows.h"

#include "bench/EigenStep.h"
#include "bench/OneDnn.h"
#include "bench/OurRuns.h"
#include "bench/Python.h"
#include "bench/Row.h"

using namespace seqc;
using namespace seqc::bench;

namespace {

/// Steps of one run: long enough that starting it does not count.
constexpr int64_t steps = 1000;
/// The template step has fast-math, whose error the state carries on.
constexpr double tolerance = 1e-4;

Numbers streaming(int64_t H) {
  CellFile file = fileOf(Cell::Lstm);
  auto model = CompiledModel::compile(file.file, file.name, {{"I", 1}, {"H", H}});
  Session session(model, steps, 1);
  Contestants contestants;
  contestants.push_back(std::make_unique<OurSteps>(session));
  contestants.push_back(eigenSteps(session, false));
  contestants.push_back(eigenSteps(session, true));
  contestants.push_back(oneDnn().steps(Cell::Lstm, session));
  addOnnxRuntimeSteps(contestants, session);
  Numbers numbers = compareAgreeing(std::move(contestants), model->productFlops() * double(steps), tolerance);
  for (auto &[name, value] : numbers)
    if (name.size() > 3 && name.compare(name.size() - 3, 3, " us") == 0)
      value /= double(steps);
  return numbers;
}

} // namespace

void bench::addStepRows() {
  for (int64_t H : {8, 16, 32, 64})
    addRow("step/LSTM/" + std::to_string(H), [=] { return streaming(H); });
}
