//===- FormatTest.cpp - Canonical source ----------------------------------===//

#include "ParseHelp.h"

#include <gtest/gtest.h>

using namespace seqc;
using namespace seqc::test;

static std::string formatted(const std::string &text) { return Parsed(text).format(); }

static std::string formattedBody(const std::string &body) {
  std::string out = formatted("cell A(I) {\n" + body + "\n}\n");
  return out.substr(12, out.size() - 12 - 2); // between the first and the last line
}

TEST(Format, PaperNotationBecomesPlain) {
  EXPECT_EQ(formattedBody("gate f_t=σ(W_f·[h_{t-1};x_t]+b_f)"), "  gate f[t] = sigmoid(W_f @ [h[t-1], x[t]] + b_f)\n");
}

TEST(Format, ParenthesesAreTheFewest) {
  EXPECT_EQ(formattedBody("a = ((b) + ((c * d))) - (e)"), "  a = b + c * d - e\n");
  EXPECT_EQ(formattedBody("a = (b + c) * d - (e - f)"), "  a = (b + c) * d - (e - f)\n");
  EXPECT_EQ(formattedBody("a = (-x)^2 + -(x^2) + (a^b)^c + a^(b^c)"), "  a = (-x)^2 + -x^2 + (a^b)^c + a^b^c\n");
  EXPECT_EQ(formattedBody("a = -(-x) + -(a + b)"), "  a = -(-x) + -(a + b)\n");
  EXPECT_EQ(formattedBody("a = (a < b) == (c < d)"), "  a = (a < b) == (c < d)\n");
  EXPECT_EQ(formattedBody("a = (A @ B).T @ (x[t])[0:2]"), "  a = (A @ B).T @ x[t][0:2]\n");
}

TEST(Format, CommentsAndSingleEmptyLinesStay) {
  std::string text = "// Head\n"
                     "\n"
                     "cell A(I) { // of A\n"
                     "  // first\n"
                     "  a = 1 // behind\n"
                     "\n"
                     "  // second\n"
                     "  b = 2\n"
                     "  // last\n"
                     "} // end of A\n"
                     "// tail\n";
  EXPECT_EQ(formatted(text), text);
  EXPECT_EQ(
      formatted("\n\n// Head\n\n\n\ncell A(I) { // of A\n\n    // first\n a = 1 // behind\n\n\n\n// second\nb = 2\n\n"
                "// last\n} // end of A\n// tail"),
      "// Head\n\ncell A(I) { // of A\n  // first\n  a = 1 // behind\n\n  // second\n  b = 2\n\n  // last\n"
      "} // end of A\n// tail\n");
}

TEST(Format, CommentsBehindNeighboursAreAligned) {
  EXPECT_EQ(formattedBody("a = 1 // one\nh̃ = x + 2 // two\nb = 3\nc = 4 // four"),
            "  a = 1     // one\n  h̃ = x + 2 // two\n  b = 3\n  c = 4 // four\n");
}

TEST(Format, SystemsStandApart) {
  EXPECT_EQ(formatted("use std.lstm\ncell A(I) {\n}\n// B\ncell B(I) {\n}\ncell C(I) {\n}\n"),
            "use std.lstm\n\ncell A(I) {\n}\n// B\ncell B(I) {\n}\n\ncell C(I) {\n}\n");
}

TEST(Format, LongSumsAreBroken) {
  std::string term = "tanh(W_some_long_name @ [h[t-1], x] + b_some_long_name)";
  std::string out = formattedBody("a = " + term + " + " + term + " - " + term);
  EXPECT_EQ(out, "  a = " + term + "\n      + " + term + "\n      - " + term + "\n");
}

/// parse(format(x)) is x, and format(format(x)) is format(x).
static void expectStable(const std::string &text, const std::string &what) {
  Parsed first(text);
  if (first.diags.hasErrors())
    return;
  std::string once = first.format();
  Parsed second(once);
  EXPECT_EQ(second.messages().find("error"), std::string::npos) << what << "\n" << second.messages();
  EXPECT_EQ(second.ast(), first.ast()) << what;
  EXPECT_EQ(second.format(), once) << what;
}

TEST(Format, EverySourceOfTheTreeIsStable) {
  for (const std::filesystem::path &path : allSources())
    expectStable(readFile(path), path.string());
}

TEST(Format, TrickyExpressionsAreStable) {
  for (const char *expr : {"a - (b - c) - (d + e)",
                           "a / (b / c) * (d * e)",
                           "a @ (b @ c)",
                           "-(-(-x))",
                           "(-x) * (-y)",
                           "-(x * y)",
                           "2^-x",
                           "(2^-x) * y",
                           "x^(-y * z)",
                           "(x + y)^(z + 1)",
                           "(a == b) != (c >= d)",
                           "f(a, (b + c), n: -1)",
                           "[a, [b, c], -d]",
                           "h[t-k-1] + h[t+2*k] + h[t-(k-j)] + h[t+k+1]",
                           "z{l+1}[t-1] + w{l}{k}",
                           "x[t][a+1:] + x[:b] + x[:] + x[a:b]",
                           "E[id[t]][0:2]",
                           "enc.c[t-1].T",
                           "enc{l}.c{k}",
                           "a.b.c",
                           "W.T.T",
                           "sqrt(x)^2",
                           "1e-5 + .5 + 0.10",
                           "where(x < 1, x, y % 2)",
                           "g(x)[0:1][2]",
                           "y__{l} + z_"})
    expectStable(std::string("cell A(I) {\n  for l in 1..2 {\n    y = ") + expr + "\n  }\n}\n", expr);
}

TEST(Format, CommentsInOddPlacesSurvive) {
  for (const char *text :
       {"cell A( // dims\n  I) {\n  a = f(x, // one\n    y) // two\n  b = 1; c = 2 // three\n}\n",
        "cell A(I) { // one\n  // two\n}\n", "cell A(I) {} // end", "cell A(I) { a = 1 } // end\n// more\n",
        "cell A(I) {\n  for l in 1..2 { // head\n    z{l} = 1 // in\n    // last\n  } // tail\n  a =\n    // why\n    "
        "1\n}\n",
        "// a\n\n\n// b\n", "cell A(I)\n// between\n{\n  a = 1\n  + // sign\n  2\n}"}) {
    expectStable(text, text);
    std::string source(text), out = formatted(text);
    auto count = [](const std::string &s) {
      size_t n = 0;
      for (size_t at = s.find("//"); at != std::string::npos; at = s.find("//", at + 2))
        ++n;
      return n;
    };
    EXPECT_EQ(count(out), count(source)) << text << "\n" << out;
  }
}
