//===- MatrixTiles.h - Narrow products in tile registers (AMX) --------------------===//
//
// Eight registers of 16 rows × 64 bytes: four take sums of 16 rows and 16 outputs, one the rows, the others weights,
// whose panels are as such a register wants them: 16 steps, a row of cells each. Registers are always whole: what lies
// behind the last row of a tile gives sums that nobody reads. The kernel has to be asked before the registers are used;
// if it refuses, the vector instructions do the work.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_MATRIXTILES_H
#define SEQC_CODEGEN_CPU_MATRIXTILES_H

#include "codegen/cpu/TileCore.h"

namespace seqc::cpu {

/// Most rows of a matrix tile, and the steps that one instruction takes.
constexpr int64_t matrixRows = 16, matrixSteps = 16;

/// The steps of a panel of `depth` elements a row: whole matrix tiles where the target has them and it pays.
int64_t panelSteps(const Machine &machine, mlir::Type stored, int64_t lanes, int64_t depth);

/// Whether a panel of so many steps is for matrix tiles.
bool isMatrixPanel(const Machine &machine, mlir::Type stored, int64_t lanes, int64_t steps);

/// Whether a phase of so many rows uses the registers, if they can be used: sums of integers are the same either way,
/// and for one or two rows vectors are faster.
mlir::Value usesMatrixTiles(Code &b, mlir::Type stored, mlir::Value rowCount);

/// Sets the registers up for tiles of `rows` rows unless they are so `before`, which takes as long as a small product.
/// None: they are not set up.
void setUpMatrixTiles(Code &b, mlir::Value before, mlir::Value rows);
void releaseMatrixTiles(Code &b, mlir::Value rows);

/// The same as `core.call` for up to `matrixRows` rows, `rowStride` bytes apart in memory that goes on for as many.
void callMatrixTile(Code &b, const Machine &machine, const TileCore &core, int64_t rowStride, mlir::Value rowCount,
                    mlir::Value used);

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_MATRIXTILES_H
