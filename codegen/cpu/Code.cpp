//===- Code.cpp - Builder with the few forms that generated loops are made of --===//
#include "codegen/cpu/Code.h"

#include "mlir/IR/BuiltinOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

int64_t Machine::lanes(Type element, int64_t length) const {
  int64_t full = vectorBits / element.getIntOrFloatBitWidth();
  return std::min<int64_t>(full, llvm::PowerOf2Ceil(std::max<int64_t>(length, 1)));
}

// Seldom inlined: the optimiser and a profile are better off with functions of one screen than with one of a thousand.
func::FuncOp Code::internalFunction(StringRef name, FunctionType type, bool inlined) {
  auto function = func::FuncOp::create(*this, name, type);
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(getContext(), LLVM::Linkage::Internal));
  function->setAttr("passthrough", getArrayAttr(getStringAttr(inlined ? "alwaysinline" : "noinline")));
  setInsertionPointToStart(function.addEntryBlock());
  return function;
}

void Code::callShared(StringRef name, ValueRange arguments, function_ref<void(func::FuncOp)> emit, bool inlined) {
  auto module = getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPointToEnd(module.getBody());
    func::FuncOp function = internalFunction(name, getFunctionType(arguments.getTypes(), {}), inlined);
    emit(function);
    func::ReturnOp::create(*this);
  }
  func::CallOp::create(*this, name, TypeRange(), arguments);
}

Type Code::pointerType() { return LLVM::LLVMPointerType::get(getContext()); }
Value Code::integer(int64_t number) { return arith::ConstantOp::create(*this, getI64IntegerAttr(number)); }
Value Code::add(Value x, Value y) { return createOrFold<arith::AddIOp>(x, y); }
Value Code::sub(Value x, Value y) { return createOrFold<arith::SubIOp>(x, y); }
Value Code::mul(Value x, Value y) { return createOrFold<arith::MulIOp>(x, y); }
Value Code::div(Value x, Value y) { return createOrFold<arith::DivUIOp>(x, y); }
Value Code::rem(Value x, Value y) { return createOrFold<arith::RemUIOp>(x, y); }
Value Code::smaller(Value x, Value y) { return createOrFold<arith::MinSIOp>(x, y); }

Value Code::select(Value condition, Value x, Value y) { return arith::SelectOp::create(*this, condition, x, y); }

Value Code::dot(int64_t offset, ArrayRef<int64_t> strides, ArrayRef<Value> index) {
  Value sum = integer(offset);
  for (auto [stride, position] : llvm::zip_equal(strides, index))
    if (stride != 0)
      sum = add(sum, mul(position, integer(stride)));
  return sum;
}

//===-- Memory ------------------------------------------------------------------===//

static unsigned alignmentOf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return isa<LLVM::LLVMPointerType>(element) ? 8 : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

Value Code::at(Value base, Type element, Value index) {
  return LLVM::GEPOp::create(*this, pointerType(), element, base, ArrayRef<LLVM::GEPArg>{index});
}

Value Code::load(Type type, Value pointer) { return LLVM::LoadOp::create(*this, type, pointer, alignmentOf(type)); }

void Code::store(Value value, Value pointer) {
  LLVM::StoreOp::create(*this, value, pointer, alignmentOf(value.getType()));
}

void Code::storePastCaches(Value value, Value pointer) {
  LLVM::StoreOp::create(*this, value, pointer, /*alignment=*/64, /*isVolatile=*/false, /*isNonTemporal=*/true);
}

void Code::prefetch(Value pointer) {
  // To read, into the data caches but the nearest.
  LLVM::Prefetch::create(*this, pointer, /*rw=*/0, /*hint=*/2, /*cache=*/1);
}

void Code::prefetchNearest(Value pointer) { LLVM::Prefetch::create(*this, pointer, /*rw=*/0, /*hint=*/3, /*cache=*/1); }

Value Code::scratch(Type element, int64_t count) {
  OpBuilder::InsertionGuard guard(*this);
  auto function = getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>();
  if (!function)
    function = cast<func::FuncOp>(getInsertionBlock()->getParentOp());
  setInsertionPointToStart(&function.getBody().front());
  return LLVM::AllocaOp::create(*this, pointerType(), element, integer(count), /*alignment=*/64);
}

//===-- Vectors -----------------------------------------------------------------===//

Value Code::zero(Type type) { return arith::ConstantOp::create(*this, cast<TypedAttr>(getZeroAttr(type))); }

Value Code::broadcast(Value scalar, int64_t lanes) {
  return vector::BroadcastOp::create(*this, VectorType::get({lanes}, scalar.getType()), scalar);
}

//===-- Control -----------------------------------------------------------------===//

void Code::forEach(Value lower, Value upper, int64_t step, function_ref<void(Value)> body) {
  fold(lower, upper, step, {}, [&](Value position, ValueRange) {
    body(position);
    return SmallVector<Value>();
  });
}

SmallVector<Value> Code::fold(Value lower, Value upper, int64_t step, ValueRange initial,
                              function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop =
      scf::ForOp::create(*this, lower, upper, integer(step), initial, [](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(*this, next);
  return loop.getResults();
}

SmallVector<Value> Code::foldUnrolled(Value count, int64_t unroll, ValueRange initial,
                                      function_ref<SmallVector<Value>(Value, int64_t, ValueRange)> body) {
  auto alone = [&](Value position, ValueRange values) { return body(position, 0, values); };
  if (unroll == 1)
    return fold(integer(0), count, 1, initial, alone);
  Value whole = sub(count, rem(count, integer(unroll)));
  SmallVector<Value> values = fold(integer(0), whole, unroll, initial, [&](Value first, ValueRange before) {
    SmallVector<Value> next(before);
    for (int64_t i = 0; i < unroll; ++i)
      next = body(add(first, integer(i)), i, next);
    return next;
  });
  return fold(whole, count, 1, values, alone);
}

void Code::when(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  body();
}

void Code::either(Value condition, function_ref<void()> ifTrue, function_ref<void()> ifFalse) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  ifTrue();
  setInsertionPointToStart(branch.elseBlock());
  ifFalse();
}

void Code::choose(Value number, int64_t first, int64_t end, function_ref<void(int64_t)> body) {
  SmallVector<int64_t> cases = llvm::to_vector(llvm::seq(first, end));
  Value choice = arith::IndexCastOp::create(*this, getIndexType(), number);
  auto branch = scf::IndexSwitchOp::create(*this, TypeRange(), choice, cases, cases.size());
  OpBuilder::InsertionGuard guard(*this);
  for (auto [region, number] : llvm::zip_equal(branch.getCaseRegions(), cases)) {
    setInsertionPointToStart(&region.emplaceBlock());
    body(number);
    scf::YieldOp::create(*this);
  }
  setInsertionPointToStart(&branch.getDefaultRegion().emplaceBlock());
  scf::YieldOp::create(*this);
}

} // namespace seqc::cpu
