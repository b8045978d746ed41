//===- AdjointBuilder.h - Collects contributions to adjoints --------*- C++ -*-===//
//
// What an op's `buildAdjoint` talks to: it asks for values of the primal system and adds contributions to the
// adjoints of its operands. `recur-derive-adjoint` visits the ops and sums what has been collected.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_DIALECT_ADJOINTBUILDER_H
#define SEQC_DIALECT_ADJOINTBUILDER_H

#include "dialect/Expr.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

#include <functional>

namespace recur {

class AdjointBuilder {
public:
  /// `wants` says of which values the adjoint is needed; contributions to others are dropped.
  AdjointBuilder(mlir::OpBuilder &builder, std::function<bool(mlir::Value)> wants)
      : builder(builder), wants(std::move(wants)), loc(builder.getUnknownLoc()) {}

  /// What one op adds to the adjoint of one of its operands.
  struct Contribution {
    mlir::Operation *from;
    mlir::Value value;
  };
  /// A shift of the primal system, and the opposite shift of the adjoint of its result.
  struct Shifted {
    mlir::Operation *primal;
    mlir::Value adjoint;
  };

  /// Says which op is visited: what is added next comes from it.
  void visit(mlir::Operation *op);

  Expr expr(mlir::Value value) { return {value, &builder, loc}; }
  /// Adds `contribution` to the adjoint of `operand`.
  void add(mlir::Value operand, Expr contribution);
  /// For a `delay` or `advance`: shifts `g` the other way and adds it to the adjoint of the sequence.
  void addShifted(mlir::Operation *shift, Expr g);

  llvm::ArrayRef<Contribution> getContributions(mlir::Value operand) const;
  /// The values that have contributions, in the order of the first one. Grows while ops are visited.
  llvm::ArrayRef<mlir::Value> getReached() const { return reached; }
  llvm::ArrayRef<Shifted> getShifted() const { return shifted; }

private:
  mlir::OpBuilder &builder;
  std::function<bool(mlir::Value)> wants;
  mlir::Location loc;
  mlir::Operation *visited = nullptr;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Contribution, 2>> contributions;
  llvm::SmallVector<mlir::Value> reached;
  llvm::SmallVector<Shifted> shifted;
};

} // namespace recur

#endif // SEQC_DIALECT_ADJOINTBUILDER_H
