//===- ThreadRows.cpp - Two threads against one ------------------------------------------===//
#include "bench/ThreadRows.h"

#include "bench/OurRuns.h"
#include "bench/RecurrentRows.h"
#include "bench/Row.h"

using namespace seqc;
using namespace seqc::bench;

namespace {

Numbers twoThreads(run::Entry entry, const Shape &shape) {
  Setting one = settingOf(Cell::Lstm, shape);
  Session two(one.model, shape.T, shape.B, 2);
  Contestants contestants;
  contestants.push_back(std::make_unique<OurRun>(two, entry, std::nullopt));
  contestants.push_back(std::make_unique<OurRun>(*one.session, entry, std::nullopt, "one thread"));
  return compareThreads(std::move(contestants), entry == run::Entry::Gradient ? 3 * one.flops : one.flops);
}

} // namespace

void bench::addThreadRows() {
  auto add = [](const char *work, run::Entry entry, const Shape &shape) {
    addRow(rowName("threads", work, shape), [=] { return twoThreads(entry, shape); });
  };
  for (const Shape &shape : batchedShapes)
    add("inference", run::Entry::Forward, shape);
  for (const Shape &shape : {Shape{100, 1, 512}, Shape{100, 1, 1024}})
    add("inference", run::Entry::Forward, shape);
  for (const Shape &shape : batchedShapes)
    add("training", run::Entry::Gradient, shape);
}
