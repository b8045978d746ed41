//===- PhasePlan.h - What each phase will do ---------------------------*- C++ -*-===//
#ifndef SEQC_PASSES_PHASEPLAN_H
#define SEQC_PASSES_PHASEPLAN_H

#include "passes/PhaseViews.h"

#include "llvm/ADT/MapVector.h"

#include <map>
#include <memory>

namespace recur {

struct PhaseGroup;

/// Where a value goes: elements of a slot, or of the slot of a stored value.
struct Place {
  mlir::Value slot;   // null: that of `within`
  mlir::Value within; // a concat
  int64_t offset = 0;
  Strides strides;
  mlir::Value id; // the sequence that holds an index, of `idStride` elements
  int64_t idStride = 0;
  mlir::Value unlessGiven; // state slot
};

/// One value of a phase.
struct PhaseNode {
  enum Kind { Compute, Copy, Total };
  PhaseNode(Kind kind, PhaseGroup &group, mlir::RankedTensorType type, mlir::Location loc)
      : kind(kind), group(&group), type(type), loc(loc), adds(kind == Total), leader(this) {}

  Kind kind;
  PhaseGroup *group;
  mlir::Operation *op = nullptr;   // computing op or total
  mlir::Value value;               // what it is a value of, if others read it
  llvm::SmallVector<Access> reads; // of operands, in order
  mlir::RankedTensorType type;
  mlir::Location loc;
  std::string name;
  llvm::SmallVector<Place> places; // what it writes, or adds to
  bool adds;                       // ends in accumulates

  unsigned level = 0;
  PhaseNode *cone = nullptr;   // the total that alone uses it, whose phase it joins
  PhaseNode *leader;           // union-find: nodes of one phase
  bool rematerialised = false; // in no phase of its own: computed in each that uses it

  // Once emitted:
  mlir::Value emitted;
  PhaseOp phase;
};

/// One group of the schedule, and what replaces it.
struct PhaseGroup {
  mlir::Operation *old = nullptr;
  mlir::Operation *group = nullptr; // the new one
  llvm::SmallVector<std::unique_ptr<PhaseNode>> nodes;

  bool isLoop() const { return mlir::isa<LoopOp>(group); }
  bool isMap() const { return mlir::isa<MapOp>(group); }
  bool isConstant() const { return mlir::isa<OnceOp>(group); }
};

/// Everything `recur-form-phases` knows of one system.
class PhasePlan {
public:
  explicit PhasePlan(SystemOp system);

  /// The slot of a stored value, and where the value begins in it.
  std::pair<mlir::Value, int64_t> home(mlir::Value value);
  /// The slot of a stored value that has it to itself.
  mlir::Value ownSlot(mlir::Value value);

  /// The slot that a computed value has got because something reads it, or null.
  mlir::Value storedIn(mlir::Value value) const { return homes.lookup(value); }

  /// `loc`, or that of the system if it says no place in a file (numbers that passes made).
  mlir::Location placed(mlir::Location loc) const;

  PhaseNode *addNode(PhaseGroup &group, PhaseNode::Kind kind, mlir::RankedTensorType type, mlir::Location loc);
  PhaseNode *addCopy(PhaseGroup &group, const Access &access, mlir::Type elementType, mlir::Location loc);
  PhaseNode *nodeOf(mlir::Value value) const { return nodes.lookup(value); }
  void define(PhaseNode *node, mlir::Value value);
  /// The nodes that write the parts of a concat.
  llvm::SmallVector<PhaseNode *> &partsOf(mlir::Value concat) { return parts[concat]; }
  bool isConcat(mlir::Value value) const { return parts.count(value); }

  /// Drops nodes that nothing needs: parts of a concat that is only read by parts.
  void dropUnused();

  /// Groups around those of the schedule.
  enum Extra { BeforePrepared, BeforeOnce, BeforeMap, AfterMap, AfterOnce };
  PhaseGroup &extra(Extra which);
  PhaseGroup &groupFor(mlir::Operation *op) { return *byOld.lookup(op->getParentOp()); }
  llvm::SmallVector<PhaseGroup *> inOrder();

  SystemOp system;
  PhaseSlots slots;
  PhaseViews views;
  llvm::MapVector<mlir::Operation *, llvm::SmallVector<Place>> addedTo; // totals and boundary gradients

private:
  void dropConcats(const llvm::DenseSet<PhaseNode *> &live);
  bool mayShare(mlir::Value value) const;
  /// The concat that a value may live in, and where: as a part of it, or as a concat of some of its parts.
  std::optional<std::pair<mlir::Value, int64_t>> placeWithin(mlir::Value value) const;
  std::optional<std::pair<mlir::Value, int64_t>> placeOfRun(mlir::Value concat, llvm::ArrayRef<PhaseNode *> run) const;

  llvm::SmallVector<std::unique_ptr<PhaseGroup>> groups; // of the schedule
  llvm::DenseMap<mlir::Operation *, PhaseGroup *> byOld;
  std::map<Extra, std::unique_ptr<PhaseGroup>> extras;
  llvm::DenseMap<mlir::Value, PhaseNode *> nodes;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<PhaseNode *>> parts;
  llvm::DenseMap<mlir::Value, mlir::Value> homes;
};

/// Whether a phase can make up what `access` reads: a constant, the count of steps.
bool isNumber(const Access &access);

/// Which nodes read the value of a node, and how.
using PhaseUses = llvm::DenseMap<PhaseNode *, llvm::SmallVector<std::pair<PhaseNode *, const Access *>>>;

/// What a view of a rematerialised node reads of one of its operands.
Access readThrough(const Access &view, const Access &operand);

/// Decides which nodes of a group are rematerialised.
void rematerialise(PhasePlan &plan, PhaseGroup &group, const PhaseUses &uses);

/// Distributes the nodes of a group over phases: nodes with one leader are one phase.
void partition(PhasePlan &plan, PhaseGroup &group);

/// Writes the phases of a group, without the writes of stored values.
void emitPhases(PhasePlan &plan, PhaseGroup &group);
/// Writes and accumulates, once it is known what is stored.
void emitWrites(PhasePlan &plan, PhaseGroup &group);

/// The phases of a boundary gradient: one row a slot for the caller, and their total.
void emitBoundaryGradient(PhasePlan &plan, BoundaryGradientOp op);

/// Lets totals add to the gradients of parameters in place, through sums, concats, transposes.
void placeGradients(PhasePlan &plan);

/// Makes nodes of the ops of all groups and of the sinks.
void collectNodes(PhasePlan &plan);

} // namespace recur

#endif // SEQC_PASSES_PHASEPLAN_H
