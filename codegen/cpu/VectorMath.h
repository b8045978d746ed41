//===- VectorMath.h - Elementary functions in vector arithmetic --------------===//
//
// exp, log, log1p, tanh and sigmoid as polynomials, for vectors of f32 or f64 of any length. The same instructions
// compute every lane, so a value never depends on its lane. No fast-math: contraction only where fma is written.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_VECTORMATH_H
#define SEQC_CODEGEN_CPU_VECTORMATH_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace seqc::cpu {

class VectorMath {
public:
  /// `hasFma`: the target multiplies and adds in one instruction; otherwise a multiplication and an addition are
  /// emitted, never a call.
  VectorMath(mlir::OpBuilder &builder, mlir::Location loc, bool hasFma) : b(builder), loc(loc), hasFma(hasFma) {}

  mlir::Value exp(mlir::Value x);
  mlir::Value log(mlir::Value x);
  mlir::Value log1p(mlir::Value x);
  mlir::Value tanh(mlir::Value x);
  mlir::Value sigmoid(mlir::Value x);

  /// x * y + z: the one place where contraction happens.
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z);

  /// A number in every lane of `like`.
  mlir::Value splat(mlir::Value like, double number);

private:
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y);
  mlir::Value abs(mlir::Value x);
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value x, double y);
  mlir::Value withSignOf(mlir::Value magnitude, mlir::Value sign);
  mlir::Value horner(mlir::Value x, llvm::ArrayRef<double> fromHighest);

  /// Lanes of `x` as integers of the same width, and back.
  mlir::Value bits(mlir::Value x);
  mlir::Value real(mlir::Value bits);
  mlir::Value bitsConstant(mlir::Value like, uint64_t number);
  /// 2^n for integer lanes n in the range of normal numbers.
  mlir::Value powerOfTwo(mlir::Value n);

  mlir::OpBuilder &b;
  mlir::Location loc;
  bool hasFma;
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_VECTORMATH_H
