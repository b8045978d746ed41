//===- CheckShape.cpp - Products, and moves of elements ---------------------===//

#include "frontend/Checker.h"

using namespace seqc;
using ast::Expr;
using ast::ExprKind;

//===-- Products -----------------------------------------------------------------===//

/// `[…, i, k] @ […, k]`, or `[…, i, k] @ […, k, j]`; false if the shapes do not fit.
static bool productShape(const Shape &a, const Shape &b, Shape &result) {
  if (a.rank() < 2 || (b.rank() != a.rank() && b.rank() + 1 != a.rank()))
    return false;
  bool isVector = b.rank() + 1 == a.rank();
  size_t lead = a.rank() - 2;
  auto fits = [](const Extent &x, const Extent &y) { return !x.isKnown() || !y.isKnown() || x.size == y.size; };
  for (size_t i = 0; i < lead; ++i)
    if (!fits(a.extents[i], b.extents[i]))
      return false;
  if (!fits(a.extents.back(), b.extents[lead]))
    return false;
  std::vector<Extent> extents(a.extents.begin(), a.extents.end() - 1);
  if (!isVector)
    extents.push_back(b.extents.back());
  result = Shape::of(std::move(extents));
  return true;
}

Node *Checker::matmul(Node *a, Node *b, const Expr &e, const Frame &frame) {
  if (a->diagonal)
    return diagonalMatmul(a, b, e, frame);
  a = toReal(a, frame);
  b = toReal(b, frame);
  if (!a || !b)
    return nullptr;
  Shape result;
  if (!a->shape.hasRank || !b->shape.hasRank) {
    // A product says the shape of its result without its right operand, if that is a vector.
    if (mode == InferAssumingVectors && a->shape.hasRank && a->shape.rank() >= 2)
      result = Shape::of({a->shape.extents.begin(), a->shape.extents.end() - 1});
    return make(NodeOp::MatMul, {a, b}, result, e, frame);
  }
  if (productShape(a->shape, b->shape, result))
    return make(NodeOp::MatMul, {a, b}, result, e, frame);
  DiagId id = DiagId::ProductShapes;
  if (a->shape.rank() == 0 || b->shape.rank() == 0)
    id = DiagId::ProductOfScalar;
  else if (a->shape.rank() == 1)
    id = b->shape.rank() == 1 ? DiagId::ProductOfVectors : DiagId::ProductFromLeft;
  Shape wanted = a->shape;
  if (wanted.rank() >= 2)
    wanted.extents.erase(wanted.extents.end() - 2);
  auto builder = report(id, e.range, frame, sourceText(a->range), a->shape.text(), sourceText(b->range),
                        b->shape.text(), wanted.text());
  noteShape(builder, *a);
  noteShape(builder, *b);
  return nullptr;
}

/// diag @ v is elementwise, diag @ M scales the rows of M.
Node *Checker::diagonalMatmul(Node *a, Node *b, const Expr &e, const Frame &frame) {
  b = toReal(b, frame);
  if (!b)
    return nullptr;
  Node *vector = make(NodeOp::Parameter, {}, a->shape, *e.args[0], frame);
  if (!vector)
    return nullptr;
  vector->parameter = a->parameter;
  bool isMatrix = b->shape.hasRank && b->shape.rank() == 2;
  bool fits = !b->shape.hasRank || isMatrix || b->shape.rank() == 1;
  const Extent &size = a->shape.extents.front();
  if (fits && b->shape.hasRank && b->shape.extents[0].isKnown())
    fits = b->shape.extents[0].size == size.size;
  if (!fits) {
    auto builder = report(DiagId::ProductShapes, e.range, frame, sourceText(a->range), "diag" + a->shape.text(),
                          sourceText(b->range), b->shape.text(), a->shape.text());
    noteShape(builder, *a);
    noteShape(builder, *b);
    return nullptr;
  }
  if (isMatrix) {
    vector = reshape(vector, Shape::of({size, Extent::of(1)}), e, frame);
    if (!vector)
      return nullptr;
  }
  return elementwise(NodeOp::Mul, {vector, b}, e, frame);
}

Node *Checker::outer(const Expr &e, const Frame &frame) {
  Node *a = toReal(check(*e.args[0], frame), frame), *b = toReal(check(*e.args[1], frame), frame);
  if (!a || !b)
    return nullptr;
  if (!a->shape.hasRank || !b->shape.hasRank)
    return make(NodeOp::Outer, {a, b}, Shape::unknown(), e, frame);
  bool fits = a->shape.rank() >= 1 && a->shape.rank() == b->shape.rank();
  for (size_t i = 0; fits && i + 1 < a->shape.rank(); ++i)
    fits = a->shape.extents[i].size == b->shape.extents[i].size;
  if (!fits) {
    auto builder = report(DiagId::OuterShapes, e.range, frame, a->shape.text(), b->shape.text());
    noteShape(builder, *a);
    noteShape(builder, *b);
    return nullptr;
  }
  std::vector<Extent> extents = a->shape.extents;
  extents.push_back(b->shape.extents.back());
  return make(NodeOp::Outer, {a, b}, Shape::of(std::move(extents)), e, frame);
}

//===-- Moves --------------------------------------------------------------------===//

Node *Checker::reshape(Node *x, Shape shape, const Expr &e, const Frame &frame) {
  if (x->op == NodeOp::Number && x->shape.isScalar() && shape.elements() == 1) {
    Node *one = number(x->number, e, frame);
    return one ? broadcastTo(one, shape) : nullptr;
  }
  Node *node = make(NodeOp::Reshape, {x}, std::move(shape), e, frame);
  if (node)
    node->element = x->element;
  return node;
}

Node *Checker::reshape(const Expr &e, const Frame &frame) {
  Node *x = check(*e.args[0], frame);
  std::vector<Extent> extents;
  auto lookup = [&](llvm::StringRef name) { return findNumber(name, frame); };
  auto addExtent = [&](const Expr &dim) {
    auto size = evaluateExtent(dim, lookup, diags);
    if (size)
      extents.push_back({*size, sourceText(dim.range)});
    return size.has_value();
  };
  const Expr &target = *e.args[1];
  if (target.kind == ExprKind::Concat) {
    for (const ast::ExprPtr &dim : target.args)
      if (!addExtent(*dim))
        return nullptr;
  } else if (!addExtent(target)) {
    return nullptr;
  }
  if (!x)
    return nullptr;
  if (x->diagonal)
    return toReal(x, frame);
  Shape shape = Shape::of(std::move(extents));
  if (x->shape.isComplete() && x->shape.elements() != shape.elements()) {
    auto builder = report(DiagId::ReshapeElements, e.range, frame, x->shape.textWithSizes(), x->shape.elements(),
                          shape.textWithSizes(), shape.elements());
    noteShape(builder, *x);
    return nullptr;
  }
  return reshape(x, std::move(shape), e, frame);
}

Node *Checker::checkTranspose(const Expr &e, const Frame &frame) {
  Node *x = check(*e.args[0], frame);
  if (!x || x->diagonal)
    return x;
  Shape shape = x->shape;
  if (shape.hasRank && shape.rank() < 2) {
    auto builder = report(DiagId::TransposeOfVector, e.range, frame, sourceText(x->range), shape.text());
    noteShape(builder, *x);
    return nullptr;
  }
  if (shape.hasRank)
    std::swap(shape.extents.back(), shape.extents[shape.rank() - 2]);
  Node *node = make(NodeOp::Transpose, {x}, std::move(shape), e, frame);
  if (node)
    node->element = x->element;
  return node;
}

Node *Checker::checkConcat(const Expr &e, const Frame &frame) {
  llvm::SmallVector<Node *, 4> parts;
  for (const ast::ExprPtr &arg : e.args)
    parts.push_back(toReal(check(*arg, frame), frame));
  if (llvm::is_contained(parts, nullptr))
    return nullptr;
  const Node *model = parts.front(); // the one all others are compared with
  for (Node *part : parts)
    if (part->shape.hasRank && (!model->shape.hasRank || part->shape.rank() > model->shape.rank()))
      model = part;
  size_t rank = model->shape.hasRank ? std::max<size_t>(1, model->shape.rank()) : 1;
  std::vector<Extent> extents(rank);
  extents[0] = {0, ""};
  for (size_t i = 1; i < rank; ++i)
    extents[i] = model->shape.extents[i];
  for (Node *&part : parts) {
    if (part->shape.isScalar() && rank == 1)
      part = reshape(part, Shape::of({Extent::of(1)}), e, frame);
    if (!part)
      return nullptr;
    bool fits = !part->shape.hasRank || part->shape.rank() == rank;
    for (size_t i = 1; fits && part->shape.hasRank && i < rank; ++i)
      fits = part->shape.extents[i].size == extents[i].size || mode != Final;
    if (!fits) {
      auto builder = report(DiagId::ConcatShapes, e.range, frame, sourceText(model->range), model->shape.text(),
                            sourceText(part->range), part->shape.text());
      noteShape(builder, *model);
      noteShape(builder, *part);
      return nullptr;
    }
    Extent size = part->shape.hasRank ? part->shape.extents[0] : Extent();
    extents[0] = part == parts.front() ? size : addExtents(extents[0], size);
  }
  if (parts.size() == 1)
    return parts.front();
  return make(NodeOp::Concat, parts, Shape::of(std::move(extents)), e, frame);
}

Node *Checker::slice(Node *x, int64_t offset, Extent size, const Expr &e, const Frame &frame) {
  std::vector<Extent> extents = x->shape.extents;
  extents[0] = std::move(size);
  Node *node = make(NodeOp::Slice, {x}, Shape::of(std::move(extents)), e, frame);
  if (node) {
    node->offset = offset;
    node->element = x->element;
  }
  return node;
}

Node *Checker::checkSlice(const Expr &e, const Frame &frame) {
  Node *x = check(*e.args[0], frame);
  if (!x || x->diagonal)
    return toReal(x, frame);
  if (!x->shape.hasRank)
    return make(NodeOp::Slice, {x}, Shape::unknown(), e, frame);
  if (x->shape.rank() == 0) {
    report(DiagId::SliceOfScalar, e.range, frame, sourceText(x->range));
    return nullptr;
  }
  Extent whole = x->shape.extents[0];
  auto lookup = [&](llvm::StringRef name) { return findNumber(name, frame); };
  int64_t bounds[2] = {0, whole.size};
  for (int side : {0, 1}) {
    const ast::ExprPtr &bound = e.args[side + 1];
    if (!bound)
      continue;
    std::optional<int64_t> said = evaluateInteger(*bound, lookup, diags);
    if (!said)
      return nullptr;
    bool fromEnd = *said < 0 && whole.isKnown();
    bounds[side] = fromEnd ? *said + whole.size : *said;
  }
  if (!whole.isKnown()) {
    bool isSaid = e.args[1] && e.args[2] && bounds[0] >= 0 && bounds[1] > bounds[0];
    return slice(x, 0, isSaid ? Extent::of(bounds[1] - bounds[0]) : Extent(), e, frame);
  }
  if (bounds[0] < 0 || bounds[1] > whole.size || bounds[0] >= bounds[1]) {
    auto builder = report(DiagId::SliceBounds, e.range, frame, sourceText(e.range), sourceText(x->range),
                          x->shape.textWithSizes());
    noteShape(builder, *x);
    return nullptr;
  }
  int64_t size = bounds[1] - bounds[0];
  // `z[0:H]` is of size `H` in the user's words.
  bool fromStart = bounds[0] == 0 && e.args[2];
  return slice(x, bounds[0], fromStart ? Extent{size, sourceText(e.args[2]->range)} : Extent::of(size), e, frame);
}

/// `table[id]` looks a row up; `x[3]` takes one at compile time.
Node *Checker::checkIndex(const Expr &e, const Frame &frame) {
  Node *x = check(*e.args[0], frame), *index = check(*e.args[1], frame);
  if (!x || !index)
    return nullptr;
  if (x->diagonal)
    return toReal(x, frame);
  if (x->shape.isScalar()) {
    report(DiagId::SliceOfScalar, e.range, frame, sourceText(x->range));
    return nullptr;
  }
  if (!x->shape.hasRank || !x->shape.extents[0].isKnown())
    return make(NodeOp::Gather, {x, index}, Shape::unknown(), e, frame);
  Extent rows = x->shape.extents[0];
  Shape row = Shape::of({x->shape.extents.begin() + 1, x->shape.extents.end()});
  if (index->op == NodeOp::Number) {
    double at = index->number < 0 ? index->number + rows.size : index->number;
    if (!Number::of(at).isInteger || at < 0 || at >= rows.size) {
      report(DiagId::IndexBounds, e.args[1]->range, frame, sourceText(e.args[1]->range), sourceText(x->range),
             x->shape.textWithSizes());
      return nullptr;
    }
    Node *one = slice(x, static_cast<int64_t>(at), Extent::of(1), e, frame);
    return one ? reshape(one, std::move(row), e, frame) : nullptr;
  }
  if (index->element != Element::Id || !index->shape.isScalar()) {
    auto builder = report(DiagId::IndexIsNoId, index->range, frame, sourceText(index->range));
    noteShape(builder, *index);
    return nullptr;
  }
  if (index->vocabulary != rows.size) {
    auto builder = report(DiagId::VocabularyDiffers, e.range, frame, sourceText(index->range), index->vocabulary,
                          sourceText(x->range), rows.size);
    noteShape(builder, *x);
    return nullptr;
  }
  x = toReal(x, frame);
  return x ? make(NodeOp::Gather, {x, index}, std::move(row), e, frame) : nullptr;
}
