//===- ParseHelp.h - What the tests of the parser share -------------*- C++ -*-===//
#ifndef SEQC_TEST_UNIT_PARSEHELP_H
#define SEQC_TEST_UNIT_PARSEHELP_H

#include "frontend/AstPrinter.h"
#include "frontend/Format.h"
#include "frontend/parse/Parser.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace seqc::test {

/// A text and everything that came of it, kept together because ranges point into the text.
struct Parsed {
  explicit Parsed(std::string text) : source("test.seq", std::move(text)), file(parse(source, diags)) {}

  std::string ast() const { return printAst(file); }
  std::string format() const { return formatSource(file); }
  std::string messages() const { return diags.render(); }

  SourceFile source;
  Diagnostics diags;
  ast::File file;
};

/// The statements of a cell, dumped.
inline std::string astOfBody(const std::string &body) {
  Parsed parsed("cell A(I, H, L) {\n" + body + "\n}\n");
  return parsed.messages() + parsed.ast();
}

inline std::string readFile(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// All .seq files of the source tree.
inline std::vector<std::filesystem::path> allSources() {
  std::vector<std::filesystem::path> paths;
  for (const char *folder : {"frontend/stdlib", "examples", "test"}) {
    std::filesystem::path root = std::filesystem::path(SEQC_SOURCE_DIR) / folder;
    if (!std::filesystem::exists(root))
      continue;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(root))
      if (entry.path().extension() == ".seq")
        paths.push_back(entry.path());
  }
  return paths;
}

} // namespace seqc::test

#endif // SEQC_TEST_UNIT_PARSEHELP_H
