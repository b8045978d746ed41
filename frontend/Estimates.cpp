//===- Estimates.cpp - What estimates a statistic does nothing else ---------===//
//
// In training the gradient of an estimate is its distance from the statistic of the batch. If the parameter had another
// use, that distance would be added to a derivative, and the sum would mean nothing.
//
//===----------------------------------------------------------------------===//

#include "frontend/Analyses.h"

using namespace seqc;

namespace {

class OtherUses {
public:
  explicit OtherUses(Diagnostics &diags) : diags(diags) {}

  /// A value that stands by itself: of an equation, a boundary, the loss.
  void checkRoot(const Node *node) {
    if (node)
      checkUse(*node, nullptr);
  }

  void checkUse(const Node &used, const Node *user) {
    const Parameter *parameter = used.op == NodeOp::Parameter ? used.parameter : nullptr;
    bool other = parameter && parameter->estimate && !(user && user->op == NodeOp::Estimate);
    if (other && reported.insert(parameter).second)
      diags.report(DiagId::EstimateUsedElsewhere, used.range, parameter->name)
          .note(parameter->range, DiagId::DeclaredHere, parameter->name);
  }

private:
  Diagnostics &diags;
  std::set<const Parameter *> reported;
};

} // namespace

void seqc::checkEstimates(System &system, Diagnostics &diags) {
  OtherUses uses(diags);
  for (const Node &node : system.nodes)
    for (const Node *arg : node.args)
      uses.checkUse(*arg, &node);
  for (const Sequence &sequence : system.sequences) {
    uses.checkRoot(sequence.value);
    for (const Boundary *boundary : {sequence.before.get(), sequence.after.get()})
      if (boundary)
        uses.checkRoot(boundary->value);
  }
  uses.checkRoot(system.loss);
  for (const Layer &layer : system.layers)
    for (const auto &application : layer.applications)
      for (const Node *arg : application->args)
        uses.checkRoot(arg);
}
