//===- NarrowRows.cpp - Weights in bf16 and int8 -----------------------------------------===//
#include "bench/NarrowRows.h"

#include "bench/OurRuns.h"
#include "bench/RecurrentRows.h"
#include "bench/Row.h"

using namespace seqc;
using namespace seqc::bench;

namespace {

constexpr const char *narrowTypes[] = {"bf16", "int8"};

Numbers narrowInference(Cell cell, const Shape &shape, const std::string &weights) {
  Setting narrow = settingOf(cell, shape, weights), f32 = settingOf(cell, shape);
  Contestants exact;
  exact.push_back(std::make_unique<OurRun>(*f32.session, run::Entry::Forward, cell, "f32"));
  addInferencePeers(exact, cell, *f32.session);
  return compareNarrow(std::make_unique<OurRun>(*narrow.session, run::Entry::Forward, cell), std::move(exact),
                       narrow.flops, forwardTolerance);
}

} // namespace

void bench::addNarrowRows() {
  auto add = [](Cell cell, const Shape &shape) {
    for (std::string weights : narrowTypes)
      addRow(rowName(weights, fileOf(cell).name, shape), [=] { return narrowInference(cell, shape, weights); });
  };
  for (const Shape &shape : batchedShapes)
    add(Cell::Lstm, shape);
  add(Cell::Lstm, {100, 1, 1024});
  for (Cell cell : {Cell::Lstm, Cell::Gru, Cell::GruResetAfter})
    for (const Shape &shape : singleShapes)
      add(cell, shape);
}
