//===- CheckExpr.cpp - Operators, and the bringing together of operands -------------------------------===//

#include "frontend/Checker.h"

#include <cmath>

using namespace seqc;
using ast::Expr;
using ast::ExprKind;
using ast::Op;

//===-- Dispatch -----------------------------------------------------------------===//

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

//===-- Operands -----------------------------------------------------------------===//

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

/// What a node says of the shape of what it is combined with. A number fits every shape.
Shape Checker::shapeKnown(const Node &x) const {
  bool saysNothing = mode < InferFromNumbers && x.op == NodeOp::Number && x.shape.isScalar();
  return saysNothing ? Shape::unknown() : x.shape;
}

/// Brings operands to one shape, and gives it.
std::optional<Shape> Checker::joinShapes(llvm::MutableArrayRef<Node *> operands, const Expr &e, const Frame &frame) {
  Shape joined = shapeKnown(*operands.front());
  for (Node *operand : operands.drop_front())
    if (!broadcastShapes(joined, shapeKnown(*operand), joined)) {
      const Node &first = *operands.front();
      auto builder = report(DiagId::ShapesDiffer, e.range, frame, sourceText(first.range), first.shape.text(),
                            sourceText(operand->range), operand->shape.text());
      noteShape(builder, first);
      noteShape(builder, *operand);
      return std::nullopt;
    }
  // A scalar together with what is not known yet is not known either: what comes may be larger.
  auto isUnknown = [](Node *operand) { return !operand->shape.hasRank; };
  if (mode < InferFromNumbers && joined.isScalar() && llvm::any_of(operands, isUnknown))
    return Shape::unknown();
  if (joined.isComplete() && joined.elements() <= maxElements)
    for (Node *&operand : operands)
      operand = broadcastTo(operand, joined);
  return joined;
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
  auto shape = joinShapes(joined, e, frame);
  return shape ? make(op, joined, *shape, e, frame) : nullptr;
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
  auto shape = joinShapes(operands, e, frame);
  Node *node = shape ? make(NodeOp::Compare, operands, *shape, e, frame) : nullptr;
  if (node) {
    node->element = Element::Bool;
    node->comparison = op;
  }
  return node;
}
