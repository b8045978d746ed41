//===- Layout.cpp - Lines and brackets ------------------------------------===//

#include "frontend/parse/Layout.h"

#include "SeqParser.h"

using namespace seqc;
using namespace seqc::syntax;

using L = SeqParser;

// Parser, tree and everything after it recurse over an expression, so both limits bound the stack.
static constexpr size_t maxNesting = 200;
static constexpr size_t maxOperators = 1000;

/// May join two lines, from either side.
static bool isInfix(size_t type) {
  switch (type) {
  case L::PLUS:
  case L::MINUS:
  case L::TIMES:
  case L::DIVIDE:
  case L::MATMUL:
  case L::POWER:
  case L::MODULO:
  case L::LESS:
  case L::LESS_EQUAL:
  case L::GREATER:
  case L::GREATER_EQUAL:
  case L::EQUAL:
  case L::NOT_EQUAL:
  case L::ASSIGN:
  case L::TILDE:
  case L::COMMA:
  case L::DOT:
  case L::FOREIGN_OPERATOR:
    return true;
  default:
    return false;
  }
}

/// Makes the tree one level deeper without a bracket.
static bool isChainLink(size_t type, size_t previous) {
  bool suffix = type == L::OPEN_BRACKET && (previous == L::CLOSE_BRACKET || previous == L::CLOSE_PAREN);
  return suffix || type == L::TRANSPOSED || type == L::TIME_SUBSCRIPT || type == L::ROOT || type == L::REVERSE ||
         (isInfix(type) && type != L::COMMA);
}

static bool isStatementWord(size_t type) {
  switch (type) {
  case L::USE:
  case L::CELL:
  case L::MODEL:
  case L::INPUT:
  case L::PARAM:
  case L::CONST:
  case L::GATE:
  case L::LAYER:
  case L::FN:
  case L::LOSS:
  case L::OUTPUT:
  case L::REQUIRE:
  case L::FOR:
    return true;
  default:
    return false;
  }
}

static bool isWord(size_t type) {
  return type == L::ID || type == L::IN || type == L::OVER || type == L::SOLVE || type == L::STEP;
}

static bool isOpener(size_t type) {
  return type == L::OPEN_PAREN || type == L::OPEN_BRACKET || type == L::INDEX_BRACE || type == L::OPEN_BRACE;
}

static size_t closerOf(size_t opener) {
  return opener == L::OPEN_PAREN ? L::CLOSE_PAREN : opener == L::OPEN_BRACKET ? L::CLOSE_BRACKET : L::CLOSE_BRACE;
}

static const char *spelling(size_t closer) {
  return closer == L::CLOSE_PAREN ? ")" : closer == L::CLOSE_BRACKET ? "]" : "}";
}

namespace {
class Layout {
public:
  Layout(const std::vector<Lexeme> &in, SyntaxReport &report) : in(in), report(report) {}

  std::optional<std::vector<Lexeme>> run();

private:
  enum class Break { None, Line, Unclosed };

  bool insideBrackets() const { return !open.empty() && open.back().type != L::OPEN_BRACE; }
  bool headBegan() const { return head == L::CELL || head == L::MODEL || head == L::FOR; }
  size_t indentOf(size_t offset) const { return offset - report.sourceFile().lineBegin(offset); }
  bool isIndexBrace(size_t i) const;
  bool startsStatement(size_t i) const;
  Break breakBefore(size_t next) const;

  void emit(Lexeme lexeme);
  void emitVirtual(size_t type, size_t at) { emit({type, at, at}); }
  void endStatement(size_t type, size_t begin, size_t end);
  bool push(const Lexeme &lexeme);
  void dropUnclosed();
  void handleNewline(size_t i);
  void handleUnknown(const Lexeme &lexeme);
  bool openBrace(size_t i);
  void closeBracket(const Lexeme &lexeme);
  void closeBlock(size_t begin, size_t end);
  void closeAllBlocks(size_t at);
  bool step(size_t &i);

  const std::vector<Lexeme> &in;
  SyntaxReport &report;
  std::vector<Lexeme> out;
  std::vector<Lexeme> open;
  unsigned statement = 0;
  size_t operators = 0;
  size_t head = 0;         // the type of the statement's first token; 0 at its start
  size_t headBegin = 0;    // where that token begins
  size_t systemIndent = 0; // of the `cell` or `model` at hand
};
} // namespace

void Layout::emit(Lexeme lexeme) {
  lexeme.statement = statement;
  if (head == 0) {
    head = lexeme.type;
    headBegin = lexeme.begin;
  }
  out.push_back(lexeme);
}

void Layout::endStatement(size_t type, size_t begin, size_t end) {
  if (out.empty() || out.back().type != L::NEWLINE || type == L::SEMICOLON)
    emit({type, begin, end});
  ++statement;
  operators = 0;
  head = 0;
}

bool Layout::push(const Lexeme &lexeme) {
  if (open.size() >= maxNesting) {
    report.report(statement, DiagId::NestedTooDeep, report.range(lexeme), maxNesting);
    return false;
  }
  emit(lexeme);
  open.push_back(out.back());
  if (open.size() == 1 && lexeme.type == L::OPEN_BRACE)
    systemIndent = indentOf(headBegin);
  return true;
}

/// Whether a statement begins at `i`, seen from the end of the line before: with a word that begins statements, or with
/// a name and a `=` on the same line. Looked at only to find a bracket or an operator that was left hanging.
bool Layout::startsStatement(size_t i) const {
  size_t type = in[i].type;
  if (type == antlr4::Token::EOF || type == L::CLOSE_BRACE || isStatementWord(type))
    return true;
  bool insideHead = headBegan() && insideBrackets(); // `H = 128` in the dims of a cell
  if (!isWord(type) || insideHead)
    return false;
  size_t depth = 0;
  for (; in[i].type != L::NEWLINE && in[i].type != antlr4::Token::EOF; ++i) {
    if ((in[i].type == L::ASSIGN || in[i].type == L::FOREIGN_OPERATOR) && depth == 0)
      return true;
    if (isOpener(in[i].type))
      ++depth;
    else if (in[i].type == L::CLOSE_PAREN || in[i].type == L::CLOSE_BRACKET || in[i].type == L::CLOSE_BRACE)
      depth = depth ? depth - 1 : 0;
  }
  return false;
}

Layout::Break Layout::breakBefore(size_t next) const {
  bool starts = startsStatement(next);
  if (insideBrackets())
    return starts ? Break::Unclosed : Break::None;
  bool operatorAtEnd = !out.empty() && isInfix(out.back().type) && out.back().statement == statement;
  if (operatorAtEnd)
    return starts ? Break::Line : Break::None;
  return isInfix(in[next].type) ? Break::None : Break::Line;
}

void Layout::dropUnclosed() {
  const Lexeme &opener = open.back();
  report.report(statement, DiagId::UnclosedBracket, report.range(opener), report.text(opener),
                spelling(closerOf(opener.type)));
  while (insideBrackets())
    open.pop_back();
}

void Layout::handleNewline(size_t i) {
  size_t next = i + 1;
  while (in[next].type == L::NEWLINE)
    ++next;
  if (head == 0)
    return; // an empty line
  Break kind = breakBefore(next);
  if (kind == Break::None)
    return;
  if (kind == Break::Unclosed)
    dropUnclosed();
  if (!headBegan()) {
    endStatement(L::NEWLINE, in[i].begin, in[i].end);
    return;
  }
  if (in[next].type == L::OPEN_BRACE)
    return;
  // A head without its block: report it where it ends, and go on as if the brace were there.
  bool colon = out.back().type == L::COLON;
  size_t foundAt = colon ? out.back().begin : out.back().end;
  if (colon)
    out.pop_back();
  Lexeme last = out.back();
  bool complete = head == L::FOR || last.type == L::CLOSE_PAREN;
  if (complete)
    report.report(statement, DiagId::MissingBrace, {&report.sourceFile(), foundAt, foundAt + colon}, report.text(last),
                  colon ? "`:`" : "the end of the line");
  if (push({L::OPEN_BRACE, last.end, last.end}))
    endStatement(L::NEWLINE, in[i].begin, in[i].end);
}

/// `{` right after a name opens an index, unless a whole block stands there: then there is a line break or an equation.
bool Layout::isIndexBrace(size_t i) const {
  if (i == 0 || !isWord(in[i - 1].type) || in[i - 1].end != in[i].begin)
    return false;
  size_t depth = 0;
  for (size_t k = i; k < in.size(); ++k) {
    if (in[k].type == L::NEWLINE || in[k].type == L::ASSIGN)
      return !headBegan();
    if (in[k].type == L::OPEN_BRACE)
      ++depth;
    else if (in[k].type == L::CLOSE_BRACE && --depth == 0)
      return true;
  }
  return !headBegan();
}

bool Layout::openBrace(size_t i) {
  Lexeme lexeme = in[i];
  if (isIndexBrace(i)) {
    lexeme.type = L::INDEX_BRACE;
    return push(lexeme);
  }
  if (insideBrackets() && headBegan())
    dropUnclosed();
  if (insideBrackets())
    lexeme.type = L::INDEX_BRACE; // the parser says that it has no business here
  if (!push(lexeme))
    return false;
  if (lexeme.type == L::OPEN_BRACE) {
    ++statement;
    operators = 0;
    head = 0;
  }
  return true;
}

void Layout::closeBlock(size_t begin, size_t end) {
  if (head != 0)
    endStatement(L::NEWLINE, begin, begin);
  open.pop_back();
  emit({L::CLOSE_BRACE, begin, end});
  endStatement(L::NEWLINE, end, end);
}

void Layout::closeAllBlocks(size_t at) {
  if (insideBrackets())
    dropUnclosed();
  for (bool first = true; !open.empty(); first = false) {
    Lexeme opener = open.front();
    bool inserted = opener.isVirtual(); // whose `{` was missing may lack `}` as well
    if (first && !inserted)
      report.report(opener.statement, DiagId::UnclosedBracket, report.range(opener), "{", "}");
    closeBlock(at, at);
  }
}

void Layout::closeBracket(const Lexeme &lexeme) {
  bool closesBlock = lexeme.type == L::CLOSE_BRACE && insideBrackets() && open.back().type != L::INDEX_BRACE;
  if (closesBlock)
    dropUnclosed();
  if (open.empty() || (open.back().type == L::OPEN_BRACE && lexeme.type != L::CLOSE_BRACE)) {
    report.report(statement, DiagId::UnmatchedCloser, report.range(lexeme), report.text(lexeme));
    return;
  }
  if (open.back().type == L::OPEN_BRACE) {
    closeBlock(lexeme.begin, lexeme.end);
    return;
  }
  Lexeme opener = open.back();
  open.pop_back();
  if (closerOf(opener.type) != lexeme.type)
    if (auto *error = report.report(statement, DiagId::WrongCloser, report.range(lexeme), report.text(opener),
                                    spelling(closerOf(opener.type)), report.text(lexeme)))
      error->note(report.range(opener), DiagId::OpenedHere, report.text(opener));
  emit({closerOf(opener.type), lexeme.begin, lexeme.end});
}

static std::string describeCharacter(std::string_view text) {
  CodePoint c = decodeUtf8(text, 0);
  bool control = c.value < 0x20 || c.value == '`' || (c.value >= 0x7F && c.value < 0xA0);
  if (!control)
    return "`" + std::string(text.substr(0, c.length)) + "`";
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "U+%04X", static_cast<unsigned>(c.value));
  return buffer;
}

void Layout::handleUnknown(const Lexeme &lexeme) {
  if (head == 0)
    head = lexeme.type;
  if (lexeme.type == L::OPEN_STRING)
    report.report(statement, DiagId::OpenString, report.range(lexeme));
  else
    report.report(statement, DiagId::UnexpectedCharacter, report.range(lexeme), describeCharacter(report.text(lexeme)));
}

/// Handles the token at `i`; false if there is no going on.
bool Layout::step(size_t &i) {
  const Lexeme &lexeme = in[i];
  size_t previous = out.empty() ? 0 : out.back().type;
  bool newSystem = head == 0 && (lexeme.type == L::CELL || lexeme.type == L::MODEL) && !open.empty() &&
                   isWord(in[i + 1].type) && in[i + 2].type == L::OPEN_PAREN;
  // One that is indented is taken as written inside the other by intent.
  if (newSystem && indentOf(lexeme.begin) <= systemIndent)
    closeAllBlocks(lexeme.begin);
  if (isChainLink(lexeme.type, previous) && ++operators > maxOperators) {
    report.report(statement, DiagId::StatementTooLong, report.range(lexeme), maxOperators);
    return false;
  }
  switch (lexeme.type) {
  case L::NEWLINE:
    handleNewline(i);
    return true;
  case L::SEMICOLON:
    if (insideBrackets())
      emit({L::ROW, lexeme.begin, lexeme.end});
    else
      endStatement(L::SEMICOLON, lexeme.begin, lexeme.end);
    return true;
  case L::OPEN_BRACE:
    return openBrace(i);
  case L::OPEN_PAREN:
  case L::OPEN_BRACKET:
    return push(lexeme);
  case L::CLOSE_PAREN:
  case L::CLOSE_BRACKET:
  case L::CLOSE_BRACE:
    closeBracket(lexeme);
    return true;
  case L::UNKNOWN:
  case L::OPEN_STRING:
    handleUnknown(lexeme);
    return true;
  default:
    emit(lexeme);
    return true;
  }
}

std::optional<std::vector<Lexeme>> Layout::run() {
  size_t last = in.size() - 1;
  for (size_t i = 0; i < last; ++i)
    if (!step(i))
      return std::nullopt;
  size_t at = in[last].begin;
  if (insideBrackets())
    dropUnclosed();
  if (head != 0)
    endStatement(L::NEWLINE, at, at);
  closeAllBlocks(at);
  emit(in[last]);
  return std::move(out);
}

std::optional<std::vector<Lexeme>> syntax::layOut(const std::vector<Lexeme> &lexemes, SyntaxReport &report) {
  return Layout(lexemes, report).run();
}
