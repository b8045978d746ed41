//===- FormatExpr.cpp - Expressions as canonical source -------------------===//

#include "frontend/Format.h"

#include <algorithm>

using namespace seqc;
using namespace seqc::ast;

namespace {
// How tightly an expression holds together, as in grammar/Seq.g4.
enum Binding { Loosest = 0, Comparison = 1, Sum = 2, Product = 3, Sign = 4, Power = 5, Postfix = 6 };
} // namespace

static Binding bindingOf(Op op) {
  switch (op) {
  case Op::Add:
  case Op::Sub:
    return Sum;
  case Op::Mul:
  case Op::Div:
  case Op::Mod:
  case Op::MatMul:
    return Product;
  case Op::Neg:
    return Sign;
  case Op::Pow:
    return Power;
  default:
    return Comparison;
  }
}

static const char *spelling(Op op) {
  switch (op) {
  case Op::Add:
    return " + ";
  case Op::Sub:
    return " - ";
  case Op::Mul:
    return " * ";
  case Op::Div:
    return " / ";
  case Op::Mod:
    return " % ";
  case Op::MatMul:
    return " @ ";
  case Op::Pow:
    return "^";
  case Op::Neg:
    return "-";
  case Op::Lt:
    return " < ";
  case Op::Le:
    return " <= ";
  case Op::Gt:
    return " > ";
  case Op::Ge:
    return " >= ";
  case Op::Eq:
    return " == ";
  case Op::Ne:
    return " != ";
  }
  return "";
}

static std::string print(const Expr &expr, Binding least);

static std::string printList(const std::vector<ExprPtr> &exprs) {
  std::string out;
  for (const ExprPtr &e : exprs)
    out += (out.empty() ? "" : ", ") + print(*e, Loosest);
  return out;
}

static std::string withoutSpaces(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text;
}

static std::string printName(const std::string &text, const std::vector<ExprPtr> &braces) {
  std::string out = text;
  // `z_{l}` would be read as `z{l}`.
  if (!braces.empty() && out.back() == '_')
    out += '_';
  return braces.empty() ? out : out + "{" + withoutSpaces(printList(braces)) + "}";
}

static std::string printTime(const Expr &expr) {
  if (!expr.timed)
    return "";
  std::string out = "[t";
  if (expr.shiftExpr)
    out += (expr.shiftSign > 0 ? "+" : "-") + withoutSpaces(print(*expr.shiftExpr, Product));
  if (expr.shift != 0)
    out += (expr.shift > 0 ? "+" : "") + std::to_string(expr.shift);
  return out + "]";
}

static std::string printCall(const Expr &expr) {
  std::string args = printList(expr.args);
  for (const NamedArg &arg : expr.named)
    args += (args.empty() ? "" : ", ") + arg.name + ": " + print(*arg.value, Loosest);
  return printName(expr.name, expr.braces) + "(" + args + ")";
}

static std::string printBinary(const Expr &expr) {
  Binding binding = bindingOf(expr.op);
  if (expr.op == Op::Pow)
    return print(*expr.args[0], Postfix) + spelling(expr.op) + print(*expr.args[1], Sign);
  Binding left = binding == Comparison ? Sum : binding;
  return print(*expr.args[0], left) + spelling(expr.op) + print(*expr.args[1], static_cast<Binding>(binding + 1));
}

static std::string printSlice(const Expr &expr) {
  std::string from = expr.args[1] ? print(*expr.args[1], Loosest) : "";
  std::string to = expr.args[2] ? print(*expr.args[2], Loosest) : "";
  return print(*expr.args[0], Postfix) + "[" + from + ":" + to + "]";
}

/// Without the parentheses that its surroundings may want.
static std::string printBare(const Expr &expr) {
  switch (expr.kind) {
  case ExprKind::Number:
    return expr.name;
  case ExprKind::Name:
    return printName(expr.name, expr.braces) + printTime(expr);
  case ExprKind::Unary:
    return spelling(expr.op) + print(*expr.args[0], Power);
  case ExprKind::Binary:
    return printBinary(expr);
  case ExprKind::Call:
    return printCall(expr);
  case ExprKind::Concat:
    return "[" + printList(expr.args) + "]";
  case ExprKind::Index:
    return print(*expr.args[0], Postfix) + "[" + print(*expr.args[1], Loosest) + "]";
  case ExprKind::Slice:
    return printSlice(expr);
  case ExprKind::Transpose:
    return print(*expr.args[0], Postfix) + ".T";
  case ExprKind::Member:
    return print(*expr.args[0], Postfix) + "." + printName(expr.name, expr.braces) + printTime(expr);
  }
  return "";
}

static std::string print(const Expr &expr, Binding least) {
  bool operates = expr.kind == ExprKind::Unary || expr.kind == ExprKind::Binary;
  Binding binding = operates ? bindingOf(expr.op) : Postfix;
  std::string out = printBare(expr);
  return binding < least ? "(" + out + ")" : out;
}

std::string seqc::formatExpr(const Expr &expr) { return print(expr, Loosest); }

std::string seqc::formatName(const Name &name) { return printName(name.text, name.braces); }
