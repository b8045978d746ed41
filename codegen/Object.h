//===- Object.h - LLVM dialect to machine code ----------------------------------===//
#ifndef SEQC_CODEGEN_OBJECT_H
#define SEQC_CODEGEN_OBJECT_H

#include "codegen/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace llvm {
class Module;
} // namespace llvm

namespace seqc {

enum class Emit { Object, Assembly, LlvmIr };

/// A module in the LLVM dialect, for one of the processors that an object file has code for.
struct TargetCode {
  mlir::ModuleOp module;
  const Target *target;
  std::string suffix; // of its functions' names, where there are several
};

/// Translates modules in the LLVM dialect into one, lets `addTables` complete it, optimises each function for its
/// target and returns an object file or text. What `addTables` adds is for any processor of the architecture.
mlir::FailureOr<std::string> emitCode(
    llvm::ArrayRef<TargetCode> parts, Emit what,
    llvm::function_ref<void(llvm::Module &)> addTables = [](llvm::Module &) {});

} // namespace seqc

#endif // SEQC_CODEGEN_OBJECT_H
