//===- CheckName.cpp - Leaves: names at any time ---------------------------===//

#include "frontend/Checker.h"

using namespace seqc;
using ast::Expr;
using ast::ExprKind;

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

//===-- Names --------------------------------------------------------------------===//

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
  if (onUse)
    onUse(sequence);
  if (mode == Final && !sequence.shape.isComplete())
    return nullptr; // its own equation has the error
  Shape shape = sequence.shape;
  const std::unique_ptr<Boundary> &boundary = shift < 0 ? sequence.before : sequence.after;
  if (shift != 0 && boundary) {
    boundary->used = true;
    Shape joined;
    if (mode == InferFromBoundaries && boundary->shape.rank() > 0 && broadcastShapes(shape, boundary->shape, joined))
      shape = joined;
    else if (mode == InferFromNumbers && !shape.hasRank) // a number fits any shape: it counts last
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
  Node *node = make(NodeOp::Shift, {source}, source->shape, e, frame);
  if (!node)
    return nullptr;
  node->shift = shift;
  node->element = source->element;
  node->vocabulary = source->vocabulary;
  node->varying = true;
  return node;
}
