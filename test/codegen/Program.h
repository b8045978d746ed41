//===- Program.h - Compiles phases in memory and runs them on given arrays ------===//
#ifndef SEQC_TEST_CODEGEN_PROGRAM_H
#define SEQC_TEST_CODEGEN_PROGRAM_H

#include "codegen/Object.h"
#include "runtime/model.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace seqc::test {

/// A phases-level system, compiled for one target and loaded.
class Program {
public:
  struct Slot {
    std::string key; // source and name, such as "input x"; "state h 1" for a further index
    int64_t features = 1, bytes = 4;
    bool time = false, batch = false, zeroed = false, real = true;
    int fallback = -1;
  };

  /// Compiles the first system of `text`; the test fails if that is impossible.
  static std::unique_ptr<Program> compile(const std::string &text, const std::string &target = "native",
                                          bool fastActivations = false);

  const std::vector<Slot> &slots() const { return layout; }
  const Slot &slot(const std::string &key) const;
  size_t number(const std::string &key) const;

private:
  friend class Call;
  std::vector<Slot> layout;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  void (*run)(seqc_frame *) = nullptr;
  void (*prepare)(seqc_frame *) = nullptr;
};

/// One call: memory for all slots, contiguous, with NaN wherever nothing was written.
class Call {
public:
  Call(const Program &program, int64_t T, int64_t B, std::vector<int64_t> given = {});

  /// The elements of a slot, as `double`, [T, B, features] as far as it has time and batch.
  void set(const std::string &key, const std::vector<double> &values);
  std::vector<double> get(const std::string &key) const;
  int64_t count(const std::string &key) const;
  /// The array of a slot itself.
  void *data(const std::string &key) { return array(program.number(key)); }
  /// Leaves a slot to its fallback, or to zeros.
  void omit(const std::string &key);

  void run();
  /// Without preparing the weights again.
  void runPrepared();
  seqc_frame &frame() { return *reinterpret_cast<seqc_frame *>(memory.data()); }

private:
  struct Line {
    alignas(64) unsigned char bytes[64]; // the runtime aligns slots as well
  };
  unsigned char *array(size_t number) { return arrays[number].data()->bytes; }
  const unsigned char *array(size_t number) const { return arrays[number].data()->bytes; }
  int64_t rows(const Program::Slot &slot) const { return (slot.time ? T : 1) * (slot.batch ? B : 1); }

  const Program &program;
  int64_t T, B;
  std::vector<int64_t> lengths;
  std::vector<std::vector<Line>> arrays;
  std::vector<bool> omitted;
  std::vector<uint64_t> memory;
  std::vector<double> zeros;
};

} // namespace seqc::test

#endif // SEQC_TEST_CODEGEN_PROGRAM_H
