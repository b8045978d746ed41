//===- FrontendRobustnessTest.cpp - No text may break the frontend --------===//
//
// Files with words changed, lost, doubled and exchanged mostly parse, and so reach names, shapes and causality. They
// must be compiled or refused with an error. Seeds are fixed.
//
//===----------------------------------------------------------------------===//

#include "frontend/Frontend.h"

#include "dialect/Recur.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>

using namespace seqc;

static std::string readFile(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Gives every dim of a cell a default, so that it can be exported by itself.
static std::string withDefaults(const std::string &text) {
  static const std::regex head("(cell|model) [A-Za-z_]+\\([^)]*\\)"), open("([A-Za-z_]+)( *[,)])");
  std::string out;
  size_t end = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), head), last; it != last; ++it) {
    out += text.substr(end, it->position() - end) + std::regex_replace(it->str(), open, "$1 = 4$2");
    end = it->position() + it->length();
  }
  return out + text.substr(end);
}

static std::vector<std::string> corpus() {
  std::vector<std::string> texts;
  for (const char *folder : {"frontend/stdlib", "examples", "test/frontend", "test/errors"})
    for (const auto &entry :
         std::filesystem::recursive_directory_iterator(std::filesystem::path(SEQC_SOURCE_DIR) / folder))
      if (entry.path().extension() == ".seq" && entry.file_size() < 3000)
        texts.push_back(withDefaults(readFile(entry.path())));
  std::sort(texts.begin(), texts.end()); // folders are listed in no particular order
  return texts;
}

/// Words, numbers, stretches of space, and single characters; joined they are the text again.
static std::vector<std::string> splitWords(const std::string &text) {
  static const std::regex word("[A-Za-z_0-9.\x80-\xFF]+|[ \t\n]+|[^A-Za-z_0-9 \t\n]");
  std::vector<std::string> words;
  for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it)
    words.push_back(it->str());
  return words;
}

static void change(std::vector<std::string> &words, const std::vector<std::string> &others, std::mt19937 &random) {
  size_t at = random() % words.size();
  const std::string &other = others[random() % others.size()];
  switch (random() % 4) {
  case 0:
    words[at] = other;
    return;
  case 1:
    words.insert(words.begin() + at, other);
    return;
  case 2:
    std::swap(words[at], words[random() % words.size()]);
    return;
  default:
    if (words.size() > 1)
      words.erase(words.begin() + at);
  }
}

static bool exercise(const std::string &text, mlir::MLIRContext &context) {
  SourceManager sources;
  sources.add("changed.seq", text);
  FrontendOptions options;
  options.searchPaths = {SEQC_SOURCE_DIR "/frontend/stdlib"};
  Diagnostics diags;
  mlir::OwningOpRef<mlir::ModuleOp> module = compileToEquations(sources, "changed.seq", options, diags, context);
  EXPECT_EQ(static_cast<bool>(module), !diags.hasErrors()) << text << diags.render();
  return static_cast<bool>(module);
}

TEST(FrontendRobustness, ChangedWordsAreCompiledOrRefused) {
  mlir::MLIRContext context;
  context.disableMultithreading();
  std::mt19937 random(7);
  std::vector<std::string> texts = corpus();
  ASSERT_FALSE(texts.empty());
  unsigned compiled = 0;
  for (int round = 0; round < 1500; ++round) {
    std::vector<std::string> words = splitWords(texts[random() % texts.size()]);
    std::vector<std::string> others = splitWords(texts[random() % texts.size()]);
    if (words.empty() || others.empty())
      continue;
    for (unsigned changes = random() % 4; changes > 0; --changes)
      change(words, others, random);
    std::string text;
    for (const std::string &word : words)
      text += word;
    compiled += exercise(text, context);
  }
  EXPECT_GT(compiled, 50u); // otherwise little reaches the later checks
}

TEST(FrontendRobustness, MegabyteLinesAreCompiled) {
  mlir::MLIRContext context;
  std::string list = "x";
  for (int i = 0; i < 200000; ++i)
    list += ", x";
  EXPECT_TRUE(exercise("cell A(I = 3) { input x : [I]; y = [" + list + "]; output y }", context));
}
