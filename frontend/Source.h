//===- Source.h - Source files and places in them -------------------*- C++ -*-===//
//
// A SourceFile is the text of one file. A SourceRange is a stretch of its bytes; lines and columns are worked out only
// when somebody is told about them. Columns count Unicode code points, from 1.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_SOURCE_H
#define SEQC_FRONTEND_SOURCE_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace seqc {

/// A place for people: line and column from 1, columns in code points.
struct LineColumn {
  unsigned line = 0;
  unsigned column = 0;
};

/// The text of one file, which need not be valid UTF-8.
class SourceFile {
public:
  SourceFile(std::string path, std::string text);

  const std::string &path() const { return filePath; }
  std::string_view text() const { return fileText; }

  /// An offset past the end is taken as the end.
  LineColumn lineColumn(size_t offset) const;

  /// The line that holds the offset, without its line break.
  std::string_view lineAt(size_t offset) const;

  /// The offset at which the line of the given offset begins.
  size_t lineBegin(size_t offset) const;

  /// The offset of a place as lineColumn() gives it; places outside the text are moved to the nearest one inside.
  size_t offsetOf(LineColumn place) const;

private:
  size_t lineIndex(size_t offset) const;
  size_t codePointsBefore(size_t offset) const;

  std::string filePath;
  std::string fileText;
  std::vector<size_t> lineBegins;
  std::vector<size_t> markOffsets; // where each code point begins whose number is a multiple of `markDistance`
};

/// The bytes [begin, end) of a file. Without a file it is no place at all.
struct SourceRange {
  const SourceFile *file = nullptr;
  size_t begin = 0;
  size_t end = 0;

  bool isValid() const { return file != nullptr; }
  LineColumn start() const { return file ? file->lineColumn(begin) : LineColumn{}; }

  /// What was written there.
  std::string_view text() const { return file ? file->text().substr(begin, end - begin) : std::string_view(); }

  /// From the start of this range to the end of the other.
  SourceRange to(const SourceRange &last) const { return {file, begin, last.end}; }

  bool operator==(const SourceRange &o) const { return file == o.file && begin == o.begin && end == o.end; }
};

/// Owns the files of one run. Files stay where they are, so ranges may point at them.
class SourceManager {
public:
  /// Reads a file, or returns the one that was read before. Null if it cannot be read; then `error` says why.
  const SourceFile *open(const std::string &path, std::string &error);

  /// Adds a text that comes from elsewhere (standard input, a built-in library, a test).
  const SourceFile &add(std::string path, std::string text);

private:
  std::vector<std::unique_ptr<SourceFile>> files;
};

/// One code point read from UTF-8. An invalid sequence yields U+FFFD with `valid` false and the length of what is
/// wrong (at least 1).
struct CodePoint {
  char32_t value = 0;
  unsigned length = 0;
  bool valid = true;
};

/// Reads the code point at `offset`, which must lie inside the text.
CodePoint decodeUtf8(std::string_view text, size_t offset);

void appendUtf8(std::string &text, char32_t value);

} // namespace seqc

#endif // SEQC_FRONTEND_SOURCE_H
