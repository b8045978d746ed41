//===- DiagnosticsTest.cpp - How messages are collected and printed -------===//

#include "frontend/Diagnostics.h"

#include <gtest/gtest.h>

using namespace seqc;

static SourceRange find(const SourceFile &file, std::string_view text) {
  size_t at = file.text().find(text);
  return {&file, at, at + text.size()};
}

TEST(Diagnostics, RangeIsMarkedUnderTheLine) {
  SourceFile file("a.seq", "h = W_g @ x\n");
  Diagnostics diags;
  diags.report(DiagId::UnknownName, find(file, "W_g"), "W_g").hint("did you mean `W_f`?");
  EXPECT_EQ(diags.render(), "a.seq:1:5: error: unknown name `W_g`\n"
                            "  h = W_g @ x\n"
                            "      ^~~\n"
                            "  hint: did you mean `W_f`?\n");
}

TEST(Diagnostics, MarksAlignBelowTabsCombiningAndWideCharacters) {
  SourceFile file("a.seq", "\th̃ = 漢 + bad\n");
  std::string out = render(Severity::Error, find(file, "bad"), "no");
  EXPECT_EQ(out, "a.seq:1:11: error: no\n"
                 "      h̃ = 漢 + bad\n"
                 "               ^~~\n");
}

TEST(Diagnostics, SortedByPlaceAndEachOnce) {
  SourceFile file("a.seq", "a\nb\n");
  Diagnostics diags;
  diags.report(DiagId::UnknownName, find(file, "b"), "b");
  diags.report(DiagId::UnknownName, find(file, "a"), "a");
  diags.report(DiagId::UnknownName, find(file, "b"), "b");
  EXPECT_EQ(diags.render(), "a.seq:1:1: error: unknown name `a`\n  a\n  ^\n"
                            "a.seq:2:1: error: unknown name `b`\n  b\n  ^\n");
}

TEST(Diagnostics, ErrorsBeyondTheLimitAreCounted) {
  SourceFile file("a.seq", "abcdef");
  Diagnostics diags(2);
  for (size_t i = 0; i < 5; ++i)
    diags.report(DiagId::UnknownName, {&file, i, i + 1}, i);
  std::string out = diags.render();
  EXPECT_EQ(diags.errorCount(), 5u);
  EXPECT_NE(out.find("unknown name `1`"), std::string::npos);
  EXPECT_EQ(out.find("unknown name `2`"), std::string::npos);
  EXPECT_NE(out.find("and 3 more errors\n"), std::string::npos);
}

TEST(Diagnostics, LongLinesAreCutAroundTheMark) {
  SourceFile file("a.seq", std::string(1000000, 'x') + "bad" + std::string(1000000, 'y'));
  std::string out = render(Severity::Error, find(file, "bad"), "no");
  EXPECT_LT(out.size(), 600u);
  EXPECT_NE(out.find("bad"), std::string::npos);
  EXPECT_NE(out.find("^~~"), std::string::npos);
}

TEST(Diagnostics, EndOfLineAndEndOfFileAreMarked) {
  SourceFile file("a.seq", "h = a *\n");
  EXPECT_EQ(render(Severity::Error, {&file, 7, 8}, "no"), "a.seq:1:8: error: no\n  h = a *\n         ^\n");
  EXPECT_EQ(render(Severity::Error, {&file, 8, 8}, "no"), "a.seq:2:1: error: no\n  \n  ^\n");
}

TEST(Diagnostics, ArgumentsWithBracesAreNotFilledAgain) {
  SourceFile file("a.seq", "z{0}");
  Diagnostics diags;
  diags.report(DiagId::UnknownName, find(file, "z{0}"), "z{0}");
  EXPECT_NE(diags.render().find("unknown name `z{0}`"), std::string::npos);
}

TEST(Diagnostics, PlacesOfOtherMakersSpeakTheSameVoice) {
  SourceFile file("a.seq", "h = a\n");
  EXPECT_EQ(render(Severity::Warning, &file, "a.seq", {1, 5}, "unused"),
            "a.seq:1:5: warning: unused\n  h = a\n      ^\n");
  EXPECT_EQ(render(Severity::Error, nullptr, "b.mlir", {3, 2}, "no"), "b.mlir:3:2: error: no\n");
  EXPECT_EQ(render(Severity::Error, nullptr, "", {}, "no"), "error: no\n");
}
