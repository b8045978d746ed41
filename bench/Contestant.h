//===- Contestant.h - One of those who do the same work ------------------------*- C++ -*-===//
#ifndef SEQC_BENCH_CONTESTANT_H
#define SEQC_BENCH_CONTESTANT_H

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace seqc::bench {

/// What a contestant computed, by names that all contestants of a row share.
using Results = std::map<std::string, std::vector<float>>;

/// Everything but the work itself (packing weights for inference, memory, arguments) happens in the constructor.
class Contestant {
public:
  explicit Contestant(std::string name) : label(std::move(name)) {}
  virtual ~Contestant() = default;

  const std::string &name() const { return label; }
  /// The work that is timed. Every run does the same.
  virtual void run() = 0;
  /// What the last run computed; called after a single run on fresh memory.
  virtual Results results() = 0;

private:
  std::string label;
};

using Contestants = std::vector<std::unique_ptr<Contestant>>;

} // namespace seqc::bench

#endif // SEQC_BENCH_CONTESTANT_H
