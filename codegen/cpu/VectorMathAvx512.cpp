//===- VectorMathAvx512.cpp - What the instructions of AVX-512 make shorter -----===//
//
// A table of 16 numbers is a register, and looking up is one instruction.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/VectorMathAvx512.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include <cmath>
#include <numeric>

using namespace mlir;

namespace seqc::cpu {

namespace {

constexpr int segments = 16, terms = 6;

/// Of tanh where 5/6·x + 1/2 is in [1/2, 5/8), … [7/8, 1), [1, 5/4), … [7, 8): a number near the middle, and a minimax
/// polynomial of the distance from it, from the lowest power on. Next to these numbers tanh is nearly an f32, so that
/// the first term hardly adds an error (Gal, Computing elementary functions: a new approach, 1986).
const float tanhBySegment[segments][terms + 1] = {
    {0, 0, 1, 1.0981172e-06, -0.333387196, 0.00088255218, 0.128328532},
    {0.221134499, 0.217599109, 0.952650607, -0.207294762, -0.272439182, 0.127830014, 0.0831019729},
    {0.373946249, 0.357438624, 0.872237623, -0.311770171, -0.179308116, 0.167427063, 0.0192810651},
    {0.515298009, 0.47406286, 0.775264382, -0.367523402, -0.0841800496, 0.162077695, -0.0338590257},
    {0.743279994, 0.631122768, 0.601684093, -0.379735976, 0.0390883051, 0.101833202, -0.0630868077},
    {1.06452155, 0.787388265, 0.380019546, -0.299227595, 0.108970679, 0.0145486565, -0.0406524949},
    {1.36598396, 0.877773702, 0.229513213, -0.201463357, 0.100360319, -0.0205819309, -0.011344037},
    {1.6420635, 0.927760482, 0.139260501, -0.129201412, 0.0734447166, -0.0249504391, 0.00192234304},
    {2.10134411, 0.970530093, 0.0580712967, -0.0563578606, 0.0353451222, -0.0155784599, 0.00450352998},
    {2.65388393, 0.990142882, 0.0196168683, -0.0194218885, 0.01270591, -0.00615766505, 0.00209182804},
    {3.29217911, 0.997240186, 0.00551200425, -0.00549578294, 0.00364467525, -0.00183218287, 0.000704679929},
    {3.93006897, 0.999228656, 0.00154211326, -0.00154064456, 0.00102440221, -0.000519419496, 0.000219247115},
    {4.87243223, 0.999882817, 0.000234496343, -0.00023372953, 0.000153922985, -8.2906241e-05, 3.85699277e-05},
    {5.89764023, 0.99998492, 3.01467699e-05, -3.01000018e-05, 2.03040108e-05, -1.05940335e-05, 3.50736218e-06},
    {7.21915197, 0.999998927, 2.14631314e-06, -2.13863564e-06, 1.42184979e-06, -7.67836923e-07, 3.18249704e-07},
    {8.31776428, 0.999999881, 2.38333811e-07, -2.37843452e-07, 1.60205161e-07, -8.42933545e-08, 2.88715363e-08},
};

/// 2^(i/16), and by what each is to be multiplied once more, less one, since it is not an f32.
const float sixteenths[16] = {1,           1.04427373f, 1.09050775f, 1.13878858f, 1.18920708f, 1.24185777f,
                              1.29683959f, 1.35425556f, 1.41421354f, 1.47682619f, 1.54221082f, 1.61049032f,
                              1.68179286f, 1.75625217f, 1.8340081f,  1.91520655f};
const float sixteenthsRest[16] = {0,
                                  4.62854715e-08f,
                                  -1.19921575e-08f,
                                  4.72978243e-08f,
                                  3.19341815e-08f,
                                  3.62105723e-08f,
                                  -3.09907193e-08f,
                                  -7.47521334e-09f,
                                  1.71142709e-08f,
                                  -3.04768335e-08f,
                                  5.23333421e-09f,
                                  6.10759177e-09f,
                                  -1.47196051e-08f,
                                  -5.25879518e-09f,
                                  -6.12825968e-09f,
                                  5.14060927e-09f};

int64_t lanesOf(Value x) { return cast<VectorType>(x.getType()).getNumElements(); }

} // namespace

Value VectorMathAvx512::resized(Value x, int64_t lanes) {
  if (lanesOf(x) == lanes)
    return x;
  SmallVector<int64_t> from(lanes, vector::ShuffleOp::kPoisonIndex);
  std::iota(from.begin(), from.begin() + std::min(lanes, lanesOf(x)), 0);
  return vector::ShuffleOp::create(b, loc, x, x, from);
}

Value VectorMathAvx512::inRegister(Value x, function_ref<Value(Value)> function) {
  assert(lanesOf(x) <= 16 && "more lanes than a register has");
  return resized(function(resized(x, lanesOf(x) <= 8 ? 8 : 16)), lanesOf(x));
}

Value VectorMathAvx512::instruction(StringRef name, Value like, ValueRange operands) {
  std::string full = ("llvm.x86.avx512." + name + (lanesOf(like) == 16 ? ".512" : ".256")).str();
  auto type = cast<VectorType>(like.getType()).clone(b.getF32Type());
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(full), operands).getResult(0);
}

Value VectorMathAvx512::unmasked(StringRef name, Value x, Value operand, bool rounds) {
  auto constant = [&](int64_t bits, int64_t number) -> Value {
    return LLVM::ConstantOp::create(b, loc, b.getIntegerType(bits), b.getIntegerAttr(b.getIntegerType(bits), number));
  };
  SmallVector<Value> operands{x};
  if (operand)
    operands.push_back(operand);
  operands.append({x, constant(lanesOf(x), -1)});
  if (rounds && lanesOf(x) == 16)
    operands.push_back(constant(32, 4)); // as the thread does
  return instruction(name, x, operands);
}

Value VectorMathAvx512::lookUp(ArrayRef<float> table, Value index) {
  auto type = cast<VectorType>(index.getType()).clone(b.getF32Type());
  auto part = [&](int64_t first) -> Value {
    auto entries = DenseElementsAttr::get(type, table.slice(first, type.getNumElements()));
    return arith::ConstantOp::create(b, loc, entries);
  };
  if (type.getNumElements() == segments)
    return instruction("permvar.sf", index, {part(0), index});
  return instruction("vpermi2var.ps", index, {part(0), index, part(8)});
}

Value VectorMathAvx512::nearestSixteenth(Value x, double scale, Value &shifted) {
  Value magic = splat(x, 0x1.8p19), sum = fma(x, splat(x, scale), magic);
  shifted = bits(sum);
  return sub(sum, magic);
}

Value VectorMathAvx512::rootOfTwo(Value shifted) { return lookUp(sixteenths, shifted); }

Value VectorMathAvx512::segmentOf(Value x, double scale) {
  Value place = bits(fma(x, splat(x, scale), splat(x, 0.5)));
  return arith::ShRUIOp::create(b, loc, place, bitsConstant(place, 21));
}

Value VectorMathAvx512::lookUpSegment(function_ref<float(int)> entry, Value segment) {
  float table[segments];
  for (int i = 0; i < segments; ++i)
    table[(i + 8) % segments] = entry(i);
  return lookUp(table, segment);
}

// 1 / (1 + e^-x) with e^-x = 2^n · e^r, n a multiple of 1/16 (Tang, Table-driven implementation of the exponential
// function, ACM TOMS 15, 1989); the reciprocal by one step of Newton's method, whose error is taken from e^-x, before 1
// was added to it. All is scaled by 2^-64, so that only results are denormal. What becomes of arguments beyond these is
// masked away: to bring them within bounds first would take longer.
Value VectorMathAvx512::sigmoid(Value x) {
  constexpr double ln2High = 0.693147182464599609375, ln2Low = -1.90465421e-9;
  constexpr double square[] = {0.500016212, 0.166670382}; // (e^r - 1 - r) / r²: minimax (Remez)
  constexpr int64_t down = 64;
  return inRegister(x, [&](Value x) {
    Value shifted, n = nearestSixteenth(x, -1.44269504, shifted);
    Value r = fma(n, splat(x, -ln2High), arith::NegFOp::create(b, loc, x));
    Value rest = fma(n, splat(x, -ln2Low), lookUp(sixteenthsRest, shifted));
    Value series = fma(mul(r, r), fma(r, splat(x, square[1]), splat(x, square[0])), add(r, rest));
    Value root = scaled(rootOfTwo(shifted), sub(n, splat(x, down)));
    Value isSmall = compare(arith::CmpFPredicate::ULT, x, 88.0),
          isLarge = compare(arith::CmpFPredicate::UGE, x, -105.0);
    Value zero = splat(x, 0.0), one = splat(x, std::ldexp(1.0, -down));
    Value power = select(isSmall, fma(root, series, root), zero);
    Value guess = reciprocalGuess(add(power, one)), negative = arith::NegFOp::create(b, loc, guess);
    Value error = fma(negative, power, fma(negative, one, splat(x, 1.0)));
    Value small = mul(guess, one);
    return select(isLarge, fma(small, error, small), zero);
  });
}

Value VectorMathAvx512::tanh(Value x) {
  return inRegister(x, [&](Value x) {
    Value magnitude = abs(x), isOne = compare(arith::CmpFPredicate::OGE, magnitude, 9.0);
    Value segment = segmentOf(magnitude, 0.83333325);
    auto entry = [&](int column) { return lookUpSegment([&](int i) { return tanhBySegment[i][column]; }, segment); };
    Value t = sub(magnitude, entry(0)), square = mul(t, t);
    Value high = fma(fma(t, entry(6), entry(5)), square, fma(t, entry(4), entry(3)));
    Value result = fma(fma(high, t, entry(2)), t, entry(1));
    return withSignOf(select(isOne, splat(x, 1.0), result), x);
  });
}

} // namespace seqc::cpu
