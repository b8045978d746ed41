//===- Dependence.h - Which sequence needs which, and when ----------*- C++ -*-===//
//
// The graph behind causality and direction. A vertex is a sequence, a sequence read from an applied layer, or an
// argument of one. An edge says that its source needs its target at the same step, at an earlier one, at a later one,
// or at all of them for its statistics (through a layer it can be several of these).
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_DEPENDENCE_H
#define SEQC_FRONTEND_DEPENDENCE_H

#include "frontend/Graph.h"

namespace seqc {

struct DependenceEdge {
  unsigned target = 0;
  Need need;
  SourceRange place; // where the target is named
};

struct DependenceVertex {
  std::string name;
  SourceRange range;
  const Sequence *sequence = nullptr; // null for those of layers
  bool hidden = false;                // an argument of a layer: passed over in messages
  std::vector<DependenceEdge> edges;
};

class DependenceGraph {
public:
  explicit DependenceGraph(System &system);

  std::vector<DependenceVertex> vertices;

  unsigned vertexOf(const Sequence &sequence) const { return sequenceVertices.at(&sequence); }

  /// The vertex of what a Read reads; made when it is asked for.
  unsigned readVertex(const Node &read);

  using EdgeFilter = bool (*)(const DependenceEdge &);

  /// Groups of vertices that need each other through edges of the filter; each in source order.
  std::vector<std::vector<unsigned>> cycles(EdgeFilter filter) const;

private:
  using ReadKey = std::tuple<const Application *, unsigned, std::string>;
  using ArgumentKey = std::tuple<const Application *, unsigned, unsigned>;

  void addUses(unsigned vertex, const Node &root);
  unsigned argumentVertex(Application &application, unsigned level, unsigned input, SourceRange place);

  std::map<const Sequence *, unsigned> sequenceVertices;
  std::map<ReadKey, unsigned> readVertices;
  std::map<ArgumentKey, unsigned> argumentVertices;
};

/// How member `member` of a cell needs its input: nothing if it does not.
std::optional<Need> needOfInput(System &cell, const std::string &member, const Sequence &input);

} // namespace seqc

#endif // SEQC_FRONTEND_DEPENDENCE_H
