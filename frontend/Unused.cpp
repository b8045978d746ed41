//===- Unused.cpp - Equations and parameters that nothing depends on --------===//
//
// Asked of a cell or model as written: what one elaboration uses is used.
//
//===----------------------------------------------------------------------===//

#include "frontend/Analyses.h"
#include "frontend/Program.h"

#include "llvm/ADT/STLExtras.h"

using namespace seqc;

namespace {

/// Everything that outputs and the loss of a system reach.
class Reach {
public:
  std::set<const Sequence *> sequences;
  std::set<const Parameter *> parameters;

  /// What is reached from one node, parameters of applied layers included.
  void follow(const Node *root);
  bool layersWithParameters = false;

private:
  void add(const Node *node);
  void addApplication(const Application &application);

  std::set<const Node *> seen;
  std::set<const Application *> applications;
  std::vector<const Node *> work;
};

} // namespace

void Reach::add(const Node *node) {
  if (node && seen.insert(node).second)
    work.push_back(node);
}

void Reach::addApplication(const Application &application) {
  if (!applications.insert(&application).second)
    return;
  for (const Node *arg : application.args)
    add(arg);
  for (const System *level : application.layer->levels)
    layersWithParameters |= !level->parameters.empty() || !level->layers.empty();
}

void Reach::follow(const Node *root) {
  add(root);
  while (!work.empty()) {
    const Node *node = work.back();
    work.pop_back();
    for (const Node *arg : node->args)
      add(arg);
    if (node->parameter)
      parameters.insert(node->parameter);
    if (node->application)
      addApplication(*node->application);
    if (!node->sequence || !sequences.insert(node->sequence).second)
      continue;
    add(node->sequence->value);
    for (const Boundary *boundary : {node->sequence->before.get(), node->sequence->after.get()})
      if (boundary)
        add(boundary->value);
  }
}

static bool dependsOnParameter(System &system) {
  Reach reach;
  reach.follow(system.loss);
  return !reach.parameters.empty() || reach.layersWithParameters;
}

static Reach reachOf(System &system) {
  Reach reach;
  for (const Output &output : system.outputs)
    reach.follow(output.value);
  reach.follow(system.loss);
  for (const Sequence &sequence : system.sequences)
    if (system.readFromOutside.count(sequence.name)) {
      reach.sequences.insert(&sequence);
      if (sequence.value)
        reach.follow(sequence.value);
    }
  for (auto &[member, node] : system.innerReads)
    if (system.readFromOutside.count(member))
      reach.follow(node);
  return reach;
}

void seqc::warnUnused(llvm::ArrayRef<System *> systems, Diagnostics &diags) {
  std::map<std::pair<const SourceFile *, size_t>, bool> used; // by place of the name: one cell may be there often
  auto key = [](SourceRange range) { return std::make_pair(range.file, range.begin); };
  std::vector<Reach> reaches;
  for (System *system : systems) {
    const Reach &reach = reaches.emplace_back(reachOf(*system));
    for (const Sequence &sequence : system->sequences)
      used[key(sequence.range)] |= sequence.isInput || reach.sequences.count(&sequence);
    for (const Parameter &parameter : system->parameters)
      used[key(parameter.range)] |= reach.parameters.count(&parameter) != 0;
  }
  auto warn = [&](DiagId id, SourceRange range, const std::string &name) {
    bool &isUsed = used[key(range)];
    if (!isUsed)
      diags.report(id, range, name);
    isUsed = true; // once
  };
  for (System *system : systems) {
    if (system->isStandard())
      continue;
    for (const Sequence &sequence : system->sequences)
      warn(DiagId::UnusedEquation, sequence.range, sequence.name);
    for (const Parameter &parameter : system->parameters)
      warn(DiagId::UnusedParameter, parameter.range, parameter.name);
    if (system->loss && !dependsOnParameter(*system))
      diags.report(DiagId::LossWithoutParameter, system->lossStatement->range);
  }
}
