//===- Lower.h - From phases to the LLVM dialect --------------------------------===//
#ifndef SEQC_CODEGEN_CPU_LOWER_H
#define SEQC_CODEGEN_CPU_LOWER_H

#include "codegen/Object.h"
#include "codegen/WeightFormat.h"
#include "mlir/Pass/PassManager.h"

namespace seqc {

/// The last step on phases: afterwards the slots of every system are final, and tables of them can be made.
/// `weights`: how inference programs store them.
void buildTilePlan(mlir::OpPassManager &passes, const Target &target, WeightFormat weights = WeightFormat::full);

/// Phases to functions on vectors: afterwards each system @S is a function @S.run(ptr), and @S.prepare(ptr) if it has
/// prepared groups; both take a `seqc_frame`. `fastActivations`: exp, tanh and sigmoid of f32 by FastMath.h.
/// A function @S.loop0.h of a step in a loop has a twin @S.loop0.h.row for batches of one row in a
/// forward program.
void buildVectorCode(mlir::OpPassManager &passes, const Target &target, bool fastActivations = false);

/// The name of the twin.
inline std::string nameForSingleRow(llvm::StringRef name) { return (name + ".row").str(); }

/// From there to the LLVM dialect, by passes of MLIR alone.
void buildLlvmDialect(mlir::OpPassManager &passes);

} // namespace seqc

#endif // SEQC_CODEGEN_CPU_LOWER_H
