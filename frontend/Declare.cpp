//===- Declare.cpp - What the statements of a system declare ---------------===//

#include "frontend/Checker.h"
#include "frontend/Elaborate.h"

using namespace seqc;
using ast::Stmt;
using ast::StmtKind;

namespace {

class Declarer {
public:
  Declarer(System &system, Program &program, Elaborator &elaborator, Diagnostics &diags)
      : system(system), program(program), elaborator(elaborator), diags(diags) {}

  void run();

private:
  void declareAll(const std::vector<ast::StmtPtr> &body, Scope &scope);
  void declare(const Stmt &statement, Scope &scope);
  void declareConstants(const std::vector<ast::StmtPtr> &body, Scope &scope);
  void declareInput(const Stmt &statement, Scope &scope);
  void declareParameter(const Stmt &statement, Scope &scope);
  void declareEquation(const Stmt &statement, Scope &scope);
  void declareLayer(const Stmt &statement, Scope &scope);
  void declareLevels(Layer &layer, const ast::LayerSpec &spec, SystemRef cell, Scope &scope);
  void declareFunction(const Stmt &statement);
  void expandFor(const Stmt &statement, Scope &scope);
  void require(const Stmt &statement, Scope &scope);
  void attachBoundary(const Stmt &statement, Scope &scope);
  void setInit(Parameter &parameter, const Stmt &statement, Scope &scope);
  std::optional<Shape> shapeOf(const ast::Type &type, Scope &scope);
  /// Gives the name with its braces expanded, unless it is taken, which is reported.
  std::optional<std::string> newName(const ast::Name &name, const Stmt &statement, Scope &scope);
  SourceRange rangeOf(const Entity &entity) const;
  bool countStep(SourceRange place);

  System &system;
  Program &program;
  Elaborator &elaborator;
  Diagnostics &diags;
  std::vector<std::pair<const Stmt *, Scope *>> boundaries;
  unsigned steps = 0;
};

} // namespace

void seqc::declareSystem(System &system, Program &program, Elaborator &elaborator, Diagnostics &diags) {
  Declarer(system, program, elaborator, diags).run();
}

void Declarer::run() {
  declareAll(system.ast->body, system.scopes.front());
  for (auto [statement, scope] : boundaries)
    attachBoundary(*statement, *scope);
}

void Declarer::declareAll(const std::vector<ast::StmtPtr> &body, Scope &scope) {
  declareConstants(body, scope);
  for (const ast::StmtPtr &statement : body)
    declare(*statement, scope);
}

void Declarer::declare(const Stmt &statement, Scope &scope) {
  if (!countStep(statement.range))
    return;
  switch (statement.kind) {
  case StmtKind::Input:
    return declareInput(statement, scope);
  case StmtKind::Param:
    return declareParameter(statement, scope);
  case StmtKind::Equation:
    return declareEquation(statement, scope);
  case StmtKind::Layer:
    return declareLayer(statement, scope);
  case StmtKind::For:
    return expandFor(statement, scope);
  case StmtKind::Require:
    return require(statement, scope);
  case StmtKind::Fn:
    return declareFunction(statement);
  case StmtKind::Boundary:
    boundaries.emplace_back(&statement, &scope);
    return;
  case StmtKind::Loss:
    if (system.lossStatement)
      diags.report(DiagId::TwoEquations, statement.range, "loss")
          .note(system.lossStatement->range, DiagId::FirstDeclaredHere, "loss");
    else
      system.lossStatement = &statement;
    system.lossScope = &scope;
    return;
  case StmtKind::Output:
    for (const ast::OutputItem &item : statement.outputs)
      system.outputItems.emplace_back(&item, &scope);
    return;
  case StmtKind::Const:
  case StmtKind::Use:
    return; // done before
  }
}

/// Bounds the work that nested `for`s can ask for.
bool Declarer::countStep(SourceRange place) {
  constexpr unsigned maxSteps = 100000;
  if (++steps == maxSteps)
    diags.report(DiagId::SystemTooLarge, place, system.ast->name.text);
  system.lostAll |= steps >= maxSteps;
  return steps < maxSteps;
}

//===-- Names ----------------------------------------------------------------------===//

SourceRange Declarer::rangeOf(const Entity &entity) const {
  return std::visit(
      [](auto &&value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Number>)
          return SourceRange();
        else
          return value->range;
      },
      entity);
}

std::optional<std::string> Declarer::newName(const ast::Name &name, const Stmt &statement, Scope &scope) {
  auto lookup = [&](llvm::StringRef text) { return scope.find(text); };
  auto text = expandName(name.text, name.braces, lookup, diags);
  if (!text)
    return std::nullopt;
  auto it = system.names.find(*text);
  if (it == system.names.end()) {
    if (!system.scopes.front().numbers.count(*text))
      return text;
    diags.report(DiagId::DeclaredTwice, name.range, *text);
    return std::nullopt;
  }
  auto *sequence = std::get_if<Sequence *>(&it->second);
  bool isEquation = sequence && statement.kind == StmtKind::Equation;
  DiagId id = !isEquation            ? DiagId::DeclaredTwice
              : (*sequence)->isInput ? DiagId::EquationForInput
                                     : DiagId::TwoEquations;
  diags.report(id, name.range, *text).note(rangeOf(it->second), DiagId::FirstDeclaredHere, *text);
  return std::nullopt;
}

void Declarer::declareConstants(const std::vector<ast::StmtPtr> &body, Scope &scope) {
  auto lookup = [&](llvm::StringRef name) { return scope.find(name); };
  std::vector<const Stmt *> waiting;
  for (const ast::StmtPtr &statement : body)
    if (statement->kind == StmtKind::Const)
      waiting.push_back(statement.get());
  // Order means nothing: take those first whose names are known.
  for (bool progress = true; progress;) {
    progress = false;
    std::vector<const Stmt *> later;
    for (const Stmt *statement : waiting) {
      Diagnostics scratch;
      const ast::Name &name = statement->names.front();
      auto value = evaluate(*statement->value, lookup, scratch);
      if (!value) {
        later.push_back(statement);
        continue;
      }
      progress = true;
      if (auto text = newName(name, *statement, scope))
        if (!scope.numbers.emplace(*text, *value).second)
          diags.report(DiagId::DeclaredTwice, name.range, *text);
    }
    waiting = std::move(later);
  }
  for (const Stmt *statement : waiting) {
    evaluate(*statement->value, lookup, diags);
    system.lostNames.insert(statement->names.front().text);
  }
}

void Declarer::declareFunction(const Stmt &statement) {
  const ast::Name &name = statement.names.front();
  auto [begin, end] = system.functions.equal_range(name.text);
  for (auto it = begin; it != end; ++it)
    if (it->second->parameters.size() == statement.parameters.size())
      diags.report(DiagId::DeclaredTwice, name.range, name.text)
          .note(it->second->names.front().range, DiagId::FirstDeclaredHere, name.text);
  system.functions.emplace(name.text, &statement);
}

void Declarer::expandFor(const Stmt &statement, Scope &scope) {
  constexpr int64_t maxRange = 10000;
  auto lookup = [&](llvm::StringRef name) { return scope.find(name); };
  auto lower = evaluateInteger(*statement.lower, lookup, diags);
  auto upper = evaluateInteger(*statement.upper, lookup, diags);
  system.lostAll |= !lower || !upper;
  if (!lower || !upper || *lower > *upper)
    return;
  int64_t length;
  if (__builtin_sub_overflow(*upper, *lower, &length) || length >= maxRange) {
    diags.report(DiagId::ForTooLong, statement.lower->range.to(statement.upper->range), maxRange);
    system.lostAll = true;
    return;
  }
  for (int64_t value = *lower; value <= *upper; ++value) {
    Scope &inner = system.scopes.emplace_back();
    inner.parent = &scope;
    inner.numbers[statement.variable] = Number::of(value);
    unsigned errors = diags.errorCount();
    declareAll(statement.body, inner);
    if (diags.errorCount() == errors)
      continue;
    system.lostAll = true;
    return; // the other rounds would say the same
  }
}

void Declarer::require(const Stmt &statement, Scope &scope) {
  auto lookup = [&](llvm::StringRef name) { return scope.find(name); };
  auto value = evaluate(*statement.value, lookup, diags);
  if (!value || value->real != 0)
    return;
  auto builder = diags.report(DiagId::RequireFailed, statement.value->range, sourceText(statement.value->range),
                              system.ast->name.text);
  std::vector<std::string> dims;
  for (auto &[name, size] : system.dims)
    dims.push_back(name + " = " + std::to_string(size));
  builder.hint("here " + llvm::join(dims, ", "));
}

//===-- Inputs, parameters, equations ------------------------------------------------===//

std::optional<Shape> Declarer::shapeOf(const ast::Type &type, Scope &scope) {
  auto lookup = [&](llvm::StringRef name) { return scope.find(name); };
  Shape shape = Shape::scalar();
  for (const ast::ExprPtr &dim : type.dims) {
    auto size = evaluateExtent(*dim, lookup, diags);
    if (!size)
      return std::nullopt;
    shape.extents.push_back({*size, sourceText(dim->range)});
  }
  if (shape.elements() <= maxElements)
    return shape;
  diags.report(DiagId::ValueTooLarge, type.range, shape.textWithSizes(), maxElements);
  return std::nullopt;
}

void Declarer::declareInput(const Stmt &statement, Scope &scope) {
  if (statement.type.kind == ast::Type::Diagonal)
    diags.report(DiagId::DiagonalInput, statement.type.range);
  auto shape = shapeOf(statement.type, scope);
  for (const ast::Name &name : statement.names) {
    auto text = newName(name, statement, scope);
    if (!text)
      continue;
    Sequence &input = system.sequences.emplace_back();
    input.name = *text;
    input.range = name.range;
    input.isInput = true;
    input.varying = true;
    input.statement = &statement;
    if (shape)
      input.shape = *shape;
    if (statement.type.kind == ast::Type::Id && shape) {
      input.vocabulary = shape->elements();
      input.element = Element::Id;
      input.shape = Shape::scalar();
    } else if (statement.type.kind == ast::Type::Mask) {
      input.element = Element::Bool;
    }
    system.names[*text] = &input;
  }
}

void Declarer::declareParameter(const Stmt &statement, Scope &scope) {
  if (statement.type.kind != ast::Type::Tensor && statement.type.kind != ast::Type::Diagonal)
    diags.report(DiagId::ParameterKind, statement.type.range);
  auto shape = shapeOf(statement.type, scope);
  for (const ast::Name &name : statement.names) {
    auto text = newName(name, statement, scope);
    if (text && !shape)
      system.lostNames.insert(*text);
    if (!text || !shape)
      continue;
    Parameter &parameter = system.parameters.emplace_back();
    parameter.name = *text;
    parameter.range = name.range;
    parameter.shape = *shape;
    parameter.diagonal = statement.type.kind == ast::Type::Diagonal;
    setInit(parameter, statement, scope);
    system.names[*text] = &parameter;
  }
}

void Declarer::setInit(Parameter &parameter, const Stmt &statement, Scope &scope) {
  if (!statement.init) { // as usual: matrices Xavier, biases zero
    parameter.init = parameter.shape.rank() >= 2 ? ast::Initialiser::Xavier : ast::Initialiser::Constant;
    parameter.initArgs = {0};
    return;
  }
  const ast::Initialiser &init = *statement.init;
  parameter.init = init.kind;
  auto lookup = [&](llvm::StringRef name) { return scope.find(name); };
  for (const ast::ExprPtr &arg : init.args)
    if (auto value = evaluate(*arg, lookup, diags))
      parameter.initArgs.push_back(value->real);
  if (init.kind == ast::Initialiser::Orthogonal && parameter.shape.rank() < 2)
    diags.report(DiagId::InitOrthogonal, init.range, parameter.shape.text());
}

void Declarer::declareEquation(const Stmt &statement, Scope &scope) {
  for (auto [part, name] : llvm::enumerate(statement.names)) {
    auto text = newName(name, statement, scope);
    Sequence &sequence = system.sequences.emplace_back();
    sequence.name = text.value_or(name.text);
    sequence.range = name.range;
    sequence.statement = &statement;
    sequence.expr = statement.value.get();
    sequence.scope = &scope;
    sequence.gate = statement.gate;
    sequence.part = part;
    sequence.parts = statement.names.size();
    if (text)
      system.names[*text] = &sequence;
  }
}

void Declarer::attachBoundary(const Stmt &statement, Scope &scope) {
  const ast::Name &name = statement.names.front();
  auto lookup = [&](llvm::StringRef text) { return scope.find(text); };
  auto text = expandName(name.text, name.braces, lookup, diags);
  if (!text)
    return;
  auto it = system.names.find(*text);
  auto *sequence = it == system.names.end() ? nullptr : std::get_if<Sequence *>(&it->second);
  if (!sequence && system.isLost(*text))
    return;
  if (!sequence) {
    DiagId id = it == system.names.end() ? DiagId::NoEquation : DiagId::ConstantWithTime;
    diags.report(id, name.range, *text);
    return;
  }
  std::unique_ptr<Boundary> &boundary = statement.boundaryAtEnd ? (*sequence)->after : (*sequence)->before;
  std::string written = *text + (statement.boundaryAtEnd ? "[T+1]" : "[0]");
  if (boundary) {
    diags.report(DiagId::TwoEquations, name.range, written).note(boundary->range, DiagId::FirstDeclaredHere, written);
    return;
  }
  boundary = std::make_unique<Boundary>();
  boundary->range = name.range;
  boundary->expr = statement.value.get();
  boundary->scope = &scope;
}

//===-- Layers -----------------------------------------------------------------------===//

void Declarer::declareLayer(const Stmt &statement, Scope &scope) {
  const ast::LayerSpec &spec = statement.layer;
  std::string cellName = llvm::StringRef(spec.cell.text).rsplit('.').second.str();
  if (cellName.empty())
    cellName = spec.cell.text;
  SystemRef cell = program.findSystem(*system.file, cellName, spec.cell.range);
  if (!cell.ast) {
    auto builder = diags.report(DiagId::UnknownCell, spec.cell.range, cellName);
    std::string nearest = nearestName(cellName, program.systemNames(*system.file));
    if (!nearest.empty())
      builder.hint("did you mean `" + nearest + "`?");
  }
  for (const ast::Name &name : statement.names) {
    auto text = newName(name, statement, scope);
    if (!text)
      continue;
    Layer &layer = system.layers.emplace_back();
    layer.name = *text;
    layer.range = name.range;
    layer.reversed = spec.reversed;
    layer.stacked = spec.depth != nullptr;
    system.names[*text] = &layer;
    if (cell.ast)
      declareLevels(layer, spec, cell, scope);
  }
}

void Declarer::declareLevels(Layer &layer, const ast::LayerSpec &spec, SystemRef cell, Scope &scope) {
  constexpr int64_t maxLevels = 1000;
  auto lookup = [&](llvm::StringRef name) { return scope.find(name); };
  std::vector<int64_t> dims;
  std::vector<std::string> texts;
  for (const ast::ExprPtr &dim : spec.dims) {
    auto size = evaluateExtent(*dim, lookup, diags);
    if (!size)
      return;
    dims.push_back(*size);
    texts.push_back(sourceText(dim->range));
  }
  auto depth = spec.depth ? evaluateExtent(*spec.depth, lookup, diags) : std::optional<int64_t>(1);
  if (!depth)
    return;
  if (*depth > maxLevels) {
    diags.report(DiagId::DimTooLarge, spec.depth->range, valueText(sourceText(spec.depth->range), *depth), maxLevels);
    return;
  }
  std::vector<System *> levels;
  for (int64_t level = 0; level < *depth; ++level) {
    System *system = elaborator.elaborateCell(cell, dims, spec.range);
    if (!system)
      return;
    if (system->outputs.empty()) {
      diags.report(DiagId::CellWithoutOutput, spec.range, cell.ast->name.text)
          .note(cell.ast->name.range, DiagId::DeclaredHere, cell.ast->name.text);
      return;
    }
    levels.push_back(system);
    layer.dimTexts.push_back(texts);
    if (level + 1 == *depth)
      break;
    // The next level takes this one's output for its first input: its first dim is the width of that.
    const Shape &output = system->outputs.front().value->shape;
    if (output.rank() != 1 || dims.empty()) {
      diags.report(DiagId::StackShape, spec.range, cell.ast->name.text, output.textWithSizes());
      return;
    }
    dims[0] = output.extents[0].size;
    texts[0] = std::to_string(dims[0]);
    for (size_t i = 0; i < system->dims.size() && i < texts.size(); ++i)
      if (system->dims[i].first == output.extents[0].text)
        texts[0] = texts[i];
  }
  layer.levels = std::move(levels);
}
