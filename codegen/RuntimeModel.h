//===- RuntimeModel.h - A model's tables for the runtime's own functions -*- C++ -*-===//
#ifndef SEQC_CODEGEN_RUNTIMEMODEL_H
#define SEQC_CODEGEN_RUNTIMEMODEL_H

#include "codegen/Model.h"
#include "runtime/internal.h"

#include <map>

namespace seqc {

/// What the runtime's layout functions read of a model, so that the compiler knows sizes and offsets from where they
/// are decided.
class RuntimeModel {
public:
  explicit RuntimeModel(const Model &model);

  seqc_model &operator*() { return table; }
  const seqc_model &operator*() const { return table; }

  /// Where each prepared slot of the forward program is, from the start of the prepared memory.
  std::map<int64_t, int64_t> preparedOffsets() const;

private:
  seqc_program program(const ModelProgram &from);
  const seqc_slot *rows(const std::vector<ModelSlot> &from);
  const seqc_tensor *tensors(const Model &model, const std::vector<ModelTensor> &from);

  std::vector<std::vector<seqc_slot>> slots;
  std::vector<std::vector<seqc_tensor>> lists;
  seqc_model table = {};
};

} // namespace seqc

#endif // SEQC_CODEGEN_RUNTIMEMODEL_H
