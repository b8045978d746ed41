//===- Lower.cpp - Checked systems as recur.system --------------------------===//
//
// A node becomes an op. Equations may be read before they are lowered: such a use gets a placeholder, which is
// replaced at the end. That makes the order of ops that of the file.
//
//===----------------------------------------------------------------------===//

#include "frontend/Lower.h"

#include "dialect/Recur.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace seqc;
using mlir::Location;
using mlir::Value;

namespace {

class Lowering {
public:
  Lowering(System &system, mlir::ModuleOp module, bool f64);

  void run();

private:
  void lowerLeaves();
  void lowerEquation(Sequence &sequence);
  void lowerResults();
  void attachAttributes();

  /// The value of a node; its op is made once.
  Value lower(Node &node, Location loc);
  Value lower(Node &node) { return lower(node, locate(node.range)); }
  Value create(Node &node, Location loc);
  Value createMove(Node &node, Location loc, llvm::ArrayRef<Value> args);
  Value createPointwise(Node &node, Location loc, llvm::ArrayRef<Value> args);
  Value constant(Node &node, Location loc);
  Value shift(Node &node);
  Value current(Sequence *sequence);
  Value read(Node &node);
  void lowerApplication(Application &application);

  /// Stands for a value that is not there yet.
  Value placeholder(mlir::Type type);
  void define(Value &slot, Value value);

  mlir::Type typeOf(const Shape &shape, Element element);
  mlir::Type typeOf(const Node &node) { return typeOf(node.shape, node.element); }
  Location locate(SourceRange range);
  Location locate(const std::string &name, SourceRange range);

  using ReadKey = std::tuple<const Application *, unsigned, std::string>;

  System &system;
  mlir::OpBuilder builder;
  mlir::Type realType;
  recur::SystemOp op;
  std::map<const Node *, Value> values;
  std::map<const Sequence *, Value> sequences;
  std::map<const Parameter *, Value> parameters;
  std::map<ReadKey, Value> reads;
  std::set<const Application *> applied;
  std::map<std::pair<std::string, int64_t>, Value> shifts; // by source and steps
};

} // namespace

void seqc::lowerSystem(System &system, mlir::ModuleOp module, bool f64) { Lowering(system, module, f64).run(); }

Lowering::Lowering(System &system, mlir::ModuleOp module, bool f64) : system(system), builder(module.getContext()) {
  realType = f64 ? mlir::Type(builder.getF64Type()) : mlir::Type(builder.getF32Type());
  builder.setInsertionPointToEnd(module.getBody());
  op = recur::SystemOp::create(builder, locate(system.ast->name.range), system.symbol, system.exported);
  if (op.getBody().empty())
    op.getBody().emplaceBlock();
  builder.setInsertionPointToStart(&op.getBody().front());
}

void Lowering::run() {
  lowerLeaves();
  for (Sequence &sequence : system.sequences)
    if (!sequence.isInput)
      lowerEquation(sequence);
  lowerResults();
  attachAttributes();
}

//===-- Types and places -----------------------------------------------------------===//

mlir::Type Lowering::typeOf(const Shape &shape, Element element) {
  llvm::SmallVector<int64_t> sizes;
  for (const Extent &extent : shape.extents)
    sizes.push_back(extent.size);
  mlir::Type type = element == Element::Real   ? realType
                    : element == Element::Bool ? mlir::Type(builder.getI1Type())
                                               : mlir::Type(builder.getI32Type());
  return mlir::RankedTensorType::get(sizes, type);
}

Location Lowering::locate(SourceRange range) {
  if (!range.isValid())
    return builder.getUnknownLoc();
  LineColumn place = range.start();
  return mlir::FileLineColLoc::get(builder.getStringAttr(range.file->path()), place.line, place.column);
}

Location Lowering::locate(const std::string &name, SourceRange range) {
  return mlir::NameLoc::get(builder.getStringAttr(name), locate(range));
}

//===-- Leaves, equations, results ---------------------------------------------------===//

static recur::InitAttr initOf(const Parameter &parameter, mlir::OpBuilder &builder) {
  recur::InitKind kind = recur::InitKind::constant;
  switch (parameter.init) {
  case ast::Initialiser::Constant:
    kind = recur::InitKind::constant;
    break;
  case ast::Initialiser::Xavier:
    kind = recur::InitKind::xavier;
    break;
  case ast::Initialiser::He:
    kind = recur::InitKind::he;
    break;
  case ast::Initialiser::Orthogonal:
    kind = recur::InitKind::orthogonal;
    break;
  case ast::Initialiser::Normal:
    kind = recur::InitKind::normal;
    break;
  case ast::Initialiser::Uniform:
    kind = recur::InitKind::uniform;
    break;
  }
  mlir::FloatAttr args[2];
  bool takesArgs =
      kind == recur::InitKind::constant || kind == recur::InitKind::normal || kind == recur::InitKind::uniform;
  for (size_t i = 0; takesArgs && i < 2 && i < parameter.initArgs.size(); ++i)
    args[i] = builder.getF64FloatAttr(parameter.initArgs[i]);
  return recur::InitAttr::get(builder.getContext(), kind, args[0], args[1]);
}

void Lowering::lowerLeaves() {
  for (Sequence *input : system.inputs()) {
    mlir::IntegerAttr vocabulary = input->vocabulary ? builder.getI64IntegerAttr(input->vocabulary) : nullptr;
    sequences[input] = recur::InputOp::create(builder, locate(input->name, input->range),
                                              typeOf(input->shape, input->element), input->name, vocabulary);
  }
  for (Parameter &parameter : system.parameters)
    parameters[&parameter] =
        recur::ParamOp::create(builder, locate(parameter.name, parameter.range), typeOf(parameter.shape, Element::Real),
                               parameter.name, initOf(parameter, builder), parameter.diagonal);
}

/// The sequence that `sequence` is another name for.
static Sequence *origin(Sequence *sequence) {
  while (sequence->value && sequence->value->op == NodeOp::Current)
    sequence = sequence->value->sequence;
  return sequence;
}

void Lowering::lowerEquation(Sequence &sequence) {
  Location loc = locate(sequence.name, sequence.range);
  Sequence *source = origin(&sequence);
  Value value;
  if (source == &sequence) {
    value = lower(*sequence.value, loc);
    define(sequences[&sequence], value);
  } else {
    value = current(source);
  }
  recur::EquationOp::create(builder, loc, sequence.name, value, sequence.gate);
}

void Lowering::lowerResults() {
  for (Output &output : system.outputs)
    recur::OutputOp::create(builder, locate(output.range), output.name, lower(*output.value), output.last);
  if (system.loss) {
    SourceRange place = system.lossStatement->range;
    recur::LossOp::create(builder, locate(place), lower(*system.loss, locate("loss", place)));
  }
}

void Lowering::attachAttributes() {
  if (!system.exported)
    return;
  llvm::SmallVector<mlir::NamedAttribute> dims;
  for (auto &[name, size] : system.dims)
    dims.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(size)));
  op->setAttr("recur.dims", builder.getDictionaryAttr(dims));
  if (!system.looksAhead.place.isValid())
    return;
  op->setAttr("recur.looks_ahead", builder.getStringAttr(system.looksAhead.equation));
  op->setAttr("recur.looks_ahead_at", mlir::LocationAttr(locate(system.looksAhead.place)));
}

//===-- Names ------------------------------------------------------------------------===//

Value Lowering::placeholder(mlir::Type type) {
  auto cast = mlir::UnrealizedConversionCastOp::create(builder, builder.getUnknownLoc(), type, mlir::ValueRange());
  return cast.getResult(0);
}

void Lowering::define(Value &slot, Value value) {
  if (slot) {
    mlir::Operation *cast = slot.getDefiningOp();
    slot.replaceAllUsesWith(value);
    cast->erase();
  }
  slot = value;
}

Value Lowering::current(Sequence *sequence) {
  sequence = origin(sequence);
  Value &value = sequences[sequence];
  if (!value)
    value = placeholder(typeOf(sequence->shape, sequence->element));
  return value;
}

Value Lowering::read(Node &node) {
  Application &application = *node.application;
  if (applied.insert(&application).second)
    lowerApplication(application);
  Value &value = reads[{&application, node.level, node.member}];
  if (!value) // its arguments read it, at an earlier step
    value = placeholder(typeOf(node));
  return value;
}

void Lowering::lowerApplication(Application &application) {
  Layer &layer = *application.layer;
  llvm::SmallVector<Value> args;
  for (Node *arg : application.args)
    args.push_back(lower(*arg));
  for (unsigned level = 0; level < layer.levels.size(); ++level) {
    System &cell = *layer.levels[level];
    llvm::SmallVector<mlir::Type> types;
    llvm::SmallVector<llvm::StringRef> members;
    auto add = [&](const std::string &member, mlir::Type type) {
      if (!application.members[level].count(member))
        return;
      members.push_back(member);
      types.push_back(type);
    };
    for (const Sequence &sequence : cell.sequences)
      add(sequence.name, typeOf(sequence.shape, sequence.element));
    for (auto &[member, node] : cell.innerReads)
      add(member, typeOf(*node));
    auto instance =
        recur::InstanceOp::create(builder, locate(layer.name, application.range), types, cell.symbol, layer.path(level),
                                  args, builder.getStrArrayAttr(members), layer.reversed, application.index);
    for (auto [member, result] : llvm::zip_equal(members, instance.getResults()))
      define(reads[{&application, level, member.str()}], result);
    if (level < application.lowerOutputs.size())
      args[0] = read(*application.lowerOutputs[level]);
  }
}

/// All uses of h[t-1] are one op.
Value Lowering::shift(Node &node) {
  Node &source = *node.args[0];
  bool isRead = source.op == NodeOp::Read;
  std::string state = isRead ? pathOf(source) : source.sequence->name;
  std::string key = isRead ? state + "#" + std::to_string(source.application->index) : state;
  auto it = shifts.find({key, node.shift});
  if (it != shifts.end())
    return it->second;
  Value init, from = lower(source);
  if (!isRead) {
    const std::unique_ptr<Boundary> &boundary = node.shift < 0 ? source.sequence->before : source.sequence->after;
    if (boundary)
      init = lower(*boundary->value);
  }
  Location loc = locate(node.range);
  mlir::StringAttr stateAttr = builder.getStringAttr(state);
  mlir::Type type = typeOf(node);
  mlir::IntegerAttr steps = builder.getI64IntegerAttr(std::abs(node.shift));
  Value value = node.shift < 0 ? Value(recur::DelayOp::create(builder, loc, type, from, steps, stateAttr, init))
                               : Value(recur::AdvanceOp::create(builder, loc, type, from, steps, stateAttr, init));
  return shifts[{key, node.shift}] = value;
}

//===-- Expressions ------------------------------------------------------------------===//

Value Lowering::lower(Node &node, Location loc) {
  switch (node.op) { // what names stand for may still be a placeholder, which is not to be remembered
  case NodeOp::Current:
    return current(node.sequence);
  case NodeOp::Read:
    return read(node);
  case NodeOp::Parameter:
    return parameters[node.parameter];
  case NodeOp::Shift:
    return shift(node);
  default:
    break;
  }
  auto it = values.find(&node);
  if (it != values.end())
    return it->second;
  Value value = create(node, loc);
  values[&node] = value;
  return value;
}

Value Lowering::constant(Node &node, Location loc) {
  auto type = llvm::cast<mlir::RankedTensorType>(typeOf(node));
  if (node.element == Element::Real)
    return recur::ConstantOp::create(builder, loc, type, node.number);
  auto value = builder.getI32IntegerAttr(static_cast<int32_t>(node.number));
  return recur::ConstantOp::create(builder, loc, mlir::DenseElementsAttr::get(type, mlir::Attribute(value)));
}

static recur::Predicate predicateOf(ast::Op op) {
  switch (op) {
  case ast::Op::Lt:
    return recur::Predicate::lt;
  case ast::Op::Le:
    return recur::Predicate::le;
  case ast::Op::Gt:
    return recur::Predicate::gt;
  case ast::Op::Ge:
    return recur::Predicate::ge;
  case ast::Op::Eq:
    return recur::Predicate::eq;
  default:
    return recur::Predicate::ne;
  }
}

Value Lowering::create(Node &node, Location loc) {
  llvm::SmallVector<Value> args;
  for (Node *arg : node.args)
    args.push_back(lower(*arg));
  mlir::Type type = typeOf(node);
  switch (node.op) {
  case NodeOp::Number:
    return constant(node, loc);
  case NodeOp::RandomMask:
    return recur::RandomMaskOp::create(builder, loc, type, llvm::APFloat(node.number), node.site, node.flag);
  case NodeOp::Count:
    return recur::CountOp::create(builder, loc, type);
  case NodeOp::Total:
    return recur::TotalOp::create(builder, loc, type, args[0]);
  case NodeOp::Estimate:
    return recur::EstimateOp::create(builder, loc, type, args[0], args[1]);
  case NodeOp::MatMul:
    return recur::MatmulOp::create(builder, loc, type, args[0], args[1]);
  case NodeOp::Outer:
    return recur::OuterOp::create(builder, loc, type, args[0], args[1]);
  case NodeOp::ReduceSum:
    return recur::ReduceOp::create(builder, loc, type, recur::ReduceKind::sum, args[0], node.dim, node.flag);
  case NodeOp::ReduceMax:
    return recur::ReduceOp::create(builder, loc, type, recur::ReduceKind::max, args[0], node.dim, node.flag);
  case NodeOp::Gather:
    return recur::GatherOp::create(builder, loc, type, args[0], args[1]);
  case NodeOp::Compare:
    return recur::CompareOp::create(builder, loc, type, predicateOf(node.comparison), args[0], args[1]);
  case NodeOp::Select:
    return recur::SelectOp::create(builder, loc, type, args[0], args[1], args[2]);
  case NodeOp::ToReal:
    return recur::ToRealOp::create(builder, loc, type, args[0]);
  default:
    if (Value moved = createMove(node, loc, args))
      return moved;
    return createPointwise(node, loc, args);
  }
}

Value Lowering::createMove(Node &node, Location loc, llvm::ArrayRef<Value> args) {
  mlir::Type type = typeOf(node);
  switch (node.op) {
  case NodeOp::Broadcast:
    return recur::BroadcastOp::create(builder, loc, type, args[0]);
  case NodeOp::Reshape:
    return recur::ReshapeOp::create(builder, loc, type, args[0]);
  case NodeOp::Transpose:
    return recur::TransposeOp::create(builder, loc, type, args[0]);
  case NodeOp::Slice:
    return recur::SliceOp::create(builder, loc, type, args[0], 0, node.offset);
  case NodeOp::Concat:
    return recur::ConcatOp::create(builder, loc, type, args, 0);
  default:
    return nullptr;
  }
}

Value Lowering::createPointwise(Node &node, Location loc, llvm::ArrayRef<Value> args) {
  mlir::Type type = typeOf(node);
  switch (node.op) {
#define SEQC_OPERATOR1(Name, value)                                                                                    \
  case NodeOp::Name:                                                                                                   \
    return recur::Name##Op::create(builder, loc, type, args[0]);
#define SEQC_OPERATOR2(Name, value)                                                                                    \
  case NodeOp::Name:                                                                                                   \
    return recur::Name##Op::create(builder, loc, type, args[0], args[1]);
#include "frontend/Builtins.def"
  default:
    llvm_unreachable("every other node is made above");
  }
}
