//===- AstBuilderName.cpp - Names and times -------------------------------===//

#include "frontend/parse/AstBuilder.h"
#include "frontend/parse/Names.h"

#include <algorithm>

using namespace seqc;
using namespace seqc::ast;
using namespace seqc::syntax;

using P = SeqParser;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

Name AstBuilder::declared(P::NameContext *context) {
  Expr name;
  std::string spelled(rangeOf(context->word()).text());
  readName(context, name);
  if (name.timed) {
    error(DiagId::DeclaredNameEndsInT, rangeOf(context), std::string(rangeOf(context).text()), name.name);
    name.name = spelled;
  }
  return {name.name, rangeOf(context), std::move(name.braces)};
}

std::vector<Name> AstBuilder::declaredAll(P::NamesContext *context) {
  std::vector<Name> out;
  if (context)
    for (P::NameContext *name : context->name())
      out.push_back(declared(name));
  return out;
}

Name AstBuilder::plain(P::NameContext *context) {
  Name name = declared(context);
  if (!name.braces.empty())
    error(DiagId::DeclaredNameIndexed, rangeOf(context), name.text);
  name.braces.clear();
  return name;
}

void AstBuilder::readName(P::NameContext *context, Expr &into) {
  into.name = normalizeName(rangeOf(context->word()).text());
  bool first = true;
  for (P::NameIndexContext *index : context->nameIndex()) {
    std::vector<ExprPtr> parts;
    for (P::ExprContext *part : index->expr())
      if (ExprPtr built = expression(part))
        parts.push_back(std::move(built));
    if (first && takeUnderscore(into.name)) {
      readPaperIndex(std::move(parts), into);
    } else {
      for (ExprPtr &part : parts) {
        if (usesTime(*part))
          error(DiagId::TimeIndexInParens, rangeOf(context), rangeOf(context).text(),
                into.name + "[" + std::string(part->range.text()) + "]");
        into.braces.push_back(std::move(part));
      }
    }
    first = false;
  }
  if (into.braces.empty() && !into.timed && takeTimeSuffix(into.name))
    into.timed = true;
  std::string rest = into.name;
  if (into.timed && takeTimeSuffix(rest)) // `x_t_t`
    error(DiagId::TwoTimeIndices, rangeOf(context), rangeOf(context).text());
}

/// What stands in the braces of `h_{t-1}`, `W_{hh}`, `z_{1}` or, inside `for l`, `z_{l}`. A word that is no `for`
/// variable is part of the name; the others are indices, as in `z{l}`.
void AstBuilder::readPaperIndex(std::vector<ExprPtr> parts, Expr &into) {
  for (ExprPtr &part : parts) {
    bool word = part->kind == ExprKind::Name && part->braces.empty() && !part->timed;
    bool variable = word && std::find(forVariables.begin(), forVariables.end(), part->name) != forVariables.end();
    if (usesTime(*part)) {
      if (into.timed)
        error(DiagId::TwoTimeIndices, part->range, into.name);
      if (std::optional<Time> time = timeOf(std::move(part)))
        setTime(into, std::move(*time));
    } else if (parts.size() == 1 && word && !variable) {
      into.name += "_" + part->name;
    } else {
      into.braces.push_back(std::move(part));
    }
  }
}

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

/// Whether `t` itself occurs in an index. `table[id[t]]` is no time index: there `t` belongs to the name inside.
bool AstBuilder::usesTime(const Expr &index) {
  if (index.kind == ExprKind::Name)
    return index.name == "t" && !index.timed && index.braces.empty();
  if (index.kind != ExprKind::Unary && index.kind != ExprKind::Binary)
    return false;
  return std::any_of(index.args.begin(), index.args.end(), [](const ExprPtr &arg) { return usesTime(*arg); });
}

/// Adds a term of `t + … - …` to the time; false if it is not of that form.
bool AstBuilder::collectTime(ExprPtr term, int sign, int &times, Time &time) {
  if (term->kind == ExprKind::Unary)
    return collectTime(std::move(term->args[0]), -sign, times, time);
  if (term->kind == ExprKind::Binary && (term->op == Op::Add || term->op == Op::Sub)) {
    int rightSign = term->op == Op::Sub ? -sign : sign;
    return collectTime(std::move(term->args[0]), sign, times, time) &&
           collectTime(std::move(term->args[1]), rightSign, times, time);
  }
  if (usesTime(*term)) {
    times += sign;
    return term->kind == ExprKind::Name;
  }
  if (term->kind == ExprKind::Number) {
    bool whole = term->value == static_cast<double>(static_cast<int32_t>(std::min(term->value, 1e9)));
    time.shift += sign * static_cast<int64_t>(std::min(term->value, 1e9));
    return whole;
  }
  if (!time.extra) {
    time.extra = std::move(term);
    time.extraSign = sign;
    return true;
  }
  ExprPtr both = make(ExprKind::Binary, time.extra->range.to(term->range));
  both->op = sign == time.extraSign ? Op::Add : Op::Sub;
  both->args.push_back(std::move(time.extra));
  both->args.push_back(std::move(term));
  time.extra = std::move(both);
  return true;
}

std::optional<AstBuilder::Time> AstBuilder::timeOf(ExprPtr index) {
  SourceRange range = index->range;
  int times = 0;
  Time time;
  if (!collectTime(std::move(index), 1, times, time) || times != 1) {
    error(DiagId::BadTimeIndex, range, range.text());
    return std::nullopt;
  }
  return time;
}

void AstBuilder::setTime(Expr &into, Time time) {
  into.timed = true;
  into.shift = time.shift;
  into.shiftExpr = std::move(time.extra);
  into.shiftSign = time.extraSign;
}

ExprPtr AstBuilder::atTime(ExprPtr base, ExprPtr index, SourceRange range) {
  std::string_view written = index->range.text();
  std::optional<Time> time = timeOf(std::move(index));
  if (!time)
    return nullptr;
  if (base->kind != ExprKind::Name && base->kind != ExprKind::Member) {
    error(DiagId::TimeIndexOnExpression, range, written);
    return nullptr;
  }
  if (base->timed) {
    error(DiagId::TwoTimeIndices, range, range.text());
    return nullptr;
  }
  setTime(*base, std::move(*time));
  base->range = range;
  return base;
}

/// `ₜ`, `ₜ₋₁`: the digits are those of U+2080 to U+2089.
ExprPtr AstBuilder::atSubscript(ExprPtr base, antlr4::Token *subscript, SourceRange range) {
  std::string_view text = rangeOf(subscript).text();
  Time time;
  int sign = 0;
  for (size_t i = 0; i < text.size();) {
    CodePoint c = decodeUtf8(text, i);
    i += c.length;
    if (c.value == U'₋' || c.value == U'₊')
      sign = c.value == U'₋' ? -1 : 1;
    else if (sign != 0 && time.shift < 1000000000)
      time.shift = time.shift * 10 + (c.value - U'₀');
  }
  time.shift *= sign;
  bool isName = base->kind == ExprKind::Name || base->kind == ExprKind::Member;
  if (!isName || base->timed) {
    error(isName ? DiagId::TwoTimeIndices : DiagId::TimeIndexOnExpression, range, range.text());
    return nullptr;
  }
  setTime(*base, std::move(time));
  base->range = range;
  return base;
}
