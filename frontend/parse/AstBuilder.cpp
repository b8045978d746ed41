//===- AstBuilder.cpp - From ANTLR's tree to ours: statements -------------===//

#include "frontend/parse/AstBuilder.h"

using namespace seqc;
using namespace seqc::ast;
using namespace seqc::syntax;

using P = SeqParser;

StmtPtr AstBuilder::make(StmtKind kind, antlr4::ParserRuleContext *context) const {
  auto stmt = std::make_unique<Stmt>();
  stmt->kind = kind;
  stmt->range = rangeOf(context);
  return stmt;
}

//===----------------------------------------------------------------------===//
// Files, systems, blocks
//===----------------------------------------------------------------------===//

void AstBuilder::build(P::FileContext *tree, File &file) {
  for (P::StatementContext *context : tree->statement())
    addTopLevel(context, file);
}

void AstBuilder::addTopLevel(P::StatementContext *context, File &file) {
  current = statementOf(context);
  if (auto *system = dynamic_cast<P::SystemStatementContext *>(context)) {
    addSystem(system, &file);
    return;
  }
  StmtPtr stmt = statement(context);
  if (!stmt)
    return;
  current = statementOf(context); // building a `for` moved on
  bool allowed = stmt->kind == StmtKind::Use || stmt->kind == StmtKind::Fn || stmt->kind == StmtKind::Const;
  bool equation = stmt->kind == StmtKind::Equation || stmt->kind == StmtKind::Boundary;
  if (allowed)
    file.topLevel.push_back(std::move(stmt));
  else if (equation && !stmt->gate)
    error(DiagId::EquationOutsideSystem, stmt->range);
  else
    error(DiagId::OutsideSystem, rangeOf(context->getStart()), context->getStart()->getText());
}

/// A system whose head had an error is walked for the errors inside it, and then forgotten; and so is one inside
/// another system, which comes without a file.
void AstBuilder::addSystem(P::SystemStatementContext *context, File *file) {
  System system;
  bool bad = report.isBad(current);
  if (!bad) {
    P::SystemHeadContext *head = context->systemHead();
    system.range = rangeOf(context);
    system.name = plain(head->name());
    system.isModel = head->kind->getType() == P::MODEL;
    for (P::DimContext *dim : head->dim())
      system.dims.push_back({plain(dim->name()), dim->expr() ? expression(dim->expr()) : nullptr});
    bad = report.isBad(current);
  }
  if (context->block())
    system.body = blockOf(context->block());
  if (!bad && file)
    file->systems.push_back(std::move(system));
}

std::vector<StmtPtr> AstBuilder::blockOf(P::BlockContext *context) {
  std::vector<StmtPtr> out;
  for (P::StatementContext *child : context->statement()) {
    current = statementOf(child);
    if (auto *system = dynamic_cast<P::SystemStatementContext *>(child)) {
      error(DiagId::OnlyAtTop, rangeOf(child->getStart()), child->getStart()->getText());
      addSystem(system, nullptr);
      continue;
    }
    StmtPtr stmt = statement(child);
    if (stmt && stmt->kind == StmtKind::Use)
      error(DiagId::OnlyAtTop, rangeOf(child->getStart()), "use");
    else if (stmt)
      out.push_back(std::move(stmt));
  }
  return out;
}

/// Null if the statement has an error.
StmtPtr AstBuilder::statement(P::StatementContext *context) {
  if (auto *c = dynamic_cast<P::ForStatementContext *>(context))
    return repetition(c);
  if (report.isBad(current))
    return nullptr;
  StmtPtr out;
  if (auto *c = dynamic_cast<P::UseStatementContext *>(context))
    out = use(c);
  else if (auto *c = dynamic_cast<P::InputStatementContext *>(context))
    out = input(c);
  else if (auto *c = dynamic_cast<P::ParamStatementContext *>(context))
    out = param(c);
  else if (auto *c = dynamic_cast<P::ConstStatementContext *>(context))
    out = constant(c);
  else if (auto *c = dynamic_cast<P::EquationStatementContext *>(context))
    out = equation(c);
  else if (auto *c = dynamic_cast<P::LayerStatementContext *>(context))
    out = layer(c);
  else if (auto *c = dynamic_cast<P::FnStatementContext *>(context))
    out = function(c);
  else if (auto *c = dynamic_cast<P::LossStatementContext *>(context))
    out = single(StmtKind::Loss, c, c->expr());
  else if (auto *c = dynamic_cast<P::RequireStatementContext *>(context))
    out = single(StmtKind::Require, c, c->expr());
  else if (auto *c = dynamic_cast<P::OutputStatementContext *>(context))
    out = output(c);
  else
    error(DiagId::NotYetContinuous, rangeOf(context->getStart()), context->getStart()->getText());
  return report.isBad(current) ? nullptr : std::move(out);
}

//===----------------------------------------------------------------------===//
// One statement each
//===----------------------------------------------------------------------===//

StmtPtr AstBuilder::single(StmtKind kind, P::StatementContext *context, P::ExprContext *value) {
  StmtPtr stmt = make(kind, context);
  stmt->value = expression(value);
  return stmt;
}

StmtPtr AstBuilder::use(P::UseStatementContext *context) {
  StmtPtr stmt = make(StmtKind::Use, context);
  P::PathContext *path = context->path();
  stmt->pathIsFile = path->STRING();
  if (stmt->pathIsFile) {
    std::string_view quoted = rangeOf(path).text();
    stmt->path = std::string(quoted.substr(1, quoted.size() - 2));
    return stmt;
  }
  for (P::NameContext *part : path->name())
    stmt->path += (stmt->path.empty() ? "" : ".") + plain(part).text;
  return stmt;
}

StmtPtr AstBuilder::input(P::InputStatementContext *context) {
  StmtPtr stmt = make(StmtKind::Input, context);
  stmt->names = declaredAll(context->names());
  stmt->type = type(context->type());
  if (context->overIndex())
    error(DiagId::NotYetOver, rangeOf(context->overIndex()), rangeOf(context->overIndex()->name()).text());
  return stmt;
}

StmtPtr AstBuilder::param(P::ParamStatementContext *context) {
  StmtPtr stmt = make(StmtKind::Param, context);
  stmt->names = declaredAll(context->names());
  stmt->type = type(context->type());
  if (context->initialiser())
    stmt->init = initialiser(context->initialiser());
  return stmt;
}

StmtPtr AstBuilder::constant(P::ConstStatementContext *context) {
  StmtPtr stmt = single(StmtKind::Const, context, context->expr());
  stmt->names.push_back(declared(context->name()));
  return stmt;
}

StmtPtr AstBuilder::layer(P::LayerStatementContext *context) {
  StmtPtr stmt = make(StmtKind::Layer, context);
  stmt->names = declaredAll(context->names());
  stmt->layer = layerSpec(context->layerSpec());
  return stmt;
}

StmtPtr AstBuilder::function(P::FnStatementContext *context) {
  StmtPtr stmt = single(StmtKind::Fn, context, context->expr());
  stmt->names.push_back(plain(context->name()));
  if (context->names())
    for (P::NameContext *parameter : context->names()->name())
      stmt->parameters.push_back(plain(parameter));
  return stmt;
}

StmtPtr AstBuilder::repetition(P::ForStatementContext *context) {
  unsigned statement = current;
  bool bad = report.isBad(statement);
  StmtPtr stmt = std::make_unique<Stmt>();
  stmt->kind = StmtKind::For;
  if (!bad) {
    P::ForHeadContext *head = context->forHead();
    stmt->range = rangeOf(context);
    Name variable = plain(head->name());
    stmt->variable = variable.text;
    stmt->variableRange = variable.range;
    stmt->lower = expression(head->expr(0));
    stmt->upper = expression(head->expr(1));
  }
  forVariables.push_back(stmt->variable);
  if (context->block())
    stmt->body = blockOf(context->block());
  forVariables.pop_back();
  return bad || report.isBad(statement) ? nullptr : std::move(stmt);
}

StmtPtr AstBuilder::output(P::OutputStatementContext *context) {
  StmtPtr stmt = make(StmtKind::Output, context);
  for (P::OutputItemContext *item : context->outputItem())
    addOutput(item, stmt->outputs);
  return stmt;
}

void AstBuilder::addOutput(P::OutputItemContext *context, std::vector<OutputItem> &outputs) {
  OutputItem item;
  item.range = rangeOf(context);
  ExprPtr value = postfix(context->postfix());
  if (!value)
    return;
  if (value->kind == ExprKind::Call && value->name == "last" && value->args.size() == 1 && value->named.empty()) {
    item.last = true;
    value = std::move(value->args[0]);
  }
  bool shifted = value->shift != 0 || value->shiftExpr;
  while (value->kind == ExprKind::Member && !shifted) {
    item.members.insert(item.members.begin(), Name{value->name, value->range, std::move(value->braces)});
    value = std::move(value->args[0]);
  }
  if (value->kind != ExprKind::Name || shifted) {
    error(DiagId::BadOutput, item.range);
    return;
  }
  item.name = {value->name, value->range, std::move(value->braces)};
  outputs.push_back(std::move(item));
}

//===----------------------------------------------------------------------===//
// Types, initialisers, instances
//===----------------------------------------------------------------------===//

Type AstBuilder::type(P::TypeContext *context) {
  Type out;
  out.range = rangeOf(context);
  auto addDim = [&](P::ExprContext *dim) { out.dims.push_back(expression(dim)); };
  P::NameContext *name = nullptr;
  std::string_view wanted;
  if (auto *c = dynamic_cast<P::TensorTypeContext *>(context)) {
    for (P::ExprContext *dim : c->expr())
      addDim(dim);
    return out;
  }
  if (auto *c = dynamic_cast<P::BracketTypeContext *>(context)) {
    out.kind = Type::Diagonal;
    addDim(c->expr());
    name = c->name();
    wanted = "diag";
  } else if (auto *c = dynamic_cast<P::CallTypeContext *>(context)) {
    out.kind = Type::Id;
    addDim(c->expr());
    name = c->name();
    wanted = "id";
  } else {
    out.kind = Type::Mask;
    name = dynamic_cast<P::NameTypeContext *>(context)->name();
    wanted = "mask";
  }
  if (rangeOf(name).text() != wanted)
    error(DiagId::UnknownType, out.range, out.range.text());
  return out;
}

std::optional<Initialiser> AstBuilder::initialiser(P::InitialiserContext *context) {
  struct Known {
    std::string_view name;
    Initialiser::Kind kind;
    size_t arguments;
  };
  static const Known known[] = {{"xavier", Initialiser::Xavier, 0},
                                {"he", Initialiser::He, 0},
                                {"orthogonal", Initialiser::Orthogonal, 0},
                                {"normal", Initialiser::Normal, 1},
                                {"uniform", Initialiser::Uniform, 2}};
  static const char *const counts[] = {"no arguments", "one argument", "two arguments"};
  Initialiser out;
  out.range = rangeOf(context);
  if (auto *c = dynamic_cast<P::ConstantInitialiserContext *>(context)) {
    out.kind = Initialiser::Constant;
    out.args.push_back(expression(c->expr()));
    return out;
  }
  auto *c = dynamic_cast<P::RandomInitialiserContext *>(context);
  std::string_view name = rangeOf(c->name()).text();
  Arguments args = arguments(c->arguments());
  for (const Known &entry : known) {
    if (entry.name != name)
      continue;
    size_t given = args.plain.size() + args.named.size();
    if (given != entry.arguments || !args.named.empty())
      error(DiagId::InitialiserArguments, out.range, name, counts[entry.arguments], given);
    out.kind = entry.kind;
    out.args = std::move(args.plain);
    return out;
  }
  error(DiagId::UnknownInitialiser, rangeOf(c->name()), name);
  return std::nullopt;
}

LayerSpec AstBuilder::layerSpec(P::LayerSpecContext *context) {
  LayerSpec out;
  if (auto *c = dynamic_cast<P::ReverseLayerContext *>(context)) {
    out = layerSpec(c->layerSpec());
    out.reversed = !out.reversed;
  } else if (auto *c = dynamic_cast<P::StackLayerContext *>(context)) {
    out.depth = expression(c->expr());
    out.reversed = c->stacked()->REVERSE();
    setCell(out, c->stacked()->cellPath(), c->arguments());
  } else {
    auto *plainLayer = dynamic_cast<P::PlainLayerContext *>(context);
    setCell(out, plainLayer->cellPath(), plainLayer->arguments());
  }
  out.range = rangeOf(context);
  return out;
}

void AstBuilder::setCell(LayerSpec &layer, P::CellPathContext *path, P::ArgumentsContext *dims) {
  for (P::NameContext *part : path->name())
    layer.cell.text += (layer.cell.text.empty() ? "" : ".") + plain(part).text;
  layer.cell.range = rangeOf(path);
  Arguments args = arguments(dims);
  if (!args.named.empty())
    error(DiagId::NamedDims, args.named[0].range);
  layer.dims = std::move(args.plain);
}
