//===- TotalFunctions.h - What totals of outer products share --------------------===//
//
// The functions that a total of a block of rows is made of: copies of its operands, the products of these, and sums of
// one of them. Totals of one shape share them.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_TOTALFUNCTIONS_H
#define SEQC_CODEGEN_CPU_TOTALFUNCTIONS_H

#include "codegen/cpu/Slices.h"
#include "codegen/cpu/TileCore.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace seqc::cpu {

/// Sizes of a blocking, in elements.
struct Blocking {
  static constexpr int64_t rows = 768; // most of a block: results are read and written once for each
  int64_t lanes, aWidth, bWidth;
  int64_t columns;   // of a wide tile; a narrow one has one less
  int64_t wide, all; // blocks along the last dim: the wide ones come first
  int64_t rowPieces; // tiles along the first dim
  llvm::ArrayRef<int64_t> space;

  Blocking(const Machine &machine, mlir::FloatType real, llvm::ArrayRef<int64_t> space);

  /// Half a second-level cache holds the copy of one block of A, the rest the panels of B. Of whole tiles, and of what
  /// is transposed together.
  static int64_t widestA(mlir::FloatType real) {
    constexpr int64_t whole = 48;
    static_assert(whole % tileRows == 0, "a block has no tile of fewer rows but the last one");
    return 512 * 1024 * 8 / (aStep * real.getWidth()) / whole * whole;
  }

  /// How long before it is copied a row of B is brought in.
  static constexpr int64_t rowsAhead = 8;
  /// From an element of A to the next in its copy: not a power of two, of which a cache holds few.
  static constexpr int64_t aStep = rows + 16;
  int64_t scratchA() const { return llvm::alignTo(aWidth * aStep, 64); }
  int64_t scratchB() const { return rows * (all * bWidth - (all - wide) * lanes); }

  /// Where the narrow tiles begin along the last dim.
  int64_t wideEnd() const { return std::min(wide * bWidth, space[1]); }

  /// Blocks of nearly as many rows: a short one costs its results as much as a long one.
  static void balancedRows(Code &b, mlir::Value count,
                           llvm::function_ref<void(mlir::Value firstRow, mlir::Value rowCount)> body);

  /// Threads divide the first dim into rows of a tile, or the last one into its blocks where that gives more pieces.
  bool dividesRows() const { return rowPieces >= 16 || rowPieces >= all; }

  /// What of the first dim and of the last one is in `slice`.
  std::pair<Slice, Slice> parts(Code &b, Slice slice) const;

private:
  /// The element of the last dim with which a block begins.
  mlir::Value blockStart(Code &b, mlir::Value block) const;
};

/// Totals that agree in this share their functions, of whatever size they are.
struct TotalShape {
  mlir::FloatType real;
  int64_t lanes, columns;
  bool hasWide, hasNarrow;
  int64_t stepA, stepB; // elements from one of an operand to the next

  TotalShape(mlir::FloatType real, const Blocking &sizes, int64_t stepA, int64_t stepB)
      : real(real), lanes(sizes.lanes), columns(sizes.columns), hasWide(sizes.wideEnd() > 0),
        hasNarrow(sizes.wideEnd() < sizes.space[1]), stepA(stepA), stepB(stepB) {}

  /// Names of the functions below.
  std::string turnName() const { return name("total.turn") + by(stepA); }
  std::string copyName() const { return name("total.copy") + tiles() + by(stepB); }
  std::string addName() const { return name("total") + tiles(); }
  std::string sumName() const { return name("total.sum"); }

private:
  std::string name(llvm::StringRef does) const { return (does + (real.isF32() ? ".f32" : ".f64")).str(); }
  std::string tiles() const {
    return "." + std::to_string(lanes) + "x" + (hasWide ? std::to_string(columns) : "") +
           (hasNarrow ? "-" + std::to_string(columns - 1) : "");
  }
  static std::string by(int64_t step) { return step == 1 ? "" : ".by" + std::to_string(step); }
};

/// Splits a range into blocks of `step`; the last may be shorter.
void forEachBlock(Code &b, Slice range, int64_t step,
                  llvm::function_ref<void(mlir::Value first, mlir::Value count)> body);

/// Each emits the body of a function of `shape`, with the arguments that it lists. Row r of an operand begins at
/// pointers[r].

/// (pointers, rowCount, copyOfA, ns): copies A, transposed, so that what a tile reads is contiguous: [element][row].
void emitTurn(Code &b, const Machine &machine, const TotalShape &shape, mlir::func::FuncOp function);
/// (pointers, rowCount, copyOfB, ms, wideEnd): copies B, padded with zeros to whole vectors: [row][width] of each
/// panel.
void emitCopy(Code &b, const Machine &machine, const TotalShape &shape, mlir::func::FuncOp function);
/// (rowCount, copyOfB, ms, wideEnd, copyOfA, ns, result, resultStep, begins): adds the products of the copies to the
/// result, or, if that begins with them, stores them.
void emitAdd(Code &b, const Machine &machine, const TotalShape &shape, mlir::func::FuncOp function);
/// (rowCount, copyOfA, count, sums): adds to each of `count` sums that of an element over all rows, in the same order
/// whichever elements are together: threads may divide them anyhow.
void emitSum(Code &b, const Machine &machine, const TotalShape &shape, mlir::func::FuncOp function);

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_TOTALFUNCTIONS_H
