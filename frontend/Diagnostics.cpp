//===- Diagnostics.cpp - Messages to the writer of a .seq file ------------===//

#include "frontend/Diagnostics.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <tuple>

using namespace seqc;

//===----------------------------------------------------------------------===//
// The catalogue
//===----------------------------------------------------------------------===//

namespace {
struct CatalogueEntry {
  Severity severity;
  const char *text;
  const char *hint;
};
} // namespace

static const CatalogueEntry catalogue[] = {
#define SEQC_DIAGNOSTIC(Id, Level, Text, Hint) {Severity::Level, Text, Hint},
#include "frontend/Errors.def"
};

static const CatalogueEntry &entryOf(DiagId id) { return catalogue[static_cast<size_t>(id)]; }

/// Puts the arguments in place of `{0}`, `{1}`, …; any other brace stays as it is.
static std::string fill(std::string_view format, const std::vector<std::string> &args) {
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    bool isPlace = format[i] == '{' && i + 2 < format.size() && format[i + 2] == '}' && format[i + 1] >= '0' &&
                   static_cast<size_t>(format[i + 1] - '0') < args.size();
    if (!isPlace) {
      out += format[i];
      continue;
    }
    out += args[format[i + 1] - '0'];
    i += 2;
  }
  return out;
}

std::string detail::argument(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g", value);
  return buffer;
}

//===----------------------------------------------------------------------===//
// Collecting
//===----------------------------------------------------------------------===//

Diagnostics::Builder Diagnostics::add(DiagId id, SourceRange range, const std::vector<std::string> &args) {
  const CatalogueEntry &entry = entryOf(id);
  Diagnostic diagnostic;
  diagnostic.main = {id, entry.severity, range, fill(entry.text, args)};
  diagnostic.hint = fill(entry.hint, args);
  if (entry.severity == Severity::Error)
    ++errors;
  diagnostics.push_back(std::move(diagnostic));
  return Builder(*this, diagnostics.size() - 1);
}

Diagnostics::Builder &Diagnostics::Builder::addNote(SourceRange range, DiagId id,
                                                    const std::vector<std::string> &args) {
  owner.diagnostics[index].notes.push_back({id, Severity::Note, range, fill(entryOf(id).text, args)});
  return *this;
}

Diagnostics::Builder &Diagnostics::Builder::hint(std::string text) {
  owner.diagnostics[index].hint = std::move(text);
  return *this;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

std::string Diagnostics::render() const {
  std::vector<const Diagnostic *> sorted;
  for (const Diagnostic &diagnostic : diagnostics)
    sorted.push_back(&diagnostic);
  auto place = [](const Diagnostic *d) {
    const SourceFile *file = d->main.range.file;
    return std::tuple(file ? file->path() : std::string(), d->main.range.begin, d->main.range.end);
  };
  // The pointers point into one vector, so they break ties by the order of reporting.
  std::sort(sorted.begin(), sorted.end(), [&](const Diagnostic *a, const Diagnostic *b) {
    return std::make_pair(place(a), a) < std::make_pair(place(b), b);
  });

  std::string out;
  std::set<std::tuple<std::string, size_t, std::string>> seen;
  unsigned printed = 0, heldBack = 0;
  for (const Diagnostic *d : sorted) {
    auto [path, begin, end] = place(d);
    if (!seen.insert({path, begin, d->main.text}).second)
      continue;
    if (d->main.severity == Severity::Error && printed++ >= errorLimit) {
      ++heldBack;
      continue;
    }
    out += seqc::render(d->main.severity, d->main.range, d->main.text);
    if (!d->hint.empty())
      out += "  hint: " + d->hint + "\n";
    for (const Message &note : d->notes)
      out += seqc::render(note.severity, note.range, note.text);
  }
  if (heldBack)
    out += "and " + std::to_string(heldBack) + (heldBack == 1 ? " more error\n" : " more errors\n");
  return out;
}

static const char *severityName(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Note:
    return "note";
  }
  return "error";
}

/// How many columns a terminal gives a character: 0 for marks that sit on the letter before, 2 for wide scripts.
static unsigned widthOf(char32_t c) {
  struct Stretch {
    char32_t first, last;
  };
  static const Stretch marks[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},
                                  {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF},
                                  {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
  static const Stretch wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},  {0x3041, 0x33FF}, {0x3400, 0x4DBF},
                                 {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},  {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
                                 {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
                                 {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
  for (const Stretch &s : marks)
    if (c >= s.first && c <= s.last)
      return 0;
  for (const Stretch &s : wide)
    if (c >= s.first && c <= s.last)
      return 2;
  return 1;
}

namespace {
/// A source line made ready for a terminal: tabs spread out, control characters replaced, and cut around the marked
/// part if it is very long.
class MarkedLine {
public:
  MarkedLine(std::string_view line, size_t markBegin, size_t markEnd) {
    static constexpr size_t longLine = 160;                      // bytes
    const size_t reach = line.size() > longLine ? 60 : longLine; // kept before and after the start of the mark
    size_t first = markBegin > reach ? markBegin - reach : 0;
    size_t last = std::min(line.size(), markBegin + reach);
    while (first > 0 && (line[first] & 0xC0) == 0x80)
      --first;
    if (first > 0)
      append("…", 1, ' ');
    for (size_t i = first; i < last;) {
      CodePoint c = decodeUtf8(line, i);
      appendCodePoint(c, i == markBegin ? '^' : i > markBegin && i < markEnd ? '~' : ' ');
      i += c.length;
    }
    if (last < line.size())
      append("…", 1, ' ');
    if (marks.find('^') == std::string::npos)
      marks += '^';
    marks.erase(marks.find_last_not_of(' ') + 1);
  }

  std::string str() const { return "  " + text + "\n  " + marks + "\n"; }

private:
  void appendCodePoint(CodePoint c, char mark) {
    static constexpr unsigned tabWidth = 4;
    if (c.value == '\t') {
      unsigned width = tabWidth - marks.size() % tabWidth;
      append(std::string(width, ' '), width, mark);
    } else if (c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0) || !c.valid) {
      append("\xEF\xBF\xBD", 1, mark);
    } else {
      std::string utf8;
      appendUtf8(utf8, c.value);
      append(utf8, widthOf(c.value), mark);
    }
  }

  void append(const std::string &shown, unsigned width, char mark) {
    text += shown;
    for (unsigned i = 0; i < width; ++i)
      marks += mark == '^' && i > 0 ? '~' : mark;
  }

  std::string text, marks;
};
} // namespace

std::string seqc::render(Severity severity, const SourceRange &range, const std::string &text) {
  std::string out;
  if (range.file) {
    LineColumn place = range.start();
    out += range.file->path() + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
  }
  out += std::string(severityName(severity)) + ": " + text + "\n";
  if (range.file) {
    std::string_view line = range.file->lineAt(range.begin);
    size_t lineBegin = range.file->lineBegin(range.begin);
    size_t markBegin = std::min(range.begin - lineBegin, line.size());
    size_t markEnd = std::min(std::max(range.end, range.begin) - lineBegin, line.size());
    out += MarkedLine(line, markBegin, markEnd).str();
  }
  return out;
}

std::string seqc::render(Severity severity, const SourceFile *file, const std::string &path, LineColumn place,
                         const std::string &text) {
  if (file && place.line != 0) {
    size_t offset = file->offsetOf(place);
    return render(severity, SourceRange{file, offset, offset}, text);
  }
  std::string out = path;
  if (!path.empty() && place.line != 0)
    out += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  if (!out.empty())
    out += ": ";
  return out + severityName(severity) + ": " + text + "\n";
}
