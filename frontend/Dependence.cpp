//===- Dependence.cpp - Which sequence needs which, and when ----------------===//

#include "frontend/Dependence.h"

#include "llvm/ADT/STLExtras.h"

using namespace seqc;

DependenceGraph::DependenceGraph(System &system) {
  for (Sequence &sequence : system.sequences) {
    sequenceVertices[&sequence] = vertices.size();
    DependenceVertex &vertex = vertices.emplace_back();
    vertex.name = sequence.name;
    vertex.range = sequence.range;
    vertex.sequence = &sequence;
  }
  for (Sequence &sequence : system.sequences)
    if (sequence.value)
      addUses(sequenceVertices[&sequence], *sequence.value);
  for (Output &output : system.outputs)
    if (output.value->op == NodeOp::Read)
      readVertex(*output.value);
}

/// Adds edges to what the nodes under `root` name. A node is met once for its value, and once for its statistics.
void DependenceGraph::addUses(unsigned vertex, const Node &root) {
  using Use = std::pair<const Node *, bool>; // whether all steps are needed
  std::set<Use> seen;
  std::vector<Use> work = {{&root, false}};
  while (!work.empty()) {
    auto [node, all] = work.back();
    work.pop_back();
    if (!seen.insert({node, all}).second)
      continue;
    const Node &source = node->op == NodeOp::Shift ? *node->args[0] : *node;
    if (source.op != NodeOp::Current && source.op != NodeOp::Read) {
      for (const Node *arg : llvm::reverse(node->args))
        work.push_back({arg, all || node->op == NodeOp::Total});
      continue;
    }
    DependenceEdge edge;
    edge.target = source.op == NodeOp::Read ? readVertex(source) : sequenceVertices.at(source.sequence);
    edge.place = node->range;
    SourceRange &when = all                         ? edge.need.allSteps
                        : node->op != NodeOp::Shift ? edge.need.sameStep
                        : node->shift < 0           ? edge.need.earlier
                                                    : edge.need.later;
    when = node->range;
    vertices[vertex].edges.push_back(edge);
  }
}

unsigned DependenceGraph::readVertex(const Node &read) {
  Application &application = *read.application;
  auto [it, isNew] = readVertices.try_emplace({&application, read.level, read.member}, vertices.size());
  unsigned vertex = it->second;
  if (!isNew)
    return vertex;
  Layer &layer = *application.layer;
  vertices.emplace_back();
  vertices[vertex].name = layer.name + "." + read.member;
  vertices[vertex].range = application.range;
  System &cell = *layer.levels[read.level];
  for (auto [index, input] : llvm::enumerate(cell.inputs())) {
    auto need = needOfInput(cell, read.member, *input);
    if (!need)
      continue;
    if (layer.reversed)
      std::swap(need->earlier, need->later);
    // The user sees the application; inside a layer that is reversed the places would tell the contrary.
    if (layer.reversed || cell.isStandard())
      for (SourceRange *place : {&need->earlier, &need->later, &need->allSteps})
        if (place->isValid())
          *place = application.range;
    DependenceEdge edge;
    edge.target = argumentVertex(application, read.level, index, application.range);
    edge.need = *need;
    edge.place = application.range;
    vertices[vertex].edges.push_back(edge);
  }
  return vertex;
}

unsigned DependenceGraph::argumentVertex(Application &application, unsigned level, unsigned input, SourceRange place) {
  // An upper level shares all arguments but the first with the lowest.
  unsigned owner = input == 0 ? level : 0;
  auto [it, isNew] = argumentVertices.try_emplace({&application, owner, input}, vertices.size());
  unsigned vertex = it->second;
  if (!isNew)
    return vertex;
  vertices.emplace_back();
  vertices[vertex].name = application.layer->name;
  vertices[vertex].range = place;
  vertices[vertex].hidden = true;
  const Node &value = owner == 0 ? *application.args[input] : *application.lowerOutputs[owner - 1];
  addUses(vertex, value);
  return vertex;
}

//===-- Cycles -----------------------------------------------------------------------===//

namespace {

/// Tarjan's algorithm with a stack of its own: graphs may be long chains.
class Components {
public:
  Components(llvm::ArrayRef<DependenceVertex> vertices, DependenceGraph::EdgeFilter filter)
      : vertices(vertices), filter(filter), index(vertices.size(), 0), low(vertices.size(), 0),
        onStack(vertices.size(), false) {
    for (unsigned vertex = 0; vertex < vertices.size(); ++vertex)
      if (index[vertex] == 0)
        visit(vertex);
  }

  std::vector<std::vector<unsigned>> found;

private:
  void visit(unsigned root);
  void enter(unsigned vertex);
  void leave(unsigned vertex);
  bool needsItself(unsigned vertex) const {
    return llvm::any_of(vertices[vertex].edges,
                        [&](const DependenceEdge &edge) { return edge.target == vertex && filter(edge); });
  }

  llvm::ArrayRef<DependenceVertex> vertices;
  DependenceGraph::EdgeFilter filter;
  std::vector<unsigned> index, low;
  std::vector<bool> onStack;
  std::vector<unsigned> stack;
  std::vector<std::pair<unsigned, size_t>> calls; // vertex, next edge
  unsigned count = 0;
};

} // namespace

void Components::enter(unsigned vertex) {
  index[vertex] = low[vertex] = ++count;
  stack.push_back(vertex);
  onStack[vertex] = true;
  calls.emplace_back(vertex, 0);
}

void Components::leave(unsigned vertex) {
  calls.pop_back();
  if (!calls.empty())
    low[calls.back().first] = std::min(low[calls.back().first], low[vertex]);
  if (low[vertex] != index[vertex])
    return;
  std::vector<unsigned> component;
  unsigned member;
  do {
    member = stack.back();
    stack.pop_back();
    onStack[member] = false;
    component.push_back(member);
  } while (member != vertex);
  if (component.size() > 1 || needsItself(vertex)) {
    llvm::sort(component);
    found.push_back(std::move(component));
  }
}

void Components::visit(unsigned root) {
  enter(root);
  while (!calls.empty()) {
    auto &[vertex, next] = calls.back();
    if (next == vertices[vertex].edges.size()) {
      leave(vertex);
      continue;
    }
    const DependenceEdge &edge = vertices[vertex].edges[next++];
    if (!filter(edge))
      continue;
    if (index[edge.target] == 0)
      enter(edge.target);
    else if (onStack[edge.target])
      low[vertex] = std::min(low[vertex], index[edge.target]);
  }
}

std::vector<std::vector<unsigned>> DependenceGraph::cycles(EdgeFilter filter) const {
  std::vector<std::vector<unsigned>> found = Components(vertices, filter).found;
  llvm::sort(found);
  return found;
}

//===-- Through a cell ---------------------------------------------------------------===//

static std::vector<bool> reachable(const DependenceGraph &graph, unsigned from, DependenceGraph::EdgeFilter filter) {
  std::vector<bool> seen(graph.vertices.size());
  std::vector<unsigned> work = {from};
  seen[from] = true;
  while (!work.empty()) {
    unsigned vertex = work.back();
    work.pop_back();
    for (const DependenceEdge &edge : graph.vertices[vertex].edges)
      if (filter(edge) && !seen[edge.target]) {
        seen[edge.target] = true;
        work.push_back(edge.target);
      }
  }
  return seen;
}

static std::vector<bool> reaching(const DependenceGraph &graph, unsigned to) {
  std::vector<std::vector<unsigned>> users(graph.vertices.size());
  for (auto [vertex, data] : llvm::enumerate(graph.vertices))
    for (const DependenceEdge &edge : data.edges)
      users[edge.target].push_back(vertex);
  std::vector<bool> seen(graph.vertices.size());
  std::vector<unsigned> work = {to};
  seen[to] = true;
  while (!work.empty()) {
    unsigned vertex = work.back();
    work.pop_back();
    for (unsigned user : users[vertex])
      if (!seen[user]) {
        seen[user] = true;
        work.push_back(user);
      }
  }
  return seen;
}

std::optional<Need> seqc::needOfInput(System &cell, const std::string &member, const Sequence &input) {
  auto key = std::make_pair(member, &input);
  if (auto it = cell.inputNeeds.find(key); it != cell.inputNeeds.end())
    return it->second;
  if (!cell.dependence)
    cell.dependence = std::make_shared<DependenceGraph>(cell);
  DependenceGraph &graph = *cell.dependence;
  auto inner = cell.innerReads.find(member);
  unsigned from = inner != cell.innerReads.end() ? graph.readVertex(*inner->second)
                                                 : graph.vertexOf(*std::get<Sequence *>(cell.names.at(member)));
  unsigned to = graph.vertexOf(input);
  std::vector<bool> below = reachable(graph, from, [](const DependenceEdge &) { return true; });
  std::optional<Need> need;
  if (below[to]) {
    need.emplace();
    std::vector<bool> above = reaching(graph, to);
    for (auto [vertex, data] : llvm::enumerate(graph.vertices))
      for (const DependenceEdge &edge : data.edges) {
        if (!below[vertex] || !above[edge.target])
          continue;
        if (edge.need.earlier.isValid() && !need->earlier.isValid())
          need->earlier = edge.need.earlier;
        if (edge.need.later.isValid() && !need->later.isValid())
          need->later = edge.need.later;
        if (edge.need.allSteps.isValid() && !need->allSteps.isValid())
          need->allSteps = edge.need.allSteps;
      }
    auto sameStep = [](const DependenceEdge &edge) { return edge.need.sameStep.isValid(); };
    if (reachable(graph, from, sameStep)[to])
      need->sameStep = graph.vertices[from].range;
  }
  return cell.inputNeeds[key] = need;
}
