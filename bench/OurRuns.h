//===- OurRuns.h - Entry points of a compiled model as contestants -------------*- C++ -*-===//
#ifndef SEQC_BENCH_OURRUNS_H
#define SEQC_BENCH_OURRUNS_H

#include "bench/Gates.h"

#include <optional>

namespace seqc::bench {

/// An entry point of a compiled model. With a cell, gradients come out gate by gate, as opponents give them; without,
/// under the names of the parameters.
class OurRun : public Contestant {
public:
  OurRun(Session &session, run::Entry entry, std::optional<Cell> cell, std::string name = "ours");
  void run() override;
  Results results() override;

private:
  Session &session;
  run::Entry entry;
  std::optional<Cell> cell;
  run::Model::EntryFunction function;
  seqc_call call;
};

/// What `gradient` does before the first step and whatever T is: it packs the weights, for forward and for backward.
class OurPacking : public Contestant {
public:
  explicit OurPacking(Session &session);
  void run() override;
  Results results() override { return {}; }

private:
  Session &session;
  seqc_call call;
};

/// `step`, called for each step of the session's input, for a model with one output.
class OurSteps : public Contestant {
public:
  explicit OurSteps(Session &session, std::string name = "ours");
  void run() override;
  Results results() override;

private:
  Session &session;
  run::Model::EntryFunction function;
  seqc_call call;
  seqc_array input, output;
  std::vector<seqc_array> states;
};

} // namespace seqc::bench

#endif // SEQC_BENCH_OURRUNS_H
