//===- Ops.h - What each equation op computes, naively --------------*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQ_INTERP_OPS_H
#define SEQC_TOOLS_SEQ_INTERP_OPS_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace seqc::interp {

/// Computes one row of the result of an op that needs nothing but its operands at the same step.
/// Returns false for an op that is none of these.
bool evaluateOp(mlir::Operation *op, llvm::ArrayRef<const double *> operands, double *result);

/// Element `element` of the dropout mask of `site` (recur.random_mask).
double randomMask(double p, uint64_t seed, uint64_t site, uint64_t step, uint64_t row, uint64_t element);

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_OPS_H
