//===- AstBuilderExpr.cpp - Expressions -----------------------------------===//

#include "frontend/parse/AstBuilder.h"
#include "frontend/parse/Names.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace seqc;
using namespace seqc::ast;
using namespace seqc::syntax;

using P = SeqParser;

static Op operatorOf(antlr4::Token *token) {
  switch (token->getType()) {
  case P::PLUS:
    return Op::Add;
  case P::MINUS:
    return Op::Sub;
  case P::TIMES:
    return Op::Mul;
  case P::DIVIDE:
    return Op::Div;
  case P::MATMUL:
    return Op::MatMul;
  case P::MODULO:
    return Op::Mod;
  case P::LESS:
    return Op::Lt;
  case P::LESS_EQUAL:
    return Op::Le;
  case P::GREATER:
    return Op::Gt;
  case P::GREATER_EQUAL:
    return Op::Ge;
  case P::EQUAL:
    return Op::Eq;
  default:
    return Op::Ne;
  }
}

ExprPtr AstBuilder::make(ExprKind kind, SourceRange range) const {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->range = range;
  return expr;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// Null if something in it was reported.
ExprPtr AstBuilder::expression(P::ExprContext *context) {
  SourceRange range = rangeOf(context);
  if (auto *atom = dynamic_cast<P::AtomContext *>(context))
    return postfix(atom->postfix());
  if (auto *c = dynamic_cast<P::PowerContext *>(context))
    return power(c);
  if (auto *c = dynamic_cast<P::SignedContext *>(context)) {
    ExprPtr operand = expression(c->expr());
    if (!operand || c->sign->getType() == P::PLUS)
      return operand;
    ExprPtr negated = make(ExprKind::Unary, range);
    negated->op = Op::Neg;
    negated->args.push_back(std::move(operand));
    return negated;
  }
  if (auto *c = dynamic_cast<P::ProductContext *>(context))
    return binary(operatorOf(c->op), c->expr(0), c->expr(1), range);
  if (auto *c = dynamic_cast<P::SumContext *>(context))
    return binary(operatorOf(c->op), c->expr(0), c->expr(1), range);
  auto *c = dynamic_cast<P::ComparisonContext *>(context);
  if (dynamic_cast<P::ComparisonContext *>(c->expr(0)))
    error(DiagId::ChainedComparison, rangeOf(c->op));
  return binary(operatorOf(c->op), c->expr(0), c->expr(1), range);
}

ExprPtr AstBuilder::binary(Op op, P::ExprContext *left, P::ExprContext *right, SourceRange range) {
  ExprPtr first = expression(left), second = expression(right);
  if (!first || !second)
    return nullptr;
  ExprPtr out = make(ExprKind::Binary, range);
  out->op = op;
  out->args.push_back(std::move(first));
  out->args.push_back(std::move(second));
  return out;
}

ExprPtr AstBuilder::power(P::PowerContext *context) {
  if (rangeOf(context->expr(1)).text() == "T")
    error(DiagId::PowerTranspose, rangeOf(context), rangeOf(context->expr(0)).text());
  return binary(Op::Pow, context->expr(0), context->expr(1), rangeOf(context));
}

//===----------------------------------------------------------------------===//
// Primaries
//===----------------------------------------------------------------------===//

ExprPtr AstBuilder::primary(P::PrimaryContext *context) {
  SourceRange range = rangeOf(context);
  if (auto *c = dynamic_cast<P::NamePrimaryContext *>(context)) {
    ExprPtr name = make(ExprKind::Name, range);
    readName(c->name(), *name);
    return name;
  }
  if (auto *c = dynamic_cast<P::NumberPrimaryContext *>(context))
    return number(c->NUMBER()->getSymbol());
  if (auto *c = dynamic_cast<P::ParenthesisedContext *>(context))
    return expression(c->expr());
  if (auto *c = dynamic_cast<P::ConcatenationContext *>(context))
    return concatenation(c);
  ExprPtr operand = postfix(dynamic_cast<P::RootContext *>(context)->postfix());
  if (!operand)
    return nullptr;
  ExprPtr root = make(ExprKind::Call, range);
  root->name = "sqrt";
  root->args.push_back(std::move(operand));
  return root;
}

ExprPtr AstBuilder::number(antlr4::Token *token) {
  ExprPtr out = make(ExprKind::Number, rangeOf(token));
  out->name = std::string(out->range.text());
  out->value = std::strtod(out->name.c_str(), nullptr);
  if (std::isinf(out->value))
    error(DiagId::NumberTooLarge, out->range, out->name);
  return out;
}

ExprPtr AstBuilder::concatenation(P::ConcatenationContext *context) {
  ExprPtr out = make(ExprKind::Concat, rangeOf(context));
  bool commas = false, rows = false;
  for (P::SeparatorContext *separator : context->separator()) {
    bool row = separator->getStart()->getType() == P::ROW;
    (row ? rows : commas) = true;
    if (rows && commas) {
      error(DiagId::MixedSeparators, rangeOf(separator));
      return nullptr;
    }
  }
  for (P::ElementContext *element : context->element()) {
    ExprPtr part = expression(element->expr());
    if (!part)
      return nullptr;
    out->args.push_back(std::move(part));
  }
  return out;
}

//===----------------------------------------------------------------------===//
// What follows a primary: indices, calls, members
//===----------------------------------------------------------------------===//

ExprPtr AstBuilder::postfix(P::PostfixContext *context) {
  ExprPtr out = primary(context->primary());
  std::vector<P::TrailerContext *> trailers = context->trailer();
  for (size_t i = 0; i < trailers.size() && out; ++i)
    out = applyTrailer(std::move(out), context, i, rangeOf(context->primary()).to(rangeOf(trailers[i])));
  return out;
}

ExprPtr AstBuilder::applyTrailer(ExprPtr base, P::PostfixContext *context, size_t index, SourceRange range) {
  P::TrailerContext *trailer = context->trailer(index);
  if (auto *c = dynamic_cast<P::SubscriptsContext *>(trailer)) {
    bool called = index + 1 < context->trailer().size() && dynamic_cast<P::CallContext *>(context->trailer(index + 1));
    return applySubscripts(std::move(base), c, called, range);
  }
  if (auto *c = dynamic_cast<P::CallContext *>(trailer))
    return applyCall(std::move(base), c, range);
  if (auto *c = dynamic_cast<P::MemberContext *>(trailer))
    return applyMember(std::move(base), c, range);
  if (dynamic_cast<P::TimeSubscriptContext *>(trailer))
    return atSubscript(std::move(base), trailer->getStart(), range);
  ExprPtr transpose = make(ExprKind::Transpose, range);
  transpose->args.push_back(std::move(base));
  return transpose;
}

static bool isReduction(const Expr &callee) {
  static const char *const names[] = {"softmax", "sum", "mean", "max", "min"};
  return callee.kind == ExprKind::Name && std::find(std::begin(names), std::end(names), callee.name) != std::end(names);
}

ExprPtr AstBuilder::applySubscripts(ExprPtr base, P::SubscriptsContext *context, bool called, SourceRange range) {
  std::vector<P::SubscriptContext *> subscripts = context->subscript();
  if (called && isReduction(*base)) {
    error(DiagId::NotYetWindow, range, base->name);
    return nullptr;
  }
  if (subscripts.size() > 1) {
    bool times = rangeOf(subscripts[0]).text() == "t" || rangeOf(subscripts[1]).text() == "t";
    SourceRange all = rangeOf(subscripts.front()).to(rangeOf(subscripts.back()));
    if (times)
      error(DiagId::NotYetSecondTime, all, rangeOf(subscripts[rangeOf(subscripts[0]).text() == "t"]).text());
    else
      error(DiagId::ManySubscripts, all);
    return nullptr;
  }
  P::SubscriptContext *subscript = subscripts[0];
  std::vector<ExprPtr> bounds;
  for (P::ExprContext *bound : subscript->expr()) {
    bounds.push_back(expression(bound));
    if (!bounds.back())
      return nullptr;
  }
  bool slice = subscript->COLON();
  if (!slice && usesTime(*bounds[0]))
    return atTime(std::move(base), std::move(bounds[0]), range);
  ExprPtr out = make(slice ? ExprKind::Slice : ExprKind::Index, range);
  out->args.push_back(std::move(base));
  bool startsOpen = slice && subscript->getStart()->getType() == P::COLON;
  if (startsOpen)
    out->args.push_back(nullptr);
  for (ExprPtr &bound : bounds)
    out->args.push_back(std::move(bound));
  if (slice)
    out->args.resize(3);
  return out;
}

ExprPtr AstBuilder::applyCall(ExprPtr base, P::CallContext *context, SourceRange range) {
  Arguments args = arguments(context->arguments());
  bool timeInParens = args.plain.size() == 1 && args.named.empty() && args.plain[0] && usesTime(*args.plain[0]);
  if (timeInParens && (base->kind == ExprKind::Name || base->kind == ExprKind::Member))
    error(DiagId::TimeIndexInParens, range, range.text(),
          std::string(base->range.text()) + "[" + std::string(args.plain[0]->range.text()) + "]");
  else if (base->kind != ExprKind::Name || base->timed)
    error(DiagId::OnlyNamesCalled, range);
  else if (base->name == "der")
    error(DiagId::NotYetContinuous, range, "der");
  if (report.isBad(current))
    return nullptr;
  base->kind = ExprKind::Call;
  base->range = range;
  base->args = std::move(args.plain);
  base->named = std::move(args.named);
  for (const ExprPtr &arg : base->args)
    if (!arg)
      return nullptr;
  return base;
}

AstBuilder::Arguments AstBuilder::arguments(P::ArgumentsContext *context) {
  Arguments out;
  if (!context)
    return out;
  for (P::ArgumentContext *argument : context->argument()) {
    ExprPtr value = expression(argument->expr());
    if (argument->name()) {
      Name name = plain(argument->name());
      out.named.push_back({name.text, name.range, std::move(value)});
      continue;
    }
    if (!out.named.empty())
      error(DiagId::NamedAfterPlain, rangeOf(argument), rangeOf(argument).text());
    out.plain.push_back(std::move(value));
  }
  return out;
}

ExprPtr AstBuilder::applyMember(ExprPtr base, P::MemberContext *context, SourceRange range) {
  bool transposed = rangeOf(context->name()).text() == "T";
  ExprPtr out = make(transposed ? ExprKind::Transpose : ExprKind::Member, range);
  bool instance = (base->kind == ExprKind::Name || base->kind == ExprKind::Member) && !base->timed;
  if (!transposed && !instance) {
    error(DiagId::MemberOfExpression, rangeOf(context), rangeOf(context->name()).text());
    return nullptr;
  }
  out->args.push_back(std::move(base));
  if (!transposed)
    readName(context->name(), *out);
  return out;
}
