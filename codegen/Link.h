//===- Link.h - From object files to a shared library ---------------*- C++ -*-===//
#ifndef SEQC_CODEGEN_LINK_H
#define SEQC_CODEGEN_LINK_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace seqc {

struct LinkOptions {
  /// `lld` is the linker inside seqc, anything else a program that takes the options of `cc`.
  std::string linker = "lld";
  /// Path of seqc itself: the runtime is found beside it, in the build tree and where it is installed.
  std::string executable;
};

/// Links `object` and the runtime into the shared library `path`, which needs libc and libm alone. The error says what
/// the machine lacks. Note that lld resets the options of llvm::cl.
llvm::Error linkLibrary(llvm::StringRef object, llvm::StringRef path, const LinkOptions &options);

} // namespace seqc

#endif // SEQC_CODEGEN_LINK_H
