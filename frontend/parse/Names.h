//===- Names.h - How names are read ---------------------------------*- C++ -*-===//
//
// Two spellings that look the same are the same name: `h̃` may be typed with or without a composed letter, and a prime
// as `'` or `′`.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_PARSE_NAMES_H
#define SEQC_FRONTEND_PARSE_NAMES_H

#include <string>
#include <string_view>

namespace seqc::syntax {

/// Brings a name into Unicode's normal form C (for Latin and Greek letters, and the marks U+0300 to U+036F in any
/// order), and primes into ASCII. `σ` alone becomes `sigmoid`.
std::string normalizeName(std::string_view spelled);

/// Takes `_t` from the end of a name; false if it has none. `_t` alone is a plain name.
bool takeTimeSuffix(std::string &name);

/// Takes one `_` from the end of a name, as in `h_{t-1}`; false if it has none.
bool takeUnderscore(std::string &name);

} // namespace seqc::syntax

#endif // SEQC_FRONTEND_PARSE_NAMES_H
