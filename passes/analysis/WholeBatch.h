//===- WholeBatch.h - Whether rows of a batch can be computed apart ----*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_WHOLEBATCH_H
#define SEQC_PASSES_ANALYSIS_WHOLEBATCH_H

#include "dialect/Recur.h"

namespace recur {

/// What of a system needs all rows of a batch, and all steps, at once: an equation, an output, the loss, or null if
/// nothing does.
///
/// Rows meet only in totals. A loss that is affine in them (`mean(a) + 0.1 * sum(b) + sum(W * W)`) can be added up from
/// parts of the batch; one that is not (`sqrt(mean(a))`), or a total that an equation reads, cannot.
mlir::Operation *findWholeBatchNeed(SystemOp system);

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_WHOLEBATCH_H
