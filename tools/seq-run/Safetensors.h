//===- Safetensors.h - Named arrays in a file -------------------------------------*- C++ -*-===//
//
// The format: 8 bytes little-endian length of a JSON header, the header, the bytes of all tensors. The header maps
// names to {dtype, shape, data_offsets} and may have one entry `__metadata__` that maps strings to strings.
//
//===--------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_SAFETENSORS_H
#define SEQC_SEQ_RUN_SAFETENSORS_H

#include "tools/seq-run/Tensor.h"

#include <map>
#include <string>
#include <string_view>

namespace seqc::run {

struct TensorFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads a file strictly: a header that is damaged in any way, offsets that overlap, leave holes or lie outside the
/// file, sizes that do not fit shapes, and names given twice are refused.
TensorFile readSafetensors(const std::string &path);
TensorFile parseSafetensors(const std::string &path, std::string_view content);

/// The same tensors and metadata give the same bytes.
std::string formatSafetensors(const TensorFile &file);
void writeSafetensors(const std::string &path, const TensorFile &file);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_SAFETENSORS_H
