//===- Dialect.cpp - Registers the recur dialect -------------------------------===//
#include "dialect/Recur.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace recur;

#include "dialect/RecurDialect.cpp.inc"
#include "dialect/RecurEnums.cpp.inc"
#include "dialect/RecurInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/RecurAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialect/RecurTypes.cpp.inc"

//===-- Pieces of assembly -------------------------------------------------------===//

/// `(%a, %b) : type`, where all operands have the type of the result.
static ParseResult parseOperandsOfResultType(OpAsmParser &parser,
                                             SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands,
                                             SmallVectorImpl<Type> &operandTypes, Type &resultType) {
  if (parser.parseOperandList(operands, OpAsmParser::Delimiter::Paren) || parser.parseColonType(resultType))
    return failure();
  operandTypes.assign(operands.size(), resultType);
  return success();
}

static void printOperandsOfResultType(OpAsmPrinter &printer, Operation *, OperandRange operands, TypeRange,
                                      Type resultType) {
  printer << '(' << operands << ") : " << resultType;
}

#define GET_OP_CLASSES
#include "dialect/RecurOps.cpp.inc"

void RecurDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialect/RecurOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/RecurAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/RecurTypes.cpp.inc"
      >();
}

//===-- Builders -------------------------------------------------------------------===//

void SystemOp::build(OpBuilder &builder, OperationState &state, StringRef name, bool exported) {
  state.getOrAddProperties<Properties>().sym_name = builder.getStringAttr(name);
  if (exported)
    state.getOrAddProperties<Properties>().exported = builder.getUnitAttr();
  state.addRegion()->emplaceBlock();
}

void ConstantOp::build(OpBuilder &builder, OperationState &state, Type type, double splat) {
  auto tensor = cast<RankedTensorType>(type);
  Attribute element = isa<FloatType>(tensor.getElementType())
                          ? Attribute(builder.getFloatAttr(tensor.getElementType(), splat))
                          : builder.getIntegerAttr(tensor.getElementType(), static_cast<int64_t>(splat));
  build(builder, state, tensor, DenseElementsAttr::get(tensor, element));
}

//===-- Systems --------------------------------------------------------------------===//

llvm::StringMap<Value> SystemOp::getReadable() {
  llvm::StringMap<Value> readable;
  for (Operation &op : getBody().front()) {
    if (auto input = dyn_cast<InputOp>(op))
      readable[input.getName()] = input.getValue();
    else if (auto equation = dyn_cast<EquationOp>(op))
      readable[equation.getName()] = equation.getValue();
    else if (auto instance = dyn_cast<InstanceOp>(op); instance && instance.getApplication() == 0)
      for (auto [read, value] : llvm::zip(instance.getReads().getAsRange<StringAttr>(), instance.getValues()))
        readable[(instance.getPath() + "." + read.getValue()).str()] = value;
  }
  return readable;
}

//===-- Shifts ---------------------------------------------------------------------===//

int64_t DelayOp::getShift() { return -getSteps(); }
int64_t AdvanceOp::getShift() { return getSteps(); }

//===-- Names ----------------------------------------------------------------------===//

/// The results of a group are named as what it yields.
static void nameResults(Operation *group, OpAsmSetValueNameFn setName) {
  Block &body = group->getRegion(0).front();
  if (body.empty() || !isa<YieldOp>(body.back()))
    return;
  for (auto [result, yielded] : llvm::zip(group->getResults(), body.back().getOperands()))
    if (auto named = dyn_cast<NameLoc>(yielded.getLoc()))
      setName(result, named.getName().getValue());
}

void OnceOp::getAsmResultNames(OpAsmSetValueNameFn setName) { nameResults(*this, setName); }
void MapOp::getAsmResultNames(OpAsmSetValueNameFn setName) { nameResults(*this, setName); }
void LoopOp::getAsmResultNames(OpAsmSetValueNameFn setName) { nameResults(*this, setName); }
void AtOp::getAsmResultNames(OpAsmSetValueNameFn setName) { nameResults(*this, setName); }
