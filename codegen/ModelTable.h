//===- ModelTable.h - Tables and entry points of a compiled library -*- C++ -*-===//
#ifndef SEQC_CODEGEN_MODELTABLE_H
#define SEQC_CODEGEN_MODELTABLE_H

#include "codegen/Model.h"

#include <string>
#include <vector>

namespace llvm {
class Module;
} // namespace llvm

namespace seqc {

/// What the library says of itself beside the models.
struct LibraryInfo {
  std::string source; // the .seq file, without its folders
  std::string march;  // the processor it is compiled for
};

/// Adds for each model its constant `seqc_model` (runtime/model.h), the text that `describe` returns, and the exported
/// entry points. Afterwards the entry points are all that the module exports. Its data layout must be set.
void emitModelTables(llvm::Module &module, const std::vector<Model> &models, const LibraryInfo &info);

} // namespace seqc

#endif // SEQC_CODEGEN_MODELTABLE_H
