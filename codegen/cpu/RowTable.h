//===- RowTable.h - Where rows have what a phase needs beside its products -------===//
//
// A row's address in a slot takes some arithmetic (steps may be a boundary's, rows may have ended), and would be needed
// by every panel of weights twice: by the tile that brings its lines in, and by what follows the products. A table has
// them once for all panels.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_ROWTABLE_H
#define SEQC_CODEGEN_CPU_ROWTABLE_H

#include "codegen/cpu/Elements.h"
#include "codegen/cpu/LineList.h"

namespace seqc::cpu {

class RowTable {
public:
  /// Of `capacity` rows, for all that the phase reads and writes along the lanes, but for the vectors of its products.
  RowTable(const Frame &frame, recur::PhaseOp phase, int64_t panelWidth, int64_t capacity,
           llvm::function_ref<bool(recur::ReadOp)> isVector);

  /// Enters `count` rows from `first` on, at `place` of the table.
  void enter(llvm::ArrayRef<mlir::Value> leading, mlir::Value first, mlir::Value count, mlir::Value place);
  /// The lines that `count` rows from `place` on need of a panel. A single row follows the one before it, and needs
  /// none.
  LineList lines(mlir::Value panel, mlir::Value place, mlir::Value count) const;
  /// The addresses of the row at `place`, which is entered for these leading indices.
  KnownAddresses addresses(llvm::ArrayRef<mlir::Value> leading, mlir::Value place) const;

private:
  struct Access {
    mlir::Operation *op;
    int64_t offset;
    llvm::ArrayRef<int64_t> strides;
    llvm::SmallVector<int64_t> bytes; // one in each line of a panel, from its first element on
  };
  void add(mlir::Operation *op, mlir::Value slot, int64_t offset, llvm::ArrayRef<int64_t> strides);
  /// Elements from the begin of a row to what the first panel has of it.
  mlir::Value firstElement(const Access &access, llvm::ArrayRef<mlir::Value> leading) const;

  const Frame &frame;
  recur::PhaseOp phase;
  int64_t panelWidth, linesOfRow = 0;
  llvm::SmallVector<Access> accesses;
  LineList list;
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_ROWTABLE_H
