//===- Ast.h - The syntax of a .seq file, as data -------------------*- C++ -*-===//
//
// What the parser makes and the formatter prints. Names are as written, except that paper notation is already
// plain: `h_{t-1}` is Name "h" with shift -1, `σ` is "sigmoid", `⊙` is Mul, `·` and `×` are MatMul.
// Nothing here is checked beyond syntax.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_AST_H
#define SEQC_FRONTEND_AST_H

#include "frontend/Source.h" // SourceRange: file, begin and end offset

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace seqc::ast {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ExprKind {
  Number,    // value; name keeps the spelling, `1e-5`
  Name,      // name, possibly at another time: shift; `timed` if any time index was written
  Unary,     // op, args[0]
  Binary,    // op, args[0], args[1]
  Call,      // name(args, named...): builtin, fn or instance
  Concat,    // [args...]
  Index,     // args[0][args[1]]: table[id]
  Slice,     // args[0][args[1]:args[2]]; a missing bound is null
  Transpose, // args[0].T
  Member     // args[0].name: enc.c, a.b.c (args[0] is a Name or a Member), with braces and a time index like a Name
};

enum class Op { Add, Sub, Mul, Div, Mod, Pow, MatMul, Neg, Lt, Le, Gt, Ge, Eq, Ne };

struct NamedArg;

/// One node of an expression. Which fields mean something is said at ExprKind.
struct Expr {
  ExprKind kind;
  SourceRange range;
  double value = 0;
  std::string name;
  Op op = Op::Add;
  std::vector<ExprPtr> args;
  std::vector<NamedArg> named;
  bool timed = false; // a time index was written: h[t], h_t, h[t-1]
  // The time index is t + shift + shiftSign * shiftExpr. shiftExpr is null unless dims or `for` variables occur in it,
  // as in h[t-k-1]: then shift is -1, shiftExpr is k and shiftSign -1.
  int64_t shift = 0;
  ExprPtr shiftExpr;
  int shiftSign = 1;
  std::vector<ExprPtr> braces; // z{l}, W{l+1}: compile-time parts of a name
};

/// `dim: 0` in sum(x, dim: 0).
struct NamedArg {
  std::string name;
  SourceRange range;
  ExprPtr value;
};

struct Name {
  std::string text;
  SourceRange range;
  std::vector<ExprPtr> braces;
};

/// `x : [I]`, `id(V)`, `mask`, `[]`, `diag[H]`.
struct Type {
  enum Kind { Tensor, Id, Mask, Diagonal } kind = Tensor;
  SourceRange range;
  std::vector<ExprPtr> dims; // Tensor: the shape; Id: one, the vocabulary; Diagonal: one
};

struct Dim {
  Name name;
  ExprPtr defaultValue; // may be null
};

struct Initialiser {
  enum Kind { Constant, Xavier, He, Orthogonal, Normal, Uniform } kind = Xavier;
  SourceRange range;
  std::vector<ExprPtr> args;
};

enum class StmtKind { Input, Param, Const, Equation, Boundary, Layer, Loss, Output, Require, For, Fn, Use };

struct Stmt;
using StmtPtr = std::unique_ptr<Stmt>;

/// `LSTM(E, H)`, `stack(L, LSTM)(E, H)`, `reverse LSTM(E, H)`: what a layer is.
struct LayerSpec {
  SourceRange range;
  Name cell; // may be a path: std.lstm.LSTM is just its last part after `use`
  bool reversed = false;
  ExprPtr depth; // of stack; null: not stacked
  std::vector<ExprPtr> dims;
};

struct OutputItem {
  SourceRange range;
  Name name; // possibly with members: enc.c
  std::vector<Name> members;
  bool last = false;
};

struct Stmt {
  StmtKind kind;
  SourceRange range;
  std::vector<Name> names; // Input, Param, Const, Layer, Fn: declared; Equation: one, or several for `y, c = enc(x)`
  Type type;               // Input, Param
  std::optional<Initialiser> init; // Param
  ExprPtr value;                   // Const, Equation, Boundary, Loss, Fn, Require
  bool gate = false;               // Equation
  bool timed = false;              // Equation: written with [t] or _t
  int64_t boundaryIndex = 0;       // Boundary: 0 for h[0]; 1 for h[T+1] (then boundaryAtEnd)
  bool boundaryAtEnd = false;
  LayerSpec layer;                 // Layer
  std::vector<OutputItem> outputs; // Output
  std::vector<Name> parameters;    // Fn
  std::string variable;            // For
  SourceRange variableRange;       // For
  ExprPtr lower, upper;            // For: inclusive
  std::vector<StmtPtr> body;       // For
  std::string path;                // Use: "lstm.seq" or std.lstm
  bool pathIsFile = false;
};

/// `cell NAME(dims) { … }` or `model NAME(dims) { … }`.
struct System {
  SourceRange range;
  Name name;
  bool isModel = false;
  std::vector<Dim> dims;
  std::vector<StmtPtr> body; // its closing brace is the last byte of `range`
};

/// A comment, kept for the formatter: it is printed before the node that follows it, or at the end of its line.
struct Comment {
  SourceRange range;
  std::string text;
  bool ownLine = true;
};

/// What parse() returns. A statement with a syntax error in it is left out, so a file with errors is not whole: stop
/// there if Diagnostics::hasErrors().
struct File {
  std::vector<StmtPtr> topLevel; // Use, Fn, Const
  std::vector<System> systems;
  std::vector<Comment> comments;
};

} // namespace seqc::ast

#endif // SEQC_FRONTEND_AST_H
