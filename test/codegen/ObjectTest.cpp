//===- ObjectTest.cpp - What machine code looks like from outside ----------------===//
#include "Systems.h"

#include "codegen/cpu/Lower.h"
#include "dialect/Recur.h"
#include "mlir/Parser/Parser.h"
#include "test/TestName.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/SourceMgr.h"
#include <gtest/gtest.h>
#include <set>

using namespace seqc;
using namespace seqc::test;

namespace {

std::string generate(const std::string &text, const std::string &targetName, Emit what) {
  std::optional<Target> target = findTarget(targetName);
  EXPECT_TRUE(target);
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<recur::RecurDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context, "lstm.seq");
  mlir::PassManager passes(&context);
  buildTilePlan(passes, *target);
  buildVectorCode(passes, *target);
  buildLlvmDialect(passes);
  EXPECT_TRUE(mlir::succeeded(passes.run(*module)));
  auto code = emitCode({{*module, &*target, ""}}, what);
  EXPECT_TRUE(mlir::succeeded(code));
  return mlir::succeeded(code) ? *code : "";
}

class Target : public testing::TestWithParam<const char *> {};

// Polynomials in vector arithmetic, on machines without fused multiply-add as well.
TEST_P(Target, LstmCallsNothingButMemoryFunctions) {
  std::string code = generate(lstmForward({40, 23, "f32"}), GetParam(), Emit::Object);
  auto buffer = llvm::MemoryBuffer::getMemBuffer(code, "", false);
  auto object = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(buffer->getMemBufferRef()));
  const std::set<std::string> allowed = {"", "memset", "memcpy", "memmove"};
  for (const auto &symbol : object->symbols())
    if (llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined) {
      std::string name = llvm::cantFail(symbol.getName()).str();
      EXPECT_TRUE(allowed.count(name)) << name;
    }
}

INSTANTIATE_TEST_SUITE_P(All, Target,
                         testing::Values("native", "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"),
                         [](const auto &info) { return testName(info.param); });

TEST(Object, NamesOfPhasesAndLinesOfTheSourceSurvive) {
  std::string assembly = generate(lstmForward({40, 23, "f32"}), "x86-64-v3", Emit::Assembly);
  EXPECT_NE(assembly.find("LSTM.forward_taped.loop0.f_i_o_g_c_h:"), std::string::npos);
  EXPECT_NE(assembly.find("lstm.seq"), std::string::npos);
  EXPECT_NE(assembly.find(".loc"), std::string::npos);
}

TEST(Object, CallsFromUnknownPlacesCompile) {
  const char *text = R"(
recur.system @M {
  %x = recur.slot input "x" batch : !recur.slot<tensor<8xf32>>
  %y = recur.slot output "y" batch : !recur.slot<tensor<8xf32>>
  recur.map {
    recur.phase "y" space [8] {
      %a = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<8xf32>>) -> tensor<8xf32> loc(unknown)
      %e = recur.erf %a : tensor<8xf32> loc(unknown)
      %f = recur.erf %e : tensor<8xf32> loc(fused[unknown, "a.seq":1:2])
      recur.write %f, %y offset 0 strides [1] : tensor<8xf32>, !recur.slot<tensor<8xf32>> loc(unknown)
    } loc(unknown)
    recur.phase "z" space [8] {
      %a = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<8xf32>>) -> tensor<8xf32>
      recur.write %a, %y offset 0 strides [1] : tensor<8xf32>, !recur.slot<tensor<8xf32>>
    } loc(fused["a.seq":3:4, unknown])
  } loc(unknown)
})";
  EXPECT_NE(generate(text, "x86-64-v3", Emit::Object), "");
}

TEST_P(Target, LlvmReadsItsIrAgain) {
  std::string code = generate(lstmForward({40, 23, "f32"}), GetParam(), Emit::LlvmIr);
  llvm::LLVMContext context;
  llvm::SMDiagnostic problem;
  EXPECT_TRUE(llvm::parseAssemblyString(code, problem, context)) << problem.getMessage().str();
}

TEST(Object, VectorsAreAsWideAsTheTarget) {
  std::string text = lstmForward({64, 64, "f32"});
  EXPECT_NE(generate(text, "x86-64-v4", Emit::Assembly).find("%zmm"), std::string::npos);
  std::string v3 = generate(text, "x86-64-v3", Emit::Assembly);
  EXPECT_EQ(v3.find("%zmm"), std::string::npos);
  EXPECT_NE(v3.find("vfmadd231ps"), std::string::npos);
  EXPECT_EQ(generate(text, "x86-64-v2", Emit::Assembly).find("%ymm"), std::string::npos);
  EXPECT_NE(generate(text, "aarch64", Emit::Assembly).find("fmla"), std::string::npos);
}

std::vector<std::string> namesOf(llvm::ArrayRef<std::string> wanted) {
  std::vector<std::string> names;
  for (const auto &target : llvm::cantFail(findTargets(wanted)))
    names.push_back(target.name);
  return names;
}

TEST(Object, LevelsAreInOrder) {
  const std::vector<std::string> all = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
  EXPECT_EQ(namesOf({"x86-64-v4", "x86-64", "x86-64-v3", "x86-64-v2"}), all);
  EXPECT_EQ(namesOf({"portable"}), (std::vector<std::string>{"x86-64-v3", "x86-64-v4"}));
  uint64_t needs = 0;
  for (const std::string &name : all) {
    EXPECT_EQ(findTarget(name)->needs & needs, needs) << name << " needs what the level before it does";
    EXPECT_TRUE(findTarget(name)->needs != needs || name == "x86-64") << "and more";
    needs = findTarget(name)->needs;
  }
}

TEST(Object, UnknownTargetsAreRefused) {
  EXPECT_FALSE(findTarget("pentium"));
  EXPECT_TRUE(findTarget(defaultTargetName()));
  EXPECT_NE(targetNames().find("x86-64-v3"), std::string::npos);
}

} // namespace
