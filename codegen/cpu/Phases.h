//===- Phases.h - The ways to compute a phase -----------------------------------===//
//
// Each emits, at the current insertion point, the loops of one phase over all rows of its group.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_PHASES_H
#define SEQC_CODEGEN_CPU_PHASES_H

#include "codegen/cpu/Frame.h"

namespace seqc::cpu {

/// Anything: loops over rows, then over the dims of the space, the last one in vectors.
void emitNest(const Frame &frame, const Machine &machine, recur::PhaseOp phase);

/// Products with packed weights (`recur.read_packed`), in register tiles of rows × columns.
void emitProductTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase);
bool hasPackedProducts(recur::PhaseOp phase);

/// Rounds weights into the layout of narrow tiles (`recur.pack`).
void emitPacking(const Frame &frame, const Machine &machine, recur::PhaseOp phase);
bool isPacking(recur::PhaseOp phase);

/// A copy whose lanes lie rows apart while its last but one dim is contiguous, as when weights are packed.
void emitTransposedCopy(const Frame &frame, const Machine &machine, recur::PhaseOp phase);
bool isTransposedCopy(const Machine &machine, recur::PhaseOp phase);

/// A total of outer products, in register tiles with the rows as the contracted dim. `scratch`: slot for copies of
/// the operands of a block of rows.
void emitTotalTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase, mlir::Value scratch);
bool isTotalOfOuter(recur::PhaseOp phase);
/// Elements of scratch that `emitTotalTiles` needs.
int64_t totalScratch(const Machine &machine, recur::PhaseOp phase);

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_PHASES_H
