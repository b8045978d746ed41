//===- Analyses.h - Questions asked of a system once it is checked --*- C++ -*-===//
#ifndef SEQC_FRONTEND_ANALYSES_H
#define SEQC_FRONTEND_ANALYSES_H

#include "frontend/Diagnostics.h"
#include "frontend/Graph.h"

namespace seqc {

/// Asks all questions below that a system can be asked by itself, in order; a later one only if the earlier ones
/// found nothing wrong.
void analyze(System &system, Diagnostics &diags);

/// Gates.cpp: each `gate` lies in [0, 1] by its form, or it is an error.
void checkGates(System &system, Diagnostics &diags);

/// Causality.cpp: no cycle without a delay, none that needs both directions, and none through statistics over time.
void checkCausality(System &system, Diagnostics &diags);
void checkDirections(System &system, Diagnostics &diags);
void checkStatistics(System &system, Diagnostics &diags);

/// Estimates.cpp: a parameter that estimates a statistic is used for nothing else.
void checkEstimates(System &system, Diagnostics &diags);

/// Unused.cpp: warnings on equations and parameters that nothing depends on; asked when all systems are elaborated.
void warnUnused(llvm::ArrayRef<System *> systems, Diagnostics &diags);

} // namespace seqc

#endif // SEQC_FRONTEND_ANALYSES_H
