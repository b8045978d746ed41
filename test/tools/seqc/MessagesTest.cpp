//===- MessagesTest.cpp - MLIR's diagnostics as seqc prints them --------------------===//
#include "tools/seqc/Messages.h"

#include "dialect/Recur.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace {

/// What is printed for an error at line 2 of a file that seqc has read.
std::string printError(bool internal) {
  MLIRContext context;
  seqc::SourceManager sources;
  sources.add("model.seq", "model M() {\n  h = tanh(x)\n}\n");
  testing::internal::CaptureStderr();
  {
    seqc::Messages messages(context, sources, internal);
    Location place = FileLineColLoc::get(&context, "model.seq", 2, 3);
    emitError(NameLoc::get(StringAttr::get(&context, "h"), place)) << "operand has no shape";
    EXPECT_TRUE(messages.hasErrors());
  }
  return testing::internal::GetCapturedStderr();
}

/// A pass with a bug: its sums have another type than what they add.
struct BreakSums : PassWrapper<BreakSums, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(BreakSums)
  void runOnOperation() override {
    getOperation().walk(
        [](recur::AddOp add) { add.getZ().setType(RankedTensorType::get({7}, Float32Type::get(add.getContext()))); });
  }
};

constexpr const char *sumOfInputs = R"(
  recur.system @M {
    %x = recur.input "x" : tensor<4xf32>
    %h = recur.add %x, %x : tensor<4xf32> loc("h"("model.seq":2:3))
  })";

} // namespace

TEST(Messages, ErrorsShowTheLineOfTheSource) {
  EXPECT_EQ(printError(/*internal=*/false), "model.seq:2:3: error: operand has no shape\n    h = tanh(x)\n    ^\n");
}

TEST(Messages, ErrorsInWhatTheFrontendAcceptedAreOurs) {
  EXPECT_NE(printError(/*internal=*/true).find("error: internal error, please report: operand has no shape"),
            std::string::npos);
}

TEST(Messages, WhatAPassBreaksIsOursAndShowsTheLineOfTheSource) {
  MLIRContext context;
  context.loadDialect<recur::RecurDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(sumOfInputs, &context);
  ASSERT_TRUE(module);
  seqc::SourceManager sources;
  sources.add("model.seq", "model M() {\n  h = x + x\n}\n");
  PassManager passes(&context);
  passes.addPass(std::make_unique<BreakSums>());
  testing::internal::CaptureStderr();
  bool succeeds;
  {
    seqc::Messages messages(context, sources, /*internal=*/true);
    succeeds = succeeded(passes.run(*module));
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "model.seq:2:3: error: internal error, please report: 'recur.add' op requires the same type for all "
            "operands and results\n    h = x + x\n    ^\n");
  EXPECT_FALSE(succeeds);
}
