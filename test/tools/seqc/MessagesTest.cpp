//===- MessagesTest.cpp - MLIR's diagnostics as seqc prints them --------------------===//
#include "tools/seqc/Messages.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"

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

} // namespace

TEST(Messages, ErrorsShowTheLineOfTheSource) {
  EXPECT_EQ(printError(/*internal=*/false), "model.seq:2:3: error: operand has no shape\n    h = tanh(x)\n    ^\n");
}

TEST(Messages, ErrorsInWhatTheFrontendAcceptedAreOurs) {
  EXPECT_NE(printError(/*internal=*/true).find("error: internal error, please report: operand has no shape"),
            std::string::npos);
}
