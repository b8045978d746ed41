//===- Object.h - LLVM dialect to machine code ----------------------------------===//
#ifndef SEQC_CODEGEN_OBJECT_H
#define SEQC_CODEGEN_OBJECT_H

#include "mlir/IR/BuiltinOps.h"
#include <optional>
#include <string>

namespace llvm {
class Module;
} // namespace llvm

namespace seqc {

/// What code is generated for.
struct Target {
  std::string triple, cpu, features;
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

enum class Emit { Object, Assembly, LlvmIr };

/// Translates a module in the LLVM dialect, lets `addTables` complete it, optimises it for `target` and returns an
/// object file or text.
mlir::FailureOr<std::string> emitCode(
    mlir::ModuleOp module, const Target &target, Emit what,
    llvm::function_ref<void(llvm::Module &)> addTables = [](llvm::Module &) {});

} // namespace seqc

#endif // SEQC_CODEGEN_OBJECT_H
