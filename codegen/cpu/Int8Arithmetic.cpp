//===- Int8Arithmetic.cpp - Tiles of weights in int8 ----------------------------------===//
//
// Σ_k w[k] a[k] ≈ s_w s_a Σ_k W[k] A[k], with W = round(w / s_w), A = round(a / s_a) in -127 … 127: s_w of an output is
// found when weights are packed, s_a of a row when it is converted. Instructions want one unsigned factor: rows hold
// A + 128, and sums start from -128 Σ_k W[k]. Sums of integers are exact, whatever instructions make them, and 32 bits
// hold them for every row that tiles take. A row with a NaN or an infinity has the scale NaN.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/TileArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace seqc::cpu {

static Value splat(Code &b, Value like, int64_t number) {
  auto type = cast<VectorType>(like.getType());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, b.getIntegerAttr(type.getElementType(), number)));
}

static Value shiftLeft(Code &b, Value x, int64_t by) { return arith::ShLIOp::create(b, x, splat(b, x, by)); }
static Value shiftRight(Code &b, Value x, int64_t by) { return arith::ShRSIOp::create(b, x, splat(b, x, by)); }

//===-- Rounding --------------------------------------------------------------------===//

static Value asBits(Code &b, Value vector) {
  return arith::BitcastOp::create(b, cast<VectorType>(vector.getType()).clone(b.getI32Type()), vector);
}

static Value splatReal(Code &b, Value like, double number) {
  return VectorMath(b, b.getLoc(), /*hasFma=*/false).splat(like, number);
}

/// Bits of the largest magnitude: they compare as integers, and a NaN is larger than anything.
static Value largestMagnitude(Code &b, Value from, int64_t stride, int64_t count, int64_t width) {
  Type real = b.getF32Type();
  auto part = [&](int64_t first, int64_t last, int64_t width, Value initial) {
    return b.fold(b.integer(first), b.integer(last), width, initial, [&](Value k, ValueRange found) {
      Value bits = asBits(b, b.load(VectorType::get({width}, real), b.at(from, real, b.mul(k, b.integer(stride)))));
      Value magnitude = arith::AndIOp::create(b, bits, splat(b, bits, 0x7fffffff));
      return SmallVector<Value>{arith::MaxUIOp::create(b, magnitude, found.front())};
    })[0];
  };
  int64_t whole = stride == 1 ? count / width * width : 0;
  auto zeros = [&](int64_t width) { return b.zero(VectorType::get({width}, b.getI32Type())); };
  Value found = zeros(1);
  if (whole > 0) {
    Value lanes = part(0, whole, width, zeros(width));
    found = b.broadcast(vector::ReductionOp::create(b, vector::CombiningKind::MAXUI, lanes), 1);
  }
  return whole < count ? part(whole, count, 1, found) : found;
}

Quantizer::Quantizer(Code &b, Value from, int64_t stride, int64_t count, int64_t width) : b(b) {
  Value largest = largestMagnitude(b, from, stride, count, width);
  Value magnitude = arith::BitcastOp::create(b, VectorType::get({1}, b.getF32Type()), largest);
  auto number = [&](double value) { return splatReal(b, magnitude, value); };
  // Below this the inverse would overflow: such numbers count as zero. NaN and infinity make the scale NaN.
  Value tiny = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, magnitude, number(0x1p-118));
  Value zero = arith::MulFOp::create(b, magnitude, number(0));
  factor = arith::AddFOp::create(b, arith::DivFOp::create(b, magnitude, number(127)), zero);
  inverse = b.select(tiny, number(0), arith::DivFOp::create(b, number(127), magnitude));
}

// Adding 1.5 · 2^23 rounds to an integer, which then stands in the low bits.
Value Quantizer::round(Value vector, int64_t bias) const {
  auto type = cast<VectorType>(vector.getType());
  Value factor = b.broadcast(vector::ExtractOp::create(b, inverse, 0), type.getDimSize(0));
  Value shifted =
      arith::AddFOp::create(b, arith::MulFOp::create(b, vector, factor), splatReal(b, vector, 0x1.8p23 + double(bias)));
  return arith::TruncIOp::create(b, type.clone(b.getI8Type()), asBits(b, shifted));
}

//===-- Products --------------------------------------------------------------------===//

namespace {

class Int8Arithmetic : public TileArithmetic {
public:
  using TileArithmetic::TileArithmetic;

  PanelFormat panel() const override { return PanelFormat::of(b.getI8Type()); }
  // The scale stands in front of the cells.
  int64_t rowBytes(int64_t steps) const override { return steps * 4; }

  void convertRow(Value from, int64_t stride, int64_t depth, int64_t steps, Value to) const override {
    Quantizer quantizer(b, from, stride, depth, width());
    b.store(quantizer.scale(), b.at(to, real, b.integer(-1)));
    Type byte = b.getI8Type();
    overRow(from, stride, depth,
            [&](Value k, Value vector) { b.store(quantizer.round(vector, 128), b.at(to, byte, k)); });
    clearRow(to, byte, depth, steps * 4);
  }

  Value start(Value head, int64_t columns, int64_t column) const override {
    return loadHead(cell(), head, 0, columns, column);
  }

  Value finish(Value sum, Value row, Value head, int64_t columns, int64_t column) const override {
    Value scale = b.broadcast(b.load(real, b.at(row, real, b.integer(-1))), lanes);
    Value result = arith::SIToFPOp::create(b, vectorOf(real), sum);
    result = arith::MulFOp::create(b, result, loadHead(real, head, 1, columns, column));
    return arith::MulFOp::create(b, result, scale);
  }

protected:
  Value loadCell(Value row, Value step) const { return b.load(cell(), b.at(row, cell(), step)); }
};

/// Four products a lane in one instruction.
class DotInt8 : public Int8Arithmetic {
public:
  using Int8Arithmetic::Int8Arithmetic;
  std::string name() const override { return "int8"; }
  StringRef matrixInstruction() const override { return "tdpbusd"; }

  Factors weights(Value cells) const override { return {bytes(cells)}; }
  Factors element(Value row, Value step, Value) const override {
    return {bytes(b.broadcast(loadCell(row, step), lanes))};
  }
  Value multiplyAdd(Value element, Value weight, Value sum) const override {
    std::string bits = std::to_string(lanes * 32);
    return instruction("llvm.x86.avx512.vpdpbusd." + bits, sum.getType(), {sum, element, weight});
  }

private:
  Value bytes(Value cells) const { return vector::BitCastOp::create(b, vectorOf(b.getI8Type(), 4), cells); }
};

/// Numbers widened to 16 bits, of which an instruction multiplies and adds two a lane: first those of even k.
class PairwiseInt8 : public Int8Arithmetic {
public:
  using Int8Arithmetic::Int8Arithmetic;
  std::string name() const override { return "pairwise-int8"; }

  Factors weights(Value cells) const override {
    Value all = words(cells);
    return {shiftRight(b, shiftLeft(b, all, 8), 8), shiftRight(b, all, 8)};
  }
  Factors element(Value row, Value step, Value) const override {
    Value all = loadCell(row, step);
    auto low = [&](Value x) -> Value {
      Value mask = arith::ConstantOp::create(b, b.getI32IntegerAttr(0x00ff00ff));
      return words(b.broadcast(arith::AndIOp::create(b, x, mask), lanes));
    };
    Value eight = arith::ConstantOp::create(b, b.getI32IntegerAttr(8));
    return {low(all), low(arith::ShRUIOp::create(b, all, eight))};
  }
  Value multiplyAdd(Value element, Value weight, Value sum) const override {
    StringRef name = lanes == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                     : lanes == 8 ? "llvm.x86.avx2.pmadd.wd"
                                  : "llvm.x86.sse2.pmadd.wd";
    return b.add(sum, instruction(name, sum.getType(), {weight, element}));
  }

private:
  Value words(Value cells) const { return vector::BitCastOp::create(b, vectorOf(b.getI16Type(), 2), cells); }
};

/// Numbers widened to 32 bits, one after the other.
class SingleInt8 : public Int8Arithmetic {
public:
  using Int8Arithmetic::Int8Arithmetic;
  std::string name() const override { return "single-int8"; }

  Factors weights(Value cells) const override {
    Factors factors;
    for (int64_t left : {24, 16, 8, 0})
      factors.push_back(shiftRight(b, shiftLeft(b, cells, left), 24));
    return factors;
  }
  Factors element(Value row, Value step, Value) const override {
    Value first = b.mul(step, b.integer(4));
    Factors factors;
    for (int64_t i = 0; i < 4; ++i) {
      Value byte = b.load(b.getI8Type(), b.at(row, b.getI8Type(), b.add(first, b.integer(i))));
      factors.push_back(b.broadcast(arith::ExtUIOp::create(b, cell(), byte), lanes));
    }
    return factors;
  }
  Value multiplyAdd(Value element, Value weight, Value sum) const override {
    return b.add(sum, b.mul(element, weight));
  }
};

} // namespace

std::unique_ptr<TileArithmetic> makeInt8Arithmetic(Code &b, const Machine &machine, FloatType real, int64_t lanes) {
  if (machine.dotInt8 >= 4)
    return std::make_unique<DotInt8>(b, machine, real, lanes);
  if (machine.dotInt8 == 2)
    return std::make_unique<PairwiseInt8>(b, machine, real, lanes);
  return std::make_unique<SingleInt8>(b, machine, real, lanes);
}

} // namespace seqc::cpu
