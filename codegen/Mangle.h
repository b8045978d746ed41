//===- Mangle.h - Names of the source as C identifiers --------------*- C++ -*-===//
#ifndef SEQC_CODEGEN_MANGLE_H
#define SEQC_CODEGEN_MANGLE_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace seqc {

/// `name` as a part of C identifiers: letters, digits and `_` stay, Greek letters and accents are spelled out
/// (`h̃` is htilde), `enc.h[-1]` is enc_h_m1 and `h[T+1]` is h_T1, other code points become uXXXX.
std::string mangle(llvm::StringRef name);

} // namespace seqc

#endif // SEQC_CODEGEN_MANGLE_H
