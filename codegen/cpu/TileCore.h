//===- TileCore.h - The inner loop of all products -------------------------------===//
//
// out[i][c] = Σ_k a_i[k] · w[k][c] for up to eight rows i and a few vector columns c, with every sum in a register.
// The sum runs over k in an order that is the same whatever the number of rows, so results do not depend on the tiling:
// from zero on, or, where a single row would have too few sums to keep the processor busy, in parts that take turns. On
// the way, one cache line a step of k of what comes next is brought into the second-level cache: a panel of weights is
// used by all tiles of rows, and without that the first of them would wait for memory. So are the lines that
// its rows need beside their products (LineList.h).
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_TILECORE_H
#define SEQC_CODEGEN_CPU_TILECORE_H

#include "codegen/cpu/LineList.h"
#include "codegen/cpu/TileArithmetic.h"

namespace seqc::cpu {

/// Rows of a tile with as many columns as fit in registers.
constexpr int64_t tileRows = 6;

/// What panels of weights may take of a nearest cache of 48 KB, in which rows have to be as well.
constexpr int64_t nearestCacheBytes = 40 * 1024;

/// What a second-level cache holds at least.
constexpr int64_t secondCacheBytes = 1024 * 1024;

/// Vector columns that fit in registers with `tileRows` rows.
int64_t fullTileColumns(const Machine &machine);

/// Most rows of a tile with so many vector columns and steps of k: more than `tileRows` where columns leave registers
/// free. Products of few steps do not gain by it (measured: with 64 or 96 steps, batches are up to 8 % slower).
int64_t mostTileRows(const Machine &machine, int64_t columns, int64_t steps);

struct TileCore {
  TileCore(const TileArithmetic &arithmetic, int64_t lanes, int64_t columns)
      : arithmetic(arithmetic), lanes(lanes), columns(columns) {}

  /// k that two parts take in a turn of the loop: only a multiple of it is divided.
  static constexpr int64_t turnOfTwoParts = 4;
  /// Whether sums can have two parts.
  static bool canHaveParts(int64_t depth) { return depth >= 8 && depth % turnOfTwoParts == 0; }
  /// Whether panels of so many columns have sums in two parts in the steps of a loop that reads more weights than the
  /// nearest cache holds: a row of its own then keeps the processor busy, and finds the panel that the step before has
  /// used last. Larger panels lose with several rows what a single one gains (measured), and with fewer registers so
  /// would small ones.
  static bool hasPartsInLoop(const Machine &machine, int64_t columns, int64_t depth, int64_t panelBytes) {
    return columns == 4 && columns <= fullTileColumns(machine) && canHaveParts(depth) && panelBytes <= 24 * 1024;
  }
  /// The `reach` for weights from beyond the second-level cache: 2 KB. 4 KB do no better, and 512 bytes worse than
  /// none.
  int64_t reachBeyondCaches() const { return 2048 * 8 / arithmetic.cell().getIntOrFloatBitWidth(); }
  /// Most steps in a turn of the loop.
  static constexpr int64_t mostUnrolled = 2;

  const TileArithmetic &arithmetic;
  int64_t lanes, columns;
  int64_t mostRows = tileRows; // of a call
  int64_t strideA = 1;         // elements from a_i[k] to a_i[k + 1], where rows are read in place
  int64_t parts = 1;           // of each sum, which steps of k go to in turn
  mlir::Value rows;            // array of pointers a_i
  mlir::Value weights;         // w, contiguous: its head, then [step][columns][lanes] cells
  mlir::Value steps;           // groups of k
  mlir::Value out;             // [row][columns][lanes] real numbers
  mlir::Value outStep;         // numbers from one row of `out` to the next; null: rows are contiguous
  mlir::Value ahead;           // `steps` lines that may be brought in; null: never any
  mlir::Value bringsAhead;     // with `ahead`: i1, whether they are; null: no
  LineList beside;             // with `ahead`: lines of which a turn brings in one
  int64_t reach = 0;           // how many cells before their turn the weights of a single row come in; 0: when used
  bool singleRow = false;      // and never more: a loop of its own, part of its caller; no `ahead`
  mlir::Value goesOn;          // i1: the sums start from `out`; null: as the arithmetic has them start

  /// Calls the loop for `rowCount` rows. All phases of a module whose tiles have the same shape share one function.
  void call(Code &b, const Machine &machine, mlir::Value rowCount) const;
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_TILECORE_H
