//===- RuntimeModel.cpp - A model's tables for the runtime's own functions ----------===//
#include "codegen/RuntimeModel.h"

namespace seqc {

const seqc_slot *RuntimeModel::rows(const std::vector<ModelSlot> &from) {
  std::vector<seqc_slot> &rows = slots.emplace_back();
  for (const ModelSlot &slot : from)
    rows.push_back({slot.source, static_cast<int32_t>(slot.index), slot.features, slot.bytes, slot.time, slot.batch,
                    slot.zeroed, slot.perThread, static_cast<uint8_t>(slot.ring), static_cast<int32_t>(slot.fallback),
                    static_cast<int32_t>(slot.host)});
  return rows.data();
}

seqc_program RuntimeModel::program(const ModelProgram &from) {
  return {rows(from.slots), static_cast<int64_t>(from.slots.size()), nullptr, nullptr};
}

const seqc_tensor *RuntimeModel::tensors(const Model &model, const std::vector<ModelTensor> &from) {
  std::vector<seqc_tensor> &list = lists.emplace_back(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    list[i].features = from[i].features();
    list[i].element = model.bytesOf(from[i]);
    list[i].last = from[i].last;
  }
  return list.data();
}

RuntimeModel::RuntimeModel(const Model &model) {
  table.forward = program(model.forward);
  table.forward_taped = program(model.forwardTaped);
  table.backward = program(model.backward);
  table.tape = rows(model.tape);
  table.tape_count = static_cast<int64_t>(model.tape.size());
  table.inputs = tensors(model, model.inputs);
  table.input_count = static_cast<int32_t>(model.inputs.size());
  table.states = tensors(model, model.states);
  table.state_count = static_cast<int32_t>(model.states.size());
  table.outputs = tensors(model, model.outputs);
  table.output_count = static_cast<int32_t>(model.outputs.size());
  table.bptt_memory = model.bpttMemory;
}

std::map<int64_t, int64_t> RuntimeModel::preparedOffsets() const {
  seqc_arena arena = {nullptr, 0, 0};
  seqc_prepared pieces;
  seqc_lay_out_prepared(&arena, &table, &pieces);
  std::map<int64_t, int64_t> offsets;
  for (int64_t i = 0; i < table.forward.slot_count; ++i) {
    const seqc_slot &slot = table.forward.slots[i];
    if (slot.source != SEQC_PREPARED)
      continue;
    offsets[i] = arena.used;
    seqc_take(&arena, slot.features, slot.element);
  }
  return offsets;
}

} // namespace seqc
