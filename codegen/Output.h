//===- Output.h - Files that are there whole or not at all ----------*- C++ -*-===//
#ifndef SEQC_CODEGEN_OUTPUT_H
#define SEQC_CODEGEN_OUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace seqc {

/// Calls `write` with the name of a new file beside `path`, and moves it to `path` if that succeeds. On failure nothing
/// is left, and what was at `path` stays.
llvm::Error writeAtomically(llvm::StringRef path, llvm::function_ref<llvm::Error(const std::string &)> write);

/// The same for a text; `-` is standard output.
llvm::Error writeText(llvm::StringRef path, llvm::StringRef text);

} // namespace seqc

#endif // SEQC_CODEGEN_OUTPUT_H
