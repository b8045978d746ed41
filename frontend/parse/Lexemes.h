//===- Lexemes.h - The words of a file ------------------------------*- C++ -*-===//
//
// Between ANTLR's lexer and its parser the tokens are plain records with byte offsets, so that Layout and Slips can
// look at them and mend them.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_PARSE_LEXEMES_H
#define SEQC_FRONTEND_PARSE_LEXEMES_H

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"

#include <set>
#include <vector>

namespace seqc::syntax {

/// A token. One that was put in by Layout is empty: its begin is its end.
struct Lexeme {
  size_t type = 0;
  size_t begin = 0;
  size_t end = 0;
  unsigned statement = 0; // counted by Layout

  bool isVirtual() const { return begin == end; }
};

/// Reports what is wrong with the syntax, at most once a statement: one slip must not bring a shower of errors.
class SyntaxReport {
public:
  SyntaxReport(const SourceFile &file, Diagnostics &diags) : file(file), diags(diags) {}

  SourceRange range(const Lexeme &lexeme) const { return {&file, lexeme.begin, lexeme.end}; }
  std::string_view text(const Lexeme &lexeme) const { return range(lexeme).text(); }

  /// Null if the statement has had its error. A warning may come beside an error.
  template <typename... Args>
  Diagnostics::Builder *report(unsigned statement, DiagId id, SourceRange range, const Args &...args) {
    if (!bad.insert(statement).second)
      return nullptr;
    last.emplace(diags.report(id, range, args...));
    return &*last;
  }
  template <typename... Args> void warn(DiagId id, SourceRange range, const Args &...args) {
    diags.report(id, range, args...);
  }

  bool isBad(unsigned statement) const { return bad.count(statement) != 0; }
  const SourceFile &sourceFile() const { return file; }

private:
  const SourceFile &file;
  Diagnostics &diags;
  std::set<unsigned> bad;
  std::optional<Diagnostics::Builder> last;
};

/// Splits a file into tokens (ended by one of type EOF) and comments. Returns false if there is no going on: the file
/// is no text, or too large.
bool lex(const SourceFile &file, Diagnostics &diags, std::vector<Lexeme> &lexemes, std::vector<ast::Comment> &comments);

} // namespace seqc::syntax

#endif // SEQC_FRONTEND_PARSE_LEXEMES_H
