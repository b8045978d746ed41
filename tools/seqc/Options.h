//===- Options.h - What seqc is asked to do -------------------------*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQC_OPTIONS_H
#define SEQC_TOOLS_SEQC_OPTIONS_H

#include "codegen/Target.h"
#include "codegen/WeightFormat.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace seqc {

/// The codes with which seqc exits.
enum class Outcome {
  Success = 0,
  BadInput = 1, // errors in the .seq or .mlir file
  BadUsage = 2, // wrong options
  Internal = 3  // seqc itself is wrong, or the machine lacks something
};

/// What is written, in the order in which it comes about.
enum class Stage {
  Format,
  Ast,
  Check,
  Equations,
  Adjoint,
  Joint,
  Schedule,
  Phases,
  Llvm,
  Asm,
  Header,
  Object,
  Library
};

struct Options {
  std::string input;
  std::string output; // as given by -o; empty if it was not
  Stage stage = Stage::Library;
  std::string model;
  std::map<std::string, int64_t> dims;
  bool f64 = false;
  WeightFormat weights = WeightFormat::full;
  bool fastActivations = false;
  std::vector<Target> targets; // the best one last
  int64_t bpttMemory = 0;      // seqc_model::bptt_memory
  bool report = false;
  bool locations = false; // dumps show places in the source
  std::string linker;
  std::string library;    // folder of the standard library of cells
  std::string executable; // path of seqc

  bool inputIsIr() const;

  /// Where the stage goes: -o, or a name that follows from the input's; `-` for texts.
  std::string outputPath() const;
};

/// Reads the command line; nothing if it is wrong, which has then been said. Afterwards llvm::cl no longer knows our
/// options: the linker inside seqc resets them, and registers some of its own under the same names.
std::optional<Options> parseOptions(int argc, char **argv);

} // namespace seqc

#endif // SEQC_TOOLS_SEQC_OPTIONS_H
