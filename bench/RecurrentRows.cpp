//===- RecurrentRows.cpp - LSTM and GRU against their hand-written peers -----------------===//
#include "bench/RecurrentRows.h"

#include "bench/OneDnn.h"
#include "bench/OurRuns.h"
#include "bench/Python.h"
#include "bench/Row.h"

using namespace seqc;
using namespace seqc::bench;

namespace {

struct Shape {
  int64_t T, B, H; ///< I = H
};

constexpr Shape batched[] = {{64, 64, 512}, {64, 32, 256}, {35, 20, 650}, {100, 16, 1024}};
constexpr Shape single[] = {{100, 1, 512}, {100, 1, 128}, {2000, 1, 64}, {2000, 1, 32}, {2000, 1, 16}};
constexpr Cell cells[] = {Cell::Lstm, Cell::Gru, Cell::GruResetAfter};

/// Sums of up to 2000 products in different orders, carried over up to 2000 steps, in f32.
constexpr double forwardTolerance = 2e-5, gradientTolerance = 1e-4;

std::string nameOf(const char *work, Cell cell, const Shape &shape) {
  return std::string(work) + "/" + fileOf(cell).name + "/" + std::to_string(shape.T) + "," + std::to_string(shape.B) +
         "," + std::to_string(shape.H);
}

struct Setting {
  std::shared_ptr<CompiledModel> model;
  std::unique_ptr<Session> session;
  double flops; ///< of forward
};

Setting settingOf(Cell cell, const Shape &shape) {
  auto model = CompiledModel::compile(fileOf(cell).file, fileOf(cell).name, {{"I", shape.H}, {"H", shape.H}});
  double flops = model->productFlops() * double(shape.T * shape.B);
  return {model, std::make_unique<Session>(model, shape.T, shape.B), flops};
}

Numbers inference(Cell cell, const Shape &shape) {
  Setting setting = settingOf(cell, shape);
  Contestants contestants;
  contestants.push_back(std::make_unique<OurRun>(*setting.session, run::Entry::Forward, cell));
  contestants.push_back(oneDnn().inference(cell, *setting.session));
  contestants.push_back(oneDnn().trainingForward(cell, *setting.session));
  addOnnxRuntime(contestants, cell, *setting.session);
  addPyTorch(contestants, cell, *setting.session, Work::Inference);
  return compareAgreeing(std::move(contestants), setting.flops, forwardTolerance);
}

/// "packing %": what packing the weights once takes of the whole step.
Numbers training(Cell cell, const Shape &shape) {
  Setting setting = settingOf(cell, shape);
  Contestants contestants, references;
  contestants.push_back(std::make_unique<OurRun>(*setting.session, run::Entry::Gradient, cell));
  contestants.push_back(oneDnn().training(cell, *setting.session));
  addPyTorch(contestants, cell, *setting.session, Work::Training);
  references.push_back(std::make_unique<OurRun>(*setting.session, run::Entry::Prepare, cell, "packing"));
  // Each product of forward has two in its gradient.
  Numbers numbers =
      compareAgreeing(std::move(contestants), 3 * setting.flops, gradientTolerance, std::move(references));
  numbers["packing %"] = 100 * numbers["packing ratio"];
  for (const char *number : {"packing us", "packing ratio", "packing low", "packing high"})
    numbers.erase(number);
  return numbers;
}

} // namespace

void bench::addRecurrentRows() {
  for (Cell cell : cells) {
    for (const Shape &shape : batched)
      addRow(nameOf("inference", cell, shape), [=] { return inference(cell, shape); });
    for (const Shape &shape : single)
      addRow(nameOf("inference", cell, shape), [=] { return inference(cell, shape); });
    for (const Shape &shape : batched)
      addRow(nameOf("training", cell, shape), [=] { return training(cell, shape); });
  }
}
