//===- Gates.cpp - Every gate lies in [0, 1] by its form --------------------===//
//
// Interval arithmetic over nodes, with a few forms that it cannot see: convex combinations and softmax. What a gate is
// declared to be may be taken for granted where it is read; that it holds is proved at its own equation.
//
//===----------------------------------------------------------------------===//

#include "frontend/Analyses.h"

#include "frontend/Checker.h"

#include <cmath>

using namespace seqc;

namespace {

struct Interval {
  double low = -HUGE_VAL, high = HUGE_VAL;
  bool within(double a, double b) const { return a <= low && high <= b; }
};

Interval hull(Interval x, Interval y) { return {std::fmin(x.low, y.low), std::fmax(x.high, y.high)}; }

/// 0 times infinity is 0 here: infinity stands for "some number, however large".
double times(double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }

Interval product(Interval x, Interval y) {
  double corners[] = {times(x.low, y.low), times(x.low, y.high), times(x.high, y.low), times(x.high, y.high)};
  return {*std::min_element(corners, corners + 4), *std::max_element(corners, corners + 4)};
}

class Ranges {
public:
  Interval of(const Node *node);

private:
  Interval compute(const Node &node);
  Interval computeFunction(const Node &node);
  Interval shift(const Node &node);
  Interval sequence(const Sequence &sequence);
  std::optional<Interval> convexCombination(const Node &sum);
  std::optional<Interval> share(const Node &quotient);

  std::map<const Node *, Interval> known;
  std::set<const Sequence *> open; // being looked at: on a cycle, nothing is known of them
};

} // namespace

Interval Ranges::of(const Node *node) {
  auto it = known.find(node);
  if (it != known.end())
    return it->second;
  return known[node] = compute(*node);
}

/// The node under broadcasts.
static const Node *strip(const Node *node) {
  while (node->op == NodeOp::Broadcast)
    node = node->args[0];
  return node;
}

/// Whether two nodes are the same value by their form: the same name at the same time.
static bool sameValue(const Node *x, const Node *y, unsigned &steps) {
  x = strip(x);
  y = strip(y);
  if (x == y)
    return true;
  if (steps <= 1)
    return false;
  --steps;
  if (x->op != y->op || x->shift != y->shift || x->args.size() != y->args.size() || x->sequence != y->sequence ||
      x->parameter != y->parameter || x->number != y->number || x->dim != y->dim || x->offset != y->offset ||
      x->member != y->member || x->application != y->application || x->level != y->level || x->op == NodeOp::RandomMask)
    return false;
  auto same = [&](const Node *a, const Node *b) { return sameValue(a, b, steps); };
  return std::equal(x->args.begin(), x->args.end(), y->args.begin(), same);
}

static bool sameValue(const Node *x, const Node *y) {
  unsigned steps = 1000; // shared parts are compared once for each way to them
  return sameValue(x, y, steps);
}

/// Whether y is 1 - x, or x is 1 - y, also by the equation of a name.
static bool complements(const Node *x, const Node *y) {
  auto isOneMinus = [](const Node *y, const Node *x) {
    y = strip(y);
    if (y->op == NodeOp::Current && y->sequence->value)
      y = strip(y->sequence->value);
    return y->op == NodeOp::Sub && strip(y->args[0])->op == NodeOp::Number && strip(y->args[0])->number == 1 &&
           sameValue(y->args[1], x);
  };
  return isOneMinus(x, y) || isOneMinus(y, x);
}

/// f a + (1 - f) b lies between a and b if f is a gate.
std::optional<Interval> Ranges::convexCombination(const Node &sum) {
  const Node *left = strip(sum.args[0]), *right = strip(sum.args[1]);
  if (left->op != NodeOp::Mul || right->op != NodeOp::Mul)
    return std::nullopt;
  for (int i : {0, 1})
    for (int j : {0, 1})
      if (complements(left->args[i], right->args[j]) && of(left->args[i]).within(0, 1))
        return hull(of(left->args[1 - i]), of(right->args[1 - j]));
  return std::nullopt;
}

/// e / sum(e) lies in [0, 1] if no e is negative: softmax.
std::optional<Interval> Ranges::share(const Node &quotient) {
  const Node *below = strip(quotient.args[1]);
  if (below->op == NodeOp::ReduceSum && sameValue(quotient.args[0], below->args[0]) && of(below->args[0]).low >= 0)
    return Interval{0, 1};
  return std::nullopt;
}

Interval Ranges::sequence(const Sequence &sequence) {
  if (sequence.gate)
    return {0, 1};
  constexpr size_t maxChain = 500; // of equations without a gate between them
  if (!sequence.value || open.size() > maxChain || !open.insert(&sequence).second)
    return {};
  Interval range = of(sequence.value);
  open.erase(&sequence);
  return range;
}

/// The value at another step, or the boundary outside of them: 0 unless an equation says otherwise.
Interval Ranges::shift(const Node &node) {
  const Node &source = *node.args[0];
  if (source.op != NodeOp::Current)
    return hull(of(&source), {0, 0});
  const std::unique_ptr<Boundary> &boundary = node.shift < 0 ? source.sequence->before : source.sequence->after;
  Interval outside = boundary && boundary->value ? of(boundary->value) : Interval{0, 0};
  return hull(sequence(*source.sequence), outside);
}

Interval Ranges::compute(const Node &node) {
  switch (node.op) {
  case NodeOp::Number:
    return {node.number, node.number};
  case NodeOp::Current:
    return sequence(*node.sequence);
  case NodeOp::Shift:
    return shift(node);
  case NodeOp::Read: {
    const System &cell = *node.layer->levels[node.level];
    if (auto inner = cell.innerReads.find(node.member); inner != cell.innerReads.end())
      return of(inner->second);
    return sequence(*std::get<Sequence *>(cell.names.at(node.member)));
  }
  case NodeOp::Broadcast:
  case NodeOp::Reshape:
  case NodeOp::Transpose:
  case NodeOp::Slice:
  case NodeOp::Gather:
  case NodeOp::ReduceMax:
  case NodeOp::StopGradient:
    return of(node.args[0]);
  case NodeOp::Concat: {
    Interval all = of(node.args[0]);
    for (const Node *arg : node.args)
      all = hull(all, of(arg));
    return all;
  }
  case NodeOp::Select:
    return hull(of(node.args[1]), of(node.args[2]));
  case NodeOp::ToReal:
    return {0, 1};
  case NodeOp::RandomMask:
    return {0, 1 / (1 - node.number)};
  case NodeOp::ReduceSum: {
    Interval x = of(node.args[0]);
    double count = node.args[0]->shape.extents[node.dim].size;
    return {times(x.low, count), times(x.high, count)};
  }
  default:
    return computeFunction(node);
  }
}

Interval Ranges::computeFunction(const Node &node) {
  if (node.args.empty())
    return {};
  Interval x = of(node.args[0]), y = node.args.size() > 1 ? of(node.args[1]) : Interval();
  switch (node.op) {
  case NodeOp::Neg:
    return {-x.high, -x.low};
  case NodeOp::Add:
    if (auto range = convexCombination(node))
      return *range;
    return {x.low + y.low, x.high + y.high};
  case NodeOp::Sub:
    return {x.low - y.high, x.high - y.low};
  case NodeOp::Mul:
    if (sameValue(node.args[0], node.args[1])) {
      double most = std::fmax(std::fabs(x.low), std::fabs(x.high));
      return {0, most * most};
    }
    return product(x, y);
  case NodeOp::Div:
    if (auto range = share(node))
      return *range;
    return y.low > 0 || y.high < 0 ? product(x, {1 / y.high, 1 / y.low}) : Interval();
  case NodeOp::Min:
    return {std::fmin(x.low, y.low), std::fmin(x.high, y.high)};
  case NodeOp::Max:
    return {std::fmax(x.low, y.low), std::fmax(x.high, y.high)};
  case NodeOp::Sigmoid:
    return {0, 1};
  case NodeOp::Tanh:
  case NodeOp::Sign:
  case NodeOp::Erf:
    return {x.low >= 0 ? 0.0 : -1.0, x.high <= 0 ? 0.0 : 1.0};
  case NodeOp::Sin:
  case NodeOp::Cos:
    return {-1, 1};
  case NodeOp::Exp:
    return {std::exp(x.low), std::exp(x.high)};
  case NodeOp::Sqrt:
    return {0, x.high > 0 ? std::sqrt(x.high) : 0};
  case NodeOp::Abs:
    return {x.low >= 0 ? x.low : x.high <= 0 ? -x.high : 0, std::fmax(std::fabs(x.low), std::fabs(x.high))};
  case NodeOp::Floor:
    return {std::floor(x.low), std::floor(x.high)};
  case NodeOp::Log1p:
    return {x.low >= 0 ? std::log1p(x.low) : -HUGE_VAL, x.high >= 0 ? std::log1p(x.high) : 0};
  case NodeOp::Pow:
    return x.within(0, 1) && y.low >= 0 ? Interval{0, 1} : Interval{x.low >= 0 ? 0 : -HUGE_VAL, HUGE_VAL};
  default:
    return {};
  }
}

static std::string numberText(double value) {
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.')
    text.pop_back();
  return text;
}

void seqc::checkGates(System &system, Diagnostics &diags) {
  Ranges ranges;
  for (const Sequence &sequence : system.sequences) {
    if (!sequence.gate || !sequence.value)
      continue;
    Interval range = ranges.of(sequence.value);
    if (range.within(0, 1))
      continue;
    auto builder = diags.report(DiagId::GateNotProved, sequence.range, sequence.name);
    if (std::isinf(range.low) && std::isinf(range.high))
      builder.note(sequence.value->range, DiagId::GateAnyNumber);
    else
      builder.note(sequence.value->range, DiagId::GateRange, numberText(range.low), numberText(range.high));
  }
}
