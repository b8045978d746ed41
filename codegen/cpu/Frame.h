//===- Frame.h - Where the rows of slots are during a call ---------------------===//
//
// Generated code gets all memory through a `seqc_frame` (runtime/model.h). The address of a slot's row at step t and
// batch row b is base + t · stride_t + b · stride_b, for every slot of every kind.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_FRAME_H
#define SEQC_CODEGEN_CPU_FRAME_H

#include "codegen/cpu/Code.h"
#include "dialect/Recur.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace seqc::cpu {

/// When a phase runs: the kind of its group.
enum class GroupKind { Once, Map, Loop, At };

/// One row of a phase. `t`, `b`, `length` and `valid` (t < length) are null in a `once`; `valid` also in an `at`, whose
/// rows all count. `number` among all rows of the group, in a map.
struct Row {
  mlir::Value t, b, length, valid, number;
};

/// Memory type of elements: a boolean takes a byte.
mlir::Type memoryElement(mlir::Type element);

/// Position of each slot among the slots of its system.
using SlotNumbers = llvm::DenseMap<mlir::Value, int64_t>;
SlotNumbers numberSlots(recur::SystemOp system);

class Frame {
public:
  /// Loads what `phase` needs at the current insertion point. `step` is the t of a loop, else null.
  /// `scratch`: a further slot that is needed, or null. `ofSingleRow`: the batch has one row.
  Frame(Code &code, mlir::Value frame, mlir::Value step, recur::PhaseOp phase, const SlotNumbers &numbers,
        mlir::Value scratch = {}, bool ofSingleRow = false);

  GroupKind kind() const { return group; }
  /// Of a loop, whose batch is known to have one row.
  bool isOfSingleRow() const { return singleRow; }
  /// One more in each step of a loop, across calls of `step` as well; null outside loops. Only the order in which work
  /// is done may depend on it.
  mlir::Value turn() const { return currentStep ? b.add(currentStep, field(offsets.turn)) : mlir::Value(); }
  mlir::Value rowCount() const { return rows; }
  Row row(mlir::Value number) const;
  /// Rows first … end - 1 and their numbers; a map has at least one. With one division for all of them.
  void forEachRow(mlir::Value first, mlir::Value end,
                  llvm::function_ref<void(mlir::Value number, const Row &)> body) const;

  mlir::Value base(mlir::Value slot) const { return places.find(slot)->second.base; }
  mlir::Value zeroRow() const { return zeros; }
  /// Lets a slot of a map have the rows of one block at a time: at `memory`, one after another.
  void keepInBlock(mlir::Value slot, mlir::Value memory) { inBlock[slot] = memory; }
  void startBlock(mlir::Value first) { blockStart = first; }
  bool isKeptInBlock(mlir::Value slot) const { return inBlock.contains(slot); }

  /// The slot's own row at (t, b), with no check of t.
  mlir::Value slotRow(mlir::Value slot, const Row &row, mlir::Value t) const;
  /// The row that a read sees: shifted, or a boundary, or zeros, or looked up.
  mlir::Value readRow(recur::ReadOp read, const Row &row) const;

  mlir::Value writtenRow(recur::WriteOp write, const Row &row) const;
  mlir::Value accumulatedRow(recur::AccumulateOp total, const Row &row) const;
  /// Whether the row of a write exists; null where it always does.
  mlir::Value stored(recur::WriteOp write, const Row &row) const;
  /// Whether the caller has passed this state.
  mlir::Value given(mlir::Value state) const;

  mlir::Value seed() const { return field(offsets.seed); }
  mlir::Value training() const { return field(offsets.training); }
  mlir::Value validSteps() const { return field(offsets.validSteps); }
  mlir::Value firstRow() const { return field(offsets.firstRow); }
  mlir::Value firstStep() const { return field(offsets.firstStep); }
  mlir::Value accumulates() const { return field(offsets.accumulates); }
  Code &code() const { return b; }

private:
  struct Place {
    mlir::Value base, strideT, strideB;
    int64_t ring = 0;
  };
  struct Offsets {
    int64_t T, B, lengths, seed, training, validSteps, firstRow, firstStep, accumulates, turn, zeros, places, placeSize,
        base, strideT, strideB;
  };
  static const Offsets offsets;

  mlir::Value field(int64_t offset, mlir::Type type = {}) const;
  Row rowAt(mlir::Value number, mlir::Value t, mlir::Value batchRow) const;
  void loadPlace(mlir::Value slot, const SlotNumbers &numbers);
  mlir::Value lookedUp(mlir::Value rowAddress, mlir::Value slot, mlir::Value idSlot, int64_t stride,
                       const Row &row) const;

  Code &b;
  mlir::Value frame, currentStep, steps, batch, lengths, zeros, rows;
  GroupKind group;
  int64_t offset; // of an `at` group
  bool fromEnd, singleRow;
  llvm::DenseMap<mlir::Value, Place> places;
  llvm::DenseMap<mlir::Value, mlir::Value> inBlock;
  mlir::Value blockStart;
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_FRAME_H
