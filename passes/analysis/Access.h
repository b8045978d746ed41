//===- Access.h - Where the elements of a view are ---------------------*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_ACCESS_H
#define SEQC_PASSES_ANALYSIS_ACCESS_H

#include "dialect/Recur.h"

namespace recur {

using Strides = llvm::SmallVector<int64_t, 4>;

Strides rowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// A view of a stored sequence: what a `recur.read` of it says.
struct Access {
  mlir::Value base; // the sequence that is stored
  mlir::Value slot; // where, if not in the place of the base
  int64_t shift = 0;
  llvm::SmallVector<mlir::Value, 2> boundary; // slots
  mlir::Value id;                             // the sequence that holds the looked-up index
  int64_t idStride = 0;
  int64_t offset = 0;
  Strides strides;
  llvm::SmallVector<int64_t, 4> shape;

  /// All of a sequence as it is.
  static Access whole(mlir::Value base);

  bool isWhole() const;
  /// Row and elements are those of the base: only offset and strides may differ.
  bool isOfThisStep() const { return shift == 0 && boundary.empty() && !id; }

  void slice(int64_t dim, int64_t begin, int64_t size);
  void transpose();
  void broadcast(llvm::ArrayRef<int64_t> to);
  /// False if no strides give the elements in row-major order under the new shape.
  bool reshape(llvm::ArrayRef<int64_t> to);
};

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_ACCESS_H
