//===- LineList.h - Cache lines that tiles bring in while they multiply -----------===//
//
// What rows read and write beside their products lies a row apart, out of sight of the processor's own prefetching, and
// the products take long enough for it to come. But a processor waits for a dozen lines at a time, and with the rest of
// a crowd waits the work: so a tile brings them in one by one, on its way.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_LINELIST_H
#define SEQC_CODEGEN_CPU_LINELIST_H

#include "codegen/cpu/Frame.h"

namespace seqc::cpu {

/// Addresses of cache lines, in an array on the stack.
struct LineList {
  mlir::Value lines; // behind the last one is the array itself, which is at hand
  mlir::Value count;

  /// A byte in each line of `size` bytes that begin with a line, or, if not `aligned`, anywhere.
  static llvm::SmallVector<int64_t> bytesOf(int64_t size, bool aligned);

  static LineList reserve(Code &b, int64_t most) { return {b.scratch(b.pointerType(), most + 1), {}}; }
  void set(Code &b, mlir::Value index, mlir::Value address) const;
  /// Says that the first `number` are set.
  void end(Code &b, mlir::Value number);
  /// Brings in those from `first` on at once.
  void bringIn(Code &b, mlir::Value first) const;
  /// Brings in the one of the turn that begins with `step`, or the array where all have come.
  void bringInNext(Code &b, mlir::Value step, int64_t stepsOfTurn) const;
};

/// The lines that rows of a phase need of a panel, beside the vectors of its products.
class RowLines {
public:
  RowLines(const Frame &frame, recur::PhaseOp phase, int64_t panelWidth, int64_t mostRows,
           llvm::function_ref<bool(recur::ReadOp)> isVector);

  /// Lists those of `count` rows from `first` on. A single row follows the one before it, and needs none.
  void list(llvm::ArrayRef<mlir::Value> leading, mlir::Value panel, mlir::Value first, mlir::Value count);
  const LineList &listed() const { return lines; }

private:
  struct Access {
    mlir::Operation *op;
    int64_t offset;
    llvm::ArrayRef<int64_t> strides;
    llvm::SmallVector<int64_t> bytes; // one in each line, from the first element on
  };
  void add(mlir::Operation *op, mlir::Value slot, int64_t offset, llvm::ArrayRef<int64_t> strides);
  int64_t linesOfRow() const;

  const Frame &frame;
  recur::PhaseOp phase;
  int64_t panelWidth;
  llvm::SmallVector<Access> accesses;
  LineList lines;
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_LINELIST_H
