//===- Vocabulary.cpp - Symbols of a text as ids ----------------------------------------===//
#include "tools/seq-run/train/Vocabulary.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

using namespace seqc::run;
using nlohmann::json;

namespace {

/// Decodes the code point at `offset` and moves past it; false if there is none (overlong forms, surrogates and code
/// points beyond Unicode are none).
bool decodeUtf8(std::string_view text, size_t &offset, uint32_t &symbol) {
  auto lead = static_cast<unsigned char>(text[offset]);
  int length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || text.size() - offset < size_t(length))
    return false;
  symbol = length == 1 ? lead : lead & (0x7f >> length);
  for (int i = 1; i < length; ++i) {
    auto next = static_cast<unsigned char>(text[offset + i]);
    if ((next & 0xc0) != 0x80)
      return false;
    symbol = symbol << 6 | (next & 0x3f);
  }
  constexpr uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (symbol < smallest[length] || symbol > 0x10ffff || (symbol >= 0xd800 && symbol < 0xe000))
    return false;
  offset += length;
  return true;
}

void encodeUtf8(uint32_t symbol, std::string &text) {
  auto tail = [&](int shift) { text += static_cast<char>(0x80 | (symbol >> shift & 0x3f)); };
  if (symbol < 0x80) {
    text += static_cast<char>(symbol);
  } else if (symbol < 0x800) {
    text += static_cast<char>(0xc0 | symbol >> 6);
    tail(0);
  } else if (symbol < 0x10000) {
    text += static_cast<char>(0xe0 | symbol >> 12);
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xf0 | symbol >> 18);
    tail(12), tail(6), tail(0);
  }
}

} // namespace

Symbols seqc::run::splitSymbols(std::string_view text, Unit unit) {
  Symbols result;
  result.values.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    uint32_t symbol = static_cast<unsigned char>(text[offset]);
    if (unit == Unit::Byte) {
      ++offset;
    } else if (!decodeUtf8(text, offset, symbol)) {
      result.invalidAt = offset;
      break;
    }
    result.values.push_back(symbol);
  }
  return result;
}

std::string seqc::run::joinSymbols(const std::vector<uint32_t> &symbols, Unit unit) {
  std::string text;
  for (uint32_t symbol : symbols)
    if (unit == Unit::Byte)
      text += static_cast<char>(symbol);
    else
      encodeUtf8(symbol, text);
  return text;
}

Vocabulary::Vocabulary(const std::vector<uint32_t> &text, Unit unit, const std::vector<uint32_t> &known) : kind(unit) {
  std::set<uint32_t> used(known.begin(), known.end());
  symbols.assign(used.begin(), used.end());
  indexSymbols();
  counts.assign(size(), 0);
  for (uint32_t symbol : text)
    ++counts[idOf(symbol)];
}

void Vocabulary::indexSymbols() {
  for (uint32_t symbol : symbols)
    ids.emplace(symbol, static_cast<int32_t>(ids.size()) + 1);
}

int32_t Vocabulary::idOf(uint32_t symbol) const {
  auto entry = ids.find(symbol);
  return entry == ids.end() ? unknown : entry->second;
}

std::vector<int32_t> Vocabulary::encode(const std::vector<uint32_t> &text) const {
  std::vector<int32_t> result;
  result.reserve(text.size());
  for (uint32_t symbol : text)
    result.push_back(idOf(symbol));
  return result;
}

std::string Vocabulary::decode(int32_t id) const {
  if (id <= unknown || id >= size())
    return "\xef\xbf\xbd"; // the replacement character
  return joinSymbols({symbols[id - 1]}, kind);
}

double Vocabulary::unigramBits(const std::vector<int32_t> &text) const {
  double total = std::accumulate(counts.begin(), counts.end(), 0.0) + static_cast<double>(size());
  double bits = 0;
  for (int32_t id : text)
    bits -= std::log2((static_cast<double>(counts[id]) + 1) / total);
  return text.empty() ? 0 : bits / static_cast<double>(text.size());
}

std::string Vocabulary::toJson() const {
  return json{{"unit", kind == Unit::Char ? "char" : "byte"}, {"symbols", symbols}, {"counts", counts}}.dump();
}

std::optional<Vocabulary> Vocabulary::fromJson(const std::string &text) {
  try {
    json root = json::parse(text);
    Vocabulary result;
    result.kind = root.at("unit") == "byte" ? Unit::Byte : Unit::Char;
    result.symbols = root.at("symbols").get<std::vector<uint32_t>>();
    result.counts = root.at("counts").get<std::vector<int64_t>>();
    result.indexSymbols();
    if (result.counts.size() != size_t(result.size()) || result.ids.size() != result.symbols.size())
      return std::nullopt;
    return result;
  } catch (const json::exception &) {
    return std::nullopt;
  }
}
