//===- CpuPasses.h - From phases to LLVM ----------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_CPUPASSES_H
#define SEQC_CODEGEN_CPU_CPUPASSES_H

#include "codegen/WeightFormat.h"
#include "dialect/Recur.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace seqc::cpu {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "codegen/cpu/CpuPasses.h.inc"
} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_CPUPASSES_H
