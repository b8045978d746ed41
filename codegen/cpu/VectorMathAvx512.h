//===- VectorMathAvx512.h - What AVX-512 makes shorter ------------------------===//
//
// tanh and sigmoid of f32 from tables, without a division: within 1.1 and 2.0 ULP, one and two numbers of the correctly
// rounded ones.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_VECTORMATHAVX512_H
#define SEQC_CODEGEN_CPU_VECTORMATHAVX512_H

#include "codegen/cpu/VectorMath.h"

namespace seqc::cpu {

/// For f32. Vectors have at most 16 lanes; a lane has the same bits in any of them.
class VectorMathAvx512 : public VectorMath {
public:
  VectorMathAvx512(mlir::OpBuilder &builder, mlir::Location loc) : VectorMath(builder, loc, /*hasFma=*/true) {}

  mlir::Value sigmoid(mlir::Value x) override;
  mlir::Value tanh(mlir::Value x) override;

protected:
  /// Applies what works on whole registers, of 8 or 16 lanes.
  mlir::Value inRegister(mlir::Value x, llvm::function_ref<mlir::Value(mlir::Value)> function);

  /// In each lane the one of 16 numbers that the low four bits of `index` name.
  mlir::Value lookUp(llvm::ArrayRef<float> table, mlir::Value index);
  /// x · scale rounded to a multiple n of 1/16; n · 16 is in the low bits of `shifted`.
  mlir::Value nearestSixteenth(mlir::Value x, double scale, mlir::Value &shifted);
  /// 2^(i/16) where `shifted` ends in i.
  mlir::Value rootOfTwo(mlir::Value shifted);
  /// x · 2^floor(n)
  mlir::Value scaled(mlir::Value x, mlir::Value n) { return unmasked("mask.scalef.ps", x, n, /*rounds=*/true); }
  /// To 14 bits.
  mlir::Value reciprocalGuess(mlir::Value x) { return unmasked("rcp14.ps", x, {}, /*rounds=*/false); }
  /// For x · scale + 1/2 in [1/2, 8) which quarter of its octave that is in; the first is number 0 of `lookUpSegment`.
  mlir::Value segmentOf(mlir::Value x, double scale);
  mlir::Value lookUpSegment(llvm::function_ref<float(int)> entry, mlir::Value segment);

  /// llvm.x86.avx512.NAME of whole registers in all lanes. `rounds`: the wide one takes how to round.
  mlir::Value unmasked(llvm::StringRef name, mlir::Value x, mlir::Value operand, bool rounds);

private:
  mlir::Value resized(mlir::Value x, int64_t lanes);
  /// llvm.x86.avx512.NAME.512 or .256
  mlir::Value instruction(llvm::StringRef name, mlir::Value like, mlir::ValueRange operands);
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_VECTORMATHAVX512_H
