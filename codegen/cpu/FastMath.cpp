//===- FastMath.cpp - Faster activations of f32 -------------------------------===//
//
// With AVX-512 exp is Tang's (Table-driven implementation of the exponential function, ACM TOMS 15, 1989) with
// 2^(1/16), and tanh a polynomial for each of 16 segments. Coefficients are minimax for the relative error (Remez).
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/FastMath.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace seqc::cpu {

namespace {

constexpr int segments = 16, terms = 5;
constexpr float log2e = 1.44269504f;

/// tanh(x) from the lowest power of x on, where 15/16·x + 1/2 is in [1/2, 5/8), … [7/8, 1), [1, 5/4), … [7, 8). The
/// last is a line, so that no rounding takes it beyond 1, which it reaches at 8.
const float tanhBySegment[segments][terms] = {
    {0, 0.999999702, 7.71590494e-05, -0.336239666, 0.0351089612},
    {2.69012144e-05, 0.999264836, 0.00797305908, -0.376445025, 0.117555648},
    {0.000229911297, 0.996209919, 0.0254438594, -0.421449125, 0.161594436},
    {0.000297117193, 0.995312095, 0.0296876822, -0.430045307, 0.167963639},
    {-0.0044682147, 1.02799499, -0.0546064451, -0.333087862, 0.125972465},
    {-0.0380121432, 1.19376409, -0.363481671, -0.0758721679, 0.0451960899},
    {-0.101922624, 1.43515909, -0.706502199, 0.141455814, -0.00660020951},
    {-0.152471945, 1.58993268, -0.884532869, 0.232628673, -0.024138594},
    {-0.118845202, 1.51470387, -0.821787894, 0.209531829, -0.0209773872},
    {0.113171414, 1.08080947, -0.516562402, 0.113807544, -0.00968471263},
    {0.40450871, 0.640248239, -0.266212732, 0.050451193, -0.00366007886},
    {0.640828311, 0.342049867, -0.124906868, 0.0206496064, -0.00129991001},
    {0.845786631, 0.124928996, -0.0384788364, 0.00532768993, -0.000279234082},
    {0.959849119, 0.0269111264, -0.00682321982, 0.00077459513, -3.31830961e-05},
    {0.990805566, 0.00524552912, -0.00112897914, 0.000108554792, -3.9318129e-06},
    {0.999985754, 1.78149264e-06, 0, 0, 0},
};

} // namespace

//===-- Any processor --------------------------------------------------------------===//

// x·P(x²) / Q(x²), where 1 is not nearer.
Value FastMath::tanh(Value x) {
  Value square = mul(x, x);
  Value top =
      inPairs(square, mul(square, square), {0.9999998359, 0.12733721565, 0.00271832983, 7.3295066e-6, -6.4488387e-9});
  Value bottom = inPairs(square, mul(square, square), {1, 0.46066920848, 0.02294324326, 1.9957834372e-4});
  Value one = withSignOf(splat(x, 1.0), x);
  return select(compare(arith::CmpFPredicate::OGE, abs(x), 7.5), one, div(mul(x, top), bottom));
}

//===-- AVX-512 --------------------------------------------------------------------===//

// y = n + r with n the nearest multiple of 1/16: 2^y = 2^floor(n) · 2^(n - floor(n)) · 2^r.
FastMathAvx512::Power FastMathAvx512::powerOfTwo(Value y) {
  Value nearest = LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(4 << 4));
  Value r = unmasked("mask.reduce.ps", y, nearest, /*rounds=*/true);
  Value series = horner(r, {0.2402358998, 0.6931877969, 1.0}), shifted;
  nearestSixteenth(y, 1, shifted);
  return {rootOfTwo(shifted), series, sub(y, r)};
}

Value FastMathAvx512::exp(Value x) {
  return inRegister(x, [&](Value x) {
    auto [root, series, n] = powerOfTwo(mul(x, splat(x, log2e)));
    return scaled(mul(root, series), n);
  });
}

// 1 / (1 + e^-x), the reciprocal by one step of Newton's method. Where the bottom is infinite it gives 0 · 2.
Value FastMathAvx512::sigmoid(Value x) {
  return inRegister(x, [&](Value x) {
    auto [root, series, n] = powerOfTwo(mul(x, splat(x, -log2e)));
    Value bottom = fma(scaled(root, n), series, splat(x, 1.0));
    Value guess = reciprocalGuess(bottom);
    Value finite = atMost(std::numeric_limits<float>::max(), bottom);
    Value error = fma(arith::NegFOp::create(b, loc, finite), guess, splat(x, 2.0));
    return mul(guess, error);
  });
}

Value FastMathAvx512::tanh(Value x) {
  return inRegister(x, [&](Value x) {
    Value magnitude = atMost(std::nextafter(8.0f, 0.0f), abs(x));
    Value segment = segmentOf(magnitude, 15.0 / 16);
    auto term = [&](int power) { return lookUpSegment([&](int i) { return tanhBySegment[i][power]; }, segment); };
    Value square = mul(magnitude, magnitude);
    Value high = fma(square, term(4), fma(magnitude, term(3), term(2)));
    return withSignOf(fma(high, square, fma(magnitude, term(1), term(0))), x);
  });
}

//===-- Which one -------------------------------------------------------------------===//

std::unique_ptr<VectorMath> makeMath(OpBuilder &b, Location loc, const Machine &machine, FloatType real) {
  // No other architecture has vectors of this size.
  bool avx512 = machine.vectorBits == 512, fast = machine.fastActivations;
  if (!real.isF32() || !(avx512 || fast))
    return std::make_unique<VectorMath>(b, loc, machine.fma);
  if (!fast)
    return std::make_unique<VectorMathAvx512>(b, loc);
  if (!avx512)
    return std::make_unique<FastMath>(b, loc, machine.fma);
  return std::make_unique<FastMathAvx512>(b, loc);
}

} // namespace seqc::cpu
