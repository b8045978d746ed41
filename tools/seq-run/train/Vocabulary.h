//===- Vocabulary.h - Symbols of a text as ids -------------------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_VOCABULARY_H
#define SEQC_SEQ_RUN_TRAIN_VOCABULARY_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seqc::run {

/// What a text is made of.
enum class Unit { Char, Byte };

/// Code points of UTF-8 text or plain bytes; an offset instead if the bytes there are no UTF-8.
struct Symbols {
  std::vector<uint32_t> values;
  std::optional<size_t> invalidAt;
};
Symbols splitSymbols(std::string_view text, Unit unit);
std::string joinSymbols(const std::vector<uint32_t> &symbols, Unit unit);

/// The symbols known, in ascending order, have the ids 1, 2, …; id 0 is any other symbol. How often each occurred in
/// the training text is kept as the simplest model there is, to compare with.
class Vocabulary {
public:
  static constexpr int32_t unknown = 0;

  Vocabulary() = default;
  /// The symbols of `known` (which includes `text`), as often as they occur in `text`.
  Vocabulary(const std::vector<uint32_t> &text, Unit unit, const std::vector<uint32_t> &known);

  Unit unit() const { return kind; }
  /// Number of ids, with that of unknown symbols.
  int64_t size() const { return static_cast<int64_t>(symbols.size()) + 1; }
  int32_t idOf(uint32_t symbol) const;
  std::vector<int32_t> encode(const std::vector<uint32_t> &text) const;
  std::string decode(int32_t id) const;

  /// Mean negative log2 probability of `ids` by the frequencies in the training text (plus one each).
  double unigramBits(const std::vector<int32_t> &text) const;

  std::string toJson() const;
  /// Nothing if the text is no vocabulary.
  static std::optional<Vocabulary> fromJson(const std::string &text);

private:
  void indexSymbols();

  Unit kind = Unit::Char;
  std::vector<uint32_t> symbols; ///< ascending
  std::vector<int64_t> counts;   ///< of each id
  std::map<uint32_t, int32_t> ids;
};

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_VOCABULARY_H
