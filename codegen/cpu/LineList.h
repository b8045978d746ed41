//===- LineList.h - Cache lines that tiles bring in while they multiply -----------===//
//
// What rows read and write beside their products lies a row apart, out of sight of the processor's own prefetching, and
// the products take long enough for it to come. But a processor waits for a dozen lines at a time, and with the rest of
// a crowd waits the work: so a tile brings them in one by one, on its way.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_LINELIST_H
#define SEQC_CODEGEN_CPU_LINELIST_H

#include "codegen/cpu/Code.h"

namespace seqc::cpu {

/// Addresses of cache lines, in an array on the stack.
struct LineList {
  mlir::Value lines; // behind the last one is another address, of what may come as well
  mlir::Value count;
  mlir::Value offset; // bytes from these addresses to the lines

  static constexpr int64_t lineBytes = 64;

  /// A byte in each line of `size` bytes that begin with a line, or, if not `aligned`, anywhere.
  static llvm::SmallVector<int64_t> bytesOf(int64_t size, bool aligned);

  static LineList reserve(Code &b, int64_t most) { return {b.scratch(b.pointerType(), most + 1), {}, b.integer(0)}; }
  void set(Code &b, mlir::Value index, mlir::Value address) const;
  /// Says that the first `number` are set.
  void end(Code &b, mlir::Value number);
  /// Brings in those from `first` on at once.
  void bringIn(Code &b, mlir::Value first) const;
  /// Brings in the one of the turn that begins with `step`, or, where all have come, what the next entry says.
  void bringInNext(Code &b, mlir::Value step, int64_t stepsOfTurn) const;

private:
  void bringInLine(Code &b, mlir::Value entry) const;
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_LINELIST_H
