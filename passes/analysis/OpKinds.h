//===- OpKinds.h - What a schedule asks about an op -------------------*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_OPKINDS_H
#define SEQC_PASSES_ANALYSIS_OPKINDS_H

#include "dialect/Recur.h"

namespace recur {

/// Has no operands and needs no work: stays in the system, beside the groups.
bool isLeaf(mlir::Operation *op);

/// Gives a value to the caller, the tape or the reader: stays at the end of the system.
bool isSink(mlir::Operation *op);

/// Only says where elements are: becomes part of the reads of its users.
bool isMovement(mlir::Operation *op);

/// Places whole values into a larger one: becomes writes into one slot.
bool isPlacement(mlir::Operation *op);

bool isPointwise(mlir::Operation *op);

/// Costs hardly more than a read from memory.
bool isCheap(mlir::Operation *op);

/// Reads each operand many times, so that they must be complete: products and reductions.
bool isProduct(mlir::Operation *op);

/// The name of the source for a value, or one made of its op.
std::string nameOf(mlir::Value value);

/// The name that a location carries, or "".
llvm::StringRef nameOf(mlir::Location loc);

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_OPKINDS_H
