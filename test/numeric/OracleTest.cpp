//===- OracleTest.cpp - The oracle on systems worked out by hand ------------===//
#include "tools/seq-interp/Differences.h"
#include "tools/seq-interp/Interp.h"
#include "tools/seq-interp/Ops.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace seqc::interp;

namespace {

/// A system from text. `body` is that of @S; `others` are systems it uses.
class Oracle : public ::testing::Test {
protected:
  Oracle() { context.loadDialect<recur::RecurDialect>(); }

  void parse(const std::string &body, const std::string &others = "") {
    module = parseSourceString<ModuleOp>("recur.system exported @S {\n" + body + "\n}\n" + others, &context);
    ASSERT_TRUE(module);
    llvm::Expected<Interpreter> created = Interpreter::create(module->lookupSymbol<recur::SystemOp>("S"));
    ASSERT_TRUE(bool(created)) << llvm::toString(created.takeError());
    interpreter.emplace(std::move(*created));
  }

  /// A sequence of scalars of one batch row.
  static Array sequence(std::vector<double> values) {
    int64_t T = values.size();
    return Array{{T, 1}, std::move(values)};
  }

  Evaluation run(const Call &call) {
    llvm::Expected<Evaluation> result = interpreter->run(call);
    if (!result) {
      ADD_FAILURE() << llvm::toString(result.takeError());
      return {};
    }
    return std::move(*result);
  }

  std::string errorOf(const Call &call) {
    llvm::Expected<Evaluation> result = interpreter->run(call);
    return result ? "" : llvm::toString(result.takeError());
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::optional<Interpreter> interpreter;
};

using Values = std::vector<double>;

constexpr const char *sum = R"(
  %x = recur.input "x" : tensor<f64>
  %before = recur.delay %s by 1 state "s" : tensor<f64>
  %s = recur.add %before, %x : tensor<f64>
  recur.equation "s", %s : tensor<f64>
  recur.output "s", %s : tensor<f64>)";

TEST_F(Oracle, DelayStartsFromTheGivenStateAndLeavesTheFinalOne) {
  parse(sum);
  Call call;
  call.T = 3;
  call.B = 1;
  call.inputs["x"] = sequence({1, 2, 3});
  EXPECT_EQ(run(call).outputs["s"].values, (Values{1, 3, 6}));
  call.states["s[0]"] = Array{{1}, {10}};
  Evaluation result = run(call);
  EXPECT_EQ(result.outputs["s"].values, (Values{11, 13, 16}));
  EXPECT_EQ(result.finalStates["s[0]"].values, (Values{16}));
}

TEST_F(Oracle, LengthsEndARowAndZeroWhatFollows) {
  parse(sum);
  Call call;
  call.T = 3;
  call.B = 2;
  call.lengths = {3, 1};
  call.inputs["x"] = Array{{3, 2}, {1, 10, 2, 20, 3, 30}};
  Evaluation result = run(call);
  EXPECT_EQ(result.outputs["s"].values, (Values{1, 10, 3, 0, 6, 0}));
  EXPECT_EQ(result.finalStates["s[0]"].values, (Values{6, 10}));
}

TEST_F(Oracle, AdvanceRunsFromTheLastStepOfEachRow) {
  parse(R"(
    %x = recur.input "x" : tensor<f64>
    %after = recur.advance %s by 1 state "s" : tensor<f64>
    %s = recur.add %after, %x : tensor<f64>
    recur.output "s", %s : tensor<f64>)");
  Call call;
  call.T = 3;
  call.B = 2;
  call.lengths = {3, 2};
  call.inputs["x"] = Array{{3, 2}, {1, 1, 2, 2, 3, 3}};
  call.states["s[T+1]"] = Array{{2}, {100, 200}};
  Evaluation result = run(call);
  EXPECT_EQ(result.outputs["s"].values, (Values{106, 203, 105, 202, 103, 0}));
  EXPECT_EQ(result.finalStates["s[T+1]"].values, (Values{106, 203}));
}

TEST_F(Oracle, LongLagsHaveOneSlotEachAndShortSequencesHandThemOn) {
  parse(R"(
    %x = recur.input "x" : tensor<f64>
    %old = recur.delay %x by 3 state "x" : tensor<f64>
    recur.output "y", %old : tensor<f64>)");
  Call call;
  call.T = 2;
  call.B = 1;
  call.inputs["x"] = sequence({1, 2});
  call.states = {{"x[0]", {{1}, {10}}}, {"x[-1]", {{1}, {20}}}, {"x[-2]", {{1}, {30}}}};
  Evaluation result = run(call);
  EXPECT_EQ(result.outputs["y"].values, (Values{30, 20}));
  EXPECT_EQ(result.finalStates["x[0]"].values, (Values{2}));
  EXPECT_EQ(result.finalStates["x[-1]"].values, (Values{1}));
  EXPECT_EQ(result.finalStates["x[-2]"].values, (Values{10}));
}

TEST_F(Oracle, BoundaryEquationHoldsWhereNoStateIsGiven) {
  parse(R"(
    %h0 = recur.param "h0" init <constant, 0.0 : f64> : tensor<f64>
    %before = recur.delay %s by 1 state "s" init %h0 : tensor<f64>
    %s = recur.add %before, %before : tensor<f64>
    recur.output "s", %s last : tensor<f64>)");
  Call call;
  call.T = 3;
  call.B = 1;
  call.params["h0"] = Array{{}, {2}};
  EXPECT_EQ(run(call).outputs["s"].values, (Values{16}));
  call.T = 0;
  EXPECT_EQ(run(call).outputs["s"].values, (Values{2})) << "the last value of no steps is the boundary";
}

TEST_F(Oracle, TotalAndCountTakeValidStepsOnly) {
  parse(R"(
    %x = recur.input "x" : tensor<f64>
    %total = recur.total %x : tensor<f64>
    %count = recur.count : tensor<f64>
    %mean = recur.div %total, %count : tensor<f64>
    recur.loss %mean : tensor<f64>)");
  Call call;
  call.T = 2;
  call.B = 2;
  call.lengths = {2, 1};
  call.inputs["x"] = Array{{2, 2}, {1, 2, 3, NAN}};
  EXPECT_EQ(run(call).loss, 2);
  call.lengths = {0, 0};
  EXPECT_EQ(run(call).loss, 0) << "the mean of nothing divides by one";
}

constexpr const char *sumCell = R"(
  recur.system @Sum {
    %x = recur.input "x" : tensor<f64>
    %w = recur.param "w" init <constant, 1.0 : f64> : tensor<f64>
    %wx = recur.mul %w, %x : tensor<f64>
    %before = recur.delay %s by 1 state "s" : tensor<f64>
    %s = recur.add %before, %wx : tensor<f64>
    recur.equation "s", %s : tensor<f64>
  })";

TEST_F(Oracle, InstancesShareParametersByPathAndKeepStatesApart) {
  parse(R"(
    %x = recur.input "x" : tensor<f64>
    %once = recur.instance @Sum "f" (%x) reads ["s"] : (tensor<f64>) -> tensor<f64>
    %twice = recur.instance @Sum "f" (%once) reads ["s"] {application = 1 : i64} : (tensor<f64>) -> tensor<f64>
    recur.output "y", %twice : tensor<f64>)",
        sumCell);
  Call call;
  call.T = 3;
  call.B = 1;
  call.params["f.w"] = Array{{}, {2}};
  call.inputs["x"] = sequence({1, 1, 1});
  Evaluation result = run(call);
  EXPECT_EQ(result.outputs["y"].values, (Values{4, 12, 24}));
  EXPECT_EQ(result.finalStates["f.s[0]"].values, (Values{6}));
  EXPECT_EQ(result.finalStates["f@1.s[0]"].values, (Values{24}));
}

TEST_F(Oracle, ReversedInstancesRunFromTheLastStep) {
  parse(R"(
    %x = recur.input "x" : tensor<f64>
    %y = recur.instance reversed @Sum "f" (%x) reads ["s"] : (tensor<f64>) -> tensor<f64>
    recur.output "y", %y : tensor<f64>)",
        sumCell);
  Call call;
  call.T = 3;
  call.B = 1;
  call.params["f.w"] = Array{{}, {1}};
  call.inputs["x"] = sequence({1, 2, 3});
  EXPECT_EQ(run(call).outputs["y"].values, (Values{6, 5, 3}));
}

TEST_F(Oracle, LongSequencesNeedNoDeepStack) {
  parse(sum);
  Call call;
  call.T = 200000;
  call.B = 1;
  call.inputs["x"] = sequence(Values(call.T, 1));
  EXPECT_EQ(run(call).outputs["s"].values.back(), 200000);
}

TEST_F(Oracle, ACycleWithoutDelayIsRefused) {
  parse(R"(
    %x = recur.input "x" : tensor<f64>
    %y = recur.add %y, %x : tensor<f64>
    recur.output "y", %y : tensor<f64>)");
  Call call;
  call.T = 1;
  call.B = 1;
  call.inputs["x"] = sequence({1});
  EXPECT_NE(errorOf(call).find("a cycle without delay"), std::string::npos);
}

TEST_F(Oracle, WrongArgumentsAreNamed) {
  parse(R"(
    %id = recur.input "id" vocabulary 3 : tensor<i32>
    %table = recur.param "E" init <xavier> : tensor<3x2xf64>
    %e = recur.gather %table[%id] : (tensor<3x2xf64>, tensor<i32>) -> tensor<2xf64>
    recur.output "e", %e : tensor<2xf64>)");
  Call call;
  call.T = 1;
  call.B = 1;
  EXPECT_EQ(errorOf(call), "input 'id' is missing");
  call.inputs["id"] = sequence({3});
  EXPECT_EQ(errorOf(call), "'id' holds the id 3, needs [0, 3)");
  call.inputs["id"] = sequence({2});
  EXPECT_EQ(errorOf(call), "parameter 'E' is missing");
  call.params["E"] = Array{{2, 3}, Values(6)};
  EXPECT_EQ(errorOf(call), "'E' has shape [2, 3], needs [3, 2]");
  call.params["E"] = Array{{3, 2}, {0, 1, 2, 3, 4, 5}};
  EXPECT_EQ(run(call).outputs["e"].values, (Values{4, 5}));
}

TEST_F(Oracle, MatrixProductsContractTheLastDim) {
  parse(R"(
    %A = recur.param "A" init <xavier> : tensor<2x3xf64>
    %b = recur.param "b" init <xavier> : tensor<3xf64>
    %B = recur.param "B" init <xavier> : tensor<3x2xf64>
    %Ab = recur.matmul %A, %b : (tensor<2x3xf64>, tensor<3xf64>) -> tensor<2xf64>
    %AB = recur.matmul %A, %B : (tensor<2x3xf64>, tensor<3x2xf64>) -> tensor<2x2xf64>
    recur.output "Ab", %Ab : tensor<2xf64>
    recur.output "AB", %AB : tensor<2x2xf64>)");
  Call call;
  call.T = 1;
  call.B = 1;
  call.params = {{"A", {{2, 3}, {1, 2, 3, 4, 5, 6}}}, {"b", {{3}, {1, 0, 2}}}, {"B", {{3, 2}, {1, 0, 0, 1, 1, 1}}}};
  Evaluation result = run(call);
  EXPECT_EQ(result.outputs["Ab"].values, (Values{7, 16}));
  EXPECT_EQ(result.outputs["AB"].values, (Values{4, 5, 10, 11}));
}

TEST_F(Oracle, MasksAreOneOutsideTrainingAndRepeatInIt) {
  parse(R"(
    %m = recur.random_mask 0.25 site 1 : tensor<1000xf64>
    recur.output "m", %m : tensor<1000xf64>)");
  Call call;
  call.T = call.B = 1;
  EXPECT_EQ(run(call).outputs["m"].values, Values(1000, 1));
  call.training = true;
  call.seed = 7;
  Values mask = run(call).outputs["m"].values;
  EXPECT_EQ(run(call).outputs["m"].values, mask);
  EXPECT_NEAR(llvm::count(mask, 0), 250, 50);
  EXPECT_EQ(llvm::count(mask, 0) + llvm::count(mask, 1 / 0.75), 1000);
  call.seed = 8;
  EXPECT_NE(run(call).outputs["m"].values, mask);
}

TEST_F(Oracle, DifferencesOfASumAreOnesUpToTheLength) {
  parse(sum);
  Call call;
  call.T = 3;
  call.B = 1;
  call.lengths = {2};
  call.inputs["x"] = sequence({1, 2, 3});
  call.states["s[0]"] = Array{{1}, {0}};
  call.outputGradients["s"] = sequence({1, 1, 1});
  call.finalGradients["s[0]"] = Array{{1}, {10}};
  llvm::Expected<Arrays> gradients = centralDifferences(*interpreter, call);
  ASSERT_TRUE(bool(gradients));
  EXPECT_NEAR((*gradients)["x"].values[0], 12, 1e-8);
  EXPECT_NEAR((*gradients)["x"].values[1], 11, 1e-8);
  EXPECT_EQ((*gradients)["x"].values[2], 0);
  EXPECT_NEAR((*gradients)["s[0]"].values[0], 12, 1e-8);
}

} // namespace
