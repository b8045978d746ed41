//===- Centring.h - What has had its mean subtracted -------------------*- C++ -*-===//
#ifndef SEQC_PASSES_CENTRING_H
#define SEQC_PASSES_CENTRING_H

#include "dialect/Recur.h"

#include "mlir/IR/PatternMatch.h"

namespace recur {

/// W @ v - mean(W @ v) = (W - mean(W)) @ v, as in the normalisation of a layer: the mean over the outputs is taken of
/// the weights, once, if nothing else needs the product. Returns the number of products rewritten.
unsigned centreWeights(SystemOp system);

/// What has had its mean subtracted sums to zero: sum(y - (x - mean(x)) * s) = sum(y), and total(x - mean(x)) = 0, as
/// in the gradients of normalisations.
void addSumsOfCentred(mlir::RewritePatternSet &patterns);

} // namespace recur

#endif // SEQC_PASSES_CENTRING_H
