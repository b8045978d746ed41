//===- CheckMember.cpp - Sequences inside layers, at any depth ---------------===//
//
// `enc.rnn.c` reads `c` of the layer `rnn` of the cell of `enc`. The cell gets a Read of its own, as if it had given
// `rnn.c` a name, and the system outside a Read of that: every analysis asks one cell at a time.
//
//===----------------------------------------------------------------------===//

#include "frontend/Checker.h"

using namespace seqc;
using ast::Expr;
using ast::ExprKind;

//===-- Which layer ----------------------------------------------------------------===//

Layer *Checker::findOuterLayer(const std::string &name, const Expr &e, const Frame &frame) {
  if (Layer *layer = layerNamed(name, frame))
    return layer;
  if (system.isLost(name))
    return nullptr;
  std::string nearest = nearestName(name, visibleNames(frame));
  bool known = frame.inSystem && system.names.count(name);
  auto builder = report(known ? DiagId::MemberOfNoLayer : DiagId::UnknownName, e.range, frame, name);
  if (!known && !nearest.empty())
    builder.hint("did you mean `" + nearest + "`?");
  return nullptr;
}

/// `e` is `enc.rnn`, and `cell` that of `enc`.
Layer *Checker::findInnerLayer(const std::string &name, System &cell, const Expr &e, const Frame &frame) {
  auto it = cell.names.find(name);
  if (it != cell.names.end()) {
    if (auto *layer = std::get_if<Layer *>(&it->second))
      return isAppliedOnce(**layer, e, frame) ? *layer : nullptr;
    report(DiagId::MemberOfNoLayer, e.range, frame, sourceText(e.range));
    return nullptr;
  }
  std::vector<std::string> known;
  for (const Layer &candidate : cell.layers)
    known.push_back(candidate.name);
  std::string nearest = nearestName(name, known), outer = sourceText(e.args[0]->range);
  auto builder = report(DiagId::NoSuchInnerLayer, e.range, frame, outer, cell.ast->name.text, name);
  if (!nearest.empty())
    builder.hint("did you mean `" + outer + "." + nearest + "`?");
  return nullptr;
}

/// A layer of a cell that is checked already: what its applications are will not change.
bool Checker::isAppliedOnce(const Layer &layer, const Expr &e, const Frame &frame) {
  if (layer.applications.size() == 1)
    return true;
  if (layer.applications.empty())
    report(DiagId::NeverApplied, e.range, frame, layer.name).note(layer.range, DiagId::DeclaredHere, layer.name);
  else
    report(DiagId::MemberAmbiguous, e.range, frame, layer.name)
        .note(layer.applications[0]->range, DiagId::AppliedHere, layer.name)
        .note(layer.applications[1]->range, DiagId::AppliedHere, layer.name);
  return false;
}

/// The layers of `enc` or `enc.rnn`, outermost first; none after an error.
std::vector<Layer *> Checker::findLayers(const Expr &e, const Frame &frame) {
  std::vector<Layer *> layers;
  if (e.kind == ExprKind::Member) {
    layers = findLayers(*e.args[0], frame);
    if (layers.empty())
      return {};
  }
  auto name = nameOf(e, frame);
  if (!name)
    return {};
  Layer *layer =
      layers.empty() ? findOuterLayer(*name, e, frame) : findInnerLayer(*name, *layers.back()->levels.back(), e, frame);
  if (!layer || layer->levels.empty())
    return {};
  layers.push_back(layer);
  return layers;
}

//===-- Which sequence -------------------------------------------------------------===//

/// Whether `cell`, that of the layer on the left in `e`, defines a sequence `name`.
bool Checker::checkSequenceOf(System &cell, const std::string &name, const Expr &e, const Frame &frame) {
  auto it = cell.names.find(name);
  if (it != cell.names.end()) {
    if (auto *layer = std::get_if<Layer *>(&it->second)) {
      std::string member = (*layer)->levels.empty() ? "h" : (*layer)->levels.back()->outputs.front().name;
      report(DiagId::InnerLayerAsValue, e.range, frame, sourceText(e.range), member);
      return false;
    }
    auto *sequence = std::get_if<Sequence *>(&it->second);
    if (sequence && !(*sequence)->isInput)
      return true;
  }
  std::vector<std::string> known;
  for (const Sequence &candidate : cell.sequences)
    if (!candidate.isInput)
      known.push_back(candidate.name);
  std::string nearest = nearestName(name, known), layer = sourceText(e.args[0]->range);
  auto builder = report(DiagId::NoSuchMember, e.range, frame, layer, cell.ast->name.text, name);
  if (!nearest.empty())
    builder.hint("did you mean `" + layer + "." + nearest + "`?");
  return false;
}

Node *Checker::checkMember(const Expr &e, const Frame &frame) {
  auto shift = shiftOf(e, frame);
  auto name = nameOf(e, frame);
  if (!shift || !name)
    return nullptr;
  std::vector<Layer *> layers = findLayers(*e.args[0], frame);
  if (layers.empty() || !checkSequenceOf(*layers.back()->levels.back(), *name, e, frame))
    return nullptr;
  std::string member = *name;
  for (size_t depth = layers.size() - 1; depth > 0; --depth) {
    Layer &layer = *layers[depth];
    System &cell = *layers[depth - 1]->levels.back();
    unsigned level = layer.levels.size() - 1;
    std::string path = layer.path(level) + "." + member;
    if (!cell.innerReads.count(path)) {
      Checker inside(program, cell, diags, cell.nodes, Final);
      Node *inner = inside.read(layer, layer.applications.front().get(), level, member, e, frame);
      if (!inner)
        return nullptr;
      cell.innerReads[path] = inner;
    }
    member = path;
  }
  Layer &layer = *layers.front();
  if (mode == Final && layer.applications.empty())
    layer.applications.push_back(std::make_unique<Application>());
  Application *application = mode == Final ? layer.applications.front().get() : nullptr;
  if (application && !layer.memberRead.isValid())
    layer.memberRead = place(e.range, frame);
  Node *node = read(layer, application, layer.levels.size() - 1, member, e, frame);
  return node && *shift != 0 ? shifted(node, *shift, e, frame) : node;
}

Node *Checker::read(Layer &layer, Application *application, unsigned level, const std::string &member, const Expr &e,
                    const Frame &frame) {
  System &cell = *layer.levels[level];
  auto inner = cell.innerReads.find(member);
  bool isInner = inner != cell.innerReads.end();
  const Sequence *sequence = isInner ? nullptr : std::get<Sequence *>(cell.names.at(member));
  Shape shape = isInner ? inner->second->shape : sequence->shape;
  for (Extent &extent : shape.extents)
    extent = layer.extentOutside(extent, level);
  Node *node = make(NodeOp::Read, {}, std::move(shape), e, frame);
  if (!node)
    return nullptr;
  node->element = isInner ? inner->second->element : sequence->element;
  node->vocabulary = isInner ? inner->second->vocabulary : sequence->vocabulary;
  node->varying = true;
  node->layer = &layer;
  node->application = application;
  node->level = level;
  node->member = member;
  if (application) {
    application->members.resize(layer.levels.size());
    application->members[level].insert(member);
    cell.readFromOutside.insert(member);
  }
  return node;
}
