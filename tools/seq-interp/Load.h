//===- Load.h - The system to evaluate, from text -------------------*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQ_INTERP_LOAD_H
#define SEQC_TOOLS_SEQ_INTERP_LOAD_H

#include "dialect/Recur.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>
#include <string>

namespace seqc::interp {

struct LoadOptions {
  std::string path;  // .seq, or .mlir of the equation level
  std::string model; // empty: the only exported system
  std::map<std::string, int64_t> dims;
  std::string library;  // folder of the standard library of cells
  bool adjoint = false; // derive the adjoint and evaluate the joint system
};

struct Loaded {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  recur::SystemOp system; // null if there were errors; they are printed
};

Loaded load(const LoadOptions &options, mlir::MLIRContext &context);

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_LOAD_H
