//===- VectorMath.cpp - Elementary functions in vector arithmetic ------------===//
//
// exp, sigmoid, tanh: Cody & Waite's reduction x = n·ln2 + r and a minimax polynomial in r (Remez); one division, no
// case by case (but for tanh in f64). log: the reduction and the polynomial of fdlibm (Sun, 1993). All work without a
// fused multiply-add.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/VectorMath.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace seqc::cpu {

namespace {

/// What the algorithms need to know of a floating-point format.
struct Format {
  unsigned mantissaBits;
  int64_t bias;
  double toIntegerMagic;       // adding it rounds to an integer, which then stands in the low bits
  double expLow, expHigh;      // exp is 0 below, infinity above
  double saturated;            // the sigmoid is 1 above; tanh is above half of it
  double ln2High, ln2Low;      // ln2High · n is exact for every exponent n
  llvm::ArrayRef<double> exp;  // (e^r - 1 - r) / r² for |r| <= ln2 / 2, from the lowest power
  llvm::ArrayRef<double> tanh; // (tanh(r) / r - 1) / r² in r², likewise; f32 only
  llvm::ArrayRef<double> log;  // fdlibm's R(s²) / s²
  double smallestNormal;
  uint64_t sqrtHalfBits; // bits of sqrt(1/2), mantissa truncated to the reduction's precision
};

const double expSingle[] = {4.999999404e-1, 1.666652113e-1, 4.166838899e-2, 8.368744515e-3, 1.381455339e-3};
const double expBrief[] = {0.4999923179, 0.1666711447, 4.189011314e-2, 8.312524887e-3};
const double expDouble[] = {0.50000000000000111,   0.1666666666666641,    0.041666666666529753,  0.0083333333334948689,
                            0.0013888888943752306, 1.9841269506008796e-4, 2.4801492958074235e-5, 2.7557586673945712e-6,
                            2.7630303153912397e-7, 2.5000085208095835e-8};
const double tanhSingle[] = {-0.33333325, 0.1333240718, -0.05373218283, 0.01946716197};
const double logSingle[] = {0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693};
const double logDouble[] = {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                            2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                            6.666666666666735130e-01};
const Format single{23,        127,        12582912.0,        -105.0,
                    89.0,      20.0,       0.693145751953125, 1.42860682030941723212e-6,
                    expSingle, tanhSingle, logSingle,         1.17549435082228751e-38,
                    0x3f3504f3};
const Format doubled{52,
                     1023,
                     6755399441055744.0,
                     -746.0,
                     710.0,
                     40.0,
                     6.93147180369123816490e-01,
                     1.90821492927058770002e-10,
                     expDouble,
                     {},
                     logDouble,
                     2.2250738585072014e-308,
                     0x3fe6a09e667f3bcd};

constexpr double log2e = 1.4426950408889634, ln2 = 0.69314718055994531;

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

// One instruction on x86, where the second operand is the result if one is a NaN.
Value VectorMath::atLeast(double low, Value x) {
  Value bound = splat(x, low);
  return select(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, bound, x), bound, x);
}

Value VectorMath::atMost(double high, Value x) {
  Value bound = splat(x, high);
  return select(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, bound, x), bound, x);
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

// (c0 + c1·x) + x²·((c2 + c3·x) + x²·…): as many operations as Horner's rule, half as many one after the other.
Value VectorMath::inPairs(Value x, Value square, llvm::ArrayRef<double> fromLowest, double scale) {
  auto pair = [&](size_t i) {
    Value low = splat(x, fromLowest[i] * scale);
    return i + 1 < fromLowest.size() ? fma(x, splat(x, fromLowest[i + 1] * scale), low) : low;
  };
  size_t i = (fromLowest.size() - 1) / 2 * 2;
  Value sum = pair(i);
  while (i > 0) {
    i -= 2;
    sum = fma(sum, square, pair(i));
  }
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

// k is 1 or 2: the shift multiplies by it as well.
Value VectorMath::powerOfTwo(Value n, unsigned k) {
  unsigned mantissaBits = cast<VectorType>(n.getType()).getElementTypeBitWidth() == 32 ? 23 : 52;
  return real(arith::ShLIOp::create(b, loc, n, bitsConstant(n, mantissaBits + k - 1)));
}

//===-- Functions -----------------------------------------------------------------===//

Value VectorMath::plusMultiple(Value x, Value n, double sign) {
  if (brief)
    return fma(n, splat(x, sign * ln2), x);
  const Format &format = formatOf(x);
  return fma(n, splat(x, sign * format.ln2Low), fma(n, splat(x, sign * format.ln2High), x));
}

llvm::ArrayRef<double> VectorMath::seriesOfExp(Value r) const { return brief ? expBrief : formatOf(r).exp; }

Value VectorMath::nearest(Value x, double factor, double offset, Value &n) {
  Value magic = splat(x, formatOf(x).toIntegerMagic + offset);
  Value shifted = fma(x, splat(x, factor), magic);
  n = sub(shifted, magic);
  return bits(shifted);
}

Value VectorMath::exp(Value x) {
  const Format &format = formatOf(x);
  Value clamped = atMost(format.expHigh, atLeast(format.expLow, x)), n;
  Value twice = nearest(clamped, log2e, 2 * format.bias, n);
  Value r = plusMultiple(clamped, n, -1), square = mul(r, r);
  Value power = add(fma(inPairs(r, square, seriesOfExp(r)), square, r), splat(x, 1.0));

  // 2^n in two factors, so that denormal results and those next to infinity round once.
  Value half = arith::ShRUIOp::create(b, loc, twice, bitsConstant(twice, 1));
  Value rest = arith::SubIOp::create(b, loc, twice, half);
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

// Near zero Cephes (Moshier); beyond 0.625, 1 - 2 / (e^2x + 1).
Value VectorMath::tanhOfDouble(Value x) {
  Value magnitude = abs(x), square = mul(x, x);
  Value grown = add(exp(add(magnitude, magnitude)), splat(x, 1.0));
  Value far = sub(splat(x, 1.0), div(splat(x, 2.0), grown));
  Value top = horner(square, {-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3});
  Value bottom = horner(square, {1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3});
  Value near = fma(mul(square, div(top, bottom)), magnitude, magnitude);
  return withSignOf(select(compare(arith::CmpFPredicate::OLT, magnitude, 0.625), near, far), x);
}

// |x| = n·ln2 + r and s = 4^n = e^(2n·ln2), so tanh|x| = (s - 1 + (s + 1)·t) / (s + 1 + (s - 1)·t) with t = tanh(r).
// Near zero n = 0 and the quotient is t. The bottom is the top + 2·(1 - t): what rounding does to a large top cancels.
Value VectorMath::tanh(Value x) {
  const Format &format = formatOf(x);
  if (&format == &doubled)
    return tanhOfDouble(x);
  Value magnitude = atMost(format.saturated / 2, abs(x)), n;
  Value twiceS = powerOfTwo(nearest(magnitude, log2e, double(format.bias + 1) / 2, n), 2);
  // With fma, |x| - n·ln2 is exact but for what the format's ln2 lacks, which is next to nothing.
  Value r = hasFma ? fma(n, splat(x, -ln2), magnitude) : plusMultiple(magnitude, n, -1);
  Value square = mul(r, r), cube = mul(r, square);
  Value t = fma(cube, inPairs(square, mul(square, square), format.tanh), r);

  // Both times 3/2, which puts them where the steps between numbers are relatively small.
  Value sum = fma(twiceS, splat(x, 0.75), splat(x, 1.5));
  Value top = fma(sum, t, sub(sum, splat(x, 3.0)));
  Value bottom = add(top, fma(t, splat(x, -3.0), splat(x, 3.0)));
  return withSignOf(div(top, bottom), x);
}

// x = n·ln2 - r, so the result is 2^n / (2^n + e^r). Both are scaled up, so that 2^n stays normal where the result
// is denormal. e^r = 3/4 + (r + 1/4 + …) makes 2^n + 3/4 exact wherever rounding it would show.
Value VectorMath::sigmoid(Value x) {
  const Format &format = formatOf(x);
  int64_t up = format.mantissaBits + 9;
  double scale = std::ldexp(1.0, int(up));
  Value clamped = atMost(format.saturated, atLeast(format.expLow, x)), n;
  Value power = powerOfTwo(nearest(clamped, log2e, double(format.bias + up), n));
  Value r = plusMultiple(arith::NegFOp::create(b, loc, clamped), n, 1);
  Value square = mul(r, r);
  Value rest = fma(inPairs(r, square, seriesOfExp(r), scale), square, fma(r, splat(x, scale), splat(x, scale / 4)));
  return div(power, add(add(power, splat(x, scale * 0.75)), rest));
}

} // namespace seqc::cpu
