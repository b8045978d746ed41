//===- Verify.cpp - What spans operands ----------------------------------------===//
#include "dialect/Recur.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace recur;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// `[4, 7]`, as in the source.
static std::string text(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << '[';
  llvm::interleaveComma(shape, stream);
  stream << ']';
  return text;
}

static LogicalResult checkDim(Operation *op, int64_t dim, ArrayRef<int64_t> shape) {
  if (dim >= 0 && dim < static_cast<int64_t>(shape.size()))
    return success();
  return op->emitOpError("has no dim ") << dim << " in " << text(shape);
}

static LogicalResult checkResult(Operation *op, ArrayRef<int64_t> expected) {
  ArrayRef<int64_t> actual = shapeOf(op->getResult(0));
  if (actual == expected)
    return success();
  return op->emitOpError("has a result of shape ") << text(actual) << ", expected " << text(expected);
}

//===-- Products -----------------------------------------------------------------------===//

bool MatmulOp::isMatrixVector() { return getB().getType().getRank() + 1 == getA().getType().getRank(); }

int64_t MatmulOp::getDepth() { return getA().getType().getShape().back(); }

LogicalResult MatmulOp::verify() {
  ArrayRef<int64_t> a = shapeOf(getA()), b = shapeOf(getB());
  if (a.size() < 2 || (b.size() + 1 != a.size() && b.size() != a.size()))
    return emitOpError("needs a matrix, and a vector or a matrix: got ") << text(a) << " and " << text(b);
  size_t leading = a.size() - 2;
  if (a.take_front(leading) != b.take_front(leading))
    return emitOpError("has different leading dims: ") << text(a) << " and " << text(b);
  if (a.back() != b[leading])
    return emitOpError("contracts dims of different size: ") << text(a) << " and " << text(b);
  SmallVector<int64_t> result(a.drop_back());
  if (!isMatrixVector())
    result.push_back(b.back());
  return checkResult(*this, result);
}

LogicalResult OuterOp::verify() {
  ArrayRef<int64_t> a = shapeOf(getA()), b = shapeOf(getB());
  if (a.empty() || a.size() != b.size() || a.drop_back() != b.drop_back())
    return emitOpError("needs two vectors with the same leading dims: got ") << text(a) << " and " << text(b);
  SmallVector<int64_t> result(a);
  result.push_back(b.back());
  return checkResult(*this, result);
}

LogicalResult ReduceOp::verify() {
  SmallVector<int64_t> shape(shapeOf(getX()));
  if (failed(checkDim(*this, getDim(), shape)))
    return failure();
  if (getKeep())
    shape[getDim()] = 1;
  else
    shape.erase(shape.begin() + getDim());
  return checkResult(*this, shape);
}

LogicalResult GatherOp::verify() {
  if (shapeOf(getTable()).empty())
    return emitOpError("needs a table with rows");
  return checkResult(*this, shapeOf(getTable()).drop_front());
}

LogicalResult ScatterOp::verify() {
  ArrayRef<int64_t> result = shapeOf(getResult());
  if (result.empty() || result.drop_front() != shapeOf(getX()))
    return emitOpError("needs a result whose rows have the shape ")
           << text(shapeOf(getX())) << ", got " << text(result);
  return success();
}

//===-- Movement -------------------------------------------------------------------------===//

LogicalResult BroadcastOp::verify() {
  ArrayRef<int64_t> from = shapeOf(getX()), to = shapeOf(getResult());
  bool fits = from.size() <= to.size();
  for (size_t i = 0; fits && i < from.size(); ++i) {
    int64_t size = from[from.size() - 1 - i];
    fits = size == 1 || size == to[to.size() - 1 - i];
  }
  if (!fits)
    return emitOpError("cannot repeat ") << text(from) << " to " << text(to);
  return success();
}

LogicalResult ReshapeOp::verify() {
  if (getX().getType().getNumElements() != getType().getNumElements())
    return emitOpError("changes the number of elements: ")
           << text(shapeOf(getX())) << " to " << text(shapeOf(getResult()));
  return success();
}

LogicalResult TransposeOp::verify() {
  SmallVector<int64_t> shape(shapeOf(getX()));
  if (shape.size() < 2)
    return emitOpError("needs at least two dims, got ") << text(shape);
  std::swap(shape[shape.size() - 2], shape.back());
  return checkResult(*this, shape);
}

/// `part` stands in `whole` at `offset` of `dim`.
static LogicalResult checkPart(Operation *op, ArrayRef<int64_t> part, ArrayRef<int64_t> whole, int64_t dim,
                               int64_t offset) {
  if (failed(checkDim(op, dim, whole)))
    return failure();
  SmallVector<int64_t> expected(whole);
  if (part.size() == whole.size())
    expected[dim] = part[dim];
  if (part != ArrayRef<int64_t>(expected))
    return op->emitOpError("changes other dims than ") << dim << ": " << text(part) << " in " << text(whole);
  if (offset < 0 || offset + part[dim] > whole[dim])
    return op->emitOpError("leaves dim ")
           << dim << " of " << text(whole) << ": elements " << offset << " to " << offset + part[dim];
  return success();
}

LogicalResult SliceOp::verify() {
  return checkPart(*this, shapeOf(getResult()), shapeOf(getX()), getDim(), getOffset());
}

LogicalResult PadOp::verify() { return checkPart(*this, shapeOf(getX()), shapeOf(getResult()), getDim(), getOffset()); }

LogicalResult ConcatOp::verify() {
  if (getParts().empty())
    return emitOpError("needs at least one part");
  SmallVector<int64_t> shape(shapeOf(getParts().front()));
  if (failed(checkDim(*this, getDim(), shape)))
    return failure();
  shape[getDim()] = 0;
  for (Value part : getParts()) {
    SmallVector<int64_t> rest(shapeOf(part));
    if (rest.size() != shape.size())
      return emitOpError("has parts of different rank");
    int64_t size = std::exchange(rest[getDim()], shape[getDim()]);
    if (rest != shape)
      return emitOpError("has parts that differ in other dims than ") << getDim();
    shape[getDim()] += size;
  }
  return checkResult(*this, shape);
}

//===-- Systems ---------------------------------------------------------------------------===//

LogicalResult InitAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, InitKind kind, FloatAttr a,
                               FloatAttr b) {
  int expected = kind == InitKind::uniform ? 2 : kind == InitKind::constant || kind == InitKind::normal ? 1 : 0;
  int given = (a ? 1 : 0) + (b ? 1 : 0);
  if (given == expected)
    return success();
  return emitError() << "initialiser " << stringifyInitKind(kind) << " takes " << expected << " numbers, got " << given;
}

LogicalResult InputOp::verify() {
  bool isId = getType().getElementType().isInteger(32);
  if (isId != getVocabulary().has_value())
    return emitOpError("has a vocabulary if and only if it holds ids");
  if (isId && *getVocabulary() <= 0)
    return emitOpError("needs a vocabulary of at least one id");
  return success();
}

LogicalResult RandomMaskOp::verify() {
  double p = getP().convertToDouble();
  if (!(p >= 0 && p < 1))
    return emitOpError("needs a probability in [0, 1), got ") << p;
  return success();
}

/// Names by which a caller finds something stand once.
LogicalResult SystemOp::verifyRegions() {
  llvm::StringSet<> inputs, params, outputs, equations;
  Operation *loss = nullptr;
  for (Operation &op : getBody().front()) {
    auto once = [&](llvm::StringSet<> &names, StringRef name, StringRef kind) -> LogicalResult {
      if (names.insert(name).second)
        return success();
      return op.emitOpError("is the second ") << kind << " named '" << name << "'";
    };
    LogicalResult result = success();
    if (auto input = dyn_cast<InputOp>(op))
      result = once(inputs, input.getName(), "input");
    else if (auto param = dyn_cast<ParamOp>(op))
      result = once(params, param.getName(), "parameter");
    else if (auto output = dyn_cast<OutputOp>(op))
      result = once(outputs, output.getName(), "output");
    else if (auto equation = dyn_cast<EquationOp>(op))
      result = once(equations, equation.getName(), "equation");
    else if (isa<LossOp>(op) && std::exchange(loss, &op))
      result = op.emitOpError("is the second loss");
    if (failed(result))
      return failure();
  }
  return success();
}

LogicalResult InstanceOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto system = symbolTable.lookupNearestSymbolFrom<SystemOp>(*this, getSystemAttr());
  if (!system)
    return emitOpError("names no system: ") << getSystemAttr();
  SmallVector<Type> inputs;
  for (auto input : system.getBody().getOps<InputOp>())
    inputs.push_back(input.getType());
  llvm::StringMap<Value> readable = system.getReadable();
  if (getArguments().getTypes() != TypeRange(inputs))
    return emitOpError("has other arguments than ") << getSystemAttr() << " has inputs";
  if (getReads().size() != getValues().size())
    return emitOpError("reads ") << getReads().size() << " equations but has " << getValues().size() << " results";
  for (auto [value, read] : llvm::zip(getValues(), getReads().getAsRange<StringAttr>())) {
    Value known = readable.lookup(read.getValue());
    if (!known)
      return emitOpError("reads '") << read.getValue() << "', which " << getSystemAttr() << " lacks";
    if (known.getType() != value.getType())
      return emitOpError("reads '") << read.getValue() << "' as " << value.getType() << ", it is " << known.getType();
  }
  return success();
}

//===-- Phases ------------------------------------------------------------------------------===//

LogicalResult SlotOp::verify() {
  if (getRing() != 0 && (!getTime() || getRing() < 0 || !llvm::isPowerOf2_64(getRing())))
    return emitOpError("expects a ring of a power of two steps, along time");
  if (!getHost())
    return success();
  auto host = getHost().getDefiningOp<SlotOp>();
  bool isTape = getSource() == SlotSource::tape;
  if (!isTape && getSource() != SlotSource::workspace)
    return emitOpError("of ") << stringifySlotSource(getSource()) << " cannot have a host";
  if (host.getSource() != (isTape ? SlotSource::output : SlotSource::tape) || host.getType() != getType() ||
      host.getTime() != getTime() || host.getBatch() != getBatch())
    return emitOpError("expects as host ") << (isTape ? "an output" : "a slot of the tape") << " with the same extents";
  return success();
}

LogicalResult PhaseOp::verifyRegions() {
  for (Operation &op : getBody().front()) {
    // What is reduced may have another shape.
    bool isReduced = llvm::all_of(
        op.getUsers(), [](Operation *user) { return isa<ReduceOp>(user) || user->hasTrait<PointwiseOpTrait>(); });
    bool elementwise = op.hasTrait<PointwiseOpTrait>();
    if (elementwise && !(isReduced && !op.use_empty()) && shapeOf(op.getResult(0)) != getSpace())
      return op.emitOpError("has the shape ")
             << text(shapeOf(op.getResult(0))) << " in a phase over " << text(getSpace());
  }
  return success();
}
