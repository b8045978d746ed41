//===- Mangle.h - Names of the source as C identifiers --------------*- C++ -*-===//
#ifndef SEQC_CODEGEN_MANGLE_H
#define SEQC_CODEGEN_MANGLE_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace seqc {

/// `name` as a part of C identifiers: letters, digits and `_` stay, Greek letters and accents are spelled out
/// (`h̃` is htilde), dots and brackets become `_`, and other code points uXXXX.
std::string mangle(llvm::StringRef name);

} // namespace seqc

#endif // SEQC_CODEGEN_MANGLE_H
