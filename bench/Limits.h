//===- Limits.h - What the machine can do at most ------------------------------*- C++ -*-===//
#ifndef SEQC_BENCH_LIMITS_H
#define SEQC_BENCH_LIMITS_H

#include "bench/Contestant.h"

#include <cstddef>

namespace seqc::bench {

/// The peak rate of f32 multiply-adds: independent accumulators in registers, no memory.
class PeakFma : public Contestant {
public:
  PeakFma() : Contestant("peak FMA") {}
  void run() override;
  Results results() override { return {}; }
  /// Floating-point operations of one run.
  double flops() const;
};

/// Reads a buffer from one end to the other.
class ReadBandwidth : public Contestant {
public:
  ReadBandwidth(const std::string &name, size_t bytes);
  ~ReadBandwidth() override;
  void run() override;
  Results results() override { return {}; }
  size_t bytes() const { return size; }

protected:
  float *data;
  size_t size;
};

/// Reads one in parts, each time from the part on that was read last, which the nearest cache may still hold.
class ReadToAndFro : public ReadBandwidth {
public:
  using ReadBandwidth::ReadBandwidth;
  void run() override;

private:
  bool isBackward = false;
};

/// Two of a kind on two threads at once, `runs` times each in a run: often enough that starting a thread does not
/// count.
class OnTwoThreads : public Contestant {
public:
  OnTwoThreads(std::unique_ptr<Contestant> here, std::unique_ptr<Contestant> there, size_t runs)
      : Contestant(here->name()), here(std::move(here)), there(std::move(there)), runs(runs) {}
  void run() override;
  Results results() override { return {}; }

private:
  std::unique_ptr<Contestant> here, there;
  size_t runs;
};

/// A place that holds data and a size of a buffer that fits there but not in the place above.
struct MemoryLevel {
  std::string name;
  size_t bytes;
};
std::vector<MemoryLevel> memoryLevels();

/// Registers the rows of the limits.
void addLimitRows();

} // namespace seqc::bench

#endif // SEQC_BENCH_LIMITS_H
