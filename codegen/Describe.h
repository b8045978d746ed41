//===- Describe.h - The JSON text by which a library describes itself -*- C++ -*-===//
#ifndef SEQC_CODEGEN_DESCRIBE_H
#define SEQC_CODEGEN_DESCRIBE_H

#include "codegen/Model.h"
#include "codegen/ModelTable.h"

#include <string>

namespace seqc {

/// The text that M_describe returns; its keys are documented in docs/library.md.
std::string describe(const Model &model, const LibraryInfo &info, llvm::StringRef level);

/// For people: how inference stores the weights of products. `level` is empty if the library has one only.
std::string reportWeights(const Model &model, llvm::StringRef level);

/// For people: what a gradient takes, whole and cut into segments, for a sample of a batch.
std::string reportMemory(const Model &model);

} // namespace seqc

#endif // SEQC_CODEGEN_DESCRIBE_H
