//===- SourceTest.cpp - Places in source files ----------------------------===//

#include "frontend/Source.h"

#include <gtest/gtest.h>

using namespace seqc;

TEST(Source, ColumnsCountCodePoints) {
  SourceFile file("a.seq", "σ = 1\nh̃_t = σ\n");
  EXPECT_EQ(file.lineColumn(0).column, 1u);
  EXPECT_EQ(file.lineColumn(2).column, 2u);
  size_t sigma = file.text().rfind("σ");
  EXPECT_EQ(file.lineColumn(sigma).line, 2u);
  EXPECT_EQ(file.lineColumn(sigma).column, 8u); // h, combining tilde, _, t, space, =, space
}

TEST(Source, AllLineBreaksEndALine) {
  SourceFile file("a.seq", "a\r\nb\rc\nd");
  EXPECT_EQ(file.lineColumn(file.text().find('b')).line, 2u);
  EXPECT_EQ(file.lineColumn(file.text().find('c')).line, 3u);
  EXPECT_EQ(file.lineColumn(file.text().find('d')).line, 4u);
  EXPECT_EQ(file.lineAt(0), "a");
  EXPECT_EQ(file.lineAt(8), "d");
}

TEST(Source, ColumnsOfLongLinesAreExactAndQuick) {
  std::string text = "first\n";
  for (int i = 0; i < 200000; ++i)
    text += i % 3 ? "σ" : "x\x80"; // a stray byte counts as one character
  SourceFile file("a.seq", text + "\nlast");
  unsigned column = 1;
  for (size_t i = 6; i < text.size(); i += decodeUtf8(text, i).length)
    ASSERT_EQ(file.lineColumn(i).column, column++);
  EXPECT_EQ(file.lineColumn(text.size() + 1).column, 1u);
}

TEST(Source, OffsetsPastTheEndAreTheEnd) {
  SourceFile file("a.seq", "ab");
  EXPECT_EQ(file.lineColumn(100).column, 3u);
  EXPECT_EQ(file.lineAt(100), "ab");
  SourceFile empty("b.seq", "");
  EXPECT_EQ(empty.lineColumn(0).line, 1u);
  EXPECT_EQ(empty.lineAt(0), "");
}

TEST(Source, OffsetOfIsTheInverseOfLineColumn) {
  SourceFile file("a.seq", "x\nα̃β = 1\n\nz");
  for (size_t offset = 0; offset <= file.text().size(); ++offset) {
    bool insideCharacter = offset < file.text().size() && (file.text()[offset] & 0xC0) == 0x80;
    if (!insideCharacter) {
      EXPECT_EQ(file.offsetOf(file.lineColumn(offset)), offset);
    }
  }
  EXPECT_EQ(file.offsetOf({99, 1}), file.text().size());
  EXPECT_EQ(file.offsetOf({1, 99}), 1u);
}

TEST(Source, InvalidUtf8IsRecognised) {
  for (std::string bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xE2\x82"})
    EXPECT_FALSE(decodeUtf8(bad, 0).valid) << bad;
  for (char32_t good : {U'a', U'σ', U'⊙', U'𝒉'}) {
    std::string text;
    appendUtf8(text, good);
    CodePoint c = decodeUtf8(text, 0);
    EXPECT_TRUE(c.valid);
    EXPECT_EQ(c.value, good);
    EXPECT_EQ(c.length, text.size());
  }
}

TEST(Source, MissingFileSaysWhy) {
  SourceManager sources;
  std::string error;
  EXPECT_EQ(sources.open("/no/such/file.seq", error), nullptr);
  EXPECT_EQ(error, "No such file or directory");
  EXPECT_EQ(sources.open("/tmp", error), nullptr);
  EXPECT_EQ(error, "it is a folder");
}
