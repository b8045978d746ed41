//===- CpuPasses.td - From phases to LLVM ------------------------*- tablegen -*-===//
#ifndef SEQC_CPU_PASSES_TD
#define SEQC_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

class MachineOptions {
  list<Option> machineOptions = [
    Option<"vectorBits", "vector-bits", "int64_t", "256", "width of a vector register">,
    Option<"registers", "registers", "int64_t", "16", "number of vector registers">,
    Option<"dotBf16", "dot-bf16", "int64_t", "1",
           "bf16 numbers a lane that one instruction multiplies and adds: 1, 2, or 32 in matrix tiles">,
    Option<"dotInt8", "dot-int8", "int64_t", "1", "the same of int8 numbers: 1, 2, 4, or 64 in matrix tiles">];
}

def PlanTiles : Pass<"recur-plan-tiles", "::mlir::ModuleOp">, MachineOptions {
  let summary = "packs the weights that register tiles read, and reserves their scratch memory";
  let description = [{
    A product of weights that no row changes with a vector of each row is computed in register tiles, which read the
    weights in one stream. The pass adds a slot in that layout, a `once` that fills it (`prepared` where the weights
    depend on parameters alone), and lets the product read it with `recur.read_packed`. Products of one phase with the
    same vector share one slot. Concatenated weights, as fused gates have them, are packed from their parts where panels
    begin with these or the weights are large, and the slot of the whole goes if nobody reads it any more. Neighbouring
    phases that total outer products with the same second operand become one, which copies that operand once. Phases
    that total outer products get one scratch slot for all.

    Pre-condition: `recur-plan-memory`.

    ```mlir
    // before
    recur.phase "y" space [32] {
      %w = recur.read %W offset 0 strides [64, 1] : (!recur.slot<tensor<32x64xf32>>) -> tensor<32x64xf32>
      %v = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<64xf32>>) -> tensor<64xf32>
      %p = recur.matmul %w, %v : (tensor<32x64xf32>, tensor<64xf32>) -> tensor<32xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<32xf32>, !recur.slot<tensor<32xf32>>
    }
    // after, with 16 lanes and a `once` that fills %packed
    recur.phase "y" space [32] {
      %w = recur.read_packed %packed product 0 of 1
        : (!recur.slot<tensor<1x1x64x2x16xf32>>) -> tensor<32x64xf32>
      %v = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<64xf32>>) -> tensor<64xf32>
      %p = recur.matmul %w, %v : (tensor<32x64xf32>, tensor<64xf32>) -> tensor<32xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<32xf32>, !recur.slot<tensor<32xf32>>
    }
    ```

    With narrow `weights` the slots of inference programs hold bf16 or int8 numbers, which `recur.pack` rounds. Products
    over more than 4096 elements stay as they are: the narrow form of their rows would be too much for a stack.
  }];
  let dependentDialects = ["::recur::RecurDialect"];
  let options = machineOptions # [
    Option<"weights", "weights", "::seqc::WeightFormat", "::seqc::WeightFormat::full",
           "how inference programs store the weights of products", [{::llvm::cl::values(
             clEnumValN(::seqc::WeightFormat::full, "f32", "as the model computes (also f64)"),
             clEnumValN(::seqc::WeightFormat::bf16, "bf16", "rounded to bf16"),
             clEnumValN(::seqc::WeightFormat::int8, "int8", "rounded to int8, one scale an output"))}]>];
  let statistics = [Statistic<"packed", "packed-products", "products that read packed weights">];
}

def LowerToCpu : Pass<"recur-lower-to-cpu", "::mlir::ModuleOp">, MachineOptions {
  let summary = "turns each system of phases into functions on vectors";
  let description = [{
    A system @M.forward becomes `@M.forward.run`, `@M.forward.prepare` for its prepared groups, and one function a
    phase, named after system, group and phase, such as `@M.forward.loop0.h`; or one for several that share their loop
    over rows (`codegen/cpu/Fusion.h`), named after the last. Each takes a pointer to the
    `seqc_frame` of the thread (runtime/model.h), the step if it is in a loop, and the slice of its units that the thread
    does (`codegen/cpu/Slices.h`). What phases do alike is a function of its own. The system is erased.

    Pre-condition: nothing but slots, groups and phases in systems.

    ```mlir
    // before
    recur.system exported @M.forward {
      %w = recur.slot param "w" : !recur.slot<tensor<8xf32>>
      %y = recur.slot output "y" time batch : !recur.slot<tensor<8xf32>>
      recur.map {
        recur.phase "y" space [8] {
          %a = recur.read %w offset 0 strides [1] : (!recur.slot<tensor<8xf32>>) -> tensor<8xf32>
          recur.write %a, %y offset 0 strides [1] : tensor<8xf32>, !recur.slot<tensor<8xf32>>
        }
      }
    }
    // after, for one thread and one row: without the body of the phase, the thread's slice and the meetings of threads
    func.func @M.forward.run(%frame: !llvm.ptr) {
      %begin = arith.constant 0 : i64
      %end = arith.constant 1 : i64
      call @M.forward.map0.y(%frame, %begin, %end) : (!llvm.ptr, i64, i64) -> ()
      return
    }
    func.func private @M.forward.map0.y(%frame: !llvm.ptr, %begin: i64, %end: i64)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
  let options = machineOptions # [
    Option<"fma", "fma", "bool", "true", "the target multiplies and adds in one instruction">,
    Option<"fastActivations", "fast-activations", "bool", "false",
           "exp, tanh and sigmoid of f32 in fewer instructions, within the errors of FastMath.h">];
}

#endif // SEQC_CPU_PASSES_TD
