//===- StepEntry.h - The entry point `step` of one row ---------------*- C++ -*-===//
//
// A small cell computes a step in some tens of nanoseconds, far less than the runtime needs to check a call and to lay
// out its memory by tables. So `M_step` is generated: where a call is of the usual kind (one row, prepared, every state
// given and wanted, no pool) a few instructions check it and the forward program follows, inlined, with T and B known
// and its workspace on the stack. Every other call, and every wrong one, goes to the runtime (seqc_run_step), which
// alone knows how to refuse it. The version of the interface is checked first, against what the library found when it
// was loaded: on a processor that lacks what the code needs no call passes.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_STEPENTRY_H
#define SEQC_CODEGEN_STEPENTRY_H

#include "codegen/Model.h"

namespace llvm {
class Constant;
class Function;
class Module;
} // namespace llvm

namespace seqc {

/// What the generated entry refers to.
struct StepTables {
  llvm::Constant *model; // seqc_model
  llvm::Constant *zeros; // seqc_frame::zeros
  llvm::Constant *abi;   // seqc_library::abi
  uint64_t tag;          // of prepared memory
  std::string suffix;    // of the names of the level's functions
};

/// Whether a step of `model` is short enough for its own entry: it does not look ahead, and its workspace is small.
bool hasStepEntry(const Model &model);

/// Fills the empty function `step`, `int M_step(const seqc_call *)`. `slow` is seqc_run_step; `refused` is like `step`,
/// runs on any processor and calls `slow`.
void emitStepEntry(llvm::Module &module, const Model &model, const StepTables &tables, llvm::Function &step,
                   llvm::Function &refused, llvm::Function &slow);

} // namespace seqc

#endif // SEQC_CODEGEN_STEPENTRY_H
