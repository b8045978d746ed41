//===- Safetensors.cpp - Named arrays in a file -----------------------------------------===//
#include "tools/seq-run/Safetensors.h"

#include "tools/seq-run/AtomicFile.h"
#include "tools/seq-run/Failure.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

using namespace seqc::run;
using nlohmann::json;

// The format is little-endian and tensors are copied as they are.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "seq-run needs a little-endian machine");

namespace {

constexpr size_t lengthSize = 8;
/// The limit of the reference implementation; also bounds what a damaged length can make us parse.
constexpr uint64_t maxHeaderSize = 100'000'000;
constexpr const char *metadataKey = "__metadata__";

struct Range {
  uint64_t begin, end;
  std::string name;
};

class Reader {
public:
  Reader(const std::string &path, std::string_view content) : path(path), content(content) {}

  TensorFile read() {
    json header = parseHeader();
    std::vector<Range> ranges;
    for (auto &[name, entry] : header.items()) {
      if (name == metadataKey)
        readMetadata(entry);
      else
        ranges.push_back(readTensor(name, entry));
    }
    checkCoverage(ranges);
    return std::move(file);
  }

private:
  template <typename... Parts> [[noreturn]] void damaged(const Parts &...parts) {
    std::ostringstream text;
    (text << ... << parts);
    fail(Message::DamagedFile, path, text.str());
  }

  json parseHeader() {
    if (content.size() < lengthSize)
      damaged("it has ", content.size(), " bytes, too few for the header's length");
    uint64_t length;
    std::memcpy(&length, content.data(), lengthSize);
    if (length > maxHeaderSize || length > content.size() - lengthSize)
      damaged("its header should have ", length, " bytes, but the file has ", content.size());
    std::string_view text = content.substr(lengthSize, length);
    data = content.substr(lengthSize + length);
    if (text.empty() || text.front() != '{')
      damaged("its header is not a JSON object");
    try {
      return json::parse(text.begin(), text.end(), refuseDuplicates());
    } catch (const json::exception &error) {
      damaged("its header is not JSON (", error.what(), ")");
    }
  }

  /// The JSON parser keeps the last of two equal keys silently, so keys are looked at while parsing.
  json::parser_callback_t refuseDuplicates() {
    return [this](int depth, json::parse_event_t event, json &parsed) {
      if (event == json::parse_event_t::object_start)
        keys.emplace_back();
      else if (event == json::parse_event_t::object_end)
        keys.pop_back();
      else if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
        damaged("the name '", parsed.get<std::string>(), "' occurs twice in the header");
      return true;
    };
  }

  void readMetadata(const json &entry) {
    if (!entry.is_object())
      damaged("__metadata__ is not an object");
    for (auto &[key, value] : entry.items()) {
      if (!value.is_string())
        damaged("__metadata__ entry '", key, "' is not a string");
      file.metadata[key] = value.get<std::string>();
    }
  }

  /// A size or an offset: JSON has signs, fractions and numbers beyond 64 bits, none of which is one.
  uint64_t natural(const json &value, const std::string &name, const char *what) {
    if (!value.is_number_unsigned())
      damaged("tensor '", name, "' has the ", what, " ", value.dump(-1, ' ', false, json::error_handler_t::replace));
    return value.get<uint64_t>();
  }

  Range readTensor(const std::string &name, const json &entry) {
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
        !entry.contains("data_offsets"))
      damaged("tensor '", name, "' needs exactly dtype, shape and data_offsets");
    if (!entry["dtype"].is_string())
      damaged("the dtype of tensor '", name, "' is not a string");
    auto dtypeText = entry["dtype"].get<std::string>();
    std::optional<DType> dtype = parseDType(dtypeText);
    if (!dtype)
      fail(Message::UnknownDType, path, name, dtypeText);
    auto [shape, size] = readShape(name, entry["shape"], *dtype);
    const json &offsets = entry["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2)
      damaged("the data_offsets of tensor '", name, "' are not two numbers");
    uint64_t begin = natural(offsets[0], name, "offset"), end = natural(offsets[1], name, "offset");
    if (begin > end || end > data.size())
      damaged("tensor '", name, "' lies at ", begin, " to ", end, ", outside the file's ", data.size(),
              " bytes of data");
    if (end - begin != size)
      damaged("tensor '", name, "' has ", end - begin, " bytes, but ", dtypeText, " ", shapeText(shape), " needs ",
              size);
    Tensor tensor(*dtype, shape);
    std::memcpy(tensor.bytes(), data.data() + begin, size);
    file.tensors.emplace(name, std::move(tensor));
    return {begin, end, name};
  }

  std::pair<Shape, uint64_t> readShape(const std::string &name, const json &entry, DType dtype) {
    if (!entry.is_array())
      damaged("the shape of tensor '", name, "' is not a list");
    Shape shape;
    bool empty = false;
    uint64_t size = elementSize(dtype);
    for (const json &value : entry) {
      uint64_t dim = natural(value, name, "dimension");
      empty |= dim == 0;
      if (dim > INT64_MAX || (!empty && __builtin_mul_overflow(size, dim, &size)))
        damaged("the shape of tensor '", name, "' is too large");
      shape.push_back(static_cast<int64_t>(dim));
    }
    return {shape, empty ? 0 : size};
  }

  /// The tensors must cover the data without overlap and without holes.
  void checkCoverage(std::vector<Range> &ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const Range &a, const Range &b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    Range previous = {0, 0, ""};
    for (const Range &range : ranges) {
      if (range.begin < previous.end)
        damaged("tensors '", previous.name, "' and '", range.name, "' overlap");
      if (range.begin > previous.end)
        damaged("bytes ", previous.end, " to ", range.begin, " belong to no tensor");
      previous = range;
    }
    if (previous.end != data.size())
      damaged("its last ", data.size() - previous.end, " bytes belong to no tensor");
  }

  const std::string &path;
  std::string_view content, data;
  std::vector<std::set<std::string>> keys;
  TensorFile file;
};

} // namespace

TensorFile seqc::run::parseSafetensors(const std::string &path, std::string_view content) {
  return Reader(path, content).read();
}

TensorFile seqc::run::readSafetensors(const std::string &path) { return parseSafetensors(path, readWholeFile(path)); }

std::string seqc::run::formatSafetensors(const TensorFile &file) {
  json header = json::object();
  if (!file.metadata.empty())
    header[metadataKey] = file.metadata;
  uint64_t offset = 0;
  for (auto &[name, tensor] : file.tensors) {
    header[name] = {{"dtype", dtypeName(tensor.dtype())},
                    {"shape", tensor.shape()},
                    {"data_offsets", {offset, offset + tensor.byteSize()}}};
    offset += tensor.byteSize();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' '); // tensors begin at a multiple of 8
  uint64_t length = text.size();
  std::string content(lengthSize, '\0');
  std::memcpy(content.data(), &length, lengthSize);
  content += text;
  content.reserve(content.size() + offset);
  for (auto &[name, tensor] : file.tensors)
    content.append(reinterpret_cast<const char *>(tensor.bytes()), tensor.byteSize());
  return content;
}

void seqc::run::writeSafetensors(const std::string &path, const TensorFile &file) {
  writeAtomically(path, formatSafetensors(file));
}
