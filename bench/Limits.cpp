//===- Limits.cpp - What the machine can do at most --------------------------------------===//
#include "bench/Limits.h"

#include "bench/Row.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <unistd.h>

using namespace seqc::bench;

namespace {

#if defined(__AVX512F__)
constexpr size_t vectorBytes = 64;
#elif defined(__AVX__)
constexpr size_t vectorBytes = 32;
#else
constexpr size_t vectorBytes = 16;
#endif
typedef float Vector __attribute__((vector_size(vectorBytes)));
constexpr size_t lanes = vectorBytes / sizeof(float);

#if defined(__x86_64__)
#define KEEP_IN_REGISTER(value) asm volatile("" : "+x"(value))
#else
#define KEEP_IN_REGISTER(value) asm volatile("" : "+w"(value))
#endif

/// Two units of latency 4 or 5 need 10; AVX2 has 16 registers.
constexpr size_t accumulators = 12;
constexpr size_t fmaSteps = 20000;

} // namespace

void PeakFma::run() {
  Vector sums[accumulators], factor, addend;
  for (Vector &sum : sums)
    sum = Vector{} + 1.0f;
  factor = Vector{} + 0.999f;
  addend = Vector{} + 0.001f;
  KEEP_IN_REGISTER(factor);
  KEEP_IN_REGISTER(addend);
  for (size_t step = 0; step < fmaSteps; ++step)
#pragma clang loop unroll(full)
    for (Vector &sum : sums) {
      sum = sum * factor + addend;
      KEEP_IN_REGISTER(sum);
    }
}

double PeakFma::flops() const { return 2.0 * lanes * accumulators * fmaSteps; }

ReadBandwidth::ReadBandwidth(const std::string &name, size_t bytes) : Contestant(name) {
  constexpr size_t page = 4096;
  size = bytes / page * page;
  data = static_cast<float *>(std::aligned_alloc(page, size));
  std::memset(data, 0, size);
}

ReadBandwidth::~ReadBandwidth() { std::free(data); }

static inline void read(const float *data, size_t count) {
  constexpr size_t streams = 8;
  Vector sums[streams] = {};
  for (const float *place = data, *end = data + count; place != end; place += streams * lanes)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < streams; ++i) {
      Vector value;
      std::memcpy(&value, place + i * lanes, sizeof value);
      sums[i] += value;
      KEEP_IN_REGISTER(sums[i]);
    }
}

void ReadBandwidth::run() { read(data, size / sizeof(float)); }

void ReadToAndFro::run() {
  constexpr size_t parts = 8;
  const size_t count = size / sizeof(float) / parts;
  for (size_t i = 0; i < parts; ++i)
    read(data + (isBackward ? parts - 1 - i : i) * count, count);
  isBackward = !isBackward;
}

void OnTwoThreads::run() {
  auto repeat = [this](Contestant &contestant) {
    for (size_t i = 0; i < runs; ++i)
      contestant.run();
  };
  std::thread second(repeat, std::ref(*there));
  repeat(*here);
  second.join();
}

std::vector<MemoryLevel> seqc::bench::memoryLevels() {
  auto cache = [](int name, size_t otherwise) {
    long bytes = sysconf(name);
    return bytes > 0 ? size_t(bytes) : otherwise;
  };
  size_t l1 = cache(_SC_LEVEL1_DCACHE_SIZE, 32 << 10), l2 = cache(_SC_LEVEL2_CACHE_SIZE, 512 << 10),
         l3 = cache(_SC_LEVEL3_CACHE_SIZE, 8 << 20);
  // A shared L3 may be larger than one core's part of it, so its buffer is only a few times the L2.
  return {
      {"L1", l1 / 2}, {"L2", l2 / 2}, {"L3", std::min(l3 / 2, 6 * l2)}, {"memory", std::min<size_t>(3 * l3, 1 << 30)}};
}

namespace {

/// What one thread reaches, and two together by the clock on the wall. `amount` of `unit` in each run.
void addLimit(const std::string &name, const std::function<std::unique_ptr<Contestant>()> &make,
              const std::string &unit, double amount, size_t runsOfTwo) {
  addLimitRow("limits/" + name, make, unit, amount);
  addLimitRow(
      "limits/" + name + ", two threads", [=] { return std::make_unique<OnTwoThreads>(make(), make(), runsOfTwo); },
      unit, 2 * double(runsOfTwo) * amount, CLOCK_MONOTONIC);
}

} // namespace

void seqc::bench::addLimitRows() {
  constexpr size_t fmaRuns = 100, bytesOfTwo = size_t(1) << 30;
  addLimit("peak FMA f32", [] { return std::make_unique<PeakFma>(); }, "GFLOP/s", PeakFma().flops(), fmaRuns);
  for (const MemoryLevel &level : memoryLevels())
    addLimit(
        "read " + level.name, [level] { return std::make_unique<ReadBandwidth>(level.name, level.bytes); }, "GB/s",
        double(level.bytes), bytesOfTwo / level.bytes);
  // The weights of a step with 128 units, of three gates and of four: as a loop of one row would read them at best.
  for (size_t kilobytes : {192, 256}) {
    std::string name = "read " + std::to_string(kilobytes) + " KB to and fro";
    size_t bytes = kilobytes * 1024;
    addLimitRow("limits/" + name, [=] { return std::make_unique<ReadToAndFro>(name, bytes); }, "GB/s", double(bytes));
  }
}
