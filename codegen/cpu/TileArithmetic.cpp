//===- TileArithmetic.cpp - How register tiles multiply ---------------------------===//
#include "codegen/cpu/TileArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace seqc::cpu {

PanelFormat PanelFormat::of(Type stored) {
  if (stored.isBF16())
    return {2, 0};
  return stored.isInteger(8) ? PanelFormat{4, 2} : PanelFormat{};
}

//===-- What the kinds share --------------------------------------------------------===//

Value TileArithmetic::start(Value head, int64_t columns, int64_t column) const { return b.zero(vectorOf(real)); }

Value TileArithmetic::loadHead(Type element, Value head, int64_t row, int64_t columns, int64_t column) const {
  return b.load(vectorOf(element), b.at(head, element, b.integer((row * columns + column) * lanes)));
}

void TileArithmetic::overRow(Value from, int64_t stride, int64_t depth, function_ref<void(Value, Value)> body) const {
  int64_t whole = stride == 1 ? depth / width() * width() : 0;
  auto part = [&](int64_t first, int64_t last, int64_t width) {
    b.forEach(b.integer(first), b.integer(last), width, [&](Value k) {
      Value address = b.at(from, real, b.mul(k, b.integer(stride)));
      body(k, b.load(VectorType::get({width}, real), address));
    });
  };
  if (whole > 0)
    part(0, whole, width());
  if (whole < depth)
    part(whole, depth, 1);
}

void TileArithmetic::clearRow(Value row, Type element, int64_t first, int64_t end) const {
  b.forEach(b.integer(first), b.integer(end), 1, [&](Value k) { b.store(b.zero(element), b.at(row, element, k)); });
}

Value TileArithmetic::add(Value sum, Value other) const {
  if (getElementTypeOrSelf(sum.getType()).isInteger())
    return arith::AddIOp::create(b, sum, other);
  return arith::AddFOp::create(b, sum, other);
}

Value TileArithmetic::instruction(const Twine &name, Type result, ValueRange operands) const {
  return LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name), operands).getResult(0);
}

//===-- Weights as the model computes ------------------------------------------------===//

namespace {

class FullArithmetic : public TileArithmetic {
public:
  using TileArithmetic::TileArithmetic;

  std::string name() const override { return real.isF32() ? "f32" : "f64"; }
  Type cell() const override { return real; }
  Factors weights(Value cells) const override { return {cells}; }
  Factors element(Value row, Value step, Value stride) const override {
    return {b.broadcast(b.load(real, b.at(row, real, b.mul(step, stride))), lanes)};
  }
  Value multiplyAdd(Value element, Value weight, Value sum) const override {
    return VectorMath(b, b.getLoc(), machine.fma).fma(element, weight, sum);
  }
};

} // namespace

std::unique_ptr<TileArithmetic> makeArithmetic(Code &b, const Machine &machine, Type stored, FloatType real,
                                               int64_t lanes) {
  if (stored.isBF16())
    return makeBf16Arithmetic(b, machine, real, lanes);
  if (stored.isInteger(8))
    return makeInt8Arithmetic(b, machine, real, lanes);
  return std::make_unique<FullArithmetic>(b, machine, real, lanes);
}

} // namespace seqc::cpu
