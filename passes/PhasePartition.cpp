//===- PhasePartition.cpp - Which values share a phase -------------------------------===//
//
// A value is in the phase of its operands if it is pointwise in them; a product, a reduction or a view needs them
// complete, so it starts a later phase. The level of a value counts the phases that must run before it.
//
//===--------------------------------------------------------------------------------===//
#include "passes/PhasePlan.h"
#include "passes/analysis/OpKinds.h"

using namespace mlir;

namespace recur {
namespace {

class Partition {
public:
  Partition(PhasePlan &plan, PhaseGroup &group) : plan(plan), group(group) {}
  void run();

private:
  void findCones();
  bool isPrivate(PhaseNode *node, PhaseNode *total);
  /// The node of this group whose result `access` reads at the same row, or null.
  PhaseNode *sourceOf(const Access &access);
  bool fuses(PhaseNode *user, const Access &access, PhaseNode *source);
  void assignLevel(PhaseNode *node);
  /// What an access reads in the end, through what is computed along with its user.
  void forEachRead(const Access &access, function_ref<void(const Access &)> body);
  bool canBeLater(PhaseNode *node);
  void delayPointwise();
  void joinTotals();
  void join();

  PhasePlan &plan;
  PhaseGroup &group;
  PhaseUses uses;
};

} // namespace

static PhaseNode *leaderOf(PhaseNode *node) {
  while (node->leader != node)
    node = node->leader = node->leader->leader;
  return node;
}

PhaseNode *Partition::sourceOf(const Access &access) {
  PhaseNode *source = plan.nodeOf(access.base);
  return source && source->group == &group ? source : nullptr;
}

/// Whether a use lets both share a phase: element by element, of the same row.
bool Partition::fuses(PhaseNode *user, const Access &access, PhaseNode *source) {
  bool elementwise = user->kind == PhaseNode::Total || user->kind == PhaseNode::Copy ||
                     (user->kind == PhaseNode::Compute && isPointwise(user->op));
  return elementwise && access.isWhole() && source->kind != PhaseNode::Total && source->cone == user->cone &&
         (user->kind != PhaseNode::Total || source->cone == user) && source->type.getShape() == user->type.getShape();
}

bool Partition::isPrivate(PhaseNode *node, PhaseNode *total) {
  return node->kind == PhaseNode::Compute && node->places.empty() && node->type.getShape() == total->type.getShape() &&
         llvm::all_of(uses[node], [&](auto &use) {
           auto [user, access] = use;
           bool elementwise = user == total || (user->kind == PhaseNode::Compute && isPointwise(user->op));
           return (user == total || user->cone == total) && elementwise && access->isWhole();
         });
}

/// What only a total uses is computed in its phase and never stored.
void Partition::findCones() {
  for (auto &total : group.nodes) {
    if (total->kind != PhaseNode::Total)
      continue;
    total->cone = total.get();
    SmallVector<PhaseNode *> pending = {total.get()};
    while (!pending.empty())
      for (const Access &access : pending.pop_back_val()->reads)
        if (PhaseNode *source = sourceOf(access))
          if (!source->cone && access.isWhole() && isPrivate(source, total.get())) {
            source->cone = total.get();
            pending.push_back(source);
          }
  }
}

void Partition::forEachRead(const Access &access, function_ref<void(const Access &)> body) {
  PhaseNode *source = sourceOf(access);
  if (!source || !source->rematerialised)
    return body(access);
  for (const Access &operand : source->reads)
    forEachRead(readThrough(access, operand), body);
}

void Partition::assignLevel(PhaseNode *node) {
  auto visit = [&](const Access &access) {
    // Other steps of a loop were computed before, or come from other groups.
    bool earlier = group.isLoop() && access.shift != 0;
    auto after = [&](Value base, bool mayFuse) {
      if (plan.isConcat(base)) {
        for (PhaseNode *part : plan.partsOf(base))
          if (part->group == &group)
            node->level = std::max(node->level, part->level + 1);
        return;
      }
      PhaseNode *source = plan.nodeOf(base);
      if (source && source->group == &group && source != node)
        node->level = std::max(node->level, source->level + (mayFuse && fuses(node, access, source) ? 0 : 1));
    };
    if (!earlier)
      after(access.base, true);
    if (access.id)
      after(access.id, false);
  };
  for (const Access &access : node->reads)
    forEachRead(access, visit);
}

static bool isMovable(const PhaseNode &node) {
  return node.kind == PhaseNode::Compute && isPointwise(node.op) && node.places.empty() && !node.cone;
}

/// Whether all that `node` reads is there in later phases as well: stored anyway, or to be computed there too.
bool Partition::canBeLater(PhaseNode *node) {
  return llvm::all_of(node->reads, [&](const Access &access) {
    PhaseNode *source = sourceOf(access);
    if (source && source->rematerialised)
      return canBeLater(source);
    if (!source || source->level != node->level)
      return true;
    bool isStored = llvm::any_of(uses[source], [&](auto &use) {
      return use.first->group != &group || use.first->level > source->level || !use.second->isWhole();
    });
    // In turn, since users come first; but nothing is moved for what has no phase of its own.
    bool follows = !node->rematerialised && isMovable(*source) &&
                   llvm::all_of(uses[source], [&](auto &use) { return use.first == node; });
    return isStored || (follows && canBeLater(source));
  });
}

/// A pointwise value that only later phases use is computed there.
void Partition::delayPointwise() {
  for (auto &node : llvm::reverse(group.nodes)) {
    if (!isMovable(*node) || node->rematerialised || uses[node.get()].empty())
      continue;
    unsigned first = ~0u;
    bool movable = true;
    for (auto [user, access] : uses[node.get()]) {
      movable &=
          user->group == &group && access->isWhole() && !user->rematerialised && fuses(user, *access, node.get());
      first = std::min(first, user->level);
    }
    if (movable && first > node->level && canBeLater(node.get()))
      node->level = first;
  }
}

/// Totals of a map of one shape and level that read the same sequence read it once.
void Partition::joinTotals() {
  std::map<std::tuple<unsigned, std::vector<int64_t>, const void *>, PhaseNode *> first;
  for (auto &node : group.nodes) {
    if (!node->cone || node->type.getRank() != 1)
      continue;
    for (const Access &access : node->reads) {
      PhaseNode *source = sourceOf(access);
      if (!access.isWhole() || (source && source->cone) || isNumber(access))
        continue;
      PhaseNode *&known = first[{node->level, node->type.getShape().vec(), access.base.getAsOpaquePointer()}];
      if (known)
        leaderOf(node.get())->leader = leaderOf(known);
      else
        known = node.get();
    }
  }
}

/// Loops take all that is ready at once, since each phase there costs a barrier a step; maps only what belongs
/// together.
void Partition::join() {
  std::map<std::tuple<unsigned, bool, std::vector<int64_t>>, PhaseNode *> first;
  for (auto &node : group.nodes) {
    if (node->cone) {
      node->leader = node->cone;
      continue;
    }
    if (node->rematerialised)
      continue;
    if (!group.isMap()) {
      PhaseNode *&leader = first[{node->level, node->adds, node->type.getShape().vec()}];
      if (!leader)
        leader = node.get();
      node->leader = leader;
      continue;
    }
    auto joinSource = [&](const Access &access) {
      if (PhaseNode *source = sourceOf(access))
        if (source->level == node->level && fuses(node.get(), access, source))
          leaderOf(node.get())->leader = leaderOf(source);
    };
    for (const Access &access : node->reads)
      forEachRead(access, joinSource);
  }
  if (group.isMap())
    joinTotals();
  for (auto &node : group.nodes)
    node->leader = leaderOf(node.get());
}

void Partition::run() {
  for (PhaseGroup *other : plan.inOrder())
    for (auto &node : other->nodes)
      for (const Access &access : node->reads)
        if (PhaseNode *source = sourceOf(access))
          uses[source].push_back({node.get(), &access});
  findCones();
  rematerialise(plan, group, uses);
  for (auto &node : group.nodes)
    assignLevel(node.get());
  // A cone runs when its total does.
  for (auto &node : group.nodes)
    if (node->cone)
      node->cone->level = std::max(node->cone->level, node->level);
  for (auto &node : group.nodes)
    if (node->cone)
      node->level = node->cone->level;
  delayPointwise();
  join();
}

void partition(PhasePlan &plan, PhaseGroup &group) { Partition(plan, group).run(); }

} // namespace recur
