//===- Lexemes.cpp - The words of a file ----------------------------------===//

#include "frontend/parse/Lexemes.h"

#include "SeqLexer.h"

using namespace seqc;
using namespace seqc::syntax;

static constexpr size_t maxFileSize = size_t(16) << 20;
static constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";

/// For each code point of the text its byte offset, and the end. Empty if the text is not UTF-8.
static std::vector<size_t> codePointOffsets(const SourceFile &file, size_t begin, Diagnostics &diags) {
  std::vector<size_t> offsets;
  static constexpr unsigned maxReported = 10; // a file of another kind has them everywhere
  unsigned invalid = 0;
  std::string_view text = file.text();
  for (size_t i = begin; i < text.size() && invalid < maxReported;) {
    CodePoint c = decodeUtf8(text, i);
    if (!c.valid) {
      static const char digits[] = "0123456789ABCDEF";
      unsigned char byte = text[i];
      diags.report(DiagId::InvalidUtf8, {&file, i, i + c.length},
                   std::string("0x") + digits[byte >> 4] + digits[byte & 15]);
      ++invalid;
    }
    offsets.push_back(i);
    i += c.length;
  }
  offsets.push_back(text.size());
  return invalid == 0 ? offsets : std::vector<size_t>();
}

static bool isAloneOnItsLine(const SourceFile &file, size_t begin) {
  std::string_view before = file.text().substr(file.lineBegin(begin), begin - file.lineBegin(begin));
  return before.find_first_not_of(" \t") == std::string_view::npos;
}

static ast::Comment makeComment(const SourceFile &file, SourceRange range) {
  std::string_view text = range.text();
  text.remove_prefix(2);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return {range, std::string(text), isAloneOnItsLine(file, range.begin)};
}

bool syntax::lex(const SourceFile &file, Diagnostics &diags, std::vector<Lexeme> &lexemes,
                 std::vector<ast::Comment> &comments) {
  std::string_view text = file.text();
  if (text.size() > maxFileSize) {
    diags.report(DiagId::FileTooLarge, {&file, 0, 0}, text.size(), maxFileSize);
    return false;
  }
  size_t begin = text.substr(0, 3) == byteOrderMark ? 3 : 0;
  std::vector<size_t> offsets = codePointOffsets(file, begin, diags);
  if (offsets.empty())
    return false;

  antlr4::ANTLRInputStream stream(std::string(text.substr(begin)));
  SeqLexer lexer(&stream);
  lexer.removeErrorListeners();
  bool foreignCommentSeen = false; // whoever writes them writes many
  for (const std::unique_ptr<antlr4::Token> &token : lexer.getAllTokens()) {
    Lexeme lexeme{token->getType(), offsets[token->getStartIndex()], offsets[token->getStopIndex() + 1]};
    SourceRange range{&file, lexeme.begin, lexeme.end};
    if (lexeme.type == SeqLexer::COMMENT) {
      comments.push_back(makeComment(file, range));
    } else if (lexeme.type == SeqLexer::FOREIGN_COMMENT) {
      if (!foreignCommentSeen)
        diags.report(DiagId::ForeignComment, range, range.text().substr(0, range.text()[0] == '#' ? 1 : 2));
      foreignCommentSeen = true;
    } else {
      lexemes.push_back(lexeme);
    }
  }
  lexemes.push_back({antlr4::Token::EOF, text.size(), text.size()});
  return true;
}
