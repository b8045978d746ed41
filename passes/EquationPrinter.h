//===- EquationPrinter.h - A system as equations -----------------------*- C++ -*-===//
#ifndef SEQC_PASSES_EQUATIONPRINTER_H
#define SEQC_PASSES_EQUATIONPRINTER_H

#include "dialect/Recur.h"

#include <string>

namespace recur {

/// A flat system in the notation of `.seq` files.
std::string printEquations(SystemOp system);

/// The adjoint part of a joint system (`recur-derive-adjoint`) in that notation: `d.c = d.h * o * (1 - tanh(c)^2) + …`.
/// Best read before gates are fused.
std::string printAdjoint(SystemOp joint);

} // namespace recur

#endif // SEQC_PASSES_EQUATIONPRINTER_H
