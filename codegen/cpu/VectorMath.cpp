//===- VectorMath.cpp - Elementary functions in vector arithmetic ------------===//
//
// exp: Cody & Waite's reduction x = n·ln2 + r and a polynomial in r. log: the reduction and the polynomial of
// fdlibm (Sun, 1993). tanh near zero: Cephes (Moshier). All work without a fused multiply-add as well.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/VectorMath.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include <limits>

using namespace mlir;

namespace seqc::cpu {

namespace {

/// What the algorithms need to know of a floating-point format.
struct Format {
  unsigned mantissaBits;
  int64_t bias;
  double toIntegerMagic;      // adding it rounds to an integer, which then stands in the low bits
  double expLow, expHigh;     // exp is 0 below, infinity above
  double ln2High, ln2Low;     // ln2High · n is exact for every exponent n
  llvm::ArrayRef<double> exp; // (e^r - 1 - r) / r²
  llvm::ArrayRef<double> log; // fdlibm's R(s²) / s²
  double smallestNormal;
  uint64_t sqrtHalfBits; // bits of sqrt(1/2), mantissa truncated to the reduction's precision
};

const double expSingle[] = {1.37805939e-3, 8.37312452e-3, 4.16695364e-2, 1.66664720e-1, 4.99999851e-1};
const double expDouble[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
                            1.0 / 362880.0,     1.0 / 40320.0,     1.0 / 5040.0,     1.0 / 720.0,
                            1.0 / 120.0,        1.0 / 24.0,        1.0 / 6.0,        0.5};
const double logSingle[] = {0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693};
const double logDouble[] = {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                            2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                            6.666666666666735130e-01};
const Format single{23,
                    127,
                    12582912.0,
                    -105.0,
                    89.0,
                    0.693145751953125,
                    1.42860682030941723212e-6,
                    expSingle,
                    logSingle,
                    1.17549435082228751e-38,
                    0x3f3504f3};
const Format doubled{52,
                     1023,
                     6755399441055744.0,
                     -746.0,
                     710.0,
                     6.93147180369123816490e-01,
                     1.90821492927058770002e-10,
                     expDouble,
                     logDouble,
                     2.2250738585072014e-308,
                     0x3fe6a09e667f3bcd};

const Format &formatOf(Value x) { return getElementTypeOrSelf(x.getType()).isF32() ? single : doubled; }

Type bitsType(Type real) {
  auto vector = cast<VectorType>(real);
  return vector.clone(IntegerType::get(real.getContext(), vector.getElementTypeBitWidth()));
}

} // namespace

//===-- Arithmetic --------------------------------------------------------------===//

Value VectorMath::splat(Value like, double number) {
  auto type = cast<VectorType>(like.getType());
  auto element = FloatAttr::get(type.getElementType(), number);
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, element));
}

Value VectorMath::add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
Value VectorMath::sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
Value VectorMath::mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
Value VectorMath::div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
Value VectorMath::abs(Value x) { return math::AbsFOp::create(b, loc, x); }
Value VectorMath::select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }

Value VectorMath::compare(arith::CmpFPredicate predicate, Value x, double y) {
  return arith::CmpFOp::create(b, loc, predicate, x, splat(x, y));
}

Value VectorMath::withSignOf(Value magnitude, Value sign) { return math::CopySignOp::create(b, loc, magnitude, sign); }

Value VectorMath::fma(Value x, Value y, Value z) {
  if (hasFma)
    return math::FmaOp::create(b, loc, x, y, z);
  return add(mul(x, y), z);
}

Value VectorMath::horner(Value x, llvm::ArrayRef<double> fromHighest) {
  Value sum = splat(x, fromHighest.front());
  for (double coefficient : fromHighest.drop_front())
    sum = fma(sum, x, splat(x, coefficient));
  return sum;
}

//===-- Bits --------------------------------------------------------------------===//

Value VectorMath::bits(Value x) { return arith::BitcastOp::create(b, loc, bitsType(x.getType()), x); }

Value VectorMath::real(Value bits) {
  auto type = cast<VectorType>(bits.getType());
  Type element = type.getElementTypeBitWidth() == 32 ? Type(b.getF32Type()) : Type(b.getF64Type());
  return arith::BitcastOp::create(b, loc, type.clone(element), bits);
}

Value VectorMath::bitsConstant(Value like, uint64_t number) {
  auto type = cast<VectorType>(like.getType());
  APInt value(type.getElementTypeBitWidth(), number, /*isSigned=*/false, /*implicitTrunc=*/true);
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, value));
}

Value VectorMath::powerOfTwo(Value n) {
  const Format &format = cast<VectorType>(n.getType()).getElementTypeBitWidth() == 32 ? single : doubled;
  Value biased = arith::AddIOp::create(b, loc, n, bitsConstant(n, format.bias));
  return real(arith::ShLIOp::create(b, loc, biased, bitsConstant(n, format.mantissaBits)));
}

//===-- Functions -----------------------------------------------------------------===//

Value VectorMath::exp(Value x) {
  const Format &format = formatOf(x);
  // Compare-and-select keeps a NaN.
  Value clamped = select(compare(arith::CmpFPredicate::OLT, x, format.expLow), splat(x, format.expLow), x);
  clamped = select(compare(arith::CmpFPredicate::OGT, clamped, format.expHigh), splat(x, format.expHigh), clamped);
  Value magic = splat(x, format.toIntegerMagic);
  Value shifted = fma(clamped, splat(x, 1.4426950408889634), magic);
  Value n = sub(shifted, magic);
  Value r = fma(n, splat(x, -format.ln2High), clamped);
  r = fma(n, splat(x, -format.ln2Low), r);
  Value tail = mul(mul(r, r), horner(r, format.exp));
  Value power = add(add(tail, r), splat(x, 1.0));

  // 2^n in two factors, so that denormal results and those next to infinity round once.
  Value count = arith::SubIOp::create(b, loc, bits(shifted), bits(magic));
  Value half = arith::ShRSIOp::create(b, loc, count, bitsConstant(count, 1));
  Value rest = arith::SubIOp::create(b, loc, count, half);
  return mul(mul(power, powerOfTwo(half)), powerOfTwo(rest));
}

Value VectorMath::log(Value x) {
  const Format &format = formatOf(x);
  double scale = double(uint64_t(1) << (format.mantissaBits + 2));
  Value denormal = compare(arith::CmpFPredicate::OLT, x, format.smallestNormal);
  Value scaled = bits(select(denormal, mul(x, splat(x, scale)), x));
  auto integer = [&](uint64_t number) { return bitsConstant(scaled, number); };

  // x = 2^k · (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
  uint64_t one = uint64_t(format.bias) << format.mantissaBits;
  uint64_t mantissa = (uint64_t(1) << format.mantissaBits) - 1;
  Value moved = arith::AddIOp::create(b, loc, scaled, integer(one - format.sqrtHalfBits));
  Value exponent = arith::ShRUIOp::create(b, loc, moved, integer(format.mantissaBits));
  exponent = arith::SubIOp::create(b, loc, exponent, integer(format.bias));
  Value k = arith::SIToFPOp::create(b, loc, x.getType(), exponent);
  k = select(denormal, sub(k, splat(x, format.mantissaBits + 2)), k);
  Value kept = arith::AndIOp::create(b, loc, moved, integer(mantissa));
  Value f = sub(real(arith::AddIOp::create(b, loc, kept, integer(format.sqrtHalfBits))), splat(x, 1.0));

  Value s = div(f, add(f, splat(x, 2.0)));
  Value square = mul(s, s);
  Value series = mul(square, horner(square, format.log));
  Value halfSquare = mul(mul(f, f), splat(x, 0.5));
  Value low = fma(s, add(halfSquare, series), mul(k, splat(x, format.ln2Low)));
  Value result = fma(k, splat(x, format.ln2High), sub(f, sub(halfSquare, low)));

  double infinity = std::numeric_limits<double>::infinity();
  result = select(compare(arith::CmpFPredicate::OEQ, x, infinity), x, result);
  result = select(compare(arith::CmpFPredicate::OEQ, x, 0.0), splat(x, -infinity), result);
  Value valid = compare(arith::CmpFPredicate::OGE, x, 0.0);
  return select(valid, result, splat(x, std::numeric_limits<double>::quiet_NaN()));
}

// log(1 + x) = log(u) · (x / (u - 1)) with u = 1 + x rounded (Kahan, in HP-15C Advanced Functions Handbook, 1982).
Value VectorMath::log1p(Value x) {
  Value u = add(x, splat(x, 1.0));
  Value logarithm = log(u);
  Value result = mul(logarithm, div(x, sub(u, splat(x, 1.0))));
  result = select(compare(arith::CmpFPredicate::OEQ, u, 1.0), x, result);
  Value plain = compare(arith::CmpFPredicate::OEQ, u, std::numeric_limits<double>::infinity());
  plain = arith::OrIOp::create(b, loc, plain, compare(arith::CmpFPredicate::OLE, u, 0.0));
  return select(plain, logarithm, result);
}

Value VectorMath::tanh(Value x) {
  Value magnitude = abs(x);
  // Beyond 0.625: 1 - 2 / (e^2x + 1).
  Value grown = add(exp(add(magnitude, magnitude)), splat(x, 1.0));
  Value far = sub(splat(x, 1.0), div(splat(x, 2.0), grown));
  Value square = mul(x, x), series;
  if (&formatOf(x) == &single) {
    series =
        horner(square, {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1});
  } else {
    Value top = horner(square, {-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3});
    Value bottom = horner(square, {1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3});
    series = div(top, bottom);
  }
  Value near = fma(mul(square, series), magnitude, magnitude);
  return withSignOf(select(compare(arith::CmpFPredicate::OLT, magnitude, 0.625), near, far), x);
}

// e^-|x| cannot overflow, so the result is right down to the denormal numbers.
Value VectorMath::sigmoid(Value x) {
  Value one = splat(x, 1.0);
  Value e = exp(withSignOf(abs(x), splat(x, -1.0)));
  Value top = select(compare(arith::CmpFPredicate::OLT, x, 0.0), e, one);
  return div(top, add(one, e));
}

} // namespace seqc::cpu
