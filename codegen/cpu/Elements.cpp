//===- Elements.cpp - Values of a phase, one vector at a time ------------------===//
#include "codegen/cpu/Elements.h"

#include "codegen/cpu/FastMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <numeric>

using namespace mlir;

namespace seqc::cpu {

RowAddresses::RowAddresses(const Frame &frame, recur::PhaseOp phase, const Row &row, KnownAddresses known)
    : position(row), addresses(std::move(known)) {
  phase.walk([&](Operation *op) {
    if (auto write = dyn_cast<recur::WriteOp>(op))
      exists[op] = frame.stored(write, position);
    if (addresses.contains(op))
      return;
    if (auto read = dyn_cast<recur::ReadOp>(op))
      addresses[op] = frame.readRow(read, position);
    else if (auto write = dyn_cast<recur::WriteOp>(op))
      addresses[op] = frame.writtenRow(write, position);
    else if (auto total = dyn_cast<recur::AccumulateOp>(op))
      addresses[op] = frame.accumulatedRow(total, position);
  });
}

FloatType realType(recur::PhaseOp phase) {
  FloatType found;
  phase.walk([&](Operation *op) {
    for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes())) {
      auto slot = dyn_cast<recur::SlotType>(type);
      auto tensor = slot ? slot.getValue() : cast<RankedTensorType>(type);
      // What is narrower is only stored so.
      if (auto element = dyn_cast<FloatType>(tensor.getElementType()); element && element.getWidth() >= 32)
        found = element;
    }
  });
  return found ? found : Float32Type::get(phase.getContext());
}

bool computesInF64(recur::SystemOp system) {
  return llvm::any_of(system.getOps<recur::SlotOp>(),
                      [](recur::SlotOp slot) { return slot.getType().getValue().getElementType().isF64(); });
}

//===-- Values --------------------------------------------------------------------===//

Value Elements::vector(Value value) {
  if (Value already = known.lookup(value))
    return already;
  Operation *op = value.getDefiningOp();
  Location outer = b.getLoc();
  b.setLoc(op->getLoc());
  Value result = compute(op);
  b.setLoc(outer);
  return known[value] = result;
}

Value Elements::compute(Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](recur::ReadOp read) { return load(read, index, int64_t(index.size()) - 1, width); })
      .Case([&](recur::ConstantOp op) { return constant(op); })
      .Case([&](recur::RandomMaskOp op) { return randomMask(op); })
      .Case([&](recur::CountOp op) {
        Value count = arith::SIToFPOp::create(b, real, frame.validSteps());
        return b.broadcast(count, width);
      })
      .Case([&](recur::MatmulOp op) { return matmul(op); })
      .Case([&](recur::OuterOp op) { return outer(op); })
      .Case([&](recur::ReduceOp op) { return reduce(op); })
      .Case([&](recur::CompareOp op) { return compare(op); })
      .Case([&](recur::ToRealOp op) { return toReal(op); })
      .Case([&](recur::StopGradientOp op) { return vector(op.getX()); })
      .Case(
          [&](recur::EstimateOp op) { return b.select(inTraining(), vector(op.getBatch()), vector(op.getRunning())); })
      .Case(
          [&](recur::SelectOp op) { return b.select(vector(op.getCondition()), vector(op.getX()), vector(op.getY())); })
      .Default([&](Operation *op) { return computeReal(op); });
}

Value Elements::computeReal(Operation *op) {
  SmallVector<Value, 2> in;
  for (Value operand : op->getOperands())
    in.push_back(vector(operand));
  std::unique_ptr<VectorMath> math = makeMath(b, b.getLoc(), machine, real);
  auto ordered = [&](arith::CmpFPredicate predicate) {
    return b.select(arith::CmpFOp::create(b, predicate, in[0], in[1]), in[0], in[1]);
  };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](recur::AddOp) { return arith::AddFOp::create(b, in[0], in[1]); })
      .Case([&](recur::SubOp) { return arith::SubFOp::create(b, in[0], in[1]); })
      .Case([&](recur::MulOp) { return arith::MulFOp::create(b, in[0], in[1]); })
      .Case([&](recur::DivOp) { return arith::DivFOp::create(b, in[0], in[1]); })
      .Case([&](recur::MinOp) { return ordered(arith::CmpFPredicate::OLT); })
      .Case([&](recur::MaxOp) { return ordered(arith::CmpFPredicate::OGT); })
      .Case([&](recur::NegOp) { return arith::NegFOp::create(b, in[0]); })
      .Case([&](recur::AbsOp) { return math::AbsFOp::create(b, in[0]); })
      .Case([&](recur::SqrtOp) { return math::SqrtOp::create(b, in[0]); })
      .Case([&](recur::FloorOp) { return math::FloorOp::create(b, in[0]); })
      .Case([&](recur::SignOp) { return sign(in[0]); })
      .Case([&](recur::ExpOp) { return math->exp(in[0]); })
      .Case([&](recur::LogOp) { return math->log(in[0]); })
      .Case([&](recur::Log1pOp) { return math->log1p(in[0]); })
      .Case([&](recur::TanhOp) { return math->tanh(in[0]); })
      .Case([&](recur::SigmoidOp) { return math->sigmoid(in[0]); })
      // The rare ones call libm lane by lane.
      .Case([&](recur::ErfOp) { return math::ErfOp::create(b, in[0]); })
      .Case([&](recur::SinOp) { return math::SinOp::create(b, in[0]); })
      .Case([&](recur::CosOp) { return math::CosOp::create(b, in[0]); })
      .Case([&](recur::PowOp) { return math::PowFOp::create(b, in[0], in[1]); })
      .Default([](Operation *) { return Value(); });
}

Value Elements::sign(Value x) {
  Value zero = b.zero(x.getType());
  auto asReal = [&](arith::CmpFPredicate predicate) {
    return arith::UIToFPOp::create(b, x.getType(), arith::CmpFOp::create(b, predicate, x, zero));
  };
  return arith::SubFOp::create(b, asReal(arith::CmpFPredicate::OGT), asReal(arith::CmpFPredicate::OLT));
}

Value Elements::compare(recur::CompareOp op) {
  using arith::CmpFPredicate, arith::CmpIPredicate;
  static const CmpFPredicate reals[] = {CmpFPredicate::OLT, CmpFPredicate::OLE, CmpFPredicate::OGT,
                                        CmpFPredicate::OGE, CmpFPredicate::OEQ, CmpFPredicate::UNE};
  static const CmpIPredicate ids[] = {CmpIPredicate::slt, CmpIPredicate::sle, CmpIPredicate::sgt,
                                      CmpIPredicate::sge, CmpIPredicate::eq,  CmpIPredicate::ne};
  Value x = vector(op.getX()), y = vector(op.getY());
  auto predicate = static_cast<size_t>(op.getPredicate());
  if (isa<FloatType>(getElementTypeOrSelf(x.getType())))
    return arith::CmpFOp::create(b, reals[predicate], x, y);
  return arith::CmpIOp::create(b, ids[predicate], x, y);
}

Value Elements::toReal(recur::ToRealOp op) {
  Value x = vector(op.getX());
  auto type = VectorType::get({width}, getElementTypeOrSelf(op.getType()));
  if (getElementTypeOrSelf(x.getType()).isInteger(1))
    return arith::UIToFPOp::create(b, type, x);
  return arith::SIToFPOp::create(b, type, x);
}

//===-- Leaves --------------------------------------------------------------------===//

Value Elements::constant(recur::ConstantOp op) {
  auto elements = cast<DenseElementsAttr>(op.getValue());
  auto type = VectorType::get({width}, elements.getElementType());
  if (elements.isSplat())
    return arith::ConstantOp::create(b, elements.resizeSplat(type));

  // Any other constant is a read-only array.
  Type memory = memoryElement(elements.getElementType());
  SmallVector<Attribute> numbers;
  for (Attribute number : elements.getValues<Attribute>())
    numbers.push_back(memory == elements.getElementType()
                          ? number
                          : Attribute(IntegerAttr::get(memory, cast<IntegerAttr>(number).getValue().zext(8))));
  int64_t count = elements.getNumElements();
  auto flat = DenseElementsAttr::get(RankedTensorType::get({count}, memory), numbers);
  auto module = b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  std::string name;
  for (int64_t number = 0; name.empty() || module.lookupSymbol(name); ++number)
    name = "constant." + std::to_string(number);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    LLVM::GlobalOp::create(b, LLVM::LLVMArrayType::get(memory, count), /*isConstant=*/true, LLVM::Linkage::Private,
                           name, flat);
  }
  Value address = LLVM::AddressOfOp::create(b, b.pointerType(), name);
  SmallVector<int64_t> strides = computeStrides(elements.getType().getShape());
  return loadLanes(elements.getElementType(), b.at(address, memory, b.dot(0, strides, index)), 1, width);
}

// Counter-based: splitmix64's mixer over seed and site, then step, batch row and element (docs/library.md).
Value Elements::randomMask(recur::RandomMaskOp op) {
  auto number = [&](uint64_t n) { return b.integer(int64_t(n)); };
  auto like = [&](Value x, uint64_t n) -> Value {
    return isa<VectorType>(x.getType()) ? b.broadcast(number(n), width) : number(n);
  };
  auto mix = [&](Value z) {
    for (auto [shift, factor] : {std::pair(30, 0xBF58476D1CE4E5B9u), std::pair(27, 0x94D049BB133111EBu)}) {
      z = arith::XOrIOp::create(b, z, arith::ShRUIOp::create(b, z, like(z, shift)));
      z = arith::MulIOp::create(b, z, like(z, factor));
    }
    return Value(arith::XOrIOp::create(b, z, arith::ShRUIOp::create(b, z, like(z, 31))));
  };
  uint64_t site = uint64_t(op.getSite()) * 0x9E3779B97F4A7C15u;
  Value state = arith::XOrIOp::create(b, frame.seed(), number(site));
  Value t = op.getShared() ? number(0) : Value(b.add(frame.firstStep(), row.row().t));
  state = mix(b.add(state, b.mul(t, number(0xBF58476D1CE4E5B9u))));
  Value batchRow = b.add(frame.firstRow(), row.row().b);
  state = mix(b.add(state, b.mul(batchRow, number(0x94D049BB133111EBu))));

  auto shape = cast<RankedTensorType>(op.getType()).getShape();
  Value element = b.dot(0, computeStrides(shape), index);
  SmallVector<int64_t> lanes(width);
  std::iota(lanes.begin(), lanes.end(), 0);
  auto type = VectorType::get({width}, b.getI64Type());
  Value iota = arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef(lanes)));
  Value start = b.broadcast(b.add(state, element), width);
  Value drawn = arith::ShRUIOp::create(b, mix(arith::AddIOp::create(b, start, iota)), b.broadcast(number(40), width));

  // u < p, with u a multiple of 2^-24, decided in integers.
  double p = op.getP().convertToDouble();
  Value threshold = b.broadcast(number(uint64_t(std::ceil(p * 16777216.0))), width);
  Value dropped = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, drawn, threshold);
  VectorType vector = VectorType::get({width}, real);
  Value zero = b.zero(vector);
  VectorMath math(b, b.getLoc(), machine.fma);
  Value mask = b.select(dropped, zero, math.splat(zero, p < 1 ? 1 / (1 - p) : 0));
  return b.select(inTraining(), mask, math.splat(zero, 1));
}

Value Elements::inTraining() {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, frame.training(), b.integer(0));
}

} // namespace seqc::cpu
