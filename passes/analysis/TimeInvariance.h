//===- TimeInvariance.h - Which values are constant in time ----------*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_TIMEINVARIANCE_H
#define SEQC_PASSES_ANALYSIS_TIMEINVARIANCE_H

#include "dialect/Recur.h"

#include "llvm/ADT/DenseSet.h"

namespace recur {

/// A value is invariant if it is the same at every step and in every batch row: it depends on parameters, constants,
/// the count of steps and totals alone. Works at the level of equations and of the schedule.
class TimeInvariance {
public:
  explicit TimeInvariance(SystemOp system);

  bool isInvariant(mlir::Value value) const { return !varying.contains(value); }
  /// Depends on parameters and constants alone: known before any call, so that `prepare` can compute it.
  bool isPrepared(mlir::Value value) const { return !unprepared.contains(value); }

private:
  llvm::DenseSet<mlir::Value> varying;
  llvm::DenseSet<mlir::Value> unprepared;
};

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_TIMEINVARIANCE_H
