//===- Checker.h - Names, shapes and kinds of expressions -----------*- C++ -*-===//
//
// Turns expressions of the syntax tree into nodes, inlining functions. The same rules serve two ends: while shapes
// are being inferred, a sequence whose shape is not known yet gives a node with an unknown shape, and complaints go to
// a Diagnostics that is thrown away; afterwards every shape is complete, and complaints are meant.
//
// Every method gives null after it has reported an error, and is silent about operands that are null.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_CHECKER_H
#define SEQC_FRONTEND_CHECKER_H

#include "frontend/Graph.h"
#include "frontend/Program.h"

#include "llvm/ADT/ArrayRef.h"

#include <functional>

namespace seqc {

struct Frame;

/// What a parameter of a function stands for during a call.
struct Binding {
  Node *node = nullptr;
  const ast::Expr *argument = nullptr; // what the caller wrote: the name of a function, or a `dim`
  const Frame *frame = nullptr;        // where `argument` means something
};

/// Where an expression stands: what its names mean, and through which calls it was reached.
struct Frame {
  const FileScope *file = nullptr;
  const Scope *scope = nullptr;
  bool inSystem = true; // sees the names of the system; a function of a file does not
  bool inLoss = false;  // `mean` and `sum` run over time and batch
  std::map<std::string, Binding> parameters;
  const ast::Stmt *function = nullptr;
  const Frame *caller = nullptr;
  SourceRange call;           // in the caller
  mutable unsigned depth = 0; // of the recursion, over all callers

  const Binding *parameter(const std::string &name) const {
    auto it = parameters.find(name);
    return it == parameters.end() ? nullptr : &it->second;
  }
};

class Checker {
public:
  /// Shapes are inferred from inputs and parameters; what that leaves open from boundaries; then by taking the right
  /// side of a product for a vector; then from numbers.
  enum Mode { Infer, InferFromBoundaries, InferAssumingVectors, InferFromNumbers, Final };

  Checker(Program &program, System &system, Diagnostics &diags, std::deque<Node> &nodes, Mode mode)
      : program(program), system(system), diags(diags), nodes(nodes), mode(mode) {}

  Node *check(const ast::Expr &e, const Frame &frame);

  /// Called for each sequence that an expression names.
  std::function<void(Sequence &)> onUse;

  /// The values of `y, c = enc(x)` or `a, b = split(z, 2)`; empty after an error.
  std::vector<Node *> checkParts(const ast::Expr &e, const Frame &frame, unsigned count);

  /// Repeats `x` until it has the shape; null and no message if that cannot be.
  Node *broadcastTo(Node *x, const Shape &shape);

  /// A number for a boolean; ids and diagonal matrices are errors.
  Node *toReal(Node *x, const Frame &frame);

private:
  // CheckName.cpp: leaves. CheckMember.cpp: those inside layers. CheckExpr.cpp: operators.
  Node *checkName(const ast::Expr &e, const Frame &frame);
  Node *checkSequence(Sequence &sequence, int64_t shift, const ast::Expr &e, const Frame &frame);
  Node *checkMember(const ast::Expr &e, const Frame &frame);
  std::vector<Layer *> findLayers(const ast::Expr &e, const Frame &frame);
  Layer *findInnerLayer(const std::string &name, System &cell, const ast::Expr &e, const Frame &frame);
  Layer *findOuterLayer(const std::string &name, const ast::Expr &e, const Frame &frame);
  bool checkSequenceOf(System &cell, const std::string &name, const ast::Expr &e, const Frame &frame);
  bool isAppliedOnce(const Layer &layer, const ast::Expr &e, const Frame &frame);
  Node *checkBinary(const ast::Expr &e, const Frame &frame);
  Node *shifted(Node *source, int64_t shift, const ast::Expr &e, const Frame &frame);
  Node *elementwise(NodeOp op, llvm::ArrayRef<Node *> operands, const ast::Expr &e, const Frame &frame);
  Node *compare(ast::Op op, Node *x, Node *y, const ast::Expr &e, const Frame &frame);
  Node *power(Node *x, Node *y, const ast::Expr &e, const Frame &frame);
  Node *numberAs(Node *x, Element element, const ast::Expr &e, const Frame &frame);
  Shape shapeKnown(const Node &x) const;
  std::optional<Shape> joinShapes(llvm::MutableArrayRef<Node *> operands, const ast::Expr &e, const Frame &frame);
  std::optional<int64_t> shiftOf(const ast::Expr &e, const Frame &frame);

  // CheckShape.cpp: products and moves of elements.
  Node *matmul(Node *a, Node *b, const ast::Expr &e, const Frame &frame);
  Node *diagonalMatmul(Node *a, Node *b, const ast::Expr &e, const Frame &frame);
  Node *checkConcat(const ast::Expr &e, const Frame &frame);
  Node *checkIndex(const ast::Expr &e, const Frame &frame);
  Node *checkSlice(const ast::Expr &e, const Frame &frame);
  Node *checkTranspose(const ast::Expr &e, const Frame &frame);
  Node *slice(Node *x, int64_t offset, Extent size, const ast::Expr &e, const Frame &frame);
  Node *reshape(Node *x, Shape shape, const ast::Expr &e, const Frame &frame);

  // CheckCall.cpp: layers and functions.
  Node *checkCall(const ast::Expr &e, const Frame &frame);
  Node *callByName(const std::string &name, const Frame &home, const ast::Expr &e, const Frame &frame);
  Node *callFunction(const ast::Expr &e, const Frame &frame, const std::vector<FunctionRef> &candidates);
  Node *unknownFunction(const ast::Expr &e, const std::string &name, const Frame &frame);
  bool bindArguments(const ast::Expr &e, const Frame &frame, FunctionRef function, Frame &body);
  bool isFunctionName(const ast::Expr &argument, const Frame &frame);
  bool isSystemFunction(const FunctionRef &function) const;
  std::vector<Node *> applyLayer(Layer &layer, const ast::Expr &e, const Frame &frame, unsigned count);
  std::optional<std::vector<Node *>> checkLayerArguments(Layer &layer, const ast::Expr &e, const Frame &frame);
  std::vector<Node *> split(const ast::Expr &e, const Frame &frame, unsigned count);
  Layer *layerNamed(const std::string &name, const Frame &frame);

  // CheckBuiltin.cpp: the primitives.
  Node *callBuiltin(const std::string &name, const ast::Expr &e, const Frame &frame);
  Node *lossReduction(const std::string &name, const ast::Expr &e, const Frame &frame);
  Node *reduce(NodeOp op, Node *x, int64_t dim, bool keep, const ast::Expr &e, const Frame &frame);
  Node *reduceCall(NodeOp op, const ast::Expr &e, const Frame &frame);
  Node *reduceMax(const ast::Expr &e, const Frame &frame);
  Node *reduceSum(const ast::Expr &e, const Frame &frame);
  Node *size(const ast::Expr &e, const Frame &frame);
  Node *where(const ast::Expr &e, const Frame &frame);
  Node *dropout(const ast::Expr &e, const Frame &frame);
  Node *batchMean(const ast::Expr &e, const Frame &frame);
  Node *estimate(const ast::Expr &e, const Frame &frame);
  Node *outer(const ast::Expr &e, const Frame &frame);
  Node *reshape(const ast::Expr &e, const Frame &frame);
  bool isDimLeftOut(const ast::Expr &e, const Frame &frame);
  std::optional<int64_t> namedDim(const ast::Expr &e, const Node &x, const Frame &frame);
  const ast::NamedArg *namedArgument(const ast::Expr &e, llvm::StringRef name);
  bool onlyNamed(const ast::Expr &e, llvm::ArrayRef<llvm::StringRef> allowed, const Frame &frame);

  // Helpers.
  Node *make(NodeOp op, llvm::ArrayRef<Node *> args, Shape shape, const ast::Expr &e, const Frame &frame);
  Node *number(double value, const ast::Expr &e, const Frame &frame);
  Node *read(Layer &layer, Application *application, unsigned level, const std::string &member, const ast::Expr &e,
             const Frame &frame);
  std::optional<Number> findNumber(llvm::StringRef name, const Frame &frame) const;
  std::optional<std::string> nameOf(const ast::Expr &e, const Frame &frame);
  std::vector<std::string> visibleNames(const Frame &frame) const;

  /// Where the user sees `range`: a place inside the standard library's functions becomes that of the call.
  SourceRange place(SourceRange range, const Frame &frame) const;
  template <typename... Args>
  Diagnostics::Builder report(DiagId id, SourceRange range, const Frame &frame, const Args &...args) {
    return addCalls(diags.report(id, place(range, frame), args...), frame);
  }
  Diagnostics::Builder addCalls(Diagnostics::Builder builder, const Frame &frame);
  /// Says of what shape an operand is, and where that comes from.
  void noteShape(Diagnostics::Builder &builder, const Node &x);

  Program &program;
  System &system;
  Diagnostics &diags;
  std::deque<Node> &nodes;
  Mode mode;
};

/// The nearest of `known` to a misspelled name, or empty.
std::string nearestName(llvm::StringRef name, llvm::ArrayRef<std::string> known);

/// `1 argument`, `2 arguments`.
std::string counted(size_t count, llvm::StringRef thing);

/// The names in Builtins.def.
llvm::ArrayRef<std::string> builtinNames();

/// More nodes than this in one system are refused: inlining can grow exponentially.
constexpr size_t maxNodes = 1 << 20;

/// Later questions walk down expressions by recursion.
constexpr unsigned maxNodeDepth = 2000;

} // namespace seqc

#endif // SEQC_FRONTEND_CHECKER_H
