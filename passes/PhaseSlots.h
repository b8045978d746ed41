//===- PhaseSlots.h - The slots that phases read and write -------------*- C++ -*-===//
#ifndef SEQC_PASSES_PHASESLOTS_H
#define SEQC_PASSES_PHASESLOTS_H

#include "dialect/Recur.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

#include <map>

namespace recur {

/// Makes each slot of a system once, at the start of its body.
class PhaseSlots {
public:
  explicit PhaseSlots(SystemOp system);

  /// The slot of a leaf; that of a seed which is given at one end only is zero, the given one is its boundary.
  mlir::Value ofLeaf(mlir::Value leaf);
  /// The slots of a seed that is given at one end only, nearest step first; else none.
  llvm::SmallVector<mlir::Value, 2> givenAtEnd(mlir::Value leaf);
  /// How far a seed that is given at one end only is shifted to meet it; else 0.
  static int64_t shiftToEnd(mlir::Value leaf);

  mlir::Value state(SlotSource source, llvm::StringRef name, bool later, int64_t slot, mlir::RankedTensorType type,
                    mlir::Value fallback = {});
  mlir::Value create(SlotSource source, llvm::StringRef name, mlir::RankedTensorType type, bool time, bool batch,
                     bool zeroed, int64_t index = 0, mlir::Value fallback = {});
  mlir::Value workspace(mlir::Value value, bool constant, bool zeroed);

  /// Slots in the order of their sources, as the caller knows them.
  void sort();

private:
  mlir::Value zero(mlir::RankedTensorType type);
  /// A name for the workspace that no other has.
  std::string unique(llvm::StringRef name);

  SystemOp system;
  mlir::OpBuilder builder;
  llvm::StringMap<unsigned> names;
  llvm::StringMap<unsigned> directions; // of states: 1 earlier, 2 later, 3 both
  std::map<std::tuple<SlotSource, std::string, int64_t>, mlir::Value> known;
  llvm::DenseMap<mlir::Type, mlir::Value> zeros;
};

} // namespace recur

#endif // SEQC_PASSES_PHASESLOTS_H
