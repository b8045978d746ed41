//===- Team.h - Runs the phases of a program on the threads of a call -----------===//
//
// Every thread of a call runs the whole program and takes its slice of each phase. A group that is too small to be
// worth the meetings that it needs belongs to the first thread alone; so whether others take part is found out at run
// time, alike by all. With one thread nothing of this is left but a few comparisons for each group.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_TEAM_H
#define SEQC_CODEGEN_CPU_TEAM_H

#include "codegen/cpu/Fusion.h"

#include <string>

namespace seqc::cpu {

class Team {
public:
  /// Loads what it needs from the frame at the current insertion point. `scratch`: see emitSlice.
  Team(Code &code, const Machine &machine, mlir::Value frame, mlir::Value scratch);

  /// Calls the functions of the fused phases of a group, in order, in a loop for each step. `ofSingleRow`: what is
  /// called instead for a batch of one row; may be empty.
  void run(mlir::Operation *group, llvm::ArrayRef<FusedPhases> parts, llvm::ArrayRef<std::string> functions,
           llvm::ArrayRef<std::string> ofSingleRow);
  /// After the last group.
  void end();

private:
  mlir::Value field(int64_t offset, mlir::Type type);
  mlir::Value rowCount(mlir::Operation *group);
  llvm::SmallVector<Slice> slices(llvm::ArrayRef<FusedPhases> parts, mlir::Value rows);
  void setUpMatrixTiles(llvm::ArrayRef<FusedPhases> parts, mlir::Value rows);
  void meetBefore(const Accesses &accesses);
  void meetIf(mlir::Value condition);
  mlir::Value either(mlir::Value x, mlir::Value y);
  mlir::Value both(mlir::Value x, mlir::Value y);

  Code &b;
  const Machine &machine;
  mlir::Value frame, scratch, steps, batch, thread, threads;
  mlir::Value matrixTiles; // the rows for which they are set up; null: they never are
  mlir::Value isShared;    // the present group is
  mlir::Value wasShared;   // a group since the last meeting is
  mlir::Value haveStarted; // a group before the present one is
  Accesses before;         // of all groups until now
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_TEAM_H
