//===- CheckExpr.cpp - Leaves and operators ---------------------------------===//

#include "frontend/Checker.h"

#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace seqc;
using ast::Expr;
using ast::ExprKind;
using ast::Op;

//===-- Helpers ------------------------------------------------------------------===//

std::string seqc::nearestName(llvm::StringRef name, llvm::ArrayRef<std::string> known) {
  unsigned best = (name.size() <= 2 ? 1 : name.size() <= 5 ? 2 : 3) + 1;
  std::string nearest;
  for (const std::string &candidate : known) {
    unsigned distance = llvm::StringRef(candidate).edit_distance(name, /*AllowReplacements=*/true, best);
    size_t length = std::max(candidate.size(), name.size());
    if (distance < best && distance < length && distance <= (length + 1) / 2) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string seqc::counted(size_t count, llvm::StringRef thing) {
  return std::to_string(count) + " " + thing.str() + (count == 1 ? "" : "s");
}

SourceRange Checker::place(SourceRange range, const Frame &frame) const {
  const Frame *at = &frame;
  for (; at->function && at->file->isStandard; at = at->caller)
    range = at->call;
  return range;
}

Diagnostics::Builder Checker::addCalls(Diagnostics::Builder builder, const Frame &frame) {
  constexpr unsigned maxNotes = 5; // the innermost, and where it all began
  unsigned notes = 0;
  for (const Frame *at = &frame; at->function; at = at->caller)
    if (!at->file->isStandard && (++notes < maxNotes || !at->caller->function))
      builder.note(place(at->call, *at->caller), DiagId::CalledHere, at->function->names.front().text);
  return builder;
}

void Checker::noteShape(Diagnostics::Builder &builder, const Node &x) {
  if (x.parameter && x.parameter->diagonal)
    builder.note(x.parameter->range, DiagId::DeclaredWithShape, x.parameter->name,
                 "`diag" + x.parameter->shape.text() + "`");
  else if (x.parameter)
    builder.note(x.parameter->range, DiagId::DeclaredWithShape, x.parameter->name, x.shape.textWithSizes());
  else if (x.sequence)
    builder.note(x.sequence->range, x.sequence->isInput ? DiagId::DeclaredWithShape : DiagId::DefinedWithShape,
                 x.sequence->name, x.shape.textWithSizes());
  else if (x.op == NodeOp::Shift)
    noteShape(builder, *x.args[0]);
  else
    builder.note(x.range, DiagId::ThisHasShape, x.shape.textWithSizes());
}

Node *Checker::make(NodeOp op, llvm::ArrayRef<Node *> args, Shape shape, const Expr &e, const Frame &frame) {
  if (nodes.size() >= maxNodes) {
    report(DiagId::SystemTooLarge, e.range, frame, system.ast->name.text);
    return nullptr;
  }
  if (shape.isComplete() && shape.elements() > maxElements) {
    report(DiagId::ValueTooLarge, e.range, frame, shape.textWithSizes(), maxElements);
    return nullptr;
  }
  Node &node = nodes.emplace_back();
  node.op = op;
  node.shape = std::move(shape);
  node.range = place(e.range, frame);
  node.args.assign(args.begin(), args.end());
  for (Node *arg : args) {
    node.varying |= arg->varying;
    node.depth = std::max(node.depth, arg->depth + 1);
  }
  if (node.depth <= maxNodeDepth)
    return &node;
  report(DiagId::ExpressionTooDeep, e.range, frame);
  return nullptr;
}

Node *Checker::number(double value, const Expr &e, const Frame &frame) {
  Node *node = make(NodeOp::Number, {}, Shape::scalar(), e, frame);
  if (node)
    node->number = value;
  return node;
}

std::optional<Number> Checker::findNumber(llvm::StringRef name, const Frame &frame) const {
  if (const Binding *bound = frame.parameter(name.str())) {
    if (bound->node && bound->node->op == NodeOp::Number)
      return Number::of(bound->node->number);
    return std::nullopt;
  }
  return frame.scope->find(name);
}

std::optional<std::string> Checker::nameOf(const Expr &e, const Frame &frame) {
  auto lookup = [&](llvm::StringRef name) { return findNumber(name, frame); };
  return expandName(e.name, e.braces, lookup, diags);
}

std::vector<std::string> Checker::visibleNames(const Frame &frame) const {
  std::vector<std::string> names;
  for (auto &[name, binding] : frame.parameters)
    names.push_back(name);
  if (frame.inSystem)
    for (auto &[name, entity] : system.names)
      names.push_back(name);
  for (const Scope *scope = frame.scope; scope; scope = scope->parent)
    for (auto &[name, value] : scope->numbers)
      names.push_back(name);
  return names;
}

Node *Checker::broadcastTo(Node *x, const Shape &shape) {
  if (!x->shape.isComplete() || !shape.isComplete() || x->shape.sameSizes(shape))
    return x;
  if (!broadcastsTo(x->shape, shape))
    return nullptr;
  Node copy = *x;
  if (x->op != NodeOp::Number) {
    copy = Node();
    copy.op = NodeOp::Broadcast;
    copy.element = x->element;
    copy.varying = x->varying;
    copy.range = x->range;
    copy.args = {x};
    copy.depth = x->depth + 1;
  }
  copy.shape = shape;
  nodes.push_back(std::move(copy));
  return &nodes.back();
}

Node *Checker::toReal(Node *x, const Frame &frame) {
  if (!x)
    return nullptr;
  if (x->diagonal) {
    report(DiagId::DiagonalOperand, x->range, frame, sourceText(x->range));
    return nullptr;
  }
  if (x->element == Element::Id) {
    report(DiagId::IdOperand, x->range, frame, sourceText(x->range));
    return nullptr;
  }
  if (x->element == Element::Real)
    return x;
  Node &node = nodes.emplace_back();
  node.op = NodeOp::ToReal;
  node.shape = x->shape;
  node.varying = x->varying;
  node.range = x->range;
  node.args = {x};
  node.depth = x->depth + 1;
  return &node;
}

//===-- Names --------------------------------------------------------------------===//

Node *Checker::check(const Expr &e, const Frame &frame) {
  constexpr unsigned maxDepth = 1000;
  if (frame.depth >= maxDepth) {
    report(DiagId::ExpressionTooDeep, e.range, frame);
    return nullptr;
  }
  ++frame.depth;
  Node *result = nullptr;
  switch (e.kind) {
  case ExprKind::Number:
    result = number(e.value, e, frame);
    break;
  case ExprKind::Name:
    result = checkName(e, frame);
    break;
  case ExprKind::Unary:
    if (Node *x = toReal(check(*e.args[0], frame), frame))
      result = elementwise(NodeOp::Neg, {x}, e, frame);
    break;
  case ExprKind::Binary:
    result = checkBinary(e, frame);
    break;
  case ExprKind::Call:
    result = checkCall(e, frame);
    break;
  case ExprKind::Concat:
    result = checkConcat(e, frame);
    break;
  case ExprKind::Index:
    result = checkIndex(e, frame);
    break;
  case ExprKind::Slice:
    result = checkSlice(e, frame);
    break;
  case ExprKind::Transpose:
    result = checkTranspose(e, frame);
    break;
  case ExprKind::Member:
    result = checkMember(e, frame);
    break;
  }
  --frame.depth;
  return result;
}

std::optional<int64_t> Checker::shiftOf(const Expr &e, const Frame &frame) {
  constexpr int64_t maxLag = 1 << 16;
  int64_t shift = e.shift;
  if (e.shiftExpr) {
    auto lookup = [&](llvm::StringRef name) { return findNumber(name, frame); };
    auto value = evaluateInteger(*e.shiftExpr, lookup, diags);
    if (!value)
      return std::nullopt;
    int64_t term;
    if (__builtin_mul_overflow(*value, int64_t(e.shiftSign), &term) || __builtin_add_overflow(shift, term, &shift))
      shift = maxLag + 1;
  }
  if (shift >= -maxLag && shift <= maxLag)
    return shift;
  report(DiagId::ShiftTooLarge, e.range, frame, sourceText(e.range), maxLag);
  return std::nullopt;
}

Node *Checker::checkName(const Expr &e, const Frame &frame) {
  auto name = nameOf(e, frame);
  auto shift = shiftOf(e, frame);
  if (!name || !shift)
    return nullptr;
  if (const Binding *bound = frame.parameter(*name)) {
    if (!bound->node || *shift == 0)
      return bound->node;
    return shifted(bound->node, *shift, e, frame);
  }
  if (frame.inSystem) {
    if (auto it = system.names.find(*name); it != system.names.end()) {
      if (auto *sequence = std::get_if<Sequence *>(&it->second))
        return checkSequence(**sequence, *shift, e, frame);
      if (auto *layer = std::get_if<Layer *>(&it->second)) {
        report(DiagId::LayerAsValue, e.range, frame, *name).note((*layer)->range, DiagId::DeclaredHere, *name);
        return nullptr;
      }
      if (auto *parameter = std::get_if<Parameter *>(&it->second)) {
        if (e.timed) {
          report(DiagId::ConstantWithTime, e.range, frame, *name)
              .note((*parameter)->range, DiagId::DeclaredHere, *name);
          return nullptr;
        }
        Node *node = make(NodeOp::Parameter, {}, (*parameter)->shape, e, frame);
        if (node) {
          node->parameter = *parameter;
          node->diagonal = (*parameter)->diagonal;
        }
        return node;
      }
    }
  }
  if (auto value = findNumber(*name, frame)) {
    if (!e.timed)
      return number(value->real, e, frame);
    report(DiagId::ConstantWithTime, e.range, frame, *name);
    return nullptr;
  }
  if (system.isLost(*name))
    return nullptr;
  std::string nearest = nearestName(*name, visibleNames(frame));
  auto builder = report(DiagId::UnknownName, e.range, frame, *name);
  if (!nearest.empty())
    builder.hint("did you mean `" + nearest + "`?");
  return nullptr;
}

Node *Checker::checkSequence(Sequence &sequence, int64_t shift, const Expr &e, const Frame &frame) {
  if (mode == Final && !sequence.shape.isComplete())
    return nullptr; // its own equation has the error
  Shape shape = sequence.shape;
  const std::unique_ptr<Boundary> &boundary = shift < 0 ? sequence.before : sequence.after;
  if (shift != 0 && boundary) {
    boundary->used = true;
    // A scalar fits any shape, so it says little: it counts when nothing else is known.
    bool tellsMore = mode == InferFromBoundaries && boundary->shape.rank() > 0;
    if (shape.hasRank ? tellsMore && shape.isScalar() : tellsMore || mode == InferAssumingVectors)
      shape = boundary->shape;
  }
  Node *node = make(NodeOp::Current, {}, shape, e, frame);
  if (!node)
    return nullptr;
  node->sequence = &sequence;
  node->element = sequence.element;
  node->varying = sequence.varying;
  node->vocabulary = sequence.vocabulary;
  return shift == 0 ? node : shifted(node, shift, e, frame);
}

Node *Checker::shifted(Node *source, int64_t shift, const Expr &e, const Frame &frame) {
  if (source->op != NodeOp::Current && source->op != NodeOp::Read) {
    report(source->varying ? DiagId::TimeOfExpression : DiagId::ConstantWithTime, e.range, frame,
           sourceText(source->range));
    return nullptr;
  }
  if (mode == Final && !source->varying) {
    auto builder = report(DiagId::ConstantWithTime, e.range, frame, source->sequence->name);
    builder.note(source->sequence->range, DiagId::DefinedHere, source->sequence->name);
    return nullptr;
  }
  Node *node = make(NodeOp::Shift, {source}, source->shape, e, frame);
  if (!node)
    return nullptr;
  node->shift = shift;
  node->element = source->element;
  node->vocabulary = source->vocabulary;
  node->varying = true;
  return node;
}

Node *Checker::checkMember(const Expr &e, const Frame &frame) {
  auto shift = shiftOf(e, frame);
  auto member = nameOf(e, frame);
  if (!shift || !member)
    return nullptr;
  const Expr &base = *e.args[0];
  if (base.kind != ExprKind::Name) {
    report(DiagId::NestedMember, e.range, frame, sourceText(e.range));
    return nullptr;
  }
  auto name = nameOf(base, frame);
  if (!name)
    return nullptr;
  Layer *layer = layerNamed(*name, frame);
  if (!layer && system.isLost(*name))
    return nullptr;
  if (!layer) {
    std::string nearest = nearestName(*name, visibleNames(frame));
    bool known = frame.inSystem && system.names.count(*name);
    auto builder = report(known ? DiagId::MemberOfNoLayer : DiagId::UnknownName, base.range, frame, *name);
    if (!known && !nearest.empty())
      builder.hint("did you mean `" + nearest + "`?");
    return nullptr;
  }
  if (layer->levels.empty())
    return nullptr;
  if (mode == Final && layer->applications.empty())
    layer->applications.push_back(std::make_unique<Application>());
  Application *application = mode == Final ? layer->applications.front().get() : nullptr;
  if (application && !layer->memberRead.isValid())
    layer->memberRead = place(e.range, frame);
  Node *node = read(*layer, application, layer->levels.size() - 1, *member, e, frame);
  return node && *shift != 0 ? shifted(node, *shift, e, frame) : node;
}

//===-- Operators ----------------------------------------------------------------===//

static std::optional<NodeOp> arithmetic(Op op) {
  switch (op) {
  case Op::Add:
    return NodeOp::Add;
  case Op::Sub:
    return NodeOp::Sub;
  case Op::Mul:
    return NodeOp::Mul;
  case Op::Div:
    return NodeOp::Div;
  default:
    return std::nullopt;
  }
}

Node *Checker::checkBinary(const Expr &e, const Frame &frame) {
  Node *x = check(*e.args[0], frame), *y = check(*e.args[1], frame);
  if (!x || !y)
    return nullptr;
  if (e.op == Op::MatMul)
    return matmul(x, y, e, frame);
  if (e.op == Op::Pow)
    return power(toReal(x, frame), toReal(y, frame), e, frame);
  if (e.op == Op::Mod) {
    if (x->op == NodeOp::Number && y->op == NodeOp::Number && y->number != 0)
      return number(x->number - y->number * std::floor(x->number / y->number), e, frame);
    report(DiagId::NotCompileTime, e.range, frame, sourceText(e.range));
    return nullptr;
  }
  if (auto op = arithmetic(e.op)) {
    x = toReal(x, frame);
    y = toReal(y, frame);
    return x && y ? elementwise(*op, {x, y}, e, frame) : nullptr;
  }
  return compare(e.op, x, y, e, frame);
}

/// Brings operands to one shape.
bool Checker::joinShapes(llvm::MutableArrayRef<Node *> operands, const Expr &e, const Frame &frame) {
  Shape joined = operands.front()->shape;
  for (Node *operand : operands.drop_front())
    if (!broadcastShapes(joined, operand->shape, joined)) {
      const Node &first = *operands.front();
      auto builder = report(DiagId::ShapesDiffer, e.range, frame, sourceText(first.range), first.shape.text(),
                            sourceText(operand->range), operand->shape.text());
      noteShape(builder, first);
      noteShape(builder, *operand);
      return false;
    }
  for (Node *&operand : operands)
    operand = broadcastTo(operand, joined);
  return true;
}

static double fold(NodeOp op, double x, double y) {
  switch (op) {
#define SEQC_OPERATOR1(Op, value)                                                                                      \
  case NodeOp::Op:                                                                                                     \
    return value;
#define SEQC_OPERATOR2(Op, value)                                                                                      \
  case NodeOp::Op:                                                                                                     \
    return value;
#include "frontend/Builtins.def"
  default:
    return 0;
  }
}

Node *Checker::elementwise(NodeOp op, llvm::ArrayRef<Node *> operands, const Expr &e, const Frame &frame) {
  auto isNumber = [](Node *x) { return x->op == NodeOp::Number && x->shape.isScalar(); };
  if (llvm::all_of(operands, isNumber)) {
    if (op == NodeOp::Div && operands[1]->number == 0) {
      report(DiagId::DivisionByZero, operands[1]->range, frame, valueText(sourceText(operands[1]->range), 0));
      return nullptr;
    }
    double folded = fold(op, operands[0]->number, operands.size() > 1 ? operands[1]->number : 0);
    if (std::isfinite(folded))
      return number(folded, e, frame);
    report(DiagId::DimOverflow, e.range, frame, sourceText(e.range));
    return nullptr;
  }
  llvm::SmallVector<Node *, 2> joined(operands);
  if (!joinShapes(joined, e, frame))
    return nullptr;
  Shape shape = joined.front()->shape.hasRank ? joined.front()->shape : joined.back()->shape;
  if (mode != Final)
    broadcastShapes(joined.front()->shape, joined.back()->shape, shape);
  return make(op, joined, shape, e, frame);
}

Node *Checker::power(Node *x, Node *y, const Expr &e, const Frame &frame) {
  if (!x || !y)
    return nullptr;
  if (y->op != NodeOp::Number || x->op == NodeOp::Number)
    return elementwise(NodeOp::Pow, {x, y}, e, frame);
  // x^2 and its like are products: exact, and their derivative needs no logarithm.
  if (y->number == 1)
    return x;
  if (y->number == 2)
    return elementwise(NodeOp::Mul, {x, x}, e, frame);
  if (y->number == 3) {
    Node *square = elementwise(NodeOp::Mul, {x, x}, e, frame);
    return square ? elementwise(NodeOp::Mul, {square, x}, e, frame) : nullptr;
  }
  if (y->number == 0.5)
    return elementwise(NodeOp::Sqrt, {x}, e, frame);
  if (y->number == -1) {
    Node *one = number(1, e, frame);
    return one ? elementwise(NodeOp::Div, {one, x}, e, frame) : nullptr;
  }
  return elementwise(NodeOp::Pow, {x, y}, e, frame);
}

/// A number compared with an id is an id.
Node *Checker::numberAs(Node *x, Element element, const Expr &e, const Frame &frame) {
  if (element != Element::Id || x->op != NodeOp::Number)
    return toReal(x, frame);
  if (!Number::of(x->number).isInteger || std::fabs(x->number) > maxExtent) {
    report(DiagId::NotWhole, x->range, frame, valueText(sourceText(x->range), x->number));
    return nullptr;
  }
  Node *copy = number(x->number, e, frame);
  if (copy)
    copy->element = Element::Id;
  return copy;
}

Node *Checker::compare(Op op, Node *x, Node *y, const Expr &e, const Frame &frame) {
  if (x->element == Element::Id || y->element == Element::Id) {
    x = x->element == Element::Id ? x : numberAs(x, Element::Id, e, frame);
    y = y->element == Element::Id ? y : numberAs(y, Element::Id, e, frame);
    if (x && y && x->element != y->element) {
      report(DiagId::IdOperand, e.range, frame, sourceText((x->element == Element::Id ? x : y)->range));
      return nullptr;
    }
  } else {
    x = toReal(x, frame);
    y = toReal(y, frame);
  }
  if (!x || !y)
    return nullptr;
  Node *operands[] = {x, y};
  if (!joinShapes(operands, e, frame))
    return nullptr;
  Shape shape;
  broadcastShapes(operands[0]->shape, operands[1]->shape, shape);
  Node *node = make(NodeOp::Compare, operands, shape, e, frame);
  if (node) {
    node->element = Element::Bool;
    node->comparison = op;
  }
  return node;
}
