//===- VocabularyTest.cpp - Texts as ids -------------------------------------------------===//
#include "tools/seq-run/train/Vocabulary.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace seqc::run;

namespace {

std::vector<uint32_t> chars(std::string_view text) { return splitSymbols(text, Unit::Char).values; }

TEST(Vocabulary, idsAreInTheOrderOfTheSymbols) {
  Vocabulary vocabulary(chars("cabbage"), Unit::Char, chars("cabbage"));
  EXPECT_EQ(vocabulary.size(), 6); // a b c e g and everything else
  EXPECT_EQ(vocabulary.encode(chars("abcz")), (std::vector<int32_t>{1, 2, 3, 0}));
  EXPECT_EQ(vocabulary.decode(5), "g");
  EXPECT_EQ(vocabulary.decode(0), "\xef\xbf\xbd");
}

TEST(Vocabulary, charactersMayHaveSeveralBytes) {
  const char *text = "aß∑𝄞";
  std::vector<uint32_t> symbols = chars(text);
  EXPECT_EQ(symbols, (std::vector<uint32_t>{'a', 0xdf, 0x2211, 0x1d11e}));
  EXPECT_EQ(joinSymbols(symbols, Unit::Char), text);
}

TEST(Vocabulary, bytesNeedNotBeText) {
  Symbols symbols = splitSymbols(std::string_view("\xff\x00z", 3), Unit::Byte);
  EXPECT_EQ(symbols.values, (std::vector<uint32_t>{0xff, 0, 'z'}));
  EXPECT_EQ(joinSymbols(symbols.values, Unit::Byte), std::string("\xff\x00z", 3));
}

TEST(Vocabulary, whatIsNoUtf8IsFoundAtItsPlace) {
  for (const char *bad : {"ab\x80", "ab\xc0\xaf", "ab\xed\xa0\x80", "ab\xf5\x80\x80\x80", "ab\xe2\x82",
                          "ab\xe0\x80\xaf", "ab\xf4\x90\x80\x80"}) {
    Symbols symbols = splitSymbols(bad, Unit::Char);
    ASSERT_TRUE(symbols.invalidAt) << bad;
    EXPECT_EQ(*symbols.invalidAt, 2u);
  }
}

TEST(Vocabulary, survivesItsJson) {
  Vocabulary vocabulary(chars("häßlich"), Unit::Char, chars("häßliche"));
  auto copy = Vocabulary::fromJson(vocabulary.toJson());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->toJson(), vocabulary.toJson());
  EXPECT_EQ(copy->decode(copy->idOf(0xdf)), "ß");
  EXPECT_DOUBLE_EQ(copy->unigramBits({1, 2}), vocabulary.unigramBits({1, 2}));
}

TEST(Vocabulary, damagedJsonIsNone) {
  for (const char *bad : {"", "{}", "[]", R"({"unit":"char","symbols":[1,2],"counts":[0]})",
                          R"({"unit":"char","symbols":[5,5],"counts":[0,1,1]})", R"({"unit":"char","symbols":"ab"})"})
    EXPECT_FALSE(Vocabulary::fromJson(bad)) << bad;
}

TEST(Vocabulary, unigramBitsAreThoseOfTheFrequencies) {
  // Of 4 ids (unknown, a, b, c) with one added to each of the counts 0, 3, 1, 0.
  Vocabulary vocabulary(chars("aaab"), Unit::Char, chars("abc"));
  EXPECT_DOUBLE_EQ(vocabulary.unigramBits(vocabulary.encode(chars("a"))), -std::log2(4.0 / 8));
  EXPECT_DOUBLE_EQ(vocabulary.unigramBits(vocabulary.encode(chars("ac"))), (1 + 3) / 2.0);
}

} // namespace
