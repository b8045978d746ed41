//===- Describe.h - The JSON text by which a library describes itself -*- C++ -*-===//
#ifndef SEQC_CODEGEN_DESCRIBE_H
#define SEQC_CODEGEN_DESCRIBE_H

#include "codegen/Model.h"
#include "codegen/ModelTable.h"

#include <string>

namespace seqc {

/// The text that M_describe returns; its keys are documented in docs/library.md.
std::string describe(const Model &model, const LibraryInfo &info);

/// For people: how inference stores the weights of products.
std::string reportWeights(const Model &model);

/// For people: what a gradient takes, whole and cut into segments, for a sample of a batch.
std::string reportMemory(const Model &model);

} // namespace seqc

#endif // SEQC_CODEGEN_DESCRIBE_H
