//===- StepEntry.cpp - The entry point `step` of one row ----------------------------===//
#include "codegen/StepEntry.h"

#include "codegen/RuntimeModel.h"
#include "codegen/cpu/Lower.h"
#include "runtime/internal.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicsAArch64.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <map>

using namespace llvm;

namespace seqc {

namespace {

/// Copies of a function and of all it calls, to be inlined where the copy is called.
class InlinedCopies {
public:
  /// `suffix`: of the names of this level's functions.
  explicit InlinedCopies(StringRef suffix) : suffix(suffix) {}

  Function *copy(Function *function) {
    Function *&result = copies[function];
    if (result)
      return result;
    ValueToValueMapTy values;
    result = CloneFunction(function, values);
    result->setName(function->getName() + ".step");
    result->setLinkage(GlobalValue::InternalLinkage);
    result->removeFnAttr(Attribute::NoInline);
    result->addFnAttr(Attribute::AlwaysInline);
    Function *made = result;
    for (BasicBlock &block : *made)
      for (Instruction &instruction : block) {
        // The frame is written in the function that reads it here.
        instruction.setMetadata(LLVMContext::MD_invariant_load, nullptr);
        auto *call = dyn_cast<CallBase>(&instruction);
        Function *callee = call ? call->getCalledFunction() : nullptr;
        if (callee && !callee->isDeclaration() && !hasTwin(*callee))
          call->setCalledFunction(copy(callee));
      }
    return made;
  }

private:
  /// Whether there is one for a batch of one row: then nothing will be left of the call, since B is known.
  bool hasTwin(const Function &function) const {
    StringRef name = function.getName();
    name.consume_back(suffix);
    return function.getParent()->getFunction(nameForSingleRow(name) + suffix.str());
  }

  StringRef suffix;
  std::map<Function *, Function *> copies;
};

/// Has denormal numbers count as zeros, as the runtime does (denormals.c), until it restores the control register.
class FlushedDenormals {
public:
  FlushedDenormals(IRBuilder<> &b, Module &module) : b(b), triple(module.getTargetTriple()) {}

  void begin() {
    if (triple.isX86()) {
      callers = onStack();
      b.CreateIntrinsic(Intrinsic::x86_sse_stmxcsr, {callers});
      Value *before = b.CreateLoad(b.getInt32Ty(), callers), *flushed = b.CreateOr(before, SEQC_FLUSH_X86);
      Value *memory = onStack();
      b.CreateStore(flushed, memory);
      differs = b.CreateICmpNE(before, flushed);
      writeIfDifferent(Intrinsic::x86_sse_ldmxcsr, memory);
    } else if (triple.isAArch64()) {
      callers = b.CreateIntrinsic(Intrinsic::aarch64_get_fpcr, {});
      Value *flushed = b.CreateOr(callers, SEQC_FLUSH_AARCH64);
      differs = b.CreateICmpNE(callers, flushed);
      writeIfDifferent(Intrinsic::aarch64_set_fpcr, flushed);
    }
  }

  void end() {
    if (callers)
      writeIfDifferent(triple.isX86() ? Intrinsic::x86_sse_ldmxcsr : Intrinsic::aarch64_set_fpcr, callers);
  }

private:
  Value *onStack() {
    IRBuilderBase::InsertPointGuard guard(b);
    BasicBlock &entry = b.GetInsertBlock()->getParent()->getEntryBlock();
    b.SetInsertPoint(&entry, entry.begin());
    return b.CreateAlloca(b.getInt32Ty());
  }

  /// `value`: what the intrinsic takes.
  void writeIfDifferent(Intrinsic::ID write, Value *value) {
    Function *function = b.GetInsertBlock()->getParent();
    BasicBlock *writes = BasicBlock::Create(b.getContext(), "", function);
    BasicBlock *next = BasicBlock::Create(b.getContext(), "", function);
    b.CreateCondBr(differs, writes, next);
    b.SetInsertPoint(writes);
    b.CreateIntrinsic(write, {value});
    b.CreateBr(next);
    b.SetInsertPoint(next);
  }

  IRBuilder<> &b;
  const Triple &triple;
  Value *callers = nullptr, *differs = nullptr;
};

class StepEntry {
public:
  StepEntry(Module &module, const Model &model, const StepTables &tables, Function &step, Function &refused,
            Function &slow)
      : module(module), model(model), runtime(model), tables(tables), step(step), refused(refused), slow(slow),
        program(module.getFunction(model.name + ".forward.run" + tables.suffix)), b(module.getContext()),
        call(step.getArg(0)), i64(b.getInt64Ty()), pointer(b.getPtrTy()) {}

  void emit() {
    for (StringRef attribute : {"target-cpu", "target-features", "prefer-vector-width"})
      step.addFnAttr(program->getFnAttribute(attribute));
    b.SetInsertPoint(&step.getEntryBlock());
    checkAbi();
    checkCall();
    checkArrays();
    checkIds();
    // Around the frame as well, whose values would not reach the program through code that touches memory.
    FlushedDenormals denormals(b, module);
    denormals.begin();
    run();
    denormals.end();
    b.CreateRet(b.getInt32(SEQC_OK));
  }

private:
  struct List {
    Value *arrays; // of seqc_array
    const std::vector<ModelTensor> *tensors;
    bool required; // every element
  };

  Value *field(Value *base, int64_t offset, Type *type) {
    return b.CreateLoad(type, b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), base, static_cast<uint64_t>(offset)));
  }
  Value *number(uint64_t value) { return b.getInt64(value); }
  Value *address(Value *pointerValue) { return b.CreatePtrToInt(pointerValue, i64); }

  /// A block that leaves the call to `function`.
  BasicBlock *leaveTo(Function &function, ArrayRef<Value *> arguments, CallInst::TailCallKind kind) {
    IRBuilderBase::InsertPointGuard guard(b);
    BasicBlock *block = BasicBlock::Create(module.getContext(), function.getName(), &step);
    b.SetInsertPoint(block);
    CallInst *result = b.CreateCall(&function, arguments);
    result->setTailCallKind(kind);
    b.CreateRet(result);
    return block;
  }

  /// The call is one for the runtime unless `condition` holds.
  void goOnIf(Value *condition) {
    BasicBlock *next = BasicBlock::Create(module.getContext(), "", &step);
    b.CreateCondBr(condition, next, refuse);
    b.SetInsertPoint(next);
  }

  // Everything that must not be negative goes into one sum of sign bits: a pointer less one for a pointer that must
  // not be null, a size less what is needed; for arrays, into vectors of such sums. Everything that must be aligned
  // goes into one sum of low bits.
  void mustNotBeNegative(Value *value) {
    Value *&sum = signs[value->getType()];
    sum = sum ? b.CreateOr(sum, value) : value;
  }
  void mustNotBeNull(Value *value) { mustNotBeNegative(b.CreateSub(address(value), number(1))); }
  void mustBeAligned(Value *value, int64_t alignment) {
    Value *&bits = lowBits[alignment];
    bits = bits ? b.CreateOr(bits, address(value)) : address(value);
  }

  void decide() {
    Value *good = b.getTrue();
    for (auto [type, sum] : signs) {
      Value *isNegative = b.CreateICmpSLT(sum, Constant::getNullValue(type));
      if (auto *vector = dyn_cast<FixedVectorType>(type))
        isNegative = b.CreateIsNotNull(b.CreateBitCast(isNegative, b.getIntNTy(vector->getNumElements())));
      good = b.CreateAnd(good, b.CreateNot(isNegative));
    }
    for (auto [alignment, bits] : lowBits)
      good = b.CreateAnd(good, b.CreateIsNull(b.CreateAnd(bits, number(static_cast<uint64_t>(alignment - 1)))));
    goOnIf(good);
    signs.clear();
    lowBits.clear();
  }

  /// Where the processor lacks what the rest needs, nothing of the rest is executed: not even the vzeroupper at its
  /// end, which is why these calls leave by a way of their own.
  void checkAbi() {
    refuse = leaveTo(refused, {call}, CallInst::TCK_MustTail);
    goOnIf(b.CreateIsNotNull(call));
    // In 64 bits, so that no caller's number is that of a library that cannot run.
    Value *abi = b.CreateZExt(field(call, offsetof(seqc_call, abi), b.getInt32Ty()), i64);
    goOnIf(b.CreateICmpEQ(abi, b.CreateLoad(i64, tables.abi)));
  }

  void checkCall() {
    refuse = leaveTo(slow, {tables.model, call}, CallInst::TCK_Tail);
    Value *T = field(call, offsetof(seqc_call, T), i64), *B = field(call, offsetof(seqc_call, B), i64);
    Value *lengths = field(call, offsetof(seqc_call, lengths), pointer);
    Value *one = b.CreateAnd(b.CreateICmpEQ(T, number(1)), b.CreateICmpEQ(B, number(1)));
    one = b.CreateAnd(one, b.CreateIsNull(lengths));
    one = b.CreateAnd(one, b.CreateIsNull(field(call, offsetof(seqc_call, pool), pointer)));
    prepared = field(call, offsetof(seqc_call, prepared), pointer);
    Value *workspace = field(call, offsetof(seqc_call, workspace), pointer);
    atLeast(field(call, offsetof(seqc_call, prepared_size), i64), seqc_prepared_size(&*runtime));
    atLeast(field(call, offsetof(seqc_call, workspace_size), i64), seqc_workspace_size(&*runtime, 1, 1));
    for (Value *memory : {prepared, workspace}) {
      mustNotBeNull(memory);
      mustBeAligned(memory, SEQC_ALIGNMENT);
    }
    auto list = [&](int source, int64_t offset, const std::vector<ModelTensor> &tensors, bool required) {
      lists[source] = {field(call, offset, pointer), &tensors, required};
      if (!tensors.empty())
        mustNotBeNull(lists[source].arrays);
    };
    list(SEQC_PARAM, offsetof(seqc_call, params), model.params, true);
    list(SEQC_INPUT, offsetof(seqc_call, inputs), model.inputs, true);
    list(SEQC_STATE, offsetof(seqc_call, states), model.states, true);
    list(SEQC_OUTPUT, offsetof(seqc_call, outputs), model.outputs, false);
    list(SEQC_FINAL_STATE, offsetof(seqc_call, final_states), model.states, true);
    loss = field(call, offsetof(seqc_call, loss), pointer);
    mustBeAligned(loss, model.realBytes());
    mustNotBeNegative(field(call, offsetof(seqc_call, batch_steps), i64));
    mustNotBeNegative(field(call, offsetof(seqc_call, first_row), i64));
    goOnIf(one);
    decide();
  }

  void atLeast(Value *size, int64_t needed) {
    mustNotBeNegative(b.CreateSub(size, number(static_cast<uint64_t>(needed))));
  }

  /// Loads and checks the arrays of every list, but for parameters that are not looked at: two neighbours at once.
  void checkArrays() {
    Value *tag = field(prepared, offsetof(seqc_header, tag), i64);
    for (auto &[source, list] : lists) {
      auto isChecked = [&, source = source](int64_t i) { return source != SEQC_PARAM || isRead(source, i); };
      for (int64_t i = 0, next, end = static_cast<int64_t>(list.tensors->size()); i < end; i = next) {
        next = i + 1;
        if (!isChecked(i))
          continue;
        if (list.required && next < end && isChecked(next))
          ++next;
        checkNeighbours(source, list, i, next);
      }
    }
    goOnIf(b.CreateICmpEQ(tag, number(tables.tag)));
    decide();
  }

  /// Whether more than `prepare` reads it.
  bool isRead(int source, int64_t index) const {
    return any_of(model.forward.slots, [&](const ModelSlot &slot) {
      return slot.source == source && slot.index == index && !slot.prepareAlone;
    });
  }

  /// Arrays first … end - 1 of a list.
  void checkNeighbours(int source, const List &list, int64_t first, int64_t end) {
    static_assert(sizeof(seqc_array) == 4 * sizeof(int64_t) && offsetof(seqc_array, data) == 0 &&
                      offsetof(seqc_array, count) == sizeof(int64_t),
                  "arrays are checked as vectors: data, count, two strides");
    SmallVector<Constant *> least;
    Value *isMissing = nullptr;
    for (int64_t i = first; i < end; ++i) {
      const ModelTensor &tensor = (*list.tensors)[static_cast<size_t>(i)];
      Value *data = field(list.arrays, i * static_cast<int64_t>(sizeof(seqc_array)), pointer);
      arrays[{source, i}] = data;
      mustBeAligned(data, model.bytesOf(tensor));
      isMissing = b.CreateIsNull(data);
      auto features = static_cast<uint64_t>(tensor.features());
      least.append({b.getInt64(1), b.getInt64(features), b.getInt64(0), b.getInt64(0)});
    }
    auto *type = FixedVectorType::get(i64, static_cast<unsigned>(least.size()));
    Value *given = field(list.arrays, first * static_cast<int64_t>(sizeof(seqc_array)), type);
    cast<LoadInst>(given)->setAlignment(Align(alignof(seqc_array)));
    Constant *needed = ConstantVector::get(least);
    // What is not wanted need not have a size.
    mustNotBeNegative(b.CreateSub(list.required ? given : b.CreateSelect(isMissing, needed, given), needed));
  }

  void checkIds() {
    Value *good = nullptr;
    for (auto [i, input] : enumerate(model.inputs)) {
      if (!input.vocabulary)
        continue;
      Value *id = b.CreateLoad(b.getInt32Ty(), arrays[{SEQC_INPUT, static_cast<int64_t>(i)}]);
      Value *inside = b.CreateICmpULT(b.CreateZExt(id, i64), number(static_cast<uint64_t>(input.vocabulary)));
      good = good ? b.CreateAnd(good, inside) : inside;
    }
    if (good)
      goOnIf(good);
  }

  /// Memory on the stack, in the function's first block.
  Value *onStack(int64_t bytes) {
    IRBuilderBase::InsertPointGuard guard(b);
    b.SetInsertPoint(&step.getEntryBlock(), step.getEntryBlock().begin());
    AllocaInst *memory = b.CreateAlloca(ArrayType::get(b.getInt8Ty(), static_cast<uint64_t>(bytes)));
    memory->setAlignment(Align(SEQC_ALIGNMENT));
    return memory;
  }

  void put(Value *base, int64_t offset, Value *value) {
    b.CreateStore(value, b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), base, static_cast<uint64_t>(offset)));
  }

  Value *wanted(Value *data, const ModelSlot &slot) {
    return b.CreateSelect(b.CreateIsNull(data), onStack(slot.features * slot.bytes), data);
  }

  /// A copy of a state that is read once final states are written, which may go to the same memory.
  Value *copied(Value *state, const ModelSlot &slot) {
    Value *copy = onStack(slot.features * slot.bytes);
    b.CreateMemCpy(copy, Align(SEQC_ALIGNMENT), state, Align(static_cast<uint64_t>(slot.bytes)),
                   static_cast<uint64_t>(slot.features * slot.bytes));
    return copy;
  }

  Value *placeOf(const ModelSlot &slot, int64_t number) {
    if (slot.source == SEQC_PARAM && !isRead(slot.source, slot.index))
      return ConstantPointerNull::get(b.getPtrTy());
    Value *data = arrays[{slot.source, slot.index}];
    switch (slot.source) {
    case SEQC_STATE:
      return slot.readAfterStep ? copied(data, slot) : data;
    case SEQC_OUTPUT:
      return wanted(data, slot);
    case SEQC_LOSS:
      return wanted(loss, slot);
    case SEQC_WORKSPACE:
      return onStack(slot.features * slot.bytes);
    case SEQC_PREPARED:
      return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), prepared, static_cast<uint64_t>(preparedOffsets.at(number)));
    default:
      return data;
    }
  }

  /// The workspace, of which nothing else is used here, counts the steps. It may hold anything at first.
  Value *turn() {
    Value *counter = field(call, offsetof(seqc_call, workspace), pointer);
    Value *now = b.CreateLoad(i64, counter);
    b.CreateStore(b.CreateAdd(now, number(1)), counter);
    return now;
  }

  /// Fills a frame (see seqc_frame) and calls the program.
  void run() {
    preparedOffsets = runtime.preparedOffsets();
    auto slots = static_cast<int64_t>(model.forward.slots.size());
    Value *frame = onStack(static_cast<int64_t>(sizeof(seqc_frame) + sizeof(seqc_place) * model.forward.slots.size()));
    Value *lengths = onStack(sizeof(int64_t));
    b.CreateStore(number(1), lengths);
    Value *training = field(call, offsetof(seqc_call, training), b.getInt32Ty());
    Value *noLoss = field(call, offsetof(seqc_call, no_loss), b.getInt32Ty());
    auto flag = [&](Value *value) { return b.CreateZExt(b.CreateIsNotNull(value), i64); };
    put(frame, offsetof(seqc_frame, T), number(1));
    put(frame, offsetof(seqc_frame, B), number(1));
    put(frame, offsetof(seqc_frame, lengths), lengths);
    put(frame, offsetof(seqc_frame, seed), field(call, offsetof(seqc_call, seed), i64));
    put(frame, offsetof(seqc_frame, training), flag(training));
    put(frame, offsetof(seqc_frame, states_given), number(1));
    put(frame, offsetof(seqc_frame, no_loss), flag(noLoss));
    Value *batchSteps = field(call, offsetof(seqc_call, batch_steps), i64);
    put(frame, offsetof(seqc_frame, valid_steps), b.CreateSelect(b.CreateIsNull(batchSteps), number(1), batchSteps));
    put(frame, offsetof(seqc_frame, first_row), field(call, offsetof(seqc_call, first_row), i64));
    put(frame, offsetof(seqc_frame, first_step), number(0));
    put(frame, offsetof(seqc_frame, zeros), tables.zeros);
    put(frame, offsetof(seqc_frame, turn), turn());
    put(frame, offsetof(seqc_frame, thread), number(0));
    put(frame, offsetof(seqc_frame, threads), number(1));
    for (int64_t i = 0; i < slots; ++i) {
      const ModelSlot &slot = model.forward.slots[static_cast<size_t>(i)];
      Value *base = placeOf(slot, i);
      if (slot.zeroed)
        b.CreateMemSet(base, b.getInt8(0), static_cast<uint64_t>(slot.features * slot.bytes), Align(1));
      int64_t place = static_cast<int64_t>(offsetof(seqc_frame, places)) + i * static_cast<int64_t>(sizeof(seqc_place));
      put(frame, place + static_cast<int64_t>(offsetof(seqc_place, base)), base);
      // There is one row only, so any stride will do.
      put(frame, place + static_cast<int64_t>(offsetof(seqc_place, stride_t)), number(0));
      put(frame, place + static_cast<int64_t>(offsetof(seqc_place, stride_b)), number(0));
    }
    b.CreateCall(InlinedCopies(tables.suffix).copy(program), {frame});
  }

  Module &module;
  const Model &model;
  RuntimeModel runtime;
  const StepTables &tables;
  Function &step, &refused, &slow, *program;
  IRBuilder<> b;
  Value *call;
  Type *i64, *pointer;
  BasicBlock *refuse = nullptr;
  MapVector<Type *, Value *> signs; // a number, or vectors of them
  Value *prepared = nullptr, *loss = nullptr;
  std::map<int64_t, Value *> lowBits;
  std::map<int, List> lists;                         // by source
  std::map<std::pair<int, int64_t>, Value *> arrays; // their data
  std::map<int64_t, int64_t> preparedOffsets;
};

} // namespace

bool hasStepEntry(const Model &model) {
  // A longer step does not notice the runtime, and the stack is not ours to fill.
  constexpr int64_t most = 16 * 1024;
  if (!model.looksAhead.empty() || !model.forward.exists)
    return false;
  int64_t bytes = 0;
  for (const ModelSlot &slot : model.forward.slots)
    if (slot.source != SEQC_PARAM && slot.source != SEQC_INPUT && slot.source != SEQC_PREPARED)
      bytes += slot.features * slot.bytes;
  return bytes <= most;
}

void emitStepEntry(Module &module, const Model &model, const StepTables &tables, Function &step, Function &refused,
                   Function &slow) {
  StepEntry(module, model, tables, step, refused, slow).emit();
}

} // namespace seqc
