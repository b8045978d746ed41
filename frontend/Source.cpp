//===- Source.cpp - Source files and places in them -----------------------===//

#include "frontend/Source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace seqc;

static constexpr size_t markDistance = 256;

SourceFile::SourceFile(std::string path, std::string text) : filePath(std::move(path)), fileText(std::move(text)) {
  lineBegins.push_back(0);
  for (size_t i = 0; i < fileText.size(); ++i) {
    bool loneReturn = fileText[i] == '\r' && (i + 1 == fileText.size() || fileText[i + 1] != '\n');
    if (fileText[i] == '\n' || loneReturn)
      lineBegins.push_back(i + 1);
  }
  size_t count = 0;
  for (size_t i = 0; i < fileText.size(); i += decodeUtf8(fileText, i).length)
    if (count++ % markDistance == 0)
      markOffsets.push_back(i);
}

/// Quick also in lines of a megabyte: every place of a program in one line asks for its column.
size_t SourceFile::codePointsBefore(size_t offset) const {
  auto mark = std::upper_bound(markOffsets.begin(), markOffsets.end(), offset);
  if (mark == markOffsets.begin())
    return 0;
  size_t count = (mark - markOffsets.begin() - 1) * markDistance;
  for (size_t i = mark[-1]; i < offset; i += decodeUtf8(fileText, i).length)
    ++count;
  return count;
}

size_t SourceFile::lineIndex(size_t offset) const {
  return std::upper_bound(lineBegins.begin(), lineBegins.end(), std::min(offset, fileText.size())) -
         lineBegins.begin() - 1;
}

size_t SourceFile::lineBegin(size_t offset) const { return lineBegins[lineIndex(offset)]; }

LineColumn SourceFile::lineColumn(size_t offset) const {
  offset = std::min(offset, fileText.size());
  size_t line = lineIndex(offset);
  size_t column = codePointsBefore(offset) - codePointsBefore(lineBegins[line]) + 1;
  return {static_cast<unsigned>(line + 1), static_cast<unsigned>(column)};
}

std::string_view SourceFile::lineAt(size_t offset) const {
  size_t line = lineIndex(offset);
  size_t end = line + 1 < lineBegins.size() ? lineBegins[line + 1] : fileText.size();
  std::string_view all = std::string_view(fileText).substr(lineBegins[line], end - lineBegins[line]);
  while (!all.empty() && (all.back() == '\n' || all.back() == '\r'))
    all.remove_suffix(1);
  return all;
}

size_t SourceFile::offsetOf(LineColumn place) const {
  if (place.line == 0)
    return 0;
  if (place.line > lineBegins.size())
    return fileText.size();
  size_t offset = lineBegins[place.line - 1];
  size_t end = offset + lineAt(offset).size();
  for (unsigned column = 1; column < place.column && offset < end; ++column)
    offset += decodeUtf8(fileText, offset).length;
  return offset;
}

const SourceFile *SourceManager::open(const std::string &path, std::string &error) {
  for (const std::unique_ptr<SourceFile> &file : files)
    if (file->path() == path)
      return file.get();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    error = "it is a folder";
    return nullptr;
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (stream && stream.peek() != std::ifstream::traits_type::eof())
    text << stream.rdbuf();
  if (!stream.is_open() || stream.bad()) {
    error = errno ? std::strerror(errno) : "it cannot be read";
    return nullptr;
  }
  return &add(path, text.str());
}

const SourceFile &SourceManager::add(std::string path, std::string text) {
  files.push_back(std::make_unique<SourceFile>(std::move(path), std::move(text)));
  return *files.back();
}

CodePoint seqc::decodeUtf8(std::string_view text, size_t offset) {
  unsigned char lead = text[offset];
  if (lead < 0x80)
    return {lead, 1, true};
  unsigned length = lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4)
    return {0xFFFD, 1, false};
  char32_t value = lead & (0x7Fu >> length);
  for (unsigned i = 1; i < length; ++i) {
    if (offset + i >= text.size() || (static_cast<unsigned char>(text[offset + i]) & 0xC0) != 0x80)
      return {0xFFFD, i, false};
    value = value << 6 | (static_cast<unsigned char>(text[offset + i]) & 0x3F);
  }
  bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF)
    return {0xFFFD, 1, false};
  return {value, length, true};
}

void seqc::appendUtf8(std::string &text, char32_t value) {
  if (value < 0x80) {
    text += static_cast<char>(value);
  } else if (value < 0x800) {
    text += static_cast<char>(0xC0 | value >> 6);
    text += static_cast<char>(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    text += static_cast<char>(0xE0 | value >> 12);
    text += static_cast<char>(0x80 | (value >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (value & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | value >> 18);
    text += static_cast<char>(0x80 | (value >> 12 & 0x3F));
    text += static_cast<char>(0x80 | (value >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (value & 0x3F));
  }
}
