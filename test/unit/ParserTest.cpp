//===- ParserTest.cpp - How text is read ----------------------------------===//

#include "ParseHelp.h"

#include <gtest/gtest.h>

using namespace seqc;
using namespace seqc::test;

/// Two ways to write the same statements.
static void expectSame(const std::string &a, const std::string &b) { EXPECT_EQ(astOfBody(a), astOfBody(b)) << a; }

static void expectClean(const std::string &text) { EXPECT_EQ(Parsed(text).messages(), "") << text; }

//===--- Paper notation ---===//

TEST(PaperNotation, TimesInSubscriptsAreTimesInBrackets) {
  expectSame("h_t = x_{t-1}", "h[t] = x[t-1]");
  expectSame("h_{t} = x_{t+2}", "h[t] = x[t + 2]");
  expectSame("h_t = x_{t−1}", "h[t] = x[t-1]"); // U+2212
  expectSame("hₜ = xₜ₋₁ + xₜ₊₁₂", "h[t] = x[t-1] + x[t+12]");
  expectSame("h_t = enc.c_{t-1} + enc.c_t", "h[t] = enc.c[t-1] + enc.c[t]");
}

TEST(PaperNotation, SignsHavePlainForms) {
  expectSame("a = f ⊙ g ∘ h ∗ k", "a = f * g * h * k");
  expectSame("a = W · x + U × y + V ⋅ z", "a = W @ x + U @ y + V @ z");
  expectSame("a = σ(x) + √D + √(x + 1)", "a = sigmoid(x) + sqrt(D) + sqrt(x + 1)");
  expectSame("a = [x; y; z]", "a = [x, y, z]");
  expectSame("a = Wᵀ · x", "a = W.T @ x");
  expectSame("a = where(x ≤ 1, x ≠ 2, x ≥ 3)", "a = where(x <= 1, x != 2, x >= 3)");
  expectSame("param W : [H] ∼ xavier", "param W : [H] ~ xavier");
}

TEST(PaperNotation, WordsInSubscriptsAreParts) {
  expectSame("a = W_{hh} @ h + b_{1}", "a = W_hh @ h + b{1}");
  expectSame("for l in 1..L { z_{l} = W_{l} @ x }", "for l in 1..L { z{l} = W{l} @ x }");
  expectSame("for l in 1..L { y = z_{l,t-1} }", "for l in 1..L { y = z{l}[t-1] }");
}

TEST(PaperNotation, LstmAsPrintedIsThePlainOne) {
  expectSame("gate f_t = σ(W_f · [h_{t-1}, x_t] + b_f)\n"
             "C̃_t = tanh(W_C × [h_{t-1}, x_t] + b_C)\n"
             "C_t = f_t ⊙ C_{t-1} + i_t ⊙ C̃_t",
             "gate f[t] = sigmoid(W_f @ [h[t-1], x[t]] + b_f)\n"
             "C̃[t] = tanh(W_C @ [h[t-1], x[t]] + b_C)\n"
             "C[t] = f[t] * C[t-1] + i[t] * C̃[t]");
}

//===--- Names ---===//

TEST(Names, ComposedAndDecomposedLettersAreOneName) {
  expectSame("ñ = x", "n\xCC\x83 = x");                         // n with tilde
  expectSame("ộ = x", "o\xCC\x82\xCC\xA3 = x");                 // two marks, in the other order
  expectSame("x\xCC\x88\xCC\xA3 = x", "x\xCC\xA3\xCC\x88 = x"); // nothing composed, marks of different class
}

TEST(Names, PrimesAreOneName) { expectSame("h' = x + h''", "h′ = x + h″"); }

TEST(Names, SuffixTIsATimeAndOtherSuffixesAreNot) {
  std::string ast = astOfBody("a = W_f + t_t + _t + x_tt + h'_t");
  EXPECT_NE(ast.find("name W_f\n"), std::string::npos) << ast;
  EXPECT_NE(ast.find("name t[t]\n"), std::string::npos);
  EXPECT_NE(ast.find("name _t\n"), std::string::npos);
  EXPECT_NE(ast.find("name x_tt\n"), std::string::npos);
  EXPECT_NE(ast.find("name h'[t]\n"), std::string::npos);
}

TEST(Names, SoftWordsMayBeNames) {
  expectClean("cell A(I) {\n  step = 1\n  in = step\n  solve = in\n  over = solve\n}\n");
}

TEST(Names, TimeMinusWithoutBracesIsWarnedOf) {
  Parsed parsed("cell A(I) {\n  y = C_t-1\n  z = C_t - 1\n}\n");
  EXPECT_FALSE(parsed.diags.hasErrors());
  EXPECT_EQ(parsed.messages(),
            "test.seq:2:7: warning: `C_t-1` is read as `C[t] - 1`\n"
            "    y = C_t-1\n"
            "        ^~~~~\n"
            "  hint: for the value at another time write `C[t-1]`, otherwise put spaces around `-`\n");
}

//===--- Times ---===//

TEST(Times, CompileTimeShiftsAreCollected) {
  expectSame("a = h[t - k - 1]", "a = h[t - 1 - k]");
  expectSame("a = h[t - (k + 1)]", "a = h[t - k - 1]");
  expectSame("a = h[1 + t]", "a = h[t + 1]");
  expectSame("a = h[t - 2 + 1]", "a = h[t-1]");
  expectSame("a = h[-1 + t]", "a = h[t-1]");
}

TEST(Times, IndexOfATableIsNoTime) {
  std::string ast = astOfBody("a = E[id[t]] + E[id] + x[0] + x[t][0:3]");
  EXPECT_NE(ast.find("index\n            name E\n            name id[t]\n"), std::string::npos) << ast;
  EXPECT_NE(ast.find("slice\n        name x[t]\n"), std::string::npos);
}

TEST(Times, BoundariesAreToldFromEquations) {
  std::string ast = astOfBody("h[0] = 0\ng[T+1] = 1\nc[t] = 2\n");
  EXPECT_NE(ast.find("boundary h\n"), std::string::npos);
  EXPECT_NE(ast.find("boundary after the end g\n"), std::string::npos);
  EXPECT_NE(ast.find("equation c\n"), std::string::npos);
}

//===--- Operators ---===//

TEST(Operators, BindAsInNumPy) {
  expectSame("a = b + c * d @ e / f - g", "a = (b + (((c * d) @ e) / f)) - g");
  expectSame("a = -x^2", "a = -(x^2)");
  expectSame("a = 2^-x^2", "a = 2^(-(x^2))");
  expectSame("a = -x * y", "a = (-x) * y");
  expectSame("a = x - y - z", "a = (x - y) - z");
  expectSame("a = W.T[0:2] @ x[t]", "a = ((W.T)[0:2]) @ x[t]");
  expectSame("a = x + 1 < y * 2", "a = (x + 1) < (y * 2)");
  expectSame("a = +x", "a = x");
}

//===--- Lines ---===//

TEST(Lines, GoOnInBracketsAndAtOperators) {
  std::string one = "a = b + c * tanh(d, e)";
  expectSame("a = b +\n c * tanh(d,\n\n e)", one);
  expectSame("a = b\n  + c\n  * tanh(d, e // why\n)", one);
  expectSame("a =\n  b + c * tanh(d, e)", one);
  expectSame("a // first\n = b + c * tanh(d, e)", one);
  expectSame("a = b\r\n + c\r * tanh(d, e)", one);
}

TEST(Lines, EndBeforeBracketsAndNames) {
  EXPECT_NE(Parsed("cell A(I) {\n  a = b\n  [0]\n}\n").messages(), "");
  expectSame("a = b; c = d;; e = f", "a = b\nc = d\n\n\ne = f");
}

TEST(Lines, BlocksMayStandOnOneLineOrOpenOnTheNext) {
  std::string ast = Parsed("cell A(I) {\n  a = 1\n  for l in 1..I {\n    z{l} = 1\n  }\n}\n").ast();
  EXPECT_EQ(Parsed("cell A(I) { a = 1; for l in 1..I { z{l} = 1 } }").ast(), ast);
  EXPECT_EQ(Parsed("cell A(I)\n{\n  a = 1\n  for l in 1..I\n  {\n    z{l} = 1 }\n}").ast(), ast);
  EXPECT_EQ(Parsed("cell A(I){a=1;for l in 1..I{z{l}=1}}").ast(), ast);
}

TEST(Lines, DimsMayStandOnSeveralLines) { expectClean("cell A(I,\n       H = 128,\n       K = H * 2) {\n}\n"); }

//===--- Files ---===//

TEST(Files, EmptyFilesAreEmpty) {
  for (const char *text : {"", "\n", "  \n\t\n", "// only a comment", "\xEF\xBB\xBF", ";", "\r\n"}) {
    Parsed parsed(text);
    EXPECT_EQ(parsed.messages(), "") << text;
    EXPECT_EQ(parsed.ast(), "");
  }
}

TEST(Files, ByteOrderMarkShiftsNoPlaces) {
  Parsed parsed("\xEF\xBB\xBF"
                "cell A(I) {\n  a = * 1\n}\n");
  EXPECT_NE(parsed.messages().find("test.seq:2:7: error"), std::string::npos) << parsed.messages();
}

TEST(Files, AllStatementsAreRead) {
  Parsed parsed(
      "use std.lstm\nuse \"a/b.seq\"\nfn f(g, x) = g(x)\nconst k = 0.5\n"
      "model M(E, H = 2 * 3) {\n"
      "  require H % 2 == 0\n  input x : [E]; input w : id(E); input m : mask; input s : []; input q : [E, H]\n"
      "  param W : [H] = 1; param V : diag[H] ~ uniform(-1, 1); param U : [H]\n"
      "  layer a = LSTM(E, H)\n  layer b = reverse stack(2, std.LSTM)(E, H)\n  layer c = stack(2, reverse GRU)(H)\n"
      "  y, z = a(x)\n  gate g = f(sigmoid, y)\n  loss = mean(cross_entropy(y, w))\n"
      "  output y, last(z), a.c, last(b.c)\n}\n");
  EXPECT_EQ(parsed.messages(), "");
  EXPECT_EQ(parsed.file.topLevel.size(), 4u);
  ASSERT_EQ(parsed.file.systems.size(), 1u);
  EXPECT_EQ(parsed.file.systems[0].body.size(), 16u);
}

TEST(Files, RangesCoverWhatWasWritten) {
  Parsed parsed("cell A(I) {\n  h_t = (a + b) * tanh(W · x_{t-1})\n}\n");
  const ast::Stmt &stmt = *parsed.file.systems[0].body[0];
  EXPECT_EQ(stmt.range.text(), "h_t = (a + b) * tanh(W · x_{t-1})");
  EXPECT_EQ(stmt.names[0].range.text(), "h_t");
  EXPECT_EQ(stmt.value->range.text(), "(a + b) * tanh(W · x_{t-1})");
  const ast::Expr &call = *stmt.value->args[1];
  EXPECT_EQ(call.range.text(), "tanh(W · x_{t-1})");
  EXPECT_EQ(call.args[0]->args[1]->range.text(), "x_{t-1}");
  EXPECT_EQ(parsed.file.systems[0].range.text().back(), '}');
}

TEST(Files, ErrorsInOneStatementLeaveTheOthers) {
  Parsed parsed("cell A(I) {\n  a = * 1\n  b = 2\n  c = (1\n  d = 3\n}\ncell B(I) {\n  e = 4\n}\n");
  EXPECT_EQ(parsed.diags.errorCount(), 2u) << parsed.messages();
  ASSERT_EQ(parsed.file.systems.size(), 2u);
  EXPECT_EQ(parsed.file.systems[0].body.size(), 2u);
  EXPECT_EQ(parsed.file.systems[1].body.size(), 1u);
}
