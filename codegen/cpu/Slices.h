//===- Slices.h - How the threads of a call divide a phase ----------------------===//
//
// The work of a phase is a row of units, such as the tiles of a product, panel by panel; a thread takes a run of
// neighbouring ones. No sum goes over units, and an element is computed alike in whichever slice it falls: results do
// not depend on the number of threads.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_SLICES_H
#define SEQC_CODEGEN_CPU_SLICES_H

#include "codegen/cpu/Code.h"
#include "dialect/Recur.h"

namespace seqc::cpu {

/// Units begin … end - 1.
struct Slice {
  mlir::Value begin, end;
};

/// Where units have two levels, unit i being item i mod `inner` of group i / `inner`: the groups that a slice meets,
/// and its items in one of them. `groups`: how many there are.
Slice groupsOf(Code &b, Slice slice, int64_t groups, mlir::Value inner);
Slice itemsOf(Code &b, Slice slice, mlir::Value group, mlir::Value inner);

/// Goes through them, for a number of items that is known.
void forEachGroup(Code &b, Slice slice, int64_t inner, llvm::function_ref<void(mlir::Value group, Slice items)> body);

/// Whether two totals might add to the same element: not in other rows or columns of the same matrix.
bool mayOverlap(recur::AccumulateOp x, recur::AccumulateOp y);

/// Whether each element of the space of a `total` phase is added to memory of its own, so that threads may divide it.
bool addsToDistinctElements(recur::PhaseOp phase);

/// Vector instructions for one row of a phase, roughly.
int64_t workPerRow(const Machine &machine, recur::PhaseOp phase);

/// The slots that phases read and write.
class Accesses {
public:
  void add(recur::PhaseOp phase);
  void add(const Accesses &other);
  /// Whether the order of the two matters to an element that both touch.
  bool conflictsWith(const Accesses &other) const;

private:
  void addSlot(llvm::DenseSet<mlir::Value> &slots, mlir::Value slot);

  llvm::DenseSet<mlir::Value> read, written;
};

/// Before which parts of a group all its threads have to meet, by what these access. In a loop, the last part of a step
/// is followed by the first one of the next.
llvm::SmallVector<bool> meetings(llvm::ArrayRef<Accesses> parts, bool loop);

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_SLICES_H
