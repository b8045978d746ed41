//===- Model.h - A model as its compiled library presents it --------*- C++ -*-===//
//
// What tables, description and header are written from. It is taken from the `recur.interface` of a model and from the
// slots of its programs, and owns all it holds, so that it outlives the IR.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_MODEL_H
#define SEQC_CODEGEN_MODEL_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace seqc {

/// Numbers of the initialisers are those of recur::InitKind.
struct Initializer {
  int kind = 0;
  double a = 0, b = 0;
};

/// A parameter, input, state slot or output.
struct ModelTensor {
  enum Element { Real, Id, Mask };

  std::string name; // of a state slot: `h[0]`
  std::vector<int64_t> shape;
  Element element = Real;
  Initializer init;       // parameters
  bool diagonal = false;  // parameters
  bool estimate = false;  // parameters: of a statistic, see recur.estimate
  int64_t vocabulary = 0; // ids
  bool last = false;      // outputs

  // States: which slot of which state, as in `recur.slot`.
  std::string state;
  int64_t index = 0;

  int64_t features() const;
};

/// A row of seqc_program's table (runtime/model.h), with `source` a seqc_source.
struct ModelSlot {
  int source = 0;
  int64_t index = 0;
  int64_t features = 0;
  int bytes = 0;
  bool time = false, batch = false, perThread = false;
  uint8_t zeroed = 0;         // a seqc_clearing
  int64_t ring = 0;           // steps that are kept; 0: all
  bool prepareAlone = false;  // nothing else reads it
  bool readAfterStep = false; // states: the end of a single step reads it
  int64_t fallback = -1;
  int64_t host = -1; // position among the outputs (slots of the tape) or on the tape (workspace)
};

/// One of forward, forward_taped and backward.
struct ModelProgram {
  bool exists = false;
  int64_t flops = 0, bytes = 0; // of one step of one row, as --report counts them
  std::vector<ModelSlot> slots;
};

/// Weights of inference in the layout of tiles.
struct PackedWeights {
  std::string name;           // of the slot
  std::vector<int64_t> shape; // of each product's weights
  int64_t products = 0;
  std::string stored; // the type of its numbers: f32, f64, bf16, int8
  int64_t bytes = 0;
};

struct Model {
  std::string name;   // as in the .seq file
  std::string symbol; // what exported names begin with
  bool f64 = false;
  int64_t bpttMemory = 0; // seqc_model::bptt_memory
  std::vector<std::pair<std::string, int64_t>> dims;
  std::vector<ModelTensor> params, inputs, states, outputs;
  int64_t parameterCount = 0; // numbers in all of `params`
  std::vector<std::string> gates;
  bool hasLoss = false;
  std::string looksAhead; // the equation that does; empty if none
  std::string needsBatch; // the equation, or "loss", that is not computed row by row; empty if none
  ModelProgram forward, forwardTaped, backward;
  std::vector<ModelSlot> tape;
  std::vector<PackedWeights> weights;

  int realBytes() const { return f64 ? 8 : 4; }
  int bytesOf(const ModelTensor &tensor) const;

  /// Whether something, be it the loss, reads a later step: there is a state after the last one.
  bool readsLater() const;

  /// init, prepare, …: the entry points that a caller can use.
  std::vector<std::string> entryPoints() const;
};

/// The models of a module, in their order. Where the module has programs at the phases level (or what lowering has left
/// of them, their slots), so have the models. Fails if two models would export the same names.
llvm::Expected<std::vector<Model>> collectModels(mlir::ModuleOp module);

/// Removes the interfaces, which no lowering knows.
void eraseInterfaces(mlir::ModuleOp module);

} // namespace seqc

#endif // SEQC_CODEGEN_MODEL_H
