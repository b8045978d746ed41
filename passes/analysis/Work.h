//===- Work.h - What a program computes and touches in a step ----------*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_WORK_H
#define SEQC_PASSES_ANALYSIS_WORK_H

#include "dialect/Recur.h"

namespace recur {

/// Of one step of one batch row. What a call does once, or at the ends of the sequence, is not counted.
struct Work {
  int64_t flops = 0;    ///< a multiplication and an addition are two; any function of an element is one
  int64_t products = 0; ///< of these, in products
  int64_t bytes = 0;    ///< of the sequences read or written, each counted once
};

/// `program` is a system at the phases level.
Work workOf(SystemOp program);

/// Numbers of all parameters.
int64_t parameterCount(InterfaceOp model);

/// Bytes of one row of a slot.
int64_t slotBytes(SlotOp slot);

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_WORK_H
