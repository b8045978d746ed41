//===- Causality.cpp - Cycles that cannot be computed -----------------------===//

#include "frontend/Analyses.h"
#include "frontend/Dependence.h"

#include "llvm/ADT/STLExtras.h"

using namespace seqc;

namespace {

/// Vertices of a cycle in order: each needs the next, the last the first. `edges[i]` leaves `vertices[i]`.
struct Cycle {
  std::vector<unsigned> vertices;
  std::vector<const DependenceEdge *> edges;
};

} // namespace

/// The shortest cycle through `start` within `component`.
static Cycle shortestCycle(const DependenceGraph &graph, llvm::ArrayRef<unsigned> component, unsigned start,
                           DependenceGraph::EdgeFilter filter) {
  std::map<unsigned, std::pair<unsigned, const DependenceEdge *>> cameFrom;
  std::vector<unsigned> work = {start};
  for (size_t next = 0; next < work.size() && !cameFrom.count(start); ++next)
    for (const DependenceEdge &edge : graph.vertices[work[next]].edges)
      if (filter(edge) && llvm::is_contained(component, edge.target) &&
          cameFrom.try_emplace(edge.target, work[next], &edge).second)
        work.push_back(edge.target);
  Cycle cycle;
  if (!cameFrom.count(start))
    return cycle;
  unsigned vertex = start;
  do {
    auto [before, edge] = cameFrom.at(vertex);
    cycle.vertices.push_back(before);
    cycle.edges.push_back(edge);
    vertex = before;
  } while (vertex != start);
  std::reverse(cycle.vertices.begin(), cycle.vertices.end());
  std::reverse(cycle.edges.begin(), cycle.edges.end());
  return cycle;
}

/// Without the arguments of layers, which the user does not see as equations.
static std::vector<unsigned> visible(const DependenceGraph &graph, const Cycle &cycle) {
  std::vector<unsigned> shown;
  for (unsigned vertex : cycle.vertices)
    if (!graph.vertices[vertex].hidden)
      shown.push_back(vertex);
  return shown;
}

/// Which name of the cycle most likely lacks its `[t-1]`: one that some equation reads at an earlier step, else the
/// one that closes the cycle.
static std::string likelyDelayed(const DependenceGraph &graph, llvm::ArrayRef<unsigned> cycle) {
  for (unsigned vertex : cycle)
    for (const DependenceVertex &user : graph.vertices)
      for (const DependenceEdge &edge : user.edges)
        if (edge.target == vertex && edge.need.earlier.isValid() && graph.vertices[vertex].sequence)
          return graph.vertices[vertex].name;
  return graph.vertices[cycle.front()].name;
}

static std::string listNames(const DependenceGraph &graph, llvm::ArrayRef<unsigned> cycle) {
  std::string text;
  constexpr size_t shown = 12;
  for (auto [i, vertex] : llvm::enumerate(cycle)) {
    if (i == shown) {
      text += "… → ";
      break;
    }
    text += "`" + graph.vertices[vertex].name + "` → ";
  }
  return text + "`" + graph.vertices[cycle.front()].name + "`";
}

static void reportInstantCycle(const DependenceGraph &graph, llvm::ArrayRef<unsigned> component,
                               DependenceGraph::EdgeFilter filter, Diagnostics &diags) {
  auto isVisible = [&](unsigned vertex) { return !graph.vertices[vertex].hidden; };
  auto it = llvm::find_if(component, isVisible);
  unsigned start = it == component.end() ? component.front() : *it;
  Cycle cycle = shortestCycle(graph, component, start, filter);
  std::vector<unsigned> shown = visible(graph, cycle);
  if (shown.empty())
    return;
  const DependenceVertex &first = graph.vertices[start];
  auto builder = diags.report(DiagId::InstantCycle, first.range, first.name, listNames(graph, shown));
  unsigned current = start;
  for (auto [i, edge] : llvm::enumerate(cycle.edges)) {
    if (!graph.vertices[cycle.vertices[i]].hidden)
      current = cycle.vertices[i];
    unsigned target = cycle.vertices[(i + 1) % cycle.vertices.size()];
    if (!graph.vertices[target].hidden)
      builder.note(edge->place, DiagId::NeedsNow, graph.vertices[current].name, graph.vertices[target].name);
  }
  auto isConstant = [&](unsigned vertex) {
    return graph.vertices[vertex].sequence && !graph.vertices[vertex].sequence->varying;
  };
  if (llvm::all_of(shown, isConstant))
    builder.hint("none of them changes in time: each must follow from parameters and numbers");
  else
    builder.hint("one of them must be read at an earlier step, perhaps `" + likelyDelayed(graph, shown) + "[t-1]`");
}

static DependenceGraph &graphOf(System &system) {
  if (!system.dependence)
    system.dependence = std::make_shared<DependenceGraph>(system);
  return *system.dependence;
}

void seqc::checkCausality(System &system, Diagnostics &diags) {
  DependenceGraph &graph = graphOf(system);
  auto sameStep = [](const DependenceEdge &edge) { return edge.need.sameStep.isValid(); };
  for (const std::vector<unsigned> &component : graph.cycles(sameStep))
    reportInstantCycle(graph, component, sameStep, diags);
}

void seqc::checkDirections(System &system, Diagnostics &diags) {
  DependenceGraph &graph = graphOf(system);
  for (const std::vector<unsigned> &component : graph.cycles([](const DependenceEdge &) { return true; })) {
    const DependenceVertex *first = nullptr;
    SourceRange earlier, later;
    for (unsigned vertex : component) {
      const DependenceVertex &data = graph.vertices[vertex];
      if (!first && !data.hidden)
        first = &data;
      for (const DependenceEdge &edge : data.edges) {
        if (!llvm::is_contained(component, edge.target))
          continue;
        if (edge.need.earlier.isValid() && !earlier.isValid())
          earlier = edge.need.earlier;
        if (edge.need.later.isValid() && !later.isValid())
          later = edge.need.later;
      }
    }
    if (first && earlier.isValid() && later.isValid())
      diags.report(DiagId::BothDirections, first->range, first->name)
          .note(earlier, DiagId::NeedsEarlier)
          .note(later, DiagId::NeedsLater);
  }
}

/// Statistics are over all steps, so what they are of must be complete before they are used.
void seqc::checkStatistics(System &system, Diagnostics &diags) {
  DependenceGraph &graph = graphOf(system);
  for (const std::vector<unsigned> &component : graph.cycles([](const DependenceEdge &) { return true; }))
    for (unsigned vertex : component) {
      const DependenceVertex &data = graph.vertices[vertex];
      auto edge = llvm::find_if(data.edges, [&](const DependenceEdge &edge) {
        return edge.need.allSteps.isValid() && llvm::is_contained(component, edge.target);
      });
      if (edge != data.edges.end())
        diags.report(DiagId::StatisticsInCycle, data.range, data.name).note(edge->need.allSteps, DiagId::NeedsAllSteps);
    }
}

/// The first equation that needs later steps, and the first that needs earlier ones, which turns round in a layer
/// that is reversed.
static void findLooks(System &system) {
  for (const DependenceVertex &vertex : graphOf(system).vertices)
    for (const DependenceEdge &edge : vertex.edges) {
      if (edge.need.later.isValid() && !system.looksAhead.place.isValid())
        system.looksAhead = {vertex.name, edge.need.later};
      if (edge.need.earlier.isValid() && !system.looksBack.place.isValid())
        system.looksBack = {vertex.name, edge.need.earlier};
    }
  for (const Layer &layer : system.layers)
    for (System *level : layer.levels) {
      Look ahead = layer.reversed ? level->looksBack : level->looksAhead;
      Look back = layer.reversed ? level->looksAhead : level->looksBack;
      if (ahead.place.isValid() && !system.looksAhead.place.isValid())
        system.looksAhead = {layer.name + "." + ahead.equation, layer.range};
      if (back.place.isValid() && !system.looksBack.place.isValid())
        system.looksBack = {layer.name + "." + back.equation, layer.range};
    }
}

void seqc::analyze(System &system, Diagnostics &diags) {
  unsigned errors = diags.errorCount();
  checkCausality(system, diags);
  if (diags.errorCount() == errors)
    checkDirections(system, diags);
  if (diags.errorCount() == errors)
    checkStatistics(system, diags);
  if (diags.errorCount() == errors)
    checkEstimates(system, diags);
  if (diags.errorCount() == errors)
    checkGates(system, diags);
  if (diags.errorCount() == errors)
    findLooks(system);
}
