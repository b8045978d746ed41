//===- Target.h - Processors that code is generated for -------------*- C++ -*-===//
#ifndef SEQC_CODEGEN_TARGET_H
#define SEQC_CODEGEN_TARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace seqc {

/// What code is generated for.
struct Target {
  std::string name; // as in --march
  std::string triple, cpu, features;
  uint64_t needs = 0; // features of the processor, see seqc_level
  int64_t vectorBits = 128;
  int64_t registers = 16; // vector registers
  bool fma = false;
  int64_t dotBf16 = 1; // numbers a lane that one instruction multiplies and adds: 1, 2, or 32 in matrix tiles
  int64_t dotInt8 = 1; // 1, 2, 4, or 64 in matrix tiles
};

/// The names that `findTarget` knows, for messages: native, x86-64, x86-64-v2, …
std::string targetNames();

/// The default of `--march`: every x86-64 machine with AVX2 and FMA, that is since 2013 (Intel) or 2015 (AMD). On
/// other machines the one that runs seqc.
std::string defaultTargetName();

std::optional<Target> findTarget(llvm::StringRef name);

/// The targets of one library, the best last; `portable` stands for x86-64-v3 and x86-64-v4. The error is about the
/// option --march.
llvm::Expected<std::vector<Target>> findTargets(llvm::ArrayRef<std::string> names);

} // namespace seqc

#endif // SEQC_CODEGEN_TARGET_H
