//===- Phases.h - The ways to compute a phase -----------------------------------===//
//
// Each emits, at the current insertion point, the loops of one phase over a slice of its units.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_PHASES_H
#define SEQC_CODEGEN_CPU_PHASES_H

#include "codegen/cpu/Frame.h"
#include "codegen/cpu/Slices.h"

namespace seqc::cpu {

/// In the way that suits the phase. `scratch`: slot for the copies of totals, or null.
void emitSlice(const Frame &frame, const Machine &machine, recur::PhaseOp phase, mlir::Value scratch, Slice slice);
/// How many units it has there, if its group has `rows` rows.
mlir::Value countUnits(Code &b, const Machine &machine, recur::PhaseOp phase, mlir::Value scratch, mlir::Value rows);

/// How many rows have their addresses in a table at once: for tiles of any size, a whole number of them.
constexpr int64_t mostProductRows = 384;

/// Anything: loops over rows, then over the dims of the space, the last one in vectors.
/// Units are rows, or pieces of each row where the space is large; in a total, pieces of the space.
void emitNest(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice);
/// A row that is brought in while another one is computed, if it has a number: in a step of a loop the rows of a
/// sequence are too short for the processor's own prefetching.
struct ComingRow {
  mlir::Value number;
  /// What has been brought in of it: a slot, how many steps before, and from which element on (-1: all of it).
  llvm::DenseSet<std::tuple<mlir::Value, int64_t, int64_t>> known = {};
};
/// All of one row; `coming`: what nests of the same rows share.
void emitNestRow(const Frame &frame, const Machine &machine, recur::PhaseOp phase, const Row &row, ComingRow &coming);
bool isNest(const Machine &machine, recur::PhaseOp phase, mlir::Value scratch);
mlir::Value nestUnits(Code &b, const Machine &machine, recur::PhaseOp phase, mlir::Value rows);

/// Products with packed weights (`recur.read_packed`), in register tiles of rows × columns. Units are tiles,
/// panel by panel, so that at every step a thread reads the same weights.
void emitProductTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice);
/// `count` rows of a map from `first` on, at most `mostProductRows`.
void emitProductRows(const Frame &frame, const Machine &machine, recur::PhaseOp phase, mlir::Value first,
                     mlir::Value count);
mlir::Value productUnits(Code &b, const Machine &machine, recur::PhaseOp phase, mlir::Value rows);
bool hasPackedProducts(recur::PhaseOp phase);
/// The type of its weights that are packed for matrix tiles, or null. The program sets these up for all its phases.
mlir::Type matrixWeights(const Machine &machine, recur::PhaseOp phase);

/// Rounds weights into the layout of narrow tiles (`recur.pack`). One unit.
void emitPacking(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice);
bool isPacking(recur::PhaseOp phase);

/// A copy as when weights are packed: its lanes lie rows apart while its last but one dim is contiguous, or it goes
/// past the caches. Units are pieces of the outermost dim.
void emitTiledCopy(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice);
mlir::Value copyUnits(Code &b, recur::PhaseOp phase, mlir::Value rows);
bool isTiledCopy(const Machine &machine, recur::PhaseOp phase);

/// Vectors of as many lanes as there are vectors: lane j of the i-th becomes lane i of the j-th.
llvm::SmallVector<mlir::Value> transpose(Code &b, llvm::SmallVector<mlir::Value> vectors);

/// A total of outer products, in register tiles with the rows as the contracted dim. `scratch`: slot for copies of
/// the operands of a block of rows, of each thread's own. Units are tiles of the result. `sums`: phases that sum up
/// first operands of the total (`sumsOperands`), from their copies. `frames`: of `phase`, then of these.
void emitTotalTiles(llvm::ArrayRef<Frame> frames, const Machine &machine, recur::PhaseOp phase,
                    llvm::ArrayRef<recur::PhaseOp> sums, mlir::Value scratch, Slice slice);
int64_t totalUnits(const Machine &machine, recur::PhaseOp phase);
bool isTotalOfOuter(recur::PhaseOp phase);
/// Whether a phase does nothing but sum up first operands of `outer`, a total of outer products: a bias's gradient.
bool sumsOperands(recur::PhaseOp phase, recur::PhaseOp outer);
/// Lets neighbours among them that share an operand be one phase, which copies it once.
void mergeTotals(recur::MapOp map);
/// Finds the totals that are all that a gradient consists of until then (`first`).
void markFirstTotals(recur::SystemOp system);
/// Elements of scratch that `emitTotalTiles` needs.
int64_t totalScratch(const Machine &machine, recur::PhaseOp phase);

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_PHASES_H
