//===- ParserRobustnessTest.cpp - No text may break the parser ------------===//
//
// Whatever the bytes are, parsing ends, soon, with a tree or with messages. Seeds are fixed.
//
//===----------------------------------------------------------------------===//

#include "ParseHelp.h"

#include <gtest/gtest.h>

#include <random>

using namespace seqc;
using namespace seqc::test;

/// Everything the driver does with a text: parse, print the messages, and if there were no errors dump and format it.
static void exercise(std::string text) {
  Parsed parsed(std::move(text));
  parsed.messages();
  if (parsed.diags.hasErrors())
    return;
  std::string once = parsed.format();
  Parsed again(once);
  ASSERT_FALSE(again.diags.hasErrors()) << parsed.source.text() << "\n-----\n" << once << again.messages();
  ASSERT_EQ(again.ast(), parsed.ast()) << parsed.source.text();
  ASSERT_EQ(again.format(), once) << parsed.source.text();
}

static std::string repeat(const std::string &text, size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

static std::vector<std::string> corpus() {
  std::vector<std::string> texts;
  for (const std::filesystem::path &path : allSources()) {
    std::string text = readFile(path);
    if (text.size() < 4000)
      texts.push_back(std::move(text));
  }
  return texts;
}

/// Words and signs of the language, to be strung together at random.
static const char *const pieces[] = {
    "cell ",   "model ",  "input ", "param ", "gate ",   "layer ", "loss ", "output ",  "require ", "for ", " in ",
    "fn ",     "use ",    "const ", "over ",  "solve ",  "step ",  "stack", "reverse ", "A",        "h",    "x_t",
    "h_{t-1}", "z{l}",    "[t-1]",  "(",      ")",       "[",      "]",     "{",        "}",        "=",    "==",
    "+",       "-",       "*",      "@",      "^",       "%",      "<",     ",",        ";",        ":",    "~",
    ".",       "..",      ".T",     "1",      "2.5e-3",  "\n",     "\n",    " ",        "// c\n",   "σ",    "⊙",
    "·",       "√",       "ᵀ",      "ₜ₋₁",    "h̃",       "\"s\"",  "\"",    "**",       "&&",       "#",    "t",
    "T",       "last(h)", "xavier", "id(V)",  "diag[H]", "mask",   "0",     "pre ",     "def ",     "\t"};

TEST(Robustness, EveryTruncationEnds) {
  for (const std::string &text : corpus())
    for (size_t length = 0; length < text.size(); length += 1 + text.size() / 60)
      exercise(text.substr(0, length));
}

TEST(Robustness, FlippedBytesEnd) {
  std::mt19937 random(1);
  for (const std::string &text : corpus()) {
    if (text.empty())
      continue;
    for (int round = 0; round < 20; ++round) {
      std::string broken = text;
      for (int i = 0; i < 3; ++i)
        broken[random() % broken.size()] = static_cast<char>(random() % 256);
      exercise(broken);
    }
  }
}

TEST(Robustness, LostAndDoubledTextEnds) {
  std::mt19937 random(2);
  for (const std::string &text : corpus()) {
    for (int round = 0; round < 20 && text.size() > 2; ++round) {
      size_t begin = random() % text.size(), length = random() % 12;
      std::string broken = text;
      if (round % 2)
        broken.erase(begin, length);
      else
        broken.insert(begin, text.substr(random() % text.size(), length));
      exercise(broken);
    }
  }
}

TEST(Robustness, RandomBytesEnd) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::string text(random() % 2000, '\0');
    for (char &c : text)
      c = static_cast<char>(round % 2 ? random() % 256 : 9 + random() % 118);
    exercise(text);
  }
}

TEST(Robustness, RandomWordsEnd) {
  std::mt19937 random(4);
  for (int round = 0; round < 3000; ++round) {
    std::string text = round % 3 ? "cell A(H) {\n" : "";
    for (unsigned i = random() % 60; i > 0; --i)
      text += pieces[random() % std::size(pieces)];
    exercise(text + (round % 3 == 1 ? "\n}\n" : ""));
  }
}

TEST(Robustness, DeepNestingIsRefused) {
  for (const char *opener : {"(", "[", "z{", "f(", "x[", "-", "√", "a^", "a+", "a = ", "[a,"}) {
    Parsed parsed("cell A(I) {\n  y = " + repeat(opener, 100000));
    EXPECT_TRUE(parsed.diags.hasErrors()) << opener;
    EXPECT_LT(parsed.messages().size(), 20000u);
  }
  for (const char *suffix : {"[0]", ".a", ".T", "[t]", "ᵀ", "(x)", " + a", " * a", "^a", " < a"}) {
    Parsed parsed("cell A(I) {\n  y = a" + repeat(suffix, 100000) + "\n}\n");
    EXPECT_TRUE(parsed.diags.hasErrors()) << suffix;
  }
  for (const char *block : {"for l in 1..2 {", "cell A(I) {", "{", "layer e = reverse reverse ", "}", ")", "]"}) {
    Parsed parsed("cell A(I) {\n" + repeat(block, 100000));
    EXPECT_TRUE(parsed.diags.hasErrors()) << block;
  }
  Parsed balanced("cell A(I) {\n  y = " + repeat("(", 100000) + "x" + repeat(")", 100000) + "\n}\n");
  EXPECT_NE(balanced.messages().find("nested more than 200 deep"), std::string::npos);
}

TEST(Robustness, WhatTheLimitsAllowIsRead) {
  Parsed nested("cell A(I) {\n  y = " + repeat("(", 198) + "x" + repeat(")", 198) + "\n}\n");
  EXPECT_EQ(nested.messages(), "");
  Parsed chain("cell A(I) {\n  y = x" + repeat(" + x", 998) + "\n}\n");
  EXPECT_EQ(chain.messages(), "");
  EXPECT_EQ(Parsed(chain.format()).ast(), chain.ast());
  Parsed powers("cell A(I) {\n  y = x" + repeat("^x", 998) + "\n}\n");
  EXPECT_EQ(powers.messages(), "");
}

TEST(Robustness, MegabyteLinesAreRead) {
  Parsed wide("cell A(I) {\n  y = [x" + repeat(", x", 300000) + "]\n}\n");
  EXPECT_EQ(wide.messages(), "");
  Parsed name("cell A(I) {\n  y = " + std::string(1000000, 'x') + "\n}\n");
  EXPECT_EQ(name.messages(), "");
  Parsed comment("//" + std::string(1000000, 'x') + "\ncell A(I) {\n}\n");
  EXPECT_EQ(comment.messages(), "");
  Parsed statements("cell A(I) { " + repeat("y = x; ", 100000) + "}");
  EXPECT_EQ(statements.messages(), "");
  Parsed systems(repeat("cell A(I) { y = x }; ", 30000));
  EXPECT_EQ(systems.messages(), "");
  Parsed errors("cell A(I) { " + repeat("y = * x; ", 50000) + "}");
  EXPECT_EQ(errors.diags.errorCount(), 50000u);
  EXPECT_LT(errors.messages().size(), 20000u);
}

TEST(Robustness, FilesThatAreNoTextAreRefused) {
  EXPECT_NE(Parsed(std::string("\x7F"
                               "ELF\x02\x01\x01\0\0\xFF\xFE",
                               11))
                .messages()
                .find("UTF-8"),
            std::string::npos);
  EXPECT_TRUE(Parsed(std::string(1000, '\0')).diags.hasErrors());
  Parsed large(std::string(size_t(17) << 20, ' '));
  EXPECT_NE(large.messages().find("the file is too large: it has 17825792 bytes"), std::string::npos);
}
