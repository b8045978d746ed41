//===- VectorMath.h - Elementary functions in vector arithmetic --------------===//
//
// exp, log, log1p, tanh and sigmoid as polynomials, for vectors of f32 or f64 of any length. The same instructions
// compute every lane, so a value never depends on its lane. No fast-math: contraction only where fma is written.
//
// Largest distance from the exact result seen, in units of the last place (ULP); denormal results, infinities, NaN and
// the sign of zero included. In f32 exp, tanh and sigmoid were compared at every bit pattern (ActivationTest.cpp), and
// are at most two numbers away from the correctly rounded one; the rest are samples (VectorMathTest.cpp).
//
//   |     | exp | tanh | sigmoid | log | log1p |
//   | f32 | 1.1 | 2.1  | 2.0     | 1.0 | 2.5   | (AVX-512: tanh 1.1, sigmoid 2.0, VectorMathAvx512.h)
//   | f64 | 1.5 | 2.0  | 2.5     | 1.0 | 2.5   |
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
  virtual ~VectorMath() = default;

  virtual mlir::Value exp(mlir::Value x);
  mlir::Value log(mlir::Value x);
  mlir::Value log1p(mlir::Value x);
  virtual mlir::Value tanh(mlir::Value x);
  virtual mlir::Value sigmoid(mlir::Value x);

  /// x * y + z: the one place where contraction happens.
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z);

  /// A number in every lane of `like`.
  mlir::Value splat(mlir::Value like, double number);

protected:
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y);
  mlir::Value abs(mlir::Value x);
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value x, double y);
  mlir::Value atLeast(double low, mlir::Value x); // a NaN stays
  mlir::Value atMost(double high, mlir::Value x); // a NaN stays
  mlir::Value withSignOf(mlir::Value magnitude, mlir::Value sign);
  mlir::Value horner(mlir::Value x, llvm::ArrayRef<double> fromHighest);
  mlir::Value inPairs(mlir::Value x, mlir::Value square, llvm::ArrayRef<double> fromLowest, double scale = 1);

  /// Lanes of `x` as integers of the same width, and back.
  mlir::Value bits(mlir::Value x);
  mlir::Value real(mlir::Value bits);
  mlir::Value bitsConstant(mlir::Value like, uint64_t number);

  mlir::OpBuilder &b;
  mlir::Location loc;
  bool hasFma;
  /// f32 with fma: exp and sigmoid by a shorter series, with ln2 in one number.
  bool brief = false;

private:
  mlir::Value tanhOfDouble(mlir::Value x);
  /// `n` is `factor`·x rounded; returned are integers whose low bits are n + `offset`.
  mlir::Value nearest(mlir::Value x, double factor, double offset, mlir::Value &n);
  /// x + sign·n·ln2
  mlir::Value plusMultiple(mlir::Value x, mlir::Value n, double sign);
  /// (e^r - 1 - r) / r², from the lowest power.
  llvm::ArrayRef<double> seriesOfExp(mlir::Value r) const;
  /// 2^(k·n - bias) for integer lanes n, of which only the low bits count.
  mlir::Value powerOfTwo(mlir::Value n, unsigned k = 1);
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_VECTORMATH_H
