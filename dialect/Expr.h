//===- Expr.h - Formulas that build ops -----------------------------*- C++ -*-===//
//
// The adjoints in the ODS entries are written as formulas: `g * y * (1.0 - y)`. Each operator builds an op of the
// dialect where the builder stands. A number takes the shape of the expression it meets.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_DIALECT_EXPR_H
#define SEQC_DIALECT_EXPR_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace recur {

struct Expr {
  mlir::Value value;
  mlir::OpBuilder *builder;
  mlir::Location loc;

  mlir::RankedTensorType getType() const { return llvm::cast<mlir::RankedTensorType>(value.getType()); }
  /// A number with the type of this expression.
  Expr number(double number) const;
};

Expr operator-(Expr x);
Expr operator+(Expr x, Expr y);
Expr operator-(Expr x, Expr y);
Expr operator*(Expr x, Expr y);
Expr operator/(Expr x, Expr y);
Expr operator+(Expr x, double y);
Expr operator-(Expr x, double y);
Expr operator*(Expr x, double y);
Expr operator/(Expr x, double y);
Expr operator+(double x, Expr y);
Expr operator-(double x, Expr y);
Expr operator*(double x, Expr y);
Expr operator/(double x, Expr y);

/// Comparisons are booleans, element by element.
Expr operator==(Expr x, Expr y);
Expr operator<(Expr x, Expr y);
Expr operator>(Expr x, Expr y);
Expr where(Expr condition, Expr x, Expr y);
Expr where(Expr condition, Expr x, double y);
Expr where(Expr condition, double x, Expr y);

/// `batch` in a training call, else `running`.
Expr estimate(Expr running, Expr batch);

Expr exp(Expr x);
Expr log(Expr x);
Expr sin(Expr x);
Expr cos(Expr x);
Expr sign(Expr x);
Expr pow(Expr x, Expr y);

/// Contracts the last dim of `a`; `b` is a vector if it has one dim less.
Expr matmul(Expr a, Expr b);
/// a[…, i] b[…, j].
Expr outer(Expr a, Expr b);
/// Swaps the last two dims.
Expr transpose(Expr x);
Expr reshape(Expr x, mlir::RankedTensorType type);
Expr slice(Expr x, mlir::RankedTensorType type, int64_t dim, int64_t offset);
Expr pad(Expr x, mlir::RankedTensorType type, int64_t dim, int64_t offset);
/// Repeats along leading dims and dims of size 1.
Expr broadcast(Expr x, mlir::RankedTensorType type);
/// The adjoint of `broadcast`: sums what it repeats.
Expr sumTo(Expr x, mlir::RankedTensorType type);
/// The adjoint of a sum over `dim`, which may have been kept with size 1: repeats along it.
Expr unreduce(Expr x, mlir::RankedTensorType type, int64_t dim);
Expr gather(Expr table, Expr id);
Expr scatter(Expr x, Expr id, mlir::RankedTensorType type);

} // namespace recur

#endif // SEQC_DIALECT_EXPR_H
