//===- CellRows.cpp - Cells that nobody tuned by hand ------------------------------------===//
#include "bench/CellRows.h"

#include "bench/HandWritten.h"
#include "bench/OurRuns.h"
#include "bench/Python.h"
#include "bench/Row.h"
#include "bench/Shapes.h"

#include <filesystem>

using namespace seqc;
using namespace seqc::bench;

namespace {

struct CellSource {
  const char *file, *name;
};

constexpr CellSource lstm = {"frontend/stdlib/lstm.seq", "LSTM"};
constexpr CellSource madeUp = {"examples/made_up.seq", "TwoClocks"};
/// The cells of the standard library that are measured against a loop.
constexpr CellSource looped[] = {{"frontend/stdlib/peephole_lstm.seq", "PeepholeLSTM"},
                                 {"frontend/stdlib/coupled_lstm.seq", "CoupledLSTM"},
                                 {"frontend/stdlib/gru.seq", "GRU"},
                                 {"frontend/stdlib/gru_reset_after.seq", "GRUResetAfter"},
                                 {"frontend/stdlib/layernorm_lstm.seq", "LayerNormLSTM"},
                                 {"frontend/stdlib/minimal_gru.seq", "MinimalGRU"}};
/// All others of the standard library.
constexpr CellSource others[] = {lstm,
                                 {"frontend/stdlib/batchnorm_lstm.seq", "BatchNormLSTM"},
                                 {"frontend/stdlib/elman.seq", "Elman"},
                                 {"frontend/stdlib/elman_relu.seq", "ElmanReLU"},
                                 {"frontend/stdlib/indrnn.seq", "IndRNN"},
                                 {"frontend/stdlib/jordan.seq", "Jordan"},
                                 {"frontend/stdlib/projected_lstm.seq", "ProjectedLSTM"},
                                 {"frontend/stdlib/zoneout_lstm.seq", "ZoneoutLSTM"}};

/// The loop carries the rounding of another order of sums over 1000 steps.
constexpr double forwardTolerance = 5e-5;

std::shared_ptr<CompiledModel> compileFor(const CellSource &cell, int64_t H) {
  Dims dims = {{"I", H}, {"H", H}};
  if (std::string(cell.name) == "ProjectedLSTM")
    dims["P"] = H / 2;
  if (std::string(cell.name) == "Jordan")
    dims["O"] = H;
  return CompiledModel::compile(cell.file, cell.name, dims);
}

double flopsOf(const CompiledModel &model, const Shape &shape) {
  return model.productFlops() * double(shape.T * shape.B);
}

/// Against a framework's loop, and the rate per operation of products against that of our LSTM ("LSTM rate": ours over
/// the LSTM's).
Numbers cellRow(const CellSource &cell, const Shape &shape) {
  auto model = compileFor(cell, shape.H), reference = compileFor(lstm, shape.H);
  Session session(model, shape.T, shape.B), referenceSession(reference, shape.T, shape.B);
  Contestants contestants, references;
  contestants.push_back(std::make_unique<OurRun>(session, run::Entry::Forward, std::nullopt));
  addFrameworkLoop(contestants, cell.name, session);
  addHandWrittenRow(contestants, session);
  references.push_back(std::make_unique<OurRun>(referenceSession, run::Entry::Forward, std::nullopt, "LSTM"));
  Numbers numbers =
      compareAgreeing(std::move(contestants), flopsOf(*model, shape), forwardTolerance, std::move(references));
  double scale = flopsOf(*model, shape) / flopsOf(*reference, shape);
  for (const char *number : {"ratio", "low", "high"}) {
    auto node = numbers.extract(std::string("LSTM ") + number);
    numbers[std::string("LSTM rate ") + number] = scale * node.mapped();
  }
  numbers["LSTM rate us"] = numbers.extract("LSTM us").mapped();
  return numbers;
}

/// Both as in training: with dropout, and with the statistics of the call.
Numbers gradientRow(const CellSource &cell, const Shape &shape) {
  auto model = compileFor(cell, shape.H);
  Session forward(model, shape.T, shape.B), gradient(model, shape.T, shape.B);
  forward.training = gradient.training = true;
  Contestants contestants;
  contestants.push_back(std::make_unique<OurRun>(forward, run::Entry::Forward, std::nullopt));
  contestants.push_back(std::make_unique<OurRun>(gradient, run::Entry::Gradient, std::nullopt, "gradient"));
  return compareAgreeing(std::move(contestants), flopsOf(*model, shape), 0);
}

/// The median of three compilations; the library without symbols.
Numbers compileRow(const CellSource &cell) {
  std::vector<double> seconds;
  size_t bytes = 0;
  for (int i = 0; i < 3; ++i) {
    auto model = compileFor(cell, 256);
    seconds.push_back(model->compileSeconds);
    bytes = model->libraryBytes;
  }
  return {{"s to compile", quartilesOf(seconds).median}, {"KB library", double(bytes) / 1000}};
}

} // namespace

void bench::addCellRows() {
  std::vector<CellSource> custom(std::begin(looped), std::end(looped)), library = custom;
  custom.push_back(madeUp);
  library.insert(library.end(), std::begin(others), std::end(others));
  for (const CellSource &cell : custom)
    for (const Shape &shape : {Shape{64, 32, 256}, Shape{1000, 1, 64}})
      addRow(rowName("cell", cell.name, shape), [=] { return cellRow(cell, shape); });
  for (const CellSource &cell : library)
    addRow(rowName("gradient", cell.name, {64, 32, 256}), [=] { return gradientRow(cell, {64, 32, 256}); });
  for (const CellSource &cell : library)
    addRow("compile/" + std::filesystem::path(cell.file).stem().string(), [=] { return compileRow(cell); });
}
