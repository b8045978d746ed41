//===- Hoisting.h - Work on weights instead of on every row ------------*- C++ -*-===//
#ifndef SEQC_PASSES_HOISTING_H
#define SEQC_PASSES_HOISTING_H

#include "dialect/Recur.h"

namespace recur {

/// total(c * x) = c * total(x) where c is the same at every step and in every row. Returns the number of totals
/// rewritten; the old ones stay for `eraseDeadOps`.
unsigned takeFactorsOut(SystemOp system);

} // namespace recur

#endif // SEQC_PASSES_HOISTING_H
