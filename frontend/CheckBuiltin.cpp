//===- CheckBuiltin.cpp - Type rules of the primitive functions -------------===//

#include "frontend/Checker.h"

using namespace seqc;
using ast::Expr;
using ast::ExprKind;

llvm::ArrayRef<std::string> seqc::builtinNames() {
  static const std::vector<std::string> names = {
      "split",
#define SEQC_OPERATOR1(Op, value)
#define SEQC_OPERATOR2(Op, value)
#define SEQC_FUNCTION1(name, Op, value) #name,
#define SEQC_FUNCTION2(name, Op, value) #name,
#define SEQC_CALL(name, args, rule) #name,
#include "frontend/Builtins.def"
  };
  return names;
}

Node *Checker::callBuiltin(const std::string &name, const Expr &e, const Frame &frame) {
  size_t count = e.args.size();
  std::optional<size_t> expected;
  auto elements = [&](NodeOp op) -> Node * {
    llvm::SmallVector<Node *, 2> args;
    for (const ast::ExprPtr &arg : e.args)
      args.push_back(toReal(check(*arg, frame), frame));
    if (llvm::is_contained(args, nullptr))
      return nullptr;
    return elementwise(op, args, e, frame);
  };
  auto isCall = [&](llvm::StringRef builtin, size_t args, bool mayName) {
    if (name != builtin)
      return false;
    if (count == args && (mayName || e.named.empty()))
      return true;
    expected = args;
    return false;
  };
#define SEQC_OPERATOR1(Op, value)
#define SEQC_OPERATOR2(Op, value)
#define SEQC_FUNCTION1(function, Op, value)                                                                            \
  if (isCall(#function, 1, false))                                                                                     \
    return elements(NodeOp::Op);
#define SEQC_FUNCTION2(function, Op, value)                                                                            \
  if (isCall(#function, 2, false))                                                                                     \
    return elements(NodeOp::Op);
#define SEQC_CALL(function, args, rule)                                                                                \
  if (isCall(#function, args, true))                                                                                   \
    return rule(e, frame);
#include "frontend/Builtins.def"
  if (name == "split") {
    report(DiagId::SplitAsValue, e.range, frame);
    return nullptr;
  }
  if (!expected)
    return unknownFunction(e, name, frame);
  report(DiagId::FunctionArguments, e.range, frame, name, counted(*expected, "argument"), count + e.named.size());
  return nullptr;
}

const ast::NamedArg *Checker::namedArgument(const Expr &e, llvm::StringRef name) {
  for (const ast::NamedArg &named : e.named)
    if (named.name == name)
      return &named;
  return nullptr;
}

bool Checker::onlyNamed(const Expr &e, llvm::ArrayRef<llvm::StringRef> allowed, const Frame &frame) {
  for (const ast::NamedArg &named : e.named)
    if (!llvm::is_contained(allowed, named.name)) {
      report(DiagId::UnknownNamedArgument, named.range, frame, e.name, named.name);
      return false;
    }
  return true;
}

//===-- Reductions -----------------------------------------------------------------===//

/// Whether no dim is named, here or by the callers who hand `dim: dim` down.
bool Checker::isDimLeftOut(const Expr &e, const Frame &frame) {
  const ast::NamedArg *named = namedArgument(e, "dim");
  if (!named)
    return true;
  const Expr *dim = named->value.get();
  for (const Frame *home = &frame; dim->kind == ExprKind::Name;) {
    const Binding *bound = home->parameter(dim->name);
    if (!bound)
      return false;
    if (!bound->argument)
      return true;
    dim = bound->argument;
    home = bound->frame;
  }
  return false;
}

/// What a caller wrote for an argument that functions have handed down by name, and where it means something.
static std::pair<const Expr *, const Frame *> asWritten(const Expr &argument, const Frame &frame) {
  const Expr *written = &argument;
  const Frame *home = &frame;
  while (written->kind == ExprKind::Name) {
    const Binding *bound = home->parameter(written->name);
    if (!bound)
      break;
    written = bound->argument;
    home = bound->frame;
  }
  return {written, home};
}

/// The dim that `dim: k` or `dim: H` names; the last one without.
std::optional<int64_t> Checker::namedDim(const Expr &e, const Node &x, const Frame &frame) {
  int64_t rank = x.shape.rank();
  if (isDimLeftOut(e, frame))
    return rank - 1;
  auto [dim, home] = asWritten(*namedArgument(e, "dim")->value, frame);
  if (dim->kind == ExprKind::Name && !dim->timed) {
    auto named = [dim = dim](const Extent &extent) { return extent.text == dim->name; };
    auto it = llvm::find_if(x.shape.extents, named);
    if (it != x.shape.extents.end() && std::find_if(it + 1, x.shape.extents.end(), named) == x.shape.extents.end())
      return it - x.shape.extents.begin();
  }
  auto lookup = [&, home = home](llvm::StringRef name) { return findNumber(name, *home); };
  auto value = evaluateInteger(*dim, lookup, diags);
  if (!value)
    return std::nullopt;
  if (*value < -rank || *value >= rank) {
    report(DiagId::NoSuchDim, dim->range, *home, sourceText(dim->range), x.shape.textWithSizes());
    return std::nullopt;
  }
  return *value < 0 ? *value + rank : *value;
}

Node *Checker::reduce(NodeOp op, Node *x, int64_t dim, bool keep, const Expr &e, const Frame &frame) {
  Shape shape = x->shape;
  if (keep)
    shape.extents[dim] = Extent::of(1);
  else
    shape.extents.erase(shape.extents.begin() + dim);
  Node *node = make(op, {x}, std::move(shape), e, frame);
  if (node) {
    node->dim = dim;
    node->flag = keep;
  }
  return node;
}

Node *Checker::reduceCall(NodeOp op, const Expr &e, const Frame &frame) {
  Node *x = toReal(check(*e.args[0], frame), frame);
  if (!x || !onlyNamed(e, {"dim", "keep"}, frame))
    return nullptr;
  if (!x->shape.hasRank)
    return make(op, {x}, Shape::unknown(), e, frame);
  if (x->shape.isScalar() && isDimLeftOut(e, frame))
    return x;
  bool keep = namedArgument(e, "keep");
  auto dim = namedDim(e, *x, frame);
  return dim ? reduce(op, x, *dim, keep, e, frame) : nullptr;
}

Node *Checker::reduceMax(const Expr &e, const Frame &frame) { return reduceCall(NodeOp::ReduceMax, e, frame); }
Node *Checker::reduceSum(const Expr &e, const Frame &frame) { return reduceCall(NodeOp::ReduceSum, e, frame); }

/// Length of the last dim, or of a named one; 1 for a scalar.
Node *Checker::size(const Expr &e, const Frame &frame) {
  Node *x = check(*e.args[0], frame);
  if (!x || !onlyNamed(e, {"dim"}, frame))
    return nullptr;
  if (!x->shape.isComplete() || (x->shape.isScalar() && isDimLeftOut(e, frame))) // unknown: any number does for now
    return number(1, e, frame);
  auto dim = namedDim(e, *x, frame);
  return dim ? number(x->shape.extents[*dim].size, e, frame) : nullptr;
}

/// `mean(e)` and `sum(e)` in a loss: over all elements, and over time and batch if e changes in time.
Node *Checker::lossReduction(const std::string &name, const Expr &e, const Frame &frame) {
  Frame inner = frame;
  inner.inLoss = false;
  Node *x = toReal(check(*e.args[0], inner), frame);
  if (!x || !x->shape.isComplete())
    return nullptr;
  double elements = x->shape.elements();
  while (x && !x->shape.isScalar())
    x = reduce(NodeOp::ReduceSum, x, x->shape.rank() - 1, /*keep=*/false, e, frame);
  if (!x)
    return nullptr;
  bool overTime = x->varying;
  if (overTime) {
    x = make(NodeOp::Total, {x}, Shape::scalar(), e, frame);
    if (!x)
      return nullptr;
    x->varying = false;
  }
  if (name == "sum")
    return x;
  Node *count = overTime ? make(NodeOp::Count, {}, Shape::scalar(), e, frame) : nullptr;
  if (overTime)
    x = count ? elementwise(NodeOp::Div, {x, count}, e, frame) : nullptr;
  if (!x || elements == 1)
    return x;
  Node *divisor = number(elements, e, frame);
  return divisor ? elementwise(NodeOp::Div, {x, divisor}, e, frame) : nullptr;
}

//===-- The others -----------------------------------------------------------------===//

Node *Checker::where(const Expr &e, const Frame &frame) {
  if (!onlyNamed(e, {}, frame))
    return nullptr;
  Node *condition = check(*e.args[0], frame), *x = check(*e.args[1], frame), *y = check(*e.args[2], frame);
  if (!condition || !x || !y)
    return nullptr;
  if (condition->element != Element::Bool) {
    report(DiagId::ConditionIsNoBool, condition->range, frame, sourceText(condition->range));
    return nullptr;
  }
  Element element = x->element;
  if (x->element != y->element || element == Element::Real || x->diagonal || y->diagonal) {
    if (x->element == Element::Id || y->element == Element::Id) {
      element = Element::Id;
      x = x->element == Element::Id ? x : numberAs(x, Element::Id, e, frame);
      y = y->element == Element::Id ? y : numberAs(y, Element::Id, e, frame);
    } else {
      element = Element::Real;
      x = toReal(x, frame);
      y = toReal(y, frame);
    }
  }
  if (!x || !y)
    return nullptr;
  Node *operands[] = {condition, x, y};
  auto shape = joinShapes(operands, e, frame);
  Node *node = shape ? make(NodeOp::Select, operands, *shape, e, frame) : nullptr;
  if (node) {
    node->element = element;
    node->vocabulary = std::max(x->vocabulary, y->vocabulary);
  }
  return node;
}

Node *Checker::dropout(const Expr &e, const Frame &frame) {
  Node *x = toReal(check(*e.args[0], frame), frame), *p = check(*e.args[1], frame);
  if (!x || !p || !onlyNamed(e, {"shared"}, frame))
    return nullptr;
  if (p->op != NodeOp::Number || !(p->number >= 0 && p->number < 1)) {
    report(DiagId::DropoutProbability, p->range, frame, sourceText(p->range));
    return nullptr;
  }
  const ast::NamedArg *shared = namedArgument(e, "shared");
  if (shared && (shared->value->kind != ExprKind::Name || shared->value->name != "time")) {
    report(DiagId::DropoutShared, shared->value->range, frame);
    return nullptr;
  }
  Node *mask = make(NodeOp::RandomMask, {}, x->shape, e, frame);
  if (!mask)
    return nullptr;
  mask->varying = true;
  mask->number = p->number;
  mask->flag = shared;
  mask->site = system.randomSites++;
  return elementwise(NodeOp::Mul, {x, mask}, e, frame);
}

//===-- Statistics of the batch ----------------------------------------------------===//

/// The mean of each element over all valid steps of the whole batch.
Node *Checker::batchMean(const Expr &e, const Frame &frame) {
  Node *x = toReal(check(*e.args[0], frame), frame);
  if (!x || !onlyNamed(e, {}, frame))
    return nullptr;
  if (mode == Final && !x->varying) {
    auto [written, home] = asWritten(*e.args[0], frame);
    report(DiagId::StatisticsOfConstant, written->range, *home, sourceText(written->range));
    return nullptr;
  }
  Node *total = make(NodeOp::Total, {x}, x->shape, e, frame);
  Node *count = make(NodeOp::Count, {}, Shape::scalar(), e, frame);
  if (!total || !count)
    return nullptr;
  total->varying = false;
  return elementwise(NodeOp::Div, {total, count}, e, frame);
}

/// In training the statistic of the batch, else the parameter that training moves toward it.
Node *Checker::estimate(const Expr &e, const Frame &frame) {
  auto [written, home] = asWritten(*e.args[0], frame);
  bool isFunction = isFunctionName(*written, *home);
  Node *running = isFunction ? nullptr : check(*e.args[0], frame), *batch = check(*e.args[1], frame);
  if ((!running && !isFunction) || !batch || !onlyNamed(e, {}, frame))
    return nullptr;
  if (isFunction || running->op != NodeOp::Parameter || running->diagonal) {
    report(DiagId::EstimateIsNoParameter, written->range, *home, sourceText(written->range));
    return nullptr;
  }
  if (batch->shape.isComplete() && !running->shape.sameSizes(batch->shape)) {
    auto builder = report(DiagId::EstimateShape, written->range, *home, running->parameter->name,
                          running->shape.textWithSizes(), batch->shape.textWithSizes());
    noteShape(builder, *running);
    return nullptr;
  }
  running->parameter->estimate = true;
  return make(NodeOp::Estimate, {running, batch}, running->shape, e, frame);
}
