//===- Fusion.h - Phases that share their loop over rows ------------------------===//
//
// Where a phase reads of each row only what earlier ones have written of the same row, they need not go through all
// rows one after the other: a block of rows passes through all of them, so that what one writes is still in the
// nearest cache when the next reads it. In a loop in time, where rows are few, a block is one row.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_FUSION_H
#define SEQC_CODEGEN_CPU_FUSION_H

#include "codegen/cpu/Phases.h"

namespace seqc::cpu {

/// Neighbouring phases of a group that are run together; most often one.
using FusedPhases = llvm::SmallVector<recur::PhaseOp>;

/// The phases of a group, in order.
llvm::SmallVector<FusedPhases> fusePhases(const Machine &machine, llvm::ArrayRef<recur::PhaseOp> phases,
                                          mlir::Value scratch);

/// The one that the others are for: the last one, or the total whose operands the others sum up.
recur::PhaseOp mainPhase(llvm::ArrayRef<recur::PhaseOp> fused);

/// Emits them over a slice of their units: those of a single phase, otherwise blocks of rows. `frames`: one a phase.
void emitFused(llvm::MutableArrayRef<Frame> frames, const Machine &machine, llvm::ArrayRef<recur::PhaseOp> phases,
               mlir::Value scratch, Slice slice);
/// How many units they have, if their group has `rows` rows.
mlir::Value fusedUnits(Code &b, const Machine &machine, llvm::ArrayRef<recur::PhaseOp> phases, mlir::Value scratch,
                       mlir::Value rows);

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_FUSION_H
