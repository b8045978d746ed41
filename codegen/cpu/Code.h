//===- Code.h - Builder with the few forms that generated loops are made of ----===//
#ifndef SEQC_CODEGEN_CPU_CODE_H
#define SEQC_CODEGEN_CPU_CODE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace seqc::cpu {

/// What the emitters need to know of the target.
struct Machine {
  int64_t vectorBits = 256;
  int64_t registers = 16; // vector registers
  bool fma = true;
  int64_t dotBf16 = 1; // numbers a lane that one instruction multiplies and adds: 1, 2, or 32 in matrix tiles
  int64_t dotInt8 = 1; // 1, 2, 4, or 64 in matrix tiles
  bool fastActivations = false;

  /// Lanes of a full vector, or the next power of two for shorter rows.
  int64_t lanes(mlir::Type element, int64_t length) const;
};

/// Indices, sizes and strides are i64; pointers are opaque.
class Code : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  /// A function that only this module sees; the insertion point moves into it.
  mlir::func::FuncOp internalFunction(llvm::StringRef name, mlir::FunctionType type, bool inlined = false);
  /// Calls such a function, which `emit` writes unless the module has it: what several phases do alike is there once.
  void callShared(llvm::StringRef name, mlir::ValueRange arguments, llvm::function_ref<void(mlir::func::FuncOp)> emit,
                  bool inlined = false);

  mlir::Type pointerType();
  mlir::Value integer(int64_t number);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y); // unsigned
  mlir::Value rem(mlir::Value x, mlir::Value y); // unsigned
  mlir::Value smaller(mlir::Value x, mlir::Value y);
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  /// offset + Σ index[d] · strides[d]
  mlir::Value dot(int64_t offset, llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<mlir::Value> index);

  /// Address of element `index` of an array.
  mlir::Value at(mlir::Value base, mlir::Type element, mlir::Value index);
  mlir::Value load(mlir::Type type, mlir::Value pointer);
  void store(mlir::Value value, mlir::Value pointer);
  /// Stores a whole cache line straight to memory. A fence must follow before other threads read it.
  void storePastCaches(mlir::Value value, mlir::Value pointer);
  /// Brings the cache line at `pointer` into the second-level cache. The address need not be valid.
  void prefetch(mlir::Value pointer);
  /// Brings it into the nearest cache: what is used soon, and does not crowd out what is used before.
  void prefetchNearest(mlir::Value pointer);
  /// Stack memory, aligned for vectors, reserved at the start of the function.
  mlir::Value scratch(mlir::Type element, int64_t count);

  mlir::Value zero(mlir::Type type);
  mlir::Value broadcast(mlir::Value scalar, int64_t lanes);

  void forEach(mlir::Value lower, mlir::Value upper, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// A loop that carries values; `body` returns their next ones.
  llvm::SmallVector<mlir::Value>
  fold(mlir::Value lower, mlir::Value upper, int64_t step, mlir::ValueRange initial,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
  /// The same over 0 … count - 1, with `unroll` of them in one turn. `body` also gets the place in its turn; what is
  /// left after the last whole turn has turns of its own.
  llvm::SmallVector<mlir::Value>
  foldUnrolled(mlir::Value count, int64_t unroll, mlir::ValueRange initial,
               llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, int64_t, mlir::ValueRange)> body);
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  void either(mlir::Value condition, llvm::function_ref<void()> ifTrue, llvm::function_ref<void()> ifFalse);
  /// The body of the case that `number` is, of first … end - 1; none for other numbers.
  void choose(mlir::Value number, int64_t first, int64_t end, llvm::function_ref<void(int64_t)> body);
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_CODE_H
