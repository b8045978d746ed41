//===- Passes.h - All passes on recurrence systems -------------------*- C++ -*-===//
#ifndef SEQC_PASSES_PASSES_H
#define SEQC_PASSES_PASSES_H

#include "dialect/Recur.h"

#include "mlir/Pass/Pass.h"

namespace recur {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace recur

#endif // SEQC_PASSES_PASSES_H
