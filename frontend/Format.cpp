//===- Format.cpp - Canonical source --------------------------------------===//

#include "frontend/Format.h"

#include <algorithm>

using namespace seqc;
using namespace seqc::ast;

static constexpr size_t maxWidth = 100;

//===----------------------------------------------------------------------===//
// One statement
//===----------------------------------------------------------------------===//

static std::string exprList(const std::vector<ExprPtr> &exprs) {
  std::string out;
  for (const ExprPtr &e : exprs)
    out += (out.empty() ? "" : ", ") + formatExpr(*e);
  return out;
}

static std::string nameList(const std::vector<Name> &names, const char *suffix = "") {
  std::string out;
  for (const Name &name : names)
    out += (out.empty() ? "" : ", ") + formatName(name) + suffix;
  return out;
}

static std::string typeText(const Type &type) {
  switch (type.kind) {
  case Type::Tensor:
    return "[" + exprList(type.dims) + "]";
  case Type::Id:
    return "id(" + exprList(type.dims) + ")";
  case Type::Mask:
    return "mask";
  case Type::Diagonal:
    return "diag[" + exprList(type.dims) + "]";
  }
  return "";
}

static std::string initialiserText(const Initialiser &init) {
  if (init.kind == Initialiser::Constant)
    return " = " + exprList(init.args);
  static const char *const names[] = {"", "xavier", "he", "orthogonal", "normal", "uniform"};
  std::string out = std::string(" ~ ") + names[init.kind];
  return init.args.empty() ? out : out + "(" + exprList(init.args) + ")";
}

static std::string layerText(const LayerSpec &layer) {
  std::string out = layer.reversed ? "reverse " : "";
  out += layer.depth ? "stack(" + formatExpr(*layer.depth) + ", " + layer.cell.text + ")" : layer.cell.text;
  return out + "(" + exprList(layer.dims) + ")";
}

static std::string outputText(const OutputItem &item) {
  std::string name = formatName(item.name);
  for (const Name &member : item.members)
    name += "." + formatName(member);
  return item.last ? "last(" + name + ")" : name;
}

static std::string outputsText(const std::vector<OutputItem> &outputs) {
  std::string out;
  for (const OutputItem &item : outputs)
    out += (out.empty() ? "" : ", ") + outputText(item);
  return out;
}

/// What stands before the value, or all of a statement that has none.
static std::string headText(const Stmt &stmt) {
  switch (stmt.kind) {
  case StmtKind::Use:
    return "use " + (stmt.pathIsFile ? "\"" + stmt.path + "\"" : stmt.path);
  case StmtKind::Input:
    return "input " + nameList(stmt.names) + " : " + typeText(stmt.type);
  case StmtKind::Param:
    return "param " + nameList(stmt.names) + " : " + typeText(stmt.type) +
           (stmt.init ? initialiserText(*stmt.init) : "");
  case StmtKind::Const:
    return "const " + nameList(stmt.names) + " = ";
  case StmtKind::Equation:
    return (stmt.gate ? "gate " : "") + nameList(stmt.names, stmt.timed ? "[t]" : "") + " = ";
  case StmtKind::Boundary:
    return nameList(stmt.names, stmt.boundaryAtEnd ? "[T+1]" : "[0]") + " = ";
  case StmtKind::Layer:
    return "layer " + nameList(stmt.names) + " = " + layerText(stmt.layer);
  case StmtKind::Loss:
    return "loss = ";
  case StmtKind::Output:
    return "output " + outputsText(stmt.outputs);
  case StmtKind::Require:
    return "require ";
  case StmtKind::Fn:
    return "fn " + nameList(stmt.names) + "(" + nameList(stmt.parameters) + ") = ";
  case StmtKind::For:
    return "for " + stmt.variable + " in " + formatExpr(*stmt.lower) + ".." + formatExpr(*stmt.upper) + " {";
  }
  return "";
}

/// The terms of `a + b - c`, each with the sign before it.
static void collectTerms(const Expr &expr, const char *sign, std::vector<std::string> &terms) {
  if (expr.kind == ExprKind::Binary && (expr.op == Op::Add || expr.op == Op::Sub)) {
    collectTerms(*expr.args[0], sign, terms);
    const Expr &right = *expr.args[1];
    bool sum = right.kind == ExprKind::Binary && (right.op == Op::Add || right.op == Op::Sub);
    bool compares = right.kind == ExprKind::Binary && right.op >= Op::Lt;
    std::string text = formatExpr(right);
    terms.push_back((expr.op == Op::Add ? "+ " : "- ") + (sum || compares ? "(" + text + ")" : text));
    return;
  }
  bool compares = expr.kind == ExprKind::Binary && expr.op >= Op::Lt;
  terms.push_back(sign + (compares ? "(" + formatExpr(expr) + ")" : formatExpr(expr)));
}

/// A statement without its block, over several lines if it is a long sum.
static std::string stmtText(const Stmt &stmt, size_t indent) {
  std::string head = headText(stmt);
  if (!stmt.value)
    return head;
  std::string line = head + formatExpr(*stmt.value);
  bool sum = stmt.value->kind == ExprKind::Binary && (stmt.value->op == Op::Add || stmt.value->op == Op::Sub);
  if (!sum || indent + line.size() <= maxWidth)
    return line;
  std::vector<std::string> terms;
  collectTerms(*stmt.value, "", terms);
  std::string out = head + terms[0];
  for (size_t i = 1; i < terms.size(); ++i)
    out += "\n" + std::string(indent + 4, ' ') + terms[i];
  return out;
}

static std::string systemHead(const System &system) {
  std::string dims;
  for (const Dim &dim : system.dims) {
    dims += (dims.empty() ? "" : ", ") + formatName(dim.name);
    if (dim.defaultValue)
      dims += " = " + formatExpr(*dim.defaultValue);
  }
  return (system.isModel ? "model " : "cell ") + system.name.text + "(" + dims + ") {";
}

//===----------------------------------------------------------------------===//
// Files: statements, comments and empty lines in the order of the source
//===----------------------------------------------------------------------===//

/// How wide the last line of a text is: its code points, without combining marks.
static size_t columnsOf(const std::string &text) {
  size_t columns = 0;
  for (size_t i = text.rfind('\n') + 1; i < text.size();) {
    CodePoint c = decodeUtf8(text, i);
    i += c.length;
    columns += c.value < 0x0300 || c.value > 0x036F;
  }
  return columns;
}

namespace {
class Formatter {
public:
  explicit Formatter(const File &file) : file(file) {}

  std::string run();

private:
  /// A statement or a system, whichever it is.
  struct Item {
    SourceRange range;
    const Stmt *stmt = nullptr;
    const System *system = nullptr;
  };

  void item(const Item &item, size_t nextBegin);
  void block(const std::vector<StmtPtr> &body, const SourceRange &range);
  void put(const std::string &text, const SourceRange &range, bool apart = false);
  void commentsBefore(size_t offset);
  void commentBehind(const SourceRange &range, size_t nextBegin);
  void commentAtHead(size_t bodyBegin);
  bool commentPending(size_t before) const {
    return comment < file.comments.size() && file.comments[comment].range.begin < before;
  }

  /// A line of the result, and the comment behind it, if it has one.
  struct Line {
    std::string code;
    std::string comment;
  };

  std::string alignComments() const;

  const File &file;
  std::vector<Line> lines;
  size_t depth = 0;
  size_t comment = 0;    // the next one to be printed
  unsigned lastLine = 0; // of the source, where the last thing printed ended; 0 at the start of a file or block
};
} // namespace

/// Prints lines that stand at `range` in the source. One empty line before them is kept, or made if `apart`.
void Formatter::put(const std::string &text, const SourceRange &range, bool apart) {
  unsigned line = range.start().line;
  if (lastLine != 0 && (apart || line > lastLine + 1))
    lines.push_back({});
  lines.push_back({std::string(depth * 2, ' ') + text, ""});
  lastLine = range.file->lineColumn(range.end).line;
}

void Formatter::commentsBefore(size_t offset) {
  for (; commentPending(offset); ++comment)
    put("//" + file.comments[comment].text, file.comments[comment].range);
}

/// A comment on the line on which `range` ends goes behind what was just printed.
void Formatter::commentBehind(const SourceRange &range, size_t nextBegin) {
  if (!commentPending(nextBegin) || file.comments[comment].range.start().line != lastLine)
    return;
  lines.back().comment = "//" + file.comments[comment++].text;
}

/// `cell A(I) { // like this`
void Formatter::commentAtHead(size_t bodyBegin) {
  if (!commentPending(bodyBegin) || file.comments[comment].ownLine)
    return;
  lines.back().comment = "//" + file.comments[comment++].text;
}

void Formatter::block(const std::vector<StmtPtr> &body, const SourceRange &range) {
  size_t end = range.end - 1;
  commentAtHead(body.empty() ? end : body.front()->range.begin);
  ++depth;
  lastLine = 0;
  for (size_t i = 0; i < body.size(); ++i)
    item({body[i]->range, body[i].get()}, i + 1 < body.size() ? body[i + 1]->range.begin : end);
  commentsBefore(end);
  --depth;
  lines.push_back({std::string(depth * 2, ' ') + "}", ""});
  lastLine = range.file->lineColumn(range.end).line;
}

void Formatter::item(const Item &item, size_t nextBegin) {
  if (item.system) {
    bool commentAbove = commentPending(item.range.begin);
    commentsBefore(item.range.begin);
    put(systemHead(*item.system), item.range, !commentAbove);
    block(item.system->body, item.range);
  } else if (item.stmt->kind == StmtKind::For) {
    commentsBefore(item.range.begin);
    put(headText(*item.stmt), item.range);
    block(item.stmt->body, item.range);
  } else {
    commentsBefore(item.range.end);
    put(stmtText(*item.stmt, depth * 2), item.range);
  }
  commentBehind(item.range, nextBegin);
}

std::string Formatter::run() {
  std::vector<Item> items;
  for (const StmtPtr &stmt : file.topLevel)
    items.push_back({stmt->range, stmt.get()});
  for (const System &system : file.systems)
    items.push_back({system.range, nullptr, &system});
  std::sort(items.begin(), items.end(), [](const Item &a, const Item &b) { return a.range.begin < b.range.begin; });
  for (size_t i = 0; i < items.size(); ++i)
    item(items[i], i + 1 < items.size() ? items[i + 1].range.begin : SIZE_MAX);
  commentsBefore(SIZE_MAX);
  return alignComments();
}

/// Comments behind neighbouring lines begin in one column.
std::string Formatter::alignComments() const {
  std::string out;
  for (size_t begin = 0, end; begin < lines.size(); begin = end) {
    size_t column = columnsOf(lines[begin].code);
    for (end = begin + 1; end < lines.size() && !lines[begin].comment.empty() && !lines[end].comment.empty(); ++end)
      column = std::max(column, columnsOf(lines[end].code));
    for (size_t i = begin; i < end; ++i) {
      out += lines[i].code;
      if (!lines[i].comment.empty())
        out += std::string(column - columnsOf(lines[i].code) + 1, ' ') + lines[i].comment;
      out += "\n";
    }
  }
  return out;
}

std::string seqc::formatSource(const File &file) { return Formatter(file).run(); }
