//===- Graph.h - A system of equations with names, shapes and times known -------*- C++ -*-===//
//
// What elaboration makes of a `cell` or `model` with given dims, and what every later question is asked of: gates,
// causality, direction, what is unused, and the lowering. `for` is expanded and functions are inlined; broadcasts and
// conversions are explicit. A System owns its nodes; everything here points into it.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_GRAPH_H
#define SEQC_FRONTEND_GRAPH_H

#include "frontend/Ast.h"
#include "frontend/Dims.h"
#include "frontend/Shapes.h"
#include "frontend/Source.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace seqc {

class DependenceGraph;
struct Application;
struct FileScope;
struct Layer;
struct Parameter;
struct Sequence;
struct System;

enum class NodeOp {
  Number,     // number, as often as `shape` says
  Parameter,  // parameter
  Current,    // sequence, at this step
  Shift,      // args[0], a Current or Read, at step t + shift; `boundary` outside
  Read,       // `member` of level `level` of an applied layer: a sequence, or one inside its layers, `rnn.c`
  RandomMask, // dropout: number is p; flag: one mask for all steps
  Count,      // valid steps in the batch
  Total,      // args[0] summed over time and batch
  Estimate,   // in training args[1], a statistic of the batch; else args[0], the parameter that estimates it
  Compare,    // args[0] `comparison` args[1]
  Select,     // args[0] ? args[1] : args[2]
  ToReal,     // a boolean as 0 or 1
  MatMul,     // args[0] @ args[1]
  Outer,      // args[0], args[1]
  ReduceSum,  // of args[0] over `dim`; flag: keeps it with size 1
  ReduceMax,
  Gather,                             // args[0][args[1]]
  Broadcast,                          // args[0]
  Reshape,                            // args[0]
  Transpose,                          // args[0]: last two dims
  Slice,                              // args[0] from `offset` of dim 0
  Concat,                             // args along dim 0
#define SEQC_OPERATOR1(Op, value) Op, // of args[0]
#define SEQC_OPERATOR2(Op, value) Op, // of args[0], args[1]
#include "frontend/Builtins.def"
};

enum class Element { Real, Bool, Id };

/// A checked expression. Which fields mean something is said at NodeOp.
struct Node {
  NodeOp op = NodeOp::Number;
  Shape shape;
  Element element = Element::Real;
  bool varying = false;  // changes from step to step
  bool diagonal = false; // a `diag[H]` parameter: stored as a vector, means a matrix
  bool flag = false;
  SourceRange range;
  std::vector<Node *> args;
  unsigned depth = 0; // longest way down through args

  double number = 0;
  int64_t shift = 0, dim = 0, offset = 0, site = 0, vocabulary = 0;
  ast::Op comparison = ast::Op::Lt;
  Sequence *sequence = nullptr;
  Parameter *parameter = nullptr;
  Layer *layer = nullptr;
  Application *application = nullptr; // null while shapes are inferred
  unsigned level = 0;
  std::string member;
};

/// `h[0] = expr` or `h[T+1] = expr`.
struct Boundary {
  SourceRange range;
  const ast::Expr *expr = nullptr;
  const Scope *scope = nullptr;
  Shape shape;
  Node *value = nullptr;
  bool used = false;
};

/// How one sequence needs another: at the same step, an earlier or a later one, or all at once for its statistics. A
/// range says where; it is invalid if it does not.
struct Need {
  SourceRange sameStep, earlier, later, allSteps;
};

/// The first equation that needs another step than its own, if `place` is valid.
struct Look {
  std::string equation;
  SourceRange place;
};

/// An input, or what an equation defines.
struct Sequence {
  std::string name;
  SourceRange range; // of the name where it is defined
  bool isInput = false;
  int64_t vocabulary = 0; // inputs of ids

  const ast::Stmt *statement = nullptr;
  const ast::Expr *expr = nullptr; // null for inputs
  const Scope *scope = nullptr;
  bool gate = false;
  unsigned part = 0, parts = 1; // of `y, c = enc(x)`

  Shape shape;
  Element element = Element::Real;
  bool varying = false;
  Node *value = nullptr; // of an equation
  std::unique_ptr<Boundary> before, after;
};

struct Parameter {
  std::string name;
  SourceRange range;
  Shape shape;
  bool diagonal = false;
  bool estimate = false; // of a statistic of the batch: training keeps its moving average
  ast::Initialiser::Kind init = ast::Initialiser::Constant;
  std::vector<double> initArgs;
};

/// `layer enc = …`: the systems of its levels, lowest first (one, unless stacked).
struct Layer {
  std::string name;
  SourceRange range;
  bool stacked = false;
  bool reversed = false;
  std::vector<System *> levels;                   // empty if their elaboration failed
  std::vector<std::vector<std::string>> dimTexts; // how the dims of each level were written
  std::vector<std::unique_ptr<Application>> applications;
  SourceRange memberRead; // the first `enc.c`

  /// Where the parameters of a level are saved: `enc`, or `enc.2` in a stack.
  std::string path(unsigned level) const { return stacked ? name + "." + std::to_string(level + 1) : name; }

  /// How a size of the cell of a level reads where the layer is used: its dims by what was given for them.
  Extent extentOutside(const Extent &extent, unsigned level) const;
};

/// One use of a layer: `enc(x)`.
struct Application {
  Layer *layer = nullptr;
  unsigned index = 0;
  SourceRange range;
  std::vector<Node *> args;                   // of the lowest level
  std::vector<Node *> lowerOutputs;           // [k]: what level k + 1 takes for its first input
  std::vector<std::set<std::string>> members; // [level]: the sequences that are read
};

/// By what name another system finds what a Read reads: `rnn.c`, or `rnn.2.c` in a stack. States are saved so, too.
inline std::string pathOf(const Node &read) { return read.layer->path(read.level) + "." + read.member; }

struct Output {
  std::string name;
  SourceRange range;
  Node *value = nullptr;
  bool last = false;

  /// Its name for systems that use this one.
  std::string member() const { return value->op == NodeOp::Read ? pathOf(*value) : name; }
};

using Entity = std::variant<Sequence *, Parameter *, Layer *, Number>;

struct System {
  const ast::System *ast = nullptr;
  const FileScope *file = nullptr;
  std::string symbol; // LSTM<I=32, H=64>
  std::vector<std::pair<std::string, int64_t>> dims;
  bool exported = false;
  bool failed = false; // errors were reported: nothing of it may be used

  /// What could not be declared for an error that was reported, so that its uses need not be reported too.
  std::set<std::string> lostNames;
  bool lostAll = false; // a `for` was not expanded: any name may be missing
  bool isLost(const std::string &name) const { return lostAll || lostNames.count(name); }

  std::deque<Scope> scopes;
  std::map<std::string, Entity> names;
  std::multimap<std::string, const ast::Stmt *> functions;
  std::deque<Sequence> sequences; // in source order
  std::deque<Parameter> parameters;
  std::deque<Layer> layers;
  std::deque<Output> outputs;
  const ast::Stmt *lossStatement = nullptr;
  const Scope *lossScope = nullptr;
  std::vector<std::pair<const ast::OutputItem *, const Scope *>> outputItems;
  std::deque<ast::Expr> outputExprs; // what the items read, as expressions
  Node *loss = nullptr;
  std::deque<Node> nodes;
  int64_t randomSites = 0;
  std::set<std::string> readFromOutside;    // members that other systems read
  std::map<std::string, Node *> innerReads; // members that lie inside layers, by their paths
  Look looksAhead, looksBack;
  std::shared_ptr<DependenceGraph> dependence;                                        // made when first asked for
  std::map<std::pair<std::string, const Sequence *>, std::optional<Need>> inputNeeds; // see needOfInput()

  bool isStandard() const; // of the standard library
  std::vector<Sequence *> inputs();
  /// The sequence an application gives: the first declared output. Null if there is none.
  const Output *firstOutput() const { return outputs.empty() ? nullptr : &outputs.front(); }
};

} // namespace seqc

#endif // SEQC_FRONTEND_GRAPH_H
