//===- PhaseRewrites.h - Equations in the form that phases need --------*- C++ -*-===//
#ifndef SEQC_PASSES_PHASEREWRITES_H
#define SEQC_PASSES_PHASEREWRITES_H

#include "dialect/Recur.h"

namespace recur {

/// Lets values be used directly across groups, without yields. From here on the groups only say when ops run; the
/// module is not valid until phases have replaced them.
void dropYields(SystemOp system);

/// pad(x) = concat(0, x, 0).
void lowerPads(SystemOp system);

/// scatter(x, id) = select(id == row number, x, 0), but for those that only are totalled: these are added in place.
void lowerScatters(SystemOp system);

/// slice(f(a, b)) = f(slice(a), slice(b)) for products, pointwise ops and totals of which only slices are used, where
/// that lets a phase hold all that belongs to one unit. Returns the number of ops that were split.
unsigned splitBySlices(SystemOp system);

} // namespace recur

#endif // SEQC_PASSES_PHASEREWRITES_H
