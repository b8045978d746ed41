//===- CheckCall.cpp - Layers, functions and builtins -----------------------===//

#include "frontend/Checker.h"

using namespace seqc;
using ast::Expr;
using ast::ExprKind;

//===-- Which one is called --------------------------------------------------------===//

Layer *Checker::layerNamed(const std::string &name, const Frame &frame) {
  if (!frame.inSystem || frame.parameter(name))
    return nullptr;
  auto it = system.names.find(name);
  Layer **layer = it == system.names.end() ? nullptr : std::get_if<Layer *>(&it->second);
  return layer ? *layer : nullptr;
}

Node *Checker::checkCall(const Expr &e, const Frame &frame) {
  auto name = nameOf(e, frame);
  if (!name)
    return nullptr;
  if (const Binding *bound = frame.parameter(*name)) {
    // A function handed over: the caller's name for it, with this call's arguments.
    if (!bound->node && bound->argument && bound->argument->kind == ExprKind::Name)
      return callByName(bound->argument->name, *bound->frame, e, frame);
    report(DiagId::NotAFunction, e.range, frame, *name);
    return nullptr;
  }
  return callByName(*name, frame, e, frame);
}

/// Calls what `name` means in `home` with the arguments of `e`, which stand in `frame`.
Node *Checker::callByName(const std::string &name, const Frame &home, const Expr &e, const Frame &frame) {
  if (const Binding *bound = home.parameter(name); bound && !bound->node && bound->argument)
    return callByName(bound->argument->name, *bound->frame, e, frame);
  if (Layer *layer = layerNamed(name, home)) {
    std::vector<Node *> values = applyLayer(*layer, e, frame, 1);
    return values.empty() ? nullptr : values.front();
  }
  if (home.inSystem && system.names.count(name)) {
    report(DiagId::NotAFunction, e.range, frame, name);
    return nullptr;
  }
  if (frame.inLoss && (name == "mean" || name == "sum") && e.args.size() == 1 && e.named.empty())
    return lossReduction(name, e, frame);
  std::vector<FunctionRef> functions;
  if (home.inSystem) {
    auto [begin, end] = system.functions.equal_range(name);
    for (auto it = begin; it != end; ++it)
      functions.push_back({it->second, system.file});
  }
  if (functions.empty())
    functions = program.findFunctions(*home.file, name);
  if (!functions.empty())
    return callFunction(e, frame, functions);
  return callBuiltin(name, e, frame);
}

Node *Checker::unknownFunction(const Expr &e, const std::string &name, const Frame &frame) {
  if (SystemRef cell = program.findSystem(*frame.file, name, e.range); cell.ast) {
    report(DiagId::CellCalled, e.range, frame, name).note(cell.ast->name.range, DiagId::DeclaredHere, name);
    return nullptr;
  }
  std::vector<std::string> known = program.functionNames(*frame.file);
  for (const std::string &builtin : builtinNames())
    if (!llvm::StringRef(builtin).starts_with("_"))
      known.push_back(builtin);
  for (auto &[function, statement] : system.functions)
    known.push_back(function);
  for (auto &[entity, value] : system.names)
    if (std::holds_alternative<Layer *>(value))
      known.push_back(entity);
  std::string nearest = nearestName(name, known);
  auto builder = report(DiagId::UnknownFunction, e.range, frame, name);
  if (!nearest.empty())
    builder.hint("did you mean `" + nearest + "`?");
  return nullptr;
}

//===-- Functions ------------------------------------------------------------------===//

/// The argument that is left out if nobody names a dim: the last one.
static bool mayBeLeftOut(const ast::Name &parameter) { return parameter.text == "dim"; }

static bool accepts(const ast::Stmt &function, const Expr &call) {
  size_t given = call.args.size();
  if (given > function.parameters.size())
    return false;
  for (const ast::NamedArg &named : call.named)
    if (llvm::none_of(llvm::drop_begin(function.parameters, given),
                      [&](const ast::Name &p) { return p.text == named.name; }))
      return false;
  for (const ast::Name &parameter : llvm::drop_begin(function.parameters, given)) {
    bool named = llvm::any_of(call.named, [&](const ast::NamedArg &n) { return n.name == parameter.text; });
    if (!named && !mayBeLeftOut(parameter))
      return false;
  }
  return true;
}

bool Checker::bindArguments(const Expr &e, const Frame &frame, FunctionRef function, Frame &body) {
  bool good = true;
  auto bind = [&](const ast::Name &parameter, const Expr &argument) {
    Binding binding;
    binding.argument = &argument;
    binding.frame = &frame;
    if (!mayBeLeftOut(parameter) && !isFunctionName(argument, frame)) {
      binding.node = check(argument, frame);
      good &= binding.node != nullptr;
    }
    body.parameters[parameter.text] = binding;
  };
  const std::vector<ast::Name> &parameters = function.statement->parameters;
  for (size_t i = 0; i < e.args.size(); ++i)
    bind(parameters[i], *e.args[i]);
  for (const ast::NamedArg &named : e.named)
    for (const ast::Name &parameter : parameters)
      if (parameter.text == named.name)
        bind(parameter, *named.value);
  for (const ast::Name &parameter : parameters)
    body.parameters.try_emplace(parameter.text); // a `dim` left out
  return good;
}

/// Whether an argument is the name of a function (or layer), to be called by the callee.
bool Checker::isFunctionName(const Expr &argument, const Frame &frame) {
  if (argument.kind != ExprKind::Name || argument.timed)
    return false;
  if (const Binding *bound = frame.parameter(argument.name))
    return !bound->node && bound->argument;
  if (layerNamed(argument.name, frame))
    return true;
  if ((frame.inSystem && system.names.count(argument.name)) || findNumber(argument.name, frame))
    return false;
  return (frame.inSystem && system.functions.count(argument.name)) ||
         !program.findFunctions(*frame.file, argument.name).empty() ||
         llvm::is_contained(builtinNames(), argument.name);
}

Node *Checker::callFunction(const Expr &e, const Frame &frame, const std::vector<FunctionRef> &candidates) {
  const FunctionRef *chosen = nullptr;
  for (const FunctionRef &candidate : candidates)
    if (!chosen && accepts(*candidate.statement, e))
      chosen = &candidate;
  if (!chosen) {
    const ast::Name &name = candidates.front().statement->names.front();
    auto builder =
        report(DiagId::FunctionArguments, e.range, frame, name.text,
               counted(candidates.front().statement->parameters.size(), "argument"), e.args.size() + e.named.size());
    if (!candidates.front().file->isStandard)
      builder.note(name.range, DiagId::DeclaredHere, name.text);
    return nullptr;
  }
  for (const Frame *at = &frame; at->function; at = at->caller)
    if (at->function == chosen->statement) {
      report(DiagId::FunctionCallsItself, e.range, frame, chosen->statement->names.front().text);
      return nullptr;
    }
  Frame body;
  body.file = chosen->file;
  body.inSystem = chosen->file == system.file && isSystemFunction(*chosen);
  body.scope = body.inSystem ? &system.scopes.front() : &chosen->file->constants;
  body.inLoss = frame.inLoss && !chosen->file->isStandard;
  body.function = chosen->statement;
  body.caller = &frame;
  body.call = e.range;
  body.depth = frame.depth;
  if (!bindArguments(e, frame, *chosen, body))
    return nullptr;
  return check(*chosen->statement->value, body);
}

bool Checker::isSystemFunction(const FunctionRef &function) const {
  auto [begin, end] = system.functions.equal_range(function.statement->names.front().text);
  return std::any_of(begin, end, [&](auto &entry) { return entry.second == function.statement; });
}

//===-- Layers ---------------------------------------------------------------------===//

/// The application a call stands for: one that `enc.c` already spoke of, or a new one.
static Application &nextApplication(Layer &layer) {
  if (layer.applications.empty() || layer.applications.back()->layer)
    layer.applications.push_back(std::make_unique<Application>());
  Application &application = *layer.applications.back();
  application.layer = &layer;
  application.index = layer.applications.size() - 1;
  return application;
}

std::vector<Node *> Checker::applyLayer(Layer &layer, const Expr &e, const Frame &frame, unsigned count) {
  if (layer.levels.empty())
    return {};
  System &top = *layer.levels.back();
  if (top.outputs.size() < count) {
    report(DiagId::TooFewOutputs, e.range, frame, top.ast->name.text, counted(top.outputs.size(), "output"), count)
        .note(top.ast->name.range, DiagId::DeclaredHere, top.ast->name.text);
    return {};
  }
  Application *application = nullptr;
  if (mode == Final) {
    auto args = checkLayerArguments(layer, e, frame);
    if (!args)
      return {};
    application = &nextApplication(layer);
    application->range = place(e.range, frame);
    application->args = std::move(*args);
    for (unsigned level = 0; level + 1 < layer.levels.size(); ++level) {
      Node *lower = read(layer, application, level, layer.levels[level]->outputs.front().member(), e, frame);
      if (!lower)
        return {};
      application->lowerOutputs.push_back(lower);
    }
  }
  std::vector<Node *> values;
  for (unsigned i = 0; i < count; ++i)
    if (Node *value = read(layer, application, layer.levels.size() - 1, top.outputs[i].member(), e, frame))
      values.push_back(value);
  return values.size() == count ? values : std::vector<Node *>();
}

std::optional<std::vector<Node *>> Checker::checkLayerArguments(Layer &layer, const Expr &e, const Frame &frame) {
  System &cell = *layer.levels.front();
  std::vector<Sequence *> inputs = cell.inputs();
  if (e.args.size() != inputs.size() || !e.named.empty()) {
    report(DiagId::LayerArguments, e.range, frame, layer.name, counted(inputs.size(), "input"),
           e.args.size() + e.named.size())
        .note(cell.ast->name.range, DiagId::DeclaredHere, cell.ast->name.text);
    return std::nullopt;
  }
  std::vector<Node *> args;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Node *arg = check(*e.args[i], frame);
    if (arg && inputs[i]->element == Element::Real)
      arg = toReal(arg, frame);
    if (arg && arg->element == inputs[i]->element && arg->vocabulary == inputs[i]->vocabulary &&
        arg->shape.sameSizes(inputs[i]->shape)) {
      args.push_back(arg);
      continue;
    }
    if (!arg)
      continue;
    Shape wanted = inputs[i]->shape;
    for (Extent &extent : wanted.extents)
      extent = layer.extentOutside(extent, 0);
    auto builder = report(arg->shape.sameSizes(wanted) ? DiagId::ArgumentKind : DiagId::ArgumentShape, arg->range,
                          frame, layer.name, inputs[i]->name, wanted.textWithSizes(), arg->shape.textWithSizes());
    builder.note(inputs[i]->range, DiagId::DeclaredHere, inputs[i]->name);
  }
  return args.size() == inputs.size() ? std::optional(std::move(args)) : std::nullopt;
}

//===-- Several values -------------------------------------------------------------===//

std::vector<Node *> Checker::checkParts(const Expr &e, const Frame &frame, unsigned count) {
  if (count == 1) {
    Node *value = check(e, frame);
    return value ? std::vector<Node *>{value} : std::vector<Node *>();
  }
  if (e.kind == ExprKind::Call) {
    auto name = nameOf(e, frame);
    if (!name)
      return {};
    if (Layer *layer = layerNamed(*name, frame))
      return applyLayer(*layer, e, frame, count);
    if (*name == "split")
      return split(e, frame, count);
  }
  report(DiagId::NotSeveralValues, e.range, frame, sourceText(e.range), count);
  return {};
}

/// `4 * H` in 4 parts is `H` in the user's words.
static std::string textOfPart(const Extent &whole, int64_t parts) {
  llvm::StringRef text = whole.text;
  std::string factor = std::to_string(parts);
  if ((text.consume_front(factor + " * ") || text.consume_back(" * " + factor)) &&
      text.find_first_of("+-*/%^ ") == llvm::StringRef::npos)
    return text.str();
  return std::to_string(whole.size / parts);
}

std::vector<Node *> Checker::split(const Expr &e, const Frame &frame, unsigned count) {
  if (e.args.size() != 2 || !e.named.empty()) {
    report(DiagId::FunctionArguments, e.range, frame, "split", counted(2, "argument"), e.args.size() + e.named.size());
    return {};
  }
  Node *x = check(*e.args[0], frame);
  auto lookup = [&](llvm::StringRef name) { return findNumber(name, frame); };
  auto parts = evaluateExtent(*e.args[1], lookup, diags);
  if (!x || !parts)
    return {};
  if (*parts != count) {
    report(DiagId::SplitNames, e.range, frame, *parts, count);
    return {};
  }
  if (!x->shape.hasRank || (x->shape.rank() && !x->shape.extents[0].isKnown()))
    return {};
  if (x->shape.rank() == 0 || x->shape.extents[0].size % count != 0) {
    auto builder = report(DiagId::SplitUneven, e.range, frame, sourceText(x->range), x->shape.textWithSizes(), count);
    noteShape(builder, *x);
    return {};
  }
  Extent whole = x->shape.extents[0];
  std::vector<Node *> values;
  for (unsigned i = 0; i < count; ++i) {
    Node *part = slice(x, i * (whole.size / count), {whole.size / count, textOfPart(whole, count)}, e, frame);
    if (!part)
      return {};
    values.push_back(part);
  }
  return values;
}
