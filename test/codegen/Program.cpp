//===- Program.cpp - Compiles phases in memory and runs them on given arrays ----===//
#include "Program.h"

#include "codegen/cpu/Lower.h"
#include "dialect/Recur.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

namespace seqc::test {

static Program::Slot describe(recur::SlotOp op) {
  mlir::RankedTensorType tensor = op.getSlot().getType().getValue();
  Program::Slot slot;
  slot.key = recur::stringifySlotSource(op.getSource()).str() + " " + op.getName().str();
  if (op.getIndex() != 0)
    slot.key += " " + std::to_string(op.getIndex());
  slot.features = tensor.getNumElements();
  slot.bytes = std::max(8u, tensor.getElementTypeBitWidth()) / 8;
  slot.real = tensor.getElementType().isFloat();
  slot.time = op.getTime();
  slot.batch = op.getBatch();
  slot.zeroed = op.getZeroed();
  return slot;
}

static std::vector<Program::Slot> layoutOf(recur::SystemOp system) {
  std::vector<Program::Slot> layout;
  std::map<void *, int> numbers;
  for (auto op : system.getOps<recur::SlotOp>()) {
    numbers[op.getSlot().getAsOpaquePointer()] = int(layout.size());
    layout.push_back(describe(op));
  }
  size_t i = 0;
  for (auto op : system.getOps<recur::SlotOp>()) {
    if (mlir::Value fallback = op.getFallback())
      layout[i].fallback = numbers.at(fallback.getAsOpaquePointer());
    ++i;
  }
  return layout;
}

std::unique_ptr<Program> Program::compile(const std::string &text, const std::string &targetName,
                                          bool fastActivations) {
  auto program = std::make_unique<Program>();
  std::optional<Target> target = findTarget(targetName);
  EXPECT_TRUE(target) << targetName;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<recur::RecurDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  EXPECT_TRUE(module) << "the test's IR does not parse";
  if (!module)
    return nullptr;
  mlir::PassManager plan(&context), lower(&context);
  buildTilePlan(plan, *target);
  buildVectorCode(lower, *target, fastActivations);
  buildLlvmDialect(lower);
  EXPECT_TRUE(mlir::succeeded(plan.run(*module)));
  auto system = *module->getOps<recur::SystemOp>().begin();
  std::string name = system.getSymName().str();
  program->layout = layoutOf(system);
  EXPECT_TRUE(mlir::succeeded(lower.run(*module)));
  auto object = emitCode({{*module, &*target, ""}}, Emit::Object);
  EXPECT_TRUE(mlir::succeeded(object));
  if (mlir::failed(object))
    return nullptr;

  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit) {
    ADD_FAILURE() << llvm::toString(jit.takeError());
    return nullptr;
  }
  program->jit = std::move(*jit);
  auto process =
      llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(program->jit->getDataLayout().getGlobalPrefix());
  program->jit->getMainJITDylib().addGenerator(std::move(*process));
  llvm::cantFail(program->jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(*object)));
  program->run = llvm::cantFail(program->jit->lookup(name + ".run")).toPtr<void(seqc_frame *)>();
  auto prepare = program->jit->lookup(name + ".prepare");
  if (prepare)
    program->prepare = prepare->toPtr<void(seqc_frame *)>();
  else
    llvm::consumeError(prepare.takeError());
  return program;
}

size_t Program::number(const std::string &key) const {
  for (size_t i = 0; i < layout.size(); ++i)
    if (layout[i].key == key)
      return i;
  ADD_FAILURE() << "no slot " << key;
  return 0;
}

const Program::Slot &Program::slot(const std::string &key) const { return layout[number(key)]; }

//===-- Calls -----------------------------------------------------------------------===//

Call::Call(const Program &program, int64_t T, int64_t B, std::vector<int64_t> given)
    : program(program), T(T), B(B), lengths(std::move(given)), omitted(program.layout.size(), false) {
  lengths.resize(B, T);
  int64_t longest = 1;
  for (const Program::Slot &slot : program.layout) {
    // A NaN in every format, so that what should not be read shows.
    int64_t size = rows(slot) * slot.features * slot.bytes;
    arrays.emplace_back(size / sizeof(Line) + 1);
    std::memset(arrays.back().data(), slot.zeroed || !slot.real ? 0x00 : 0xff, size);
    longest = std::max(longest, slot.features);
  }
  zeros.assign(longest, 0);
  memory.resize((sizeof(seqc_frame) + arrays.size() * sizeof(seqc_place)) / 8);
}

int64_t Call::count(const std::string &key) const {
  const Program::Slot &slot = program.slot(key);
  return rows(slot) * slot.features;
}

void Call::set(const std::string &key, const std::vector<double> &values) {
  const Program::Slot &slot = program.slot(key);
  unsigned char *to = array(program.number(key));
  ASSERT_EQ(int64_t(values.size()), count(key)) << key;
  for (size_t i = 0; i < values.size(); ++i) {
    float single = float(values[i]);
    int32_t id = slot.real ? 0 : int32_t(values[i]);
    const void *real = slot.bytes == 8 ? static_cast<const void *>(&values[i]) : &single;
    const void *from = slot.real ? real : &id;
    std::memcpy(to + i * slot.bytes, from, slot.bytes);
  }
}

std::vector<double> Call::get(const std::string &key) const {
  const Program::Slot &slot = program.slot(key);
  const unsigned char *from = array(program.number(key));
  std::vector<double> values(count(key));
  for (size_t i = 0; i < values.size(); ++i) {
    float single;
    int32_t id = 0;
    if (!slot.real)
      std::memcpy(&id, from + i * slot.bytes, slot.bytes), values[i] = id;
    else if (slot.bytes == 8)
      std::memcpy(&values[i], from + i * 8, 8);
    else
      std::memcpy(&single, from + i * 4, 4), values[i] = single;
  }
  return values;
}

void Call::omit(const std::string &key) { omitted[program.number(key)] = true; }

void Call::run() {
  seqc_frame &frame = this->frame();
  frame.T = T;
  frame.B = B;
  frame.lengths = lengths.data();
  frame.zeros = zeros.data();
  frame.threads = 1;
  int64_t valid = 0;
  for (int64_t length : lengths)
    valid += length;
  frame.first_row = 0;
  frame.first_step = 0;
  frame.valid_steps = std::max<int64_t>(valid, 1);
  for (size_t i = 0; i < arrays.size(); ++i) {
    const Program::Slot &slot = program.layout[i];
    seqc_place place{array(i), 0, 0};
    if (slot.time)
      place.stride_t = slot.features * (slot.batch ? B : 1);
    if (slot.batch)
      place.stride_b = slot.features;
    if (omitted[i] && slot.fallback < 0)
      place = {zeros.data(), 0, 0};
    else if (omitted[i])
      place = {array(slot.fallback), 0, 0};
    frame.places[i] = place;
  }
  if (program.prepare)
    program.prepare(&frame);
  runPrepared();
}

void Call::runPrepared() { program.run(&frame()); }

} // namespace seqc::test
