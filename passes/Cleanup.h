//===- Cleanup.h - Equal and dead operations --------------------------*- C++ -*-===//
#ifndef SEQC_PASSES_CLEANUP_H
#define SEQC_PASSES_CLEANUP_H

#include "dialect/Recur.h"

namespace recur {

/// Gives the name of the source that `from` carries to the op behind `to`, if that has none of its own.
void passNameOn(mlir::Location from, mlir::Value to);

/// `loc` without the name of a value: for a part of what the value is made of.
mlir::Location unnamed(mlir::Location loc);

/// Merges ops that compute the same from the same operands. The block is a graph: unlike MLIR's `cse`, this does not
/// need definitions before uses. Returns the number of ops merged.
unsigned mergeEqualOps(mlir::Block &block);

/// Erases what no result of the system depends on. Parameters, inputs and states stay: the caller knows them.
/// `dropEquations` lets a `recur.equation` go whose value nothing else needs. Returns the number of ops erased.
unsigned eraseDeadOps(mlir::Block &block, bool dropEquations);

/// Erases phases that write nothing any more, with what they alone read, and groups that have no phase left.
void eraseIdlePhases(SystemOp system);

} // namespace recur

#endif // SEQC_PASSES_CLEANUP_H
