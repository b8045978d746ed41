//===- FastMath.h - Faster activations of f32 ---------------------------------===//
//
// exp, tanh and sigmoid in fewer instructions, one after the other, than VectorMath's: `seqc --fast-activations`.
// Signs, infinities, NaN and the ends (0, 1, -1) are exact, tanh is odd and never beyond 1, sigmoid(0) is 1/2.
//
// Largest errors over all of f32 (ActivationTest.cpp): relative where the exact result is a normal number, absolute
// where it is at most 1. Those relative errors of AVX-512 are at results near 1e-38; while |x| < 8 they are 1.1e-6.
//
//   |                   | exp    | tanh   | sigmoid |
//   | AVX-512, relative | 4.4e-6 | 8.5e-7 | 4.4e-6  |
//   | AVX-512, absolute | 5.0e-7 | 8.5e-7 | 2.1e-7  |
//   | others, relative  | 4.2e-7 | 7.5e-7 | 4.4e-7  |
//   | others, absolute  | 1.3e-7 | 7.5e-7 | 1.2e-7  |
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_FASTMATH_H
#define SEQC_CODEGEN_CPU_FASTMATH_H

#include "codegen/cpu/Code.h"
#include "codegen/cpu/VectorMathAvx512.h"
#include <memory>

namespace seqc::cpu {

/// For any processor.
class FastMath : public VectorMath {
public:
  FastMath(mlir::OpBuilder &builder, mlir::Location loc, bool hasFma) : VectorMath(builder, loc, hasFma) {
    brief = hasFma;
  }

  mlir::Value tanh(mlir::Value x) override;
};

/// With the tables and the reciprocal of AVX-512.
class FastMathAvx512 : public VectorMathAvx512 {
public:
  using VectorMathAvx512::VectorMathAvx512;

  mlir::Value exp(mlir::Value x) override;
  mlir::Value tanh(mlir::Value x) override;
  mlir::Value sigmoid(mlir::Value x) override;

private:
  /// root · series · 2^floor(n)
  struct Power {
    mlir::Value root, series, n;
  };
  Power powerOfTwo(mlir::Value y);
};

/// What is quickest on the machine, exact or fast as it says.
std::unique_ptr<VectorMath> makeMath(mlir::OpBuilder &b, mlir::Location loc, const Machine &machine,
                                     mlir::FloatType real);

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_FASTMATH_H
