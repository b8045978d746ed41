//===- Slips.cpp - What people write who come from other languages --------===//

#include "frontend/parse/Slips.h"

#include "frontend/parse/Names.h"

#include "SeqParser.h"

#include <algorithm>

using namespace seqc;
using namespace seqc::syntax;

using L = SeqParser;

namespace {
/// An operator of other languages. `mended` is what it is read as; 0 if that would be a guess.
struct ForeignOperator {
  std::string_view spelling;
  DiagId id;
  size_t mended;
  const char *plain;
};

/// A word that begins a statement elsewhere. `plain` is the word meant, for MisspelledWord.
struct ForeignWord {
  std::string_view spelling;
  DiagId id;
  const char *plain;
};
} // namespace

static const ForeignOperator foreignOperators[] = {
    {".*", DiagId::ElementwiseDot, L::TIMES, "*"},
    {"./", DiagId::ElementwiseDot, L::DIVIDE, "/"},
    {".^", DiagId::ElementwiseDot, L::POWER, "^"},
    {"**", DiagId::ForeignPower, L::POWER, ""},
    {"&&", DiagId::ForeignLogic, 0, ""},
    {"||", DiagId::ForeignLogic, 0, ""},
    {"&", DiagId::ForeignLogic, 0, ""},
    {"|", DiagId::ForeignAbs, 0, ""},
    {"!", DiagId::ForeignLogic, 0, ""},
    {":=", DiagId::ForeignAssign, L::ASSIGN, ""},
    {"←", DiagId::ForeignAssign, L::ASSIGN, ""},
    {"->", DiagId::ForeignArrow, 0, ""},
    {"=>", DiagId::ForeignArrow, 0, ""},
    {"+=", DiagId::ForeignUpdate, 0, ""},
    {"-=", DiagId::ForeignUpdate, 0, ""},
    {"*=", DiagId::ForeignUpdate, 0, ""},
    {"/=", DiagId::ForeignUpdate, 0, ""},
    {"@=", DiagId::ForeignUpdate, 0, ""},
    {"++", DiagId::ForeignUpdate, 0, ""},
    {"?", DiagId::ForeignChoice, 0, ""},
    {"∑", DiagId::ForeignSum, 0, ""},
    {"∏", DiagId::ForeignSum, 0, ""},
    {"∂", DiagId::ForeignDerivative, 0, ""},
    {"∇", DiagId::ForeignDerivative, 0, ""},
    {"∈", DiagId::ForeignElement, 0, ""},
};

static const ForeignWord foreignWords[] = {
    {"def", DiagId::ForeignFunction, ""},
    {"function", DiagId::ForeignFunction, ""},
    {"func", DiagId::ForeignFunction, ""},
    {"fun", DiagId::ForeignFunction, ""},
    {"let", DiagId::ForeignDeclaration, ""},
    {"var", DiagId::ForeignDeclaration, ""},
    {"val", DiagId::ForeignDeclaration, ""},
    {"auto", DiagId::ForeignDeclaration, ""},
    {"float", DiagId::ForeignDeclaration, ""},
    {"double", DiagId::ForeignDeclaration, ""},
    {"int", DiagId::ForeignDeclaration, ""},
    {"real", DiagId::ForeignDeclaration, ""},
    {"tensor", DiagId::ForeignDeclaration, ""},
    {"vector", DiagId::ForeignDeclaration, ""},
    {"state", DiagId::ForeignState, ""},
    {"register", DiagId::ForeignState, ""},
    {"if", DiagId::ForeignBranch, ""},
    {"elif", DiagId::ForeignBranch, ""},
    {"else", DiagId::ForeignBranch, ""},
    {"switch", DiagId::ForeignBranch, ""},
    {"match", DiagId::ForeignBranch, ""},
    {"while", DiagId::ForeignLoop, ""},
    {"repeat", DiagId::ForeignLoop, ""},
    {"foreach", DiagId::ForeignLoop, ""},
    {"return", DiagId::ForeignReturn, ""},
    {"yield", DiagId::ForeignReturn, ""},
    {"import", DiagId::ForeignImport, ""},
    {"include", DiagId::ForeignImport, ""},
    {"from", DiagId::ForeignImport, ""},
    {"using", DiagId::ForeignImport, ""},
    {"class", DiagId::ForeignSystem, ""},
    {"struct", DiagId::ForeignSystem, ""},
    {"node", DiagId::ForeignSystem, ""},
    {"module", DiagId::ForeignSystem, ""},
    {"network", DiagId::ForeignSystem, ""},
    {"system", DiagId::ForeignSystem, ""},
    {"end", DiagId::ForeignEnd, ""},
    {"pass", DiagId::ForeignEnd, ""},
    {"inputs", DiagId::MisspelledWord, "input"},
    {"in", DiagId::MisspelledWord, "input"},
    {"parameter", DiagId::MisspelledWord, "param"},
    {"params", DiagId::MisspelledWord, "param"},
    {"weight", DiagId::MisspelledWord, "param"},
    {"constant", DiagId::MisspelledWord, "const"},
    {"outputs", DiagId::MisspelledWord, "output"},
    {"out", DiagId::MisspelledWord, "output"},
    {"gates", DiagId::MisspelledWord, "gate"},
    {"layers", DiagId::MisspelledWord, "layer"},
    {"cells", DiagId::MisspelledWord, "cell"},
    {"models", DiagId::MisspelledWord, "model"},
    {"assert", DiagId::MisspelledWord, "require"},
};

static const std::string_view libraryPrefixes[] = {"np", "numpy", "torch", "tf", "jnp", "jax", "math", "nn", "F"};

static bool isWord(size_t type) { return type == L::ID || type == L::IN || type == L::OVER || type == L::STEP; }

namespace {
class Slips {
public:
  Slips(std::vector<Lexeme> in, SyntaxReport &report) : in(std::move(in)), report(report) {}

  std::vector<Lexeme> run();

private:
  std::string_view text(size_t i) const { return report.text(in[i]); }
  size_t type(size_t i) const { return i < end ? in[i].type : size_t(antlr4::Token::EOF); }
  bool touches(size_t i) const { return in[i].end == in[i + 1].begin; }
  template <typename... Args> void say(DiagId id, size_t first, size_t last, const Args &...args) {
    report.report(in[first].statement, id, report.range(in[first]).to(report.range(in[last])), args...);
  }

  void mendStatement();
  void mendForeignWord();
  void mendEquality();
  void mendToken(size_t i);
  void mendForeignOperator(size_t i);
  void mendPrefix(size_t i);
  void warnOfTimeMinus(size_t i);

  std::vector<Lexeme> in;
  SyntaxReport &report;
  size_t begin = 0, end = 0; // the statement at hand
  std::vector<size_t> brackets;
  std::vector<bool> dropped;
};
} // namespace

void Slips::mendForeignWord() {
  if (type(begin) != L::ID && type(begin) != L::IN)
    return;
  size_t next = type(begin + 1);
  bool alone = begin + 1 >= end || next == L::NEWLINE || next == L::SEMICOLON || next == L::OPEN_BRACE;
  for (const ForeignWord &word : foreignWords) {
    if (text(begin) != word.spelling)
      continue;
    bool followed = isWord(next) || next == L::NUMBER || next == L::STRING ||
                    (next == L::OPEN_PAREN && (word.id == DiagId::ForeignBranch || word.id == DiagId::ForeignLoop ||
                                               word.id == DiagId::ForeignReturn));
    if (followed || alone)
      say(word.id, begin, begin, word.spelling, word.plain);
    return;
  }
}

/// `a == b` as a whole statement is an equation with one `=` too many.
void Slips::mendEquality() {
  bool equation = isWord(type(begin)) || type(begin) == L::GATE || type(begin) == L::CONST || type(begin) == L::LOSS;
  if (!equation)
    return;
  size_t depth = 0;
  for (size_t i = begin; i < end; ++i) {
    if (in[i].type == L::OPEN_PAREN || in[i].type == L::OPEN_BRACKET || in[i].type == L::INDEX_BRACE)
      ++depth;
    else if ((in[i].type == L::CLOSE_PAREN || in[i].type == L::CLOSE_BRACKET || in[i].type == L::CLOSE_BRACE) && depth)
      --depth;
    if (depth != 0)
      continue;
    bool arrow = in[i].type == L::LESS && type(i + 1) == L::MINUS && touches(i);
    if (in[i].type == L::ASSIGN)
      return;
    if (in[i].type == L::EQUAL) {
      say(DiagId::EqualityForEquation, i, i);
      in[i].type = L::ASSIGN;
      return;
    }
    if (arrow) {
      say(DiagId::ForeignAssign, i, i + 1, "<-");
      in[i].type = L::ASSIGN;
      dropped[i + 1] = true;
      return;
    }
  }
}

void Slips::mendForeignOperator(size_t i) {
  for (const ForeignOperator &op : foreignOperators) {
    if (text(i) != op.spelling)
      continue;
    say(op.id, i, i, op.spelling, op.plain);
    if (op.mended)
      in[i].type = op.mended;
    return;
  }
}

/// `np.tanh(x)` and `self.W`.
void Slips::mendPrefix(size_t i) {
  if (type(i + 1) != L::DOT || type(i + 2) != L::ID || (i > begin && in[i - 1].type == L::DOT))
    return;
  bool library =
      std::find(std::begin(libraryPrefixes), std::end(libraryPrefixes), text(i)) != std::end(libraryPrefixes);
  if (text(i) == "self")
    say(DiagId::PrefixedName, i, i + 2, text(i), text(i + 2));
  else if (library && type(i + 3) == L::OPEN_PAREN)
    say(DiagId::PrefixedFunction, i, i + 2, text(i), text(i + 2));
  else
    return;
  dropped[i] = dropped[i + 1] = true;
}

/// `C_t-1` is almost always a `C_{t-1}` that lost its braces.
void Slips::warnOfTimeMinus(size_t i) {
  std::string name(text(i));
  bool sign = type(i + 1) == L::MINUS || type(i + 1) == L::PLUS;
  if (!sign || type(i + 2) != L::NUMBER || !touches(i) || !touches(i + 1) || !takeTimeSuffix(name))
    return;
  SourceRange range = report.range(in[i]).to(report.range(in[i + 2]));
  report.warn(DiagId::SuspiciousTimeMinus, range, text(i), text(i + 1), text(i + 2), name);
}

void Slips::mendToken(size_t i) {
  switch (in[i].type) {
  case L::OPEN_PAREN:
  case L::OPEN_BRACKET:
  case L::INDEX_BRACE:
    brackets.push_back(in[i].type);
    return;
  case L::CLOSE_PAREN:
  case L::CLOSE_BRACKET:
  case L::CLOSE_BRACE:
    if (!brackets.empty())
      brackets.pop_back();
    return;
  case L::FOREIGN_OPERATOR:
    return mendForeignOperator(i);
  case L::RANGE:
    if (!brackets.empty() && brackets.back() == L::OPEN_BRACKET) {
      say(DiagId::SliceDots, i, i);
      in[i].type = L::COLON;
    }
    return;
  case L::ID:
    if ((text(i) == "pre" || text(i) == "prev" || text(i) == "delay") && type(i + 1) == L::ID) {
      say(DiagId::PreviousWord, i, i + 1, text(i), text(i + 1));
      dropped[i] = true;
    }
    if (type(begin) == L::FOR && text(i) == "range" && type(i + 1) == L::OPEN_PAREN)
      say(DiagId::ForeignLoop, i, i, text(i));
    mendPrefix(i);
    warnOfTimeMinus(i);
    return;
  default:
    return;
  }
}

void Slips::mendStatement() {
  mendForeignWord();
  mendEquality();
  brackets.clear();
  for (size_t i = begin; i < end; ++i)
    mendToken(i);
}

std::vector<Lexeme> Slips::run() {
  dropped.assign(in.size(), false);
  for (begin = 0; begin < in.size(); begin = end) {
    end = begin + 1;
    while (end < in.size() && in[end].statement == in[begin].statement)
      ++end;
    mendStatement();
  }
  std::vector<Lexeme> out;
  for (size_t i = 0; i < in.size(); ++i)
    if (!dropped[i])
      out.push_back(in[i]);
  return out;
}

std::vector<Lexeme> syntax::mendSlips(std::vector<Lexeme> lexemes, SyntaxReport &report) {
  return Slips(std::move(lexemes), report).run();
}
