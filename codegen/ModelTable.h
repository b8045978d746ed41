//===- ModelTable.h - Tables and entry points of a compiled library -*- C++ -*-===//
#ifndef SEQC_CODEGEN_MODELTABLE_H
#define SEQC_CODEGEN_MODELTABLE_H

#include "codegen/Model.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>
#include <vector>

namespace llvm {
class Module;
} // namespace llvm

namespace seqc {

/// What the library says of itself beside the models.
struct LibraryInfo {
  std::string source;              // the .seq file, without its folders
  std::vector<std::string> levels; // the processors it is compiled for, the best one last
  bool fastActivations = false;
};

/// The models as they are compiled for one level of the processor.
struct LevelModels {
  uint64_t needs = 0; // see seqc_level
  std::string suffix; // of the names of its functions
  const std::vector<Model> *models = nullptr;
};

/// Adds for each model and level its constant `seqc_model` (runtime/model.h) and the text that `describe` returns, the
/// exported entry points, and what chooses the level when the library is loaded. Afterwards the entry points are all
/// that the module exports. Its data layout must be set. `levels` are those of `info`, in the same order.
void emitModelTables(llvm::Module &module, llvm::ArrayRef<LevelModels> levels, const LibraryInfo &info);

} // namespace seqc

#endif // SEQC_CODEGEN_MODELTABLE_H
