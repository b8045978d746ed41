//===- Messages.h - MLIR's diagnostics in the voice of the frontend -*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQC_MESSAGES_H
#define SEQC_TOOLS_SEQC_MESSAGES_H

#include "frontend/Source.h"

#include "mlir/IR/Diagnostics.h"

namespace seqc {

/// The first place in a file that `loc` leads to, if that file can be read.
SourceRange findRange(mlir::Location loc, SourceManager &sources);

/// While it exists, diagnostics of MLIR are printed as the frontend prints its own, with the line of the source.
/// Errors about a program that the frontend has accepted are our fault: they are said to be internal.
class Messages {
public:
  /// `internal`: nothing the user wrote can be the reason for an error.
  Messages(mlir::MLIRContext &context, SourceManager &sources, bool internal);

  bool hasErrors() const { return errors; }

private:
  void print(mlir::Diagnostic &diagnostic);
  void printOne(const mlir::Diagnostic &diagnostic);

  SourceManager &sources;
  bool internal;
  bool errors = false;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace seqc

#endif // SEQC_TOOLS_SEQC_MESSAGES_H
