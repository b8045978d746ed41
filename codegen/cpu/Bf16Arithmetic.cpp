//===- Bf16Arithmetic.cpp - Tiles of weights in bf16 --------------------------------===//
//
// A cell of weights is a pair of k. Where the target multiplies such pairs, rows are rounded to pairs as well;
// elsewhere weights are widened by a shift, and rows stay as they are: that saves no arithmetic, but half of the memory
// traffic. Widened, sums are to the bit those of a model whose weights have been rounded to bf16.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/TileArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace seqc::cpu {

static Value bitsConstant(Code &b, Type vector, uint32_t number) {
  auto type = cast<VectorType>(vector);
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, b.getI32IntegerAttr(int32_t(number))));
}

Value roundToBf16(Code &b, Value vector) {
  auto type = cast<VectorType>(vector.getType());
  Type wide = type.clone(b.getI32Type());
  auto constant = [&](uint32_t number) { return bitsConstant(b, wide, number); };
  Value bits = arith::BitcastOp::create(b, wide, vector);
  Value high = arith::ShRUIOp::create(b, bits, constant(16));
  Value odd = arith::AndIOp::create(b, high, constant(1));
  Value half = arith::AddIOp::create(b, odd, constant(0x7fff));
  Value rounded = arith::ShRUIOp::create(b, arith::AddIOp::create(b, bits, half), constant(16));
  // The payload of a NaN may be in the bits that are cut off.
  Value quiet = arith::OrIOp::create(b, high, constant(0x40));
  Value isNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, vector, vector);
  return arith::TruncIOp::create(b, type.clone(b.getI16Type()), b.select(isNan, quiet, rounded));
}

namespace {

class Bf16Arithmetic : public TileArithmetic {
public:
  using TileArithmetic::TileArithmetic;
  PanelFormat panel() const override { return PanelFormat::of(b.getBF16Type()); }

  int64_t rowBytes(int64_t steps) const override { return steps * 2 * rowElement().getIntOrFloatBitWidth() / 8; }

  void convertRow(Value from, int64_t stride, int64_t depth, int64_t steps, Value to) const override {
    Type element = rowElement();
    overRow(from, stride, depth, [&](Value k, Value vector) { b.store(asRow(vector), b.at(to, element, k)); });
    clearRow(to, element, depth, steps * 2);
  }

protected:
  virtual Type rowElement() const = 0;
  virtual Value asRow(Value vector) const = 0;
};

/// Pairs of a row times pairs of weights.
class DotBf16 : public Bf16Arithmetic {
public:
  using Bf16Arithmetic::Bf16Arithmetic;
  std::string name() const override { return "bf16"; }
  StringRef matrixInstruction() const override { return "tdpbf16ps"; }

  Factors weights(Value cells) const override { return {pairs(cells)}; }
  Factors element(Value row, Value step, Value) const override {
    return {pairs(b.broadcast(b.load(cell(), b.at(row, cell(), step)), lanes))};
  }
  Value multiplyAdd(Value element, Value weight, Value sum) const override {
    std::string bits = std::to_string(lanes * 32);
    return instruction("llvm.x86.avx512bf16.dpbf16ps." + bits, sum.getType(), {sum, element, weight});
  }

private:
  Type rowElement() const override { return b.getI16Type(); }
  /// The instruction rounds in the same way, but for denormal numbers, which count as zeros in the products as well.
  Value asRow(Value vector) const override {
    auto type = cast<VectorType>(vector.getType());
    if (type.getNumElements() * 32 != machine.vectorBits)
      return roundToBf16(b, vector);
    return instruction("llvm.x86.avx512bf16.cvtneps2bf16." + Twine(machine.vectorBits), type.clone(b.getBF16Type()),
                       vector);
  }
  Value pairs(Value cells) const { return vector::BitCastOp::create(b, vectorOf(b.getBF16Type(), 2), cells); }
};

/// Elements of a row times weights that are widened one half of the pair after the other.
class WidenedBf16 : public Bf16Arithmetic {
public:
  using Bf16Arithmetic::Bf16Arithmetic;
  std::string name() const override { return "widened-bf16"; }

  Factors weights(Value cells) const override {
    Value even = arith::ShLIOp::create(b, cells, bitsConstant(b, cells.getType(), 16));
    Value odd = arith::AndIOp::create(b, cells, bitsConstant(b, cells.getType(), 0xffff0000));
    return {arith::BitcastOp::create(b, vectorOf(real), even), arith::BitcastOp::create(b, vectorOf(real), odd)};
  }
  Factors element(Value row, Value step, Value) const override {
    Value even = b.mul(step, b.integer(2));
    auto at = [&](Value k) { return b.broadcast(b.load(real, b.at(row, real, k)), lanes); };
    return {at(even), at(b.add(even, b.integer(1)))};
  }
  Value multiplyAdd(Value element, Value weight, Value sum) const override {
    return VectorMath(b, b.getLoc(), machine.fma).fma(element, weight, sum);
  }

private:
  Type rowElement() const override { return real; }
  Value asRow(Value vector) const override { return vector; }
};

} // namespace

std::unique_ptr<TileArithmetic> makeBf16Arithmetic(Code &b, const Machine &machine, FloatType real, int64_t lanes) {
  if (machine.dotBf16 >= 2)
    return std::make_unique<DotBf16>(b, machine, real, lanes);
  return std::make_unique<WidenedBf16>(b, machine, real, lanes);
}

} // namespace seqc::cpu
