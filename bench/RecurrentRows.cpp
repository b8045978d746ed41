//===- RecurrentRows.cpp - LSTM and GRU against their hand-written peers -----------------===//
#include "bench/RecurrentRows.h"

#include "bench/HandWritten.h"
#include "bench/OneDnn.h"
#include "bench/OurRuns.h"
#include "bench/Python.h"
#include "bench/Row.h"

using namespace seqc;
using namespace seqc::bench;

namespace {

constexpr Cell cells[] = {Cell::Lstm, Cell::Gru, Cell::GruResetAfter};

/// As forwardTolerance, for sums over all steps.
constexpr double gradientTolerance = 1e-4;

Numbers inference(Cell cell, const Shape &shape) {
  Setting setting = settingOf(cell, shape);
  Contestants contestants;
  contestants.push_back(std::make_unique<OurRun>(*setting.session, run::Entry::Forward, cell));
  addInferencePeers(contestants, cell, *setting.session);
  addHandWrittenRow(contestants, *setting.session);
  return compareAgreeing(std::move(contestants), setting.flops, forwardTolerance);
}

/// "packing %": what packing the weights takes of the whole step.
Numbers training(Cell cell, const Shape &shape) {
  Setting setting = settingOf(cell, shape);
  Contestants contestants, references;
  contestants.push_back(std::make_unique<OurRun>(*setting.session, run::Entry::Gradient, cell));
  contestants.push_back(oneDnn().training(cell, *setting.session));
  addPyTorch(contestants, cell, *setting.session, Work::Training);
  references.push_back(std::make_unique<OurPacking>(*setting.session));
  // Each product of forward has two in its gradient.
  Numbers numbers =
      compareAgreeing(std::move(contestants), 3 * setting.flops, gradientTolerance, std::move(references));
  numbers["packing %"] = 100 * numbers["packing ratio"];
  for (const char *number : {"packing us", "packing ratio", "packing low", "packing high"})
    numbers.erase(number);
  return numbers;
}

} // namespace

Setting bench::settingOf(Cell cell, const Shape &shape, const std::string &weights) {
  auto model = CompiledModel::compile(fileOf(cell).file, fileOf(cell).name, {{"I", shape.H}, {"H", shape.H}},
                                      "--weights=" + weights);
  double flops = model->productFlops() * double(shape.T * shape.B);
  return {model, std::make_unique<Session>(model, shape.T, shape.B), flops};
}

void bench::addInferencePeers(Contestants &contestants, Cell cell, const Session &session) {
  contestants.push_back(oneDnn().inference(cell, session));
  contestants.push_back(oneDnn().trainingForward(cell, session));
  addOnnxRuntime(contestants, cell, session);
  addPyTorch(contestants, cell, session, Work::Inference);
}

void bench::addRecurrentRows() {
  for (Cell cell : cells) {
    for (const Shape &shape : batchedShapes)
      addRow(rowName("inference", fileOf(cell).name, shape), [=] { return inference(cell, shape); });
    for (const Shape &shape : singleShapes)
      addRow(rowName("inference", fileOf(cell).name, shape), [=] { return inference(cell, shape); });
    for (const Shape &shape : batchedShapes)
      addRow(rowName("training", fileOf(cell).name, shape), [=] { return training(cell, shape); });
    for (const Shape &shape : otherShapes) {
      addRow(rowName("inference", fileOf(cell).name, shape), [=] { return inference(cell, shape); });
      addRow(rowName("training", fileOf(cell).name, shape), [=] { return training(cell, shape); });
    }
  }
}
