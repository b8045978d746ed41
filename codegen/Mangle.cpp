//===- Mangle.cpp - Names of the source as C identifiers --------------------------===//
#include "codegen/Mangle.h"

#include "frontend/Source.h"

#include "llvm/ADT/StringExtras.h"

#include <optional>

namespace seqc {

static constexpr llvm::StringRef greekNames[] = {
    "alpha", "beta",    "gamma", "delta", "epsilon", "zeta",  "eta", "theta",   "iota", "kappa", "lambda", "mu",   "nu",
    "xi",    "omicron", "pi",    "rho",   "sigma",   "sigma", "tau", "upsilon", "phi",  "chi",   "psi",    "omega"};

static std::string capitalized(llvm::StringRef word) { return llvm::toUpper(word[0]) + word.drop_front().str(); }

/// The spelling of a code point that has one.
static std::optional<std::string> spell(char32_t point) {
  if (point >= 0x3B1 && point <= 0x3C9)
    return greekNames[point - 0x3B1].str();
  if (point >= 0x391 && point <= 0x3A9)
    return capitalized(greekNames[point - 0x391]);
  switch (point) {
  case 0x300:
    return "grave";
  case 0x301:
    return "acute";
  case 0x302:
    return "hat";
  case 0x303:
    return "tilde";
  case 0x304:
    return "bar";
  case 0x307:
    return "dot";
  case 0x308:
    return "ddot";
  case ']':
  case '+':
    return ""; // h[T+1] is h_T1
  case '-':
    return "m"; // h[-1] is h_m1
  case '\'':
  case 0x2019:
  case 0x2032:
    return "prime";
  default:
    return std::nullopt;
  }
}

std::string mangle(llvm::StringRef name) {
  std::string result;
  for (size_t at = 0; at < name.size();) {
    CodePoint point = decodeUtf8(std::string_view(name.data(), name.size()), at);
    at += point.length;
    std::optional<std::string> word = spell(point.value);
    if (point.value < 0x80 && llvm::isAlnum(static_cast<char>(point.value)))
      result += static_cast<char>(point.value);
    else if (word)
      result += *word;
    else if (point.value < 0x80)
      result += '_';
    else
      result += "u" + llvm::utohexstr(point.value, /*LowerCase=*/false, /*Width=*/4);
  }
  return result;
}

} // namespace seqc
