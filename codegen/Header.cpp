//===- Header.cpp - The C header of a compiled library ----------------------------===//
#include "codegen/Header.h"

#include "codegen/InterfaceText.h"
#include "codegen/Mangle.h"
#include "codegen/Version.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

using llvm::StringRef;

namespace seqc {

namespace {

/// Writes the part of one model.
class ModelHeader {
public:
  ModelHeader(llvm::raw_ostream &out, const Model &model) : out(out), model(model) {}

  void write() {
    writeSummary();
    out << "SEQC_DECLARE_MODEL(" << model.symbol << ")\n\n";
    writeList("PARAM", "params", model.params, "");
    writeList("INPUT", "inputs", model.inputs, "T, B");
    writeList("STATE", "states", model.states, "B");
    writeList("OUTPUT", "outputs", model.outputs, "T, B");
    writeExample();
  }

private:
  void writeSummary();
  void writeList(StringRef role, StringRef field, const std::vector<ModelTensor> &tensors, StringRef leading);
  void writeExample();
  StringRef elementOf(const ModelTensor &tensor);

  llvm::raw_ostream &out;
  const Model &model;
};

} // namespace

void ModelHeader::writeSummary() {
  out << "/*===-- " << model.name << " " << std::string(70 - std::min<size_t>(60, model.name.size()), '-')
      << "===\n *\n";
  out << " * Real numbers are " << (model.f64 ? "double" : "float") << ".";
  for (const auto &[name, value] : model.dims)
    out << ' ' << name << " = " << value << (name == model.dims.back().first ? "." : ",");
  out << (model.hasLoss ? " It has a loss.\n" : " It has no loss: gradients start from d_outputs.\n");
  if (!model.looksAhead.empty())
    out << " * It looks ahead (equation " << model.looksAhead << "), so there is no " << model.symbol << "_step.\n";
  out << " *===--------------------------------------------------------------------------===*/\n";
}

StringRef ModelHeader::elementOf(const ModelTensor &tensor) {
  switch (tensor.element) {
  case ModelTensor::Id:
    return "int32_t";
  case ModelTensor::Mask:
    return "uint8_t";
  case ModelTensor::Real:
    return model.f64 ? "double" : "float";
  }
  llvm_unreachable("all kinds of elements are handled");
}

/// An enum of the positions in one array of seqc_call, each with its shape.
void ModelHeader::writeList(StringRef role, StringRef field, const std::vector<ModelTensor> &tensors,
                            StringRef leading) {
  if (!tensors.empty())
    out << "/* Positions in `" << field << "`. */\nenum {\n";
  llvm::StringMap<unsigned> used;
  for (const auto &[position, tensor] : llvm::enumerate(tensors)) {
    std::string name = mangle(tensor.name);
    if (unsigned copy = used[name]++)
      name += "_" + std::to_string(copy); // names that differ only in what C has no letters for
    std::string shape =
        llvm::join(llvm::map_range(tensor.shape, [](int64_t dim) { return std::to_string(dim); }), ", ");
    StringRef axes = tensor.last ? "B" : leading;
    out << "  " << model.symbol << "_" << role << "_" << name << " = " << position << ", /* " << tensor.name << " : "
        << elementOf(tensor) << " [" << axes << (axes.empty() || shape.empty() ? "" : ", ") << shape << "]";
    if (tensor.element == ModelTensor::Id)
      out << ", in [0, " << tensor.vocabulary << ")";
    out << " */\n";
  }
  if (!tensors.empty())
    out << "};\n";
  out << "#define " << model.symbol << "_" << role << "_COUNT " << tensors.size() << "\n\n";
}

void ModelHeader::writeExample() {
  StringRef name = model.symbol;
  out << "/* Example:\n"
         " *   seqc_array params["
      << name << "_PARAM_COUNT] = { ... }, inputs[" << name << "_INPUT_COUNT] = { ... },\n"
      << " *              outputs[" << name
      << "_OUTPUT_COUNT] = { ... };\n"
         " *   char error[256];\n"
         " *   seqc_call call = {0};\n"
         " *   call.abi = SEQC_ABI_VERSION;\n"
         " *   call.T = 100;\n"
         " *   call.B = 16;\n"
         " *   call.params = params;\n"
         " *   call.inputs = inputs;\n"
         " *   call.outputs = outputs;\n"
         " *   call.error = error;\n"
         " *   call.error_size = sizeof error;\n"
         " *   call.workspace_size = "
      << name << "_workspace_size(call.T, call.B);\n"
      << " *   call.workspace = aligned_alloc(SEQC_ALIGNMENT, call.workspace_size);\n"
         " *   if ("
      << name << "_init(&call) || " << name << "_forward(&call))\n"
      << " *     puts(error);\n"
         " */\n\n";
}

std::string makeHeader(const std::vector<Model> &models, const LibraryInfo &info, StringRef base) {
  std::string text;
  llvm::raw_string_ostream out(text);
  std::string guard = "SEQC_LIBRARY_" + StringRef(mangle(base)).upper() + "_H";
  out << "/* " << base << ".h - written by seqc " << SEQC_VERSION << " from " << info.source << ", for "
      << llvm::join(info.levels, ", ")
      << "; do not edit.\n"
         " * Everything a C or C++ program needs to call the library; link with it, or load it with dlopen. */\n"
      << "#ifndef " << guard << "\n#define " << guard << "\n\n"
      << interfaceText << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  for (const Model &model : models)
    ModelHeader(out, model).write();
  out << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}

} // namespace seqc
