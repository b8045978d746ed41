//===- Names.cpp - How names are read -------------------------------------===//

#include "frontend/parse/Names.h"

#include "frontend/Source.h"

#include <algorithm>
#include <map>

using namespace seqc;

using LetterAndMark = std::pair<char32_t, char32_t>;

static const std::map<char32_t, LetterAndMark> &decompositions() {
  static const std::map<char32_t, LetterAndMark> table = {
#define COMPOSITION(Letter, Mark, Composed) {Composed, {Letter, Mark}},
#include "frontend/parse/Compositions.def"
  };
  return table;
}

static const std::map<LetterAndMark, char32_t> &compositions() {
  static const std::map<LetterAndMark, char32_t> table = {
#define COMPOSITION(Letter, Mark, Composed) {{Letter, Mark}, Composed},
#include "frontend/parse/Compositions.def"
  };
  return table;
}

/// The canonical combining class: 0 for anything that is not a mark.
static int markClass(char32_t c) {
#define MARK_CLASS(First, Last, Class)                                                                                 \
  if (c >= (First) && c <= (Last))                                                                                     \
    return Class;
#include "frontend/parse/Compositions.def"
  return c >= 0x0300 && c <= 0x036F ? 230 : 0;
}

static void decompose(char32_t c, std::u32string &out) {
  auto found = decompositions().find(c);
  if (found == decompositions().end()) {
    out += c;
    return;
  }
  decompose(found->second.first, out);
  out += found->second.second;
}

/// Marks on one letter are sorted by class; those of one class keep their order, which tells how they are stacked.
static void sortMarks(std::u32string &text) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && markClass(text[end]) != 0)
      ++end;
    for (size_t i = begin + 2; i < end; ++i)
      for (size_t k = i; k > begin + 1 && markClass(text[k - 1]) > markClass(text[k]); --k)
        std::swap(text[k - 1], text[k]);
    begin = end;
  }
}

static std::u32string compose(const std::u32string &text) {
  std::u32string out;
  size_t letter = 0;
  int lastClass = 0;
  for (char32_t c : text) {
    int thisClass = markClass(c);
    bool blocked = lastClass != 0 && lastClass >= thisClass;
    auto found =
        out.empty() || thisClass == 0 || blocked ? compositions().end() : compositions().find({out[letter], c});
    if (found != compositions().end()) {
      out[letter] = found->second;
      continue;
    }
    if (thisClass == 0)
      letter = out.size();
    lastClass = thisClass;
    out += c;
  }
  return out;
}

std::string syntax::normalizeName(std::string_view spelled) {
  bool ascii = std::all_of(spelled.begin(), spelled.end(), [](unsigned char c) { return c < 0x80; });
  if (ascii)
    return std::string(spelled);
  std::u32string text;
  for (size_t i = 0; i < spelled.size();) {
    CodePoint c = decodeUtf8(spelled, i);
    i += c.length;
    if (c.value >= 0x2032 && c.value <= 0x2034)
      text.append(c.value - 0x2031, U'\'');
    else
      decompose(c.value, text);
  }
  sortMarks(text);
  std::string out;
  for (char32_t c : compose(text))
    appendUtf8(out, c);
  return out == "σ" ? "sigmoid" : out;
}

bool syntax::takeTimeSuffix(std::string &name) {
  if (name.size() < 3 || name.compare(name.size() - 2, 2, "_t") != 0)
    return false;
  name.resize(name.size() - 2);
  return true;
}

bool syntax::takeUnderscore(std::string &name) {
  if (name.size() < 2 || name.back() != '_')
    return false;
  name.pop_back();
  return true;
}
