//===- Describe.cpp - The JSON text by which a library describes itself -----------===//
#include "codegen/Describe.h"

#include "codegen/RuntimeModel.h"
#include "codegen/Version.h"
#include "dialect/Recur.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

using llvm::json::OStream;

namespace seqc {

static void writeInit(OStream &json, const Initializer &init) {
  auto kind = static_cast<recur::InitKind>(init.kind);
  json.attributeObject("init", [&] {
    json.attribute("kind", recur::stringifyInitKind(kind));
    if (kind == recur::InitKind::constant)
      json.attribute("value", init.a);
    if (kind == recur::InitKind::normal)
      json.attribute("std", init.a);
    if (kind == recur::InitKind::uniform) {
      json.attribute("low", init.a);
      json.attribute("high", init.b);
    }
  });
}

static void writeTensors(OStream &json, llvm::StringRef key, const std::vector<ModelTensor> &tensors,
                         llvm::function_ref<void(const ModelTensor &)> writeMore) {
  json.attributeArray(key, [&] {
    for (const ModelTensor &tensor : tensors)
      json.object([&] {
        json.attribute("name", tensor.name);
        json.attributeArray("shape", [&] {
          for (int64_t dim : tensor.shape)
            json.value(dim);
        });
        writeMore(tensor);
      });
  });
}

static void writeStrings(OStream &json, llvm::StringRef key, const std::vector<std::string> &strings) {
  json.attributeArray(key, [&] {
    for (const std::string &string : strings)
      json.value(string);
  });
}

static void writeNameOrNull(OStream &json, llvm::StringRef key, llvm::StringRef name) {
  if (name.empty())
    json.attribute(key, nullptr);
  else
    json.attribute(key, name);
}

static llvm::StringRef kindOf(const ModelTensor &input) {
  switch (input.element) {
  case ModelTensor::Id:
    return "id";
  case ModelTensor::Mask:
    return "mask";
  case ModelTensor::Real:
    return "real";
  }
  llvm_unreachable("all kinds of elements are handled");
}

static void writeWork(OStream &json, const Model &model) {
  json.attribute("parameters", model.parameterCount);
  json.attribute("flops_per_step", model.forward.flops);
  json.attribute("bytes_per_step", model.forward.bytes);
  json.attributeObject("programs", [&] {
    for (auto [name, program] : {std::pair("forward", &model.forward), std::pair("forward_taped", &model.forwardTaped),
                                 std::pair("backward", &model.backward)})
      if (program->exists)
        json.attributeObject(name, [&, program = program] {
          json.attribute("flops_per_step", program->flops);
          json.attribute("bytes_per_step", program->bytes);
        });
  });
}

/// Bytes of the tape for one step of one row.
static int64_t tapeBytes(const Model &model) {
  int64_t bytes = 0;
  for (const ModelSlot &slot : model.tape)
    bytes += slot.time ? slot.features * slot.bytes : 0;
  return bytes;
}

/// Bytes of all states of one row.
static int64_t checkpointBytes(const Model &model) {
  int64_t bytes = 0;
  for (const ModelTensor &state : model.states)
    bytes += state.features() * model.bytesOf(state);
  return bytes;
}

static void writeMemory(OStream &json, const Model &model) {
  json.attribute("tape_bytes_per_step", tapeBytes(model));
  json.attribute("checkpoint_bytes", checkpointBytes(model));
  if (model.bpttMemory == 0)
    json.attribute("bptt_memory", nullptr);
  else if (model.bpttMemory < 0)
    json.attribute("bptt_memory", "auto");
  else
    json.attribute("bptt_memory", model.bpttMemory);
}

static void writeModel(OStream &json, const Model &model, const LibraryInfo &info, llvm::StringRef level) {
  json.attribute("abi", SEQC_ABI_VERSION);
  json.attribute("version", SEQC_VERSION);
  json.attribute("model", model.name);
  json.attribute("symbol", model.symbol);
  json.attribute("source", info.source);
  json.attribute("march", level);
  writeStrings(json, "levels", info.levels);
  json.attribute("dtype", model.f64 ? "f64" : "f32");
  json.attribute("activations", info.fastActivations ? "fast" : "exact");
  json.attributeObject("dims", [&] {
    for (const auto &[name, value] : model.dims)
      json.attribute(name, value);
  });
  writeTensors(json, "params", model.params, [&](const ModelTensor &param) {
    writeInit(json, param.init);
    if (param.diagonal)
      json.attribute("diagonal", true);
    if (param.estimate)
      json.attribute("estimate", true);
  });
  writeTensors(json, "inputs", model.inputs, [&](const ModelTensor &input) {
    json.attribute("kind", kindOf(input));
    if (input.element == ModelTensor::Id)
      json.attribute("vocabulary", input.vocabulary);
  });
  writeTensors(json, "states", model.states, [](const ModelTensor &) {});
  writeTensors(json, "outputs", model.outputs, [&](const ModelTensor &output) { json.attribute("last", output.last); });
  json.attributeArray("weights", [&] {
    for (const PackedWeights &weights : model.weights)
      json.object([&] {
        json.attribute("name", weights.name);
        json.attribute("stored", weights.stored);
        json.attribute("bytes", weights.bytes);
      });
  });
  writeStrings(json, "gates", model.gates);
  json.attribute("has_loss", model.hasLoss);
  writeStrings(json, "entry_points", model.entryPoints());
  writeWork(json, model);
  writeMemory(json, model);
  writeNameOrNull(json, "looks_ahead", model.looksAhead);
  writeNameOrNull(json, "needs_batch", model.needsBatch);
}

std::string describe(const Model &model, const LibraryInfo &info, llvm::StringRef level) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OStream json(stream, /*IndentSize=*/1);
  json.object([&] { writeModel(json, model, info, level); });
  return text;
}

std::string reportWeights(const Model &model, llvm::StringRef level) {
  std::string text;
  llvm::raw_string_ostream os(text);
  int64_t prepared = 0;
  for (const ModelSlot &slot : model.forward.slots)
    if (slot.source == SEQC_PREPARED)
      prepared += slot.features * slot.bytes;
  os << model.name << ": weights of inference" << (level.empty() ? "" : " for ") << level << ", prepared memory "
     << prepared << " bytes\n";
  for (const PackedWeights &weights : model.weights) {
    os << "  " << weights.name << ": " << weights.products << " x [";
    llvm::interleaveComma(weights.shape, os);
    os << "] stored as " << weights.stored << ", " << weights.bytes << " bytes\n";
  }
  return text;
}

std::string reportMemory(const Model &model) {
  constexpr int64_t T = 1000, B = 32;
  std::string text;
  llvm::raw_string_ostream os(text);
  if (!model.backward.exists)
    return text;
  os << model.name << ": memory of a gradient, tape " << tapeBytes(model) << " bytes a step and row, checkpoint "
     << checkpointBytes(model) << " bytes a row\n";
  RuntimeModel runtime(model);
  auto line = [&](int64_t bound, const llvm::Twine &name) {
    (*runtime).bptt_memory = bound;
    seqc_cut cut = seqc_find_cut(&*runtime, T, B);
    int64_t tape = seqc_tape_size(&*runtime, T, B), workspace = seqc_workspace_size(&*runtime, T, B);
    os << "  " << name << ", T = " << T << ", B = " << B << ": ";
    if (cut.count > 1)
      os << cut.count << " segments of " << cut.steps << " steps, ";
    os << "tape " << tape << " bytes, workspace " << workspace << " bytes"
       << (bound > 0 && tape + workspace > bound ? ", which is about the least" : "") << "\n";
  };
  line(0, "whole");
  if (model.readsLater() || !model.needsBatch.empty())
    return text;
  line(-1, "--bptt-memory=auto");
  if (model.bpttMemory > 0)
    line(model.bpttMemory, "--bptt-memory=" + llvm::Twine(model.bpttMemory));
  return text;
}

} // namespace seqc
