//===- Header.h - The C header of a compiled library ----------------*- C++ -*-===//
#ifndef SEQC_CODEGEN_HEADER_H
#define SEQC_CODEGEN_HEADER_H

#include "codegen/ModelTable.h"

#include <string>

namespace seqc {

/// The text of `<base>.h`: the C interface itself (runtime/seqc.h, guarded), and for each model its declarations, its
/// tensors as enumerators, and an example.
std::string makeHeader(const std::vector<Model> &models, const LibraryInfo &info, llvm::StringRef base);

} // namespace seqc

#endif // SEQC_CODEGEN_HEADER_H
