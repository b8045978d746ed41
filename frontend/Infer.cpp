//===- Infer.cpp - The shape of every sequence, then every expression -------===//
//
// The shape of `h` follows from an equation that may itself read h[t-1]. So an equation is checked again, with what is
// known by then, whenever one that it reads has changed. Shapes only ever become more known or, by broadcasting,
// larger; one that keeps growing (`h = [h[t-1], x]`) is an error.
//
//===----------------------------------------------------------------------===//

#include "frontend/Checker.h"
#include "frontend/Elaborate.h"

#include "llvm/ADT/SetVector.h"

using namespace seqc;

namespace {

class SystemChecker {
public:
  SystemChecker(System &system, Program &program, Diagnostics &diags)
      : system(system), program(program), diags(diags) {}

  void run(unsigned errorsBefore);

private:
  void infer();
  bool inferRounds(Checker::Mode mode);
  bool inferSequence(Sequence &sequence, Checker::Mode mode);
  bool inferBoundary(Sequence &sequence, Boundary *boundary, Checker::Mode mode);
  template <typename Check> void infer(Sequence &reader, Checker::Mode mode, Check check);
  bool update(Sequence &sequence, const Node &value);
  bool allKnown() const;

  void checkSequences();
  void checkBoundary(Sequence &sequence, Boundary *boundary);
  void checkLoss();
  void checkOutputs();
  void checkOutput(const ast::OutputItem &item, const Scope &scope);
  void checkApplications(unsigned errorsBefore);
  void reportUnknownShapes(unsigned errorsBefore);

  Frame frameIn(const Scope *scope) const {
    Frame frame;
    frame.file = system.file;
    frame.scope = scope;
    return frame;
  }

  System &system;
  Program &program;
  Diagnostics &diags;
  std::map<const Sequence *, llvm::SetVector<Sequence *>> readers; // in the order found
};

} // namespace

void seqc::checkSystem(System &system, Program &program, Diagnostics &diags, unsigned errorsBefore) {
  SystemChecker(system, program, diags).run(errorsBefore);
}

void SystemChecker::run(unsigned errorsBefore) {
  infer();
  checkSequences();
  checkLoss();
  checkOutputs();
  checkApplications(errorsBefore);
  reportUnknownShapes(errorsBefore);
}

//===-- Inference ------------------------------------------------------------------===//

bool SystemChecker::allKnown() const {
  return llvm::all_of(system.sequences, [](const Sequence &s) { return s.shape.isComplete(); });
}

void SystemChecker::infer() {
  if (!inferRounds(Checker::Infer) || !inferRounds(Checker::InferFromBoundaries))
    return;
  for (auto mode : {Checker::InferAssumingVectors, Checker::InferFromNumbers})
    if (allKnown() || !inferRounds(mode))
      return;
}

/// Looks at every sequence, and again at those that read one whose shape has changed. False if a shape keeps growing.
bool SystemChecker::inferRounds(Checker::Mode mode) {
  constexpr unsigned maxChanges = 64; // shapes have few dims, so they cannot grow often
  std::map<const Sequence *, unsigned> changes;
  std::deque<Sequence *> work;
  std::set<const Sequence *> waiting;
  auto add = [&](Sequence *sequence) {
    if (waiting.insert(sequence).second)
      work.push_back(sequence);
  };
  for (Sequence &sequence : system.sequences)
    add(&sequence);
  while (!work.empty()) {
    Sequence &sequence = *work.front();
    work.pop_front();
    waiting.erase(&sequence);
    bool changed = inferBoundary(sequence, sequence.before.get(), mode);
    changed |= inferBoundary(sequence, sequence.after.get(), mode);
    if (!sequence.isInput)
      changed |= inferSequence(sequence, mode);
    if (!changed)
      continue;
    if (++changes[&sequence] > maxChanges) {
      sequence.shape = Shape::unknown();
      diags.report(DiagId::ShapeGrows, sequence.range, sequence.name);
      return false;
    }
    for (Sequence *reader : readers[&sequence])
      add(reader);
  }
  return true;
}

/// Checks an expression for its shape alone; `reader` is to be looked at again when what it names changes.
template <typename Check> void SystemChecker::infer(Sequence &reader, Checker::Mode mode, Check check) {
  Diagnostics scratch;
  std::deque<Node> nodes;
  int64_t sites = system.randomSites;
  Checker checker(program, system, scratch, nodes, mode);
  checker.onUse = [&](Sequence &used) { readers[&used].insert(&reader); };
  check(checker);
  system.randomSites = sites;
}

bool SystemChecker::inferSequence(Sequence &sequence, Checker::Mode mode) {
  bool changed = false;
  infer(sequence, mode, [&](Checker &checker) {
    std::vector<Node *> values = checker.checkParts(*sequence.expr, frameIn(sequence.scope), sequence.parts);
    changed = sequence.part < values.size() && update(sequence, *values[sequence.part]);
  });
  return changed;
}

bool SystemChecker::update(Sequence &sequence, const Node &value) {
  bool changed = sequence.varying < value.varying || sequence.element != value.element ||
                 sequence.vocabulary != value.vocabulary ||
                 (value.shape.hasRank && !sequence.shape.sameSizes(value.shape));
  sequence.varying |= value.varying;
  sequence.element = value.element;
  sequence.vocabulary = value.vocabulary;
  if (value.shape.hasRank)
    sequence.shape = value.shape;
  return changed;
}

bool SystemChecker::inferBoundary(Sequence &sequence, Boundary *boundary, Checker::Mode mode) {
  bool changed = false;
  if (boundary)
    infer(sequence, mode, [&](Checker &checker) {
      Node *value = checker.check(*boundary->expr, frameIn(boundary->scope));
      changed = value && value->shape.hasRank && !boundary->shape.sameSizes(value->shape);
      if (changed)
        boundary->shape = value->shape;
    });
  return changed;
}

/// A sequence without a shape: most often its equation has an error that kept the shape from being found.
void SystemChecker::reportUnknownShapes(unsigned errorsBefore) {
  const Sequence *first = nullptr;
  for (const Sequence &sequence : system.sequences) {
    if (sequence.isInput || sequence.shape.isComplete() || sequence.part > 0)
      continue;
    std::deque<Node> nodes;
    Checker(program, system, diags, nodes, Checker::Infer)
        .checkParts(*sequence.expr, frameIn(sequence.scope), sequence.parts);
    if (!first)
      first = &sequence;
  }
  if (!first || diags.errorCount() != errorsBefore)
    return;
  diags.report(first->shape.hasRank ? DiagId::ShapeGrows : DiagId::ShapeUnknown, first->range, first->name);
}

//===-- Checking -------------------------------------------------------------------===//

void SystemChecker::checkSequences() {
  Checker checker(program, system, diags, system.nodes, Checker::Final);
  std::vector<Node *> values;
  for (Sequence &sequence : system.sequences) {
    if (!sequence.isInput) {
      if (sequence.part == 0)
        values = checker.checkParts(*sequence.expr, frameIn(sequence.scope), sequence.parts);
      if (sequence.part < values.size())
        sequence.value = values[sequence.part];
      if (sequence.value && sequence.value->diagonal)
        sequence.value = checker.toReal(sequence.value, frameIn(sequence.scope));
      if (sequence.value && sequence.gate && sequence.value->element != Element::Real) {
        diags.report(DiagId::GateKind, sequence.range, sequence.name);
        sequence.value = nullptr;
      }
    }
    checkBoundary(sequence, sequence.before.get());
    checkBoundary(sequence, sequence.after.get());
  }
}

void SystemChecker::checkBoundary(Sequence &sequence, Boundary *boundary) {
  if (!boundary)
    return;
  Checker checker(program, system, diags, system.nodes, Checker::Final);
  Frame frame = frameIn(boundary->scope);
  Node *value = checker.check(*boundary->expr, frame);
  if (value && (sequence.element == Element::Real || value->diagonal))
    value = checker.toReal(value, frame);
  if (!value || !sequence.shape.isComplete())
    return;
  if (value->varying) {
    diags.report(DiagId::BoundaryVaries, value->range, sequence.name);
    return;
  }
  if (value->element != sequence.element) {
    diags.report(DiagId::BoundaryKind, value->range, sequence.name);
    return;
  }
  boundary->value = checker.broadcastTo(value, sequence.shape);
  if (!boundary->value)
    diags
        .report(DiagId::BoundaryShape, value->range, sequence.name, value->shape.textWithSizes(),
                sequence.shape.textWithSizes())
        .note(sequence.range, DiagId::DefinedWithShape, sequence.name, sequence.shape.textWithSizes());
}

void SystemChecker::checkLoss() {
  if (!system.lossStatement)
    return;
  Checker checker(program, system, diags, system.nodes, Checker::Final);
  Frame frame = frameIn(system.lossScope);
  frame.inLoss = true;
  const ast::Expr &expr = *system.lossStatement->value;
  Node *loss = checker.toReal(checker.check(expr, frame), frame);
  if (!loss)
    return;
  if (!system.ast->isModel) {
    diags.report(DiagId::LossInCell, system.lossStatement->range, system.ast->name.text);
    return;
  }
  if (!loss->varying && loss->shape.isScalar()) {
    system.loss = loss;
    return;
  }
  if (loss->varying)
    diags.report(DiagId::LossVaries, expr.range, sourceText(expr.range));
  else
    diags.report(DiagId::LossShape, expr.range, sourceText(expr.range), loss->shape.textWithSizes());
}

void SystemChecker::checkOutputs() {
  for (auto [item, scope] : system.outputItems)
    checkOutput(*item, *scope);
  if (system.exported && system.outputItems.empty() && !system.lossStatement && !system.lostAll)
    diags.report(DiagId::NothingToExport, system.ast->name.range, system.ast->name.text);
}

/// The item as an expression, `h` or `enc.c`.
static ast::Expr &outputExpr(System &system, const ast::OutputItem &item, const std::string &name,
                             llvm::ArrayRef<std::string> members) {
  auto makeName = [&](const std::string &text, SourceRange range) {
    ast::Expr e;
    e.kind = ast::ExprKind::Name;
    e.range = range;
    e.name = text;
    return e;
  };
  ast::Expr expr = makeName(name, item.name.range);
  for (auto [i, member] : llvm::enumerate(members)) {
    ast::Expr outer = makeName(member, item.name.range.to(item.members[i].range));
    outer.kind = ast::ExprKind::Member;
    outer.args.push_back(std::make_unique<ast::Expr>(std::move(expr)));
    expr = std::move(outer);
  }
  return system.outputExprs.emplace_back(std::move(expr));
}

void SystemChecker::checkOutput(const ast::OutputItem &item, const Scope &scope) {
  auto lookup = [&](llvm::StringRef name) { return scope.find(name); };
  auto name = expandName(item.name.text, item.name.braces, lookup, diags);
  std::vector<std::string> members;
  for (const ast::Name &member : item.members) {
    auto text = expandName(member.text, member.braces, lookup, diags);
    if (!text || !name)
      return;
    members.push_back(*text);
  }
  if (!name)
    return;
  auto it = system.names.find(*name);
  if (it == system.names.end() && system.isLost(*name))
    return;
  if (it == system.names.end()) {
    std::vector<std::string> known;
    for (auto &[candidate, entity] : system.names)
      known.push_back(candidate);
    std::string nearest = nearestName(*name, known);
    auto builder = diags.report(DiagId::NoEquation, item.name.range, *name);
    if (!nearest.empty())
      builder.hint("did you mean `" + nearest + "`?");
    return;
  }
  if (members.empty() && !std::holds_alternative<Sequence *>(it->second)) {
    diags.report(DiagId::OutputIsNoSequence, item.name.range, *name);
    return;
  }
  std::string full = *name;
  for (const std::string &member : members)
    full += "." + member;
  for (const Output &output : system.outputs)
    if (output.name == full) {
      diags.report(DiagId::DeclaredTwice, item.range, "output " + full)
          .note(output.range, DiagId::FirstDeclaredHere, "output " + full);
      return;
    }
  Checker checker(program, system, diags, system.nodes, Checker::Final);
  Node *value = checker.check(outputExpr(system, item, *name, members), frameIn(&scope));
  if (!value)
    return;
  system.outputs.push_back({full, item.range, value, item.last});
  if (value->op == NodeOp::Read) // the cell may be a layer elsewhere, and this a value of it
    system.innerReads[pathOf(*value)] = value;
}

void SystemChecker::checkApplications(unsigned errorsBefore) {
  for (Layer &layer : system.layers) {
    if (layer.levels.empty() || !layer.memberRead.isValid())
      continue;
    if (layer.applications.size() > 1)
      diags.report(DiagId::MemberAmbiguous, layer.memberRead, layer.name)
          .note(layer.applications[0]->range, DiagId::AppliedHere, layer.name)
          .note(layer.applications[1]->range, DiagId::AppliedHere, layer.name);
    else if (!layer.applications.front()->layer && diags.errorCount() == errorsBefore)
      diags.report(DiagId::NeverApplied, layer.memberRead, layer.name)
          .note(layer.range, DiagId::DeclaredHere, layer.name);
  }
}
