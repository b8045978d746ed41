//===- Frontend.h - From .seq text to checked equations -------------*- C++ -*-===//
//
// The questions are asked one after the other, each in files of its own: names and dims (Elaborate), shapes and kinds
// (Check*), gates, causality and direction, what is unused, and last the lowering to the recur dialect.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_FRONTEND_H
#define SEQC_FRONTEND_FRONTEND_H

#include "frontend/Diagnostics.h"
#include "frontend/Source.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace seqc {

struct FrontendOptions {
  /// The model or cell to export. Empty: every model of the main file whose dims are all known; if it has no model,
  /// its last cell.
  std::string model;
  /// Dims of what is exported (`-D H=32`); they go before defaults.
  std::map<std::string, int64_t> dims;
  /// Real numbers are f64 instead of f32.
  bool f64 = false;
  /// Where `use std.lstm` and the prelude are looked for.
  std::vector<std::string> searchPaths;
};

/// Afterwards the module holds a verified `recur.system` for each pair of a cell and dims that is needed, and an
/// exported one for each model. Null if there were errors; all of them, and the warnings, are in `diags`. Null without
/// an error there: the compiler has made equations that are not valid, and the context's handler has been told.
mlir::OwningOpRef<mlir::ModuleOp> compileToEquations(SourceManager &sources, const std::string &path,
                                                     const FrontendOptions &options, Diagnostics &diags,
                                                     mlir::MLIRContext &context);

} // namespace seqc

#endif // SEQC_FRONTEND_FRONTEND_H
