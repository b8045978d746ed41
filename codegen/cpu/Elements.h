//===- Elements.h - Values of a phase, one vector at a time --------------------===//
//
// A phase is a small dataflow graph. For one row and `width` neighbouring elements along the last dim of its space,
// `Elements` emits the values that its writes need. Products and reductions become loops over what they contract,
// in a fixed order, so that a value depends neither on its row nor on its place in a tile.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_ELEMENTS_H
#define SEQC_CODEGEN_CPU_ELEMENTS_H

#include "codegen/cpu/Frame.h"

namespace seqc::cpu {

/// Of rows in slots, by what reads or writes them.
using KnownAddresses = llvm::DenseMap<mlir::Operation *, mlir::Value>;

/// Addresses of one row in all slots that a phase reads or writes.
class RowAddresses {
public:
  /// `known`: those that need not be found out.
  RowAddresses(const Frame &frame, recur::PhaseOp phase, const Row &row, KnownAddresses known = KnownAddresses());
  RowAddresses(const Frame &frame, recur::PhaseOp phase, mlir::Value rowNumber)
      : RowAddresses(frame, phase, frame.row(rowNumber)) {}

  const Row &row() const { return position; }
  mlir::Value of(mlir::Operation *access) const { return addresses.lookup(access); }
  mlir::Value stored(recur::WriteOp write) const { return exists.lookup(write); }

private:
  Row position;
  KnownAddresses addresses, exists;
};

/// The real type that a phase computes in.
mlir::FloatType realType(recur::PhaseOp phase);
bool computesInF64(recur::SystemOp system);

/// True if a product or reduction of this op is better split into lanes along the contracted dim: only there are its
/// operands contiguous. A phase with such an op is computed element by element.
bool contractsAlongLanes(mlir::Operation *op);
bool contractsAlongLanes(recur::PhaseOp phase);

using Combine = llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)>;
/// Combines the lanes of a vector: its halves, then the halves of what that gives, and so on.
mlir::Value acrossLanes(Code &b, mlir::Value vector, Combine combine);

class Elements {
public:
  Elements(const Frame &frame, const Machine &machine, const RowAddresses &row, mlir::FloatType real,
           llvm::ArrayRef<mlir::Value> index, int64_t width)
      : b(frame.code()), frame(frame), machine(machine), row(row), index(index), width(width), real(real) {}

  /// Uses `vector` for a value that has been computed elsewhere, such as a product of a tile.
  void provide(mlir::Value value, mlir::Value vector) { known[value] = vector; }

  /// Emits all writes and accumulations of the phase. Nothing is stored before everything is computed.
  void store(recur::PhaseOp phase);

private:
  mlir::Value vector(mlir::Value value);
  mlir::Value compute(mlir::Operation *op);
  mlir::Value computeReal(mlir::Operation *op);
  mlir::Value compare(recur::CompareOp op);
  mlir::Value toReal(recur::ToRealOp op);
  mlir::Value constant(recur::ConstantOp op);
  mlir::Value randomMask(recur::RandomMaskOp op);
  /// Whether the call is one of training.
  mlir::Value inTraining();
  mlir::Value sign(mlir::Value x);

  mlir::Value matmul(recur::MatmulOp op);
  mlir::Value outer(recur::OuterOp op);
  mlir::Value reduce(recur::ReduceOp op);
  using Step = llvm::function_ref<mlir::Value(mlir::Value sum, mlir::Value k, int64_t lanes)>;
  /// Applies `step` to k = 0 … depth - 1: one after the other, or `lanes` at a time along k and then across them.
  mlir::Value contract(bool alongLanes, int64_t depth, double neutral, Step step, Combine combine);
  mlir::Value larger(mlir::Value x, mlir::Value y);

  /// `lanes` elements of what a reduction takes, from `at` on along dim `along`.
  mlir::Value operand(mlir::Value value, llvm::ArrayRef<mlir::Value> at, int64_t along, int64_t lanes);
  /// `lanes` elements of a read from `at` on, along dim `along`; a scalar in all lanes if `along` is negative.
  mlir::Value load(mlir::Value read, llvm::ArrayRef<mlir::Value> at, int64_t along, int64_t lanes);
  mlir::Value loadLanes(mlir::Type element, mlir::Value address, int64_t stride, int64_t lanes);
  void storeLanes(mlir::Value vector, mlir::Value address, int64_t stride);
  void write(recur::WriteOp op, mlir::Value vector);
  void accumulate(recur::AccumulateOp op, mlir::Value vector);

  Code &b;
  const Frame &frame;
  const Machine &machine;
  const RowAddresses &row;
  llvm::ArrayRef<mlir::Value> index;
  int64_t width;
  mlir::FloatType real;
  llvm::DenseMap<mlir::Value, mlir::Value> known;
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_ELEMENTS_H
