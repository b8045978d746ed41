//===- AstPrinter.cpp - The syntax tree as indented text ------------------===//

#include "frontend/AstPrinter.h"

using namespace seqc;
using namespace seqc::ast;

static const char *spelling(Op op) {
  switch (op) {
  case Op::Add:
    return "+";
  case Op::Sub:
    return "-";
  case Op::Mul:
    return "*";
  case Op::Div:
    return "/";
  case Op::Mod:
    return "%";
  case Op::Pow:
    return "^";
  case Op::MatMul:
    return "@";
  case Op::Neg:
    return "-";
  case Op::Lt:
    return "<";
  case Op::Le:
    return "<=";
  case Op::Gt:
    return ">";
  case Op::Ge:
    return ">=";
  case Op::Eq:
    return "==";
  case Op::Ne:
    return "!=";
  }
  return "?";
}

namespace {
class AstPrinter {
public:
  std::string run(const File &file);

private:
  void line(const std::string &text) { out += std::string(2 * depth, ' ') + text + "\n"; }
  void system(const System &system);
  void stmt(const Stmt &node);
  void expr(const Expr &node, const std::string &label = "");
  void labelled(const std::string &label, const std::vector<ExprPtr> &exprs);
  void type(const Type &type);
  void initialiser(const Initialiser &init);
  void layer(const LayerSpec &layer);
  std::string nameOf(const Name &name) const;
  std::string namesOf(const std::vector<Name> &names) const;
  std::string timeOf(const Expr &expr) const;
  std::string headOf(const Expr &expr) const;
  void bracesOf(const std::vector<Name> &names);

  std::string out;
  size_t depth = 0;
};
} // namespace

std::string AstPrinter::nameOf(const Name &name) const { return name.braces.empty() ? name.text : name.text + "{}"; }

std::string AstPrinter::namesOf(const std::vector<Name> &names) const {
  std::string text;
  for (const Name &name : names)
    text += (text.empty() ? "" : ", ") + nameOf(name);
  return text;
}

std::string AstPrinter::timeOf(const Expr &expr) const {
  if (!expr.timed)
    return "";
  std::string text = "[t";
  if (expr.shift != 0)
    text += (expr.shift > 0 ? "+" : "") + std::to_string(expr.shift);
  if (expr.shiftExpr)
    text += expr.shiftSign > 0 ? "+…" : "-…";
  return text + "]";
}

std::string AstPrinter::headOf(const Expr &expr) const {
  switch (expr.kind) {
  case ExprKind::Number:
    return "number " + expr.name;
  case ExprKind::Name:
    return "name " + expr.name + timeOf(expr);
  case ExprKind::Unary:
    return "negate";
  case ExprKind::Binary:
    return spelling(expr.op);
  case ExprKind::Call:
    return "call " + expr.name;
  case ExprKind::Concat:
    return "concat";
  case ExprKind::Index:
    return "index";
  case ExprKind::Slice:
    return "slice";
  case ExprKind::Transpose:
    return "transpose";
  case ExprKind::Member:
    return "member " + expr.name + timeOf(expr);
  }
  return "";
}

void AstPrinter::expr(const Expr &node, const std::string &label) {
  line((label.empty() ? "" : label + ": ") + headOf(node));
  ++depth;
  for (const ExprPtr &brace : node.braces)
    expr(*brace, "in braces");
  if (node.shiftExpr)
    expr(*node.shiftExpr, "shift");
  for (const ExprPtr &arg : node.args) {
    if (arg)
      expr(*arg);
    else
      line("open");
  }
  for (const NamedArg &arg : node.named)
    expr(*arg.value, arg.name);
  --depth;
}

void AstPrinter::labelled(const std::string &label, const std::vector<ExprPtr> &exprs) {
  for (const ExprPtr &e : exprs)
    expr(*e, label);
}

void AstPrinter::bracesOf(const std::vector<Name> &names) {
  for (const Name &name : names)
    labelled("in braces", name.braces);
}

void AstPrinter::type(const Type &type) {
  static const char *const kinds[] = {"tensor", "id", "mask", "diagonal"};
  line(std::string("type ") + kinds[type.kind]);
  ++depth;
  labelled("dim", type.dims);
  --depth;
}

void AstPrinter::initialiser(const Initialiser &init) {
  static const char *const kinds[] = {"constant", "xavier", "he", "orthogonal", "normal", "uniform"};
  line(std::string("initialiser ") + kinds[init.kind]);
  ++depth;
  labelled("value", init.args);
  --depth;
}

void AstPrinter::layer(const LayerSpec &layer) {
  line("of " + layer.cell.text + (layer.reversed ? " reversed" : ""));
  ++depth;
  if (layer.depth)
    expr(*layer.depth, "depth");
  labelled("dim", layer.dims);
  --depth;
}

static std::string headOf(const Stmt &stmt) {
  switch (stmt.kind) {
  case StmtKind::Input:
    return "input ";
  case StmtKind::Param:
    return "param ";
  case StmtKind::Const:
    return "const ";
  case StmtKind::Equation:
    return stmt.gate ? "gate " : "equation ";
  case StmtKind::Boundary:
    return stmt.boundaryAtEnd ? "boundary after the end " : "boundary ";
  case StmtKind::Layer:
    return "layer ";
  case StmtKind::Loss:
    return "loss";
  case StmtKind::Output:
    return "output";
  case StmtKind::Require:
    return "require";
  case StmtKind::For:
    return "for " + stmt.variable;
  case StmtKind::Fn:
    return "fn ";
  case StmtKind::Use:
    return "use " + (stmt.pathIsFile ? "\"" + stmt.path + "\"" : stmt.path);
  }
  return "";
}

void AstPrinter::stmt(const Stmt &node) {
  std::string head = ::headOf(node) + namesOf(node.names);
  if (node.kind == StmtKind::Fn)
    head += "(" + namesOf(node.parameters) + ")";
  line(head);
  ++depth;
  bracesOf(node.names);
  if (node.kind == StmtKind::Input || node.kind == StmtKind::Param)
    type(node.type);
  if (node.init)
    initialiser(*node.init);
  if (node.kind == StmtKind::Layer)
    layer(node.layer);
  for (const OutputItem &item : node.outputs) {
    std::string name = nameOf(item.name);
    for (const Name &member : item.members)
      name += "." + nameOf(member);
    line(item.last ? "last " + name : name);
    ++depth;
    labelled("in braces", item.name.braces);
    bracesOf(item.members);
    --depth;
  }
  if (node.lower)
    expr(*node.lower, "from");
  if (node.upper)
    expr(*node.upper, "to");
  if (node.value)
    expr(*node.value);
  for (const StmtPtr &child : node.body)
    stmt(*child);
  --depth;
}

void AstPrinter::system(const System &system) {
  line((system.isModel ? "model " : "cell ") + system.name.text);
  ++depth;
  for (const Dim &dim : system.dims) {
    line("dim " + dim.name.text);
    ++depth;
    if (dim.defaultValue)
      expr(*dim.defaultValue, "default");
    --depth;
  }
  for (const StmtPtr &child : system.body)
    stmt(*child);
  --depth;
}

std::string AstPrinter::run(const File &file) {
  for (const StmtPtr &child : file.topLevel)
    stmt(*child);
  for (const System &child : file.systems)
    system(child);
  return std::move(out);
}

std::string seqc::printAst(const File &file) { return AstPrinter().run(file); }
