//===- Differences.h - Gradients by central differences -------------*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQ_INTERP_DIFFERENCES_H
#define SEQC_TOOLS_SEQ_INTERP_DIFFERENCES_H

#include "tools/seq-interp/Interp.h"

namespace seqc::interp {

/// What a gradient is the gradient of: Σ outputGradients · outputs + Σ finalGradients · final states (+ loss).
double objective(const Call &call, const Evaluation &run);

/// (f(x + step) - f(x - step)) / 2 step of the objective, for every element of every parameter, every real input and
/// every state that `call` gives. Inputs past the length of a row have gradient zero and are not tried. Of a parameter
/// that estimates a statistic, in training: its distance from the statistic, as recur.estimate has it.
llvm::Expected<Arrays> centralDifferences(const Interpreter &interpreter, Call call, double step = 1e-5);

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_DIFFERENCES_H
