//===- CompiledModel.h - A .seq file, compiled and ready to run ----------------*- C++ -*-===//
#ifndef SEQC_BENCH_COMPILEDMODEL_H
#define SEQC_BENCH_COMPILEDMODEL_H

#include "bench/Contestant.h"
#include "tools/seq-run/Binding.h"
#include "tools/seq-run/Library.h"

namespace seqc::bench {

struct Settings {
  std::string seqc;   ///< the compiler
  std::string source; ///< the root of the source tree
  std::string folder; ///< where compiled models go
  std::string python; ///< libpython, or empty
  size_t rounds;      ///< of a comparison, at least
};
/// Set once, by main.
Settings &settings();

using Dims = std::map<std::string, int64_t>;

/// A compiled model and what compiling it cost.
struct CompiledModel {
  run::Model model;
  double compileSeconds = 0; ///< CPU time
  size_t libraryBytes = 0;   ///< without symbols

  /// Compiles one model or cell of a file (a path in the source tree) for this machine. Models are compiled anew in
  /// every run of the benchmark, never taken from an earlier one. `option`: a further one of seqc.
  static std::shared_ptr<CompiledModel> compile(const std::string &file, const std::string &name, const Dims &dims,
                                                const std::string &option = "--weights=f32");

  /// Floating-point operations of the products with parameters, for one row of one step of forward: each element of
  /// each matrix takes part once.
  double productFlops() const;
};

/// A compiled model with all the arrays of calls of one size, filled with random numbers: the same ones for the same
/// shapes.
class Session {
public:
  Session(std::shared_ptr<CompiledModel> compiled, int64_t T, int64_t B, int64_t threads = 1);

  const run::Description &info() const { return compiled->model.info(); }
  const run::Model &model() const { return compiled->model; }
  int64_t steps() const { return T; }
  int64_t rows() const { return B; }

  /// A call with everything set that forward, step and gradient take.
  seqc_call call();
  /// Packs the parameters; calls made afterwards use what was packed.
  void prepare();
  /// Whether dropout draws and batchnorm takes the statistics of the call, in calls made afterwards.
  bool training = false;
  /// Throws what the entry point refuses.
  void check(int status) const;

  run::Tensors params, inputs, outputs, states, dParams, dInputs, dOutputs, dStates;

private:
  std::shared_ptr<CompiledModel> compiled;
  int64_t T, B;
  run::AlignedBytes workspace, tape, prepared;
  std::unique_ptr<run::Pool> pool; ///< for more than one thread
  std::vector<seqc_array> paramArrays, inputArrays, outputArrays, stateArrays, dParamArrays, dInputArrays,
      dOutputArrays, dStateArrays;
  bool isPrepared = false;
  char error[512] = "";
};

} // namespace seqc::bench

#endif // SEQC_BENCH_COMPILEDMODEL_H
