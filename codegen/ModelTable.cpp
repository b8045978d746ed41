//===- ModelTable.cpp - Tables and entry points of a compiled library -------------===//
#include "codegen/ModelTable.h"

#include "codegen/Describe.h"
#include "codegen/StepEntry.h"
#include "runtime/model.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/xxhash.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace seqc {

namespace {

/// Writes constants. Structs are those of runtime/model.h, field by field.
class ConstantWriter {
public:
  ConstantWriter(Module &module, std::string prefix)
      : module(module), context(module.getContext()), prefix(std::move(prefix)) {}

protected:
  Constant *int8(int64_t value) { return ConstantInt::get(Type::getInt8Ty(context), value); }
  Constant *int32(int64_t value) { return ConstantInt::getSigned(Type::getInt32Ty(context), value); }
  Constant *int64(int64_t value) { return ConstantInt::getSigned(Type::getInt64Ty(context), value); }
  Constant *real(double value) { return ConstantFP::get(Type::getDoubleTy(context), value); }
  Constant *null() { return ConstantPointerNull::get(PointerType::get(context, 0)); }

  Constant *global(Constant *value, const Twine &name, bool constant = true);
  Constant *text(StringRef value);
  Constant *array(ArrayRef<Constant *> rows, const Twine &name);

  /// A constant of the runtime.
  Constant *external(StringRef name);
  /// `result name(parameters)` of the runtime.
  Function *callee(StringRef name, Type *result, ArrayRef<Type *> parameters);

  Module &module;
  LLVMContext &context;

private:
  std::string prefix; // of the constants' names
};

/// What all models share: the levels of the processor, and their choice when the library is loaded.
class LibraryWriter : ConstantWriter {
public:
  LibraryWriter(Module &module, ArrayRef<LevelModels> levels, const LibraryInfo &info);

  /// seqc_library
  GlobalVariable *table() { return library; }

  /// A pointer that will be to the one of `models`, an array, that belongs to the level.
  Constant *choose(GlobalVariable *models, const Twine &name);

private:
  GlobalVariable *library;
  Instruction *end; // of the function that is called when the library is loaded
  Value *level;
};

/// Writes the tables and entry points of one model.
class TableWriter : ConstantWriter {
public:
  TableWriter(Module &module, ArrayRef<LevelModels> levels, size_t number, const LibraryInfo &info,
              LibraryWriter &library)
      : ConstantWriter(module, (*levels.front().models)[number].symbol), levels(levels), number(number), info(info),
        library(library), model((*levels.front().models)[number]) {}

  void write();

private:
  struct Shared {
    Constant *name, *ahead, *params, *inputs, *states, *outputs, *zeros;
  };

  const Model &modelOf(const LevelModels &level) { return (*level.models)[number]; }
  Constant *slot(const ModelSlot &slot);
  Constant *slots(const std::vector<ModelSlot> &rows, const Twine &name);
  Constant *program(const ModelProgram &program, StringRef name, StringRef suffix);
  Constant *tensor(const ModelTensor &tensor);
  Constant *tensors(const std::vector<ModelTensor> &list, const Twine &name);
  Constant *zeros();
  uint64_t tag(const Model &model, StringRef description);
  Constant *table(size_t level, const Shared &shared, Function *step);
  Constant *tableAt(size_t level);

  Function *function(const Twine &name, Type *result, ArrayRef<Type *> parameters, bool isExported);
  Function *entry(StringRef name, Type *result, ArrayRef<Type *> parameters);
  Value *chosen(IRBuilder<> &builder);
  void callRuntime(Function &function, StringRef target, Constant *table = nullptr);
  void emitDescribe();
  void fillStep(size_t level, const Shared &shared, Function &step);
  void emitStepChoice(Function &step);
  void emitEntryPoints();

  ArrayRef<LevelModels> levels;
  size_t number;
  const LibraryInfo &info;
  LibraryWriter &library;
  const Model &model;               // of the first level, for whatever does not depend on the level
  GlobalVariable *models = nullptr; // seqc_model for each level
  Constant *choice = nullptr;       // where there are several: points to one of them
  std::vector<uint64_t> tags;
};

} // namespace

//===-- Constants -------------------------------------------------------------------===//

Constant *ConstantWriter::global(Constant *value, const Twine &name, bool constant) {
  auto *variable =
      new GlobalVariable(module, value->getType(), constant, GlobalValue::InternalLinkage, value, prefix + "." + name);
  if (constant)
    variable->setUnnamedAddr(GlobalValue::UnnamedAddr::Global); // levels share what they have in common
  return variable;
}

Constant *ConstantWriter::text(StringRef value) { return global(ConstantDataArray::getString(context, value), "text"); }

Constant *ConstantWriter::array(ArrayRef<Constant *> rows, const Twine &name) {
  if (rows.empty())
    return null();
  return global(ConstantArray::get(ArrayType::get(rows.front()->getType(), rows.size()), rows), name);
}

Constant *ConstantWriter::external(StringRef name) {
  auto *variable = cast<GlobalVariable>(module.getOrInsertGlobal(name, Type::getInt8Ty(context)));
  variable->setConstant(true);
  variable->setVisibility(GlobalValue::HiddenVisibility);
  return variable;
}

Function *ConstantWriter::callee(StringRef name, Type *result, ArrayRef<Type *> parameters) {
  FunctionCallee target = module.getOrInsertFunction(name, FunctionType::get(result, parameters, false));
  auto *function = cast<Function>(target.getCallee());
  function->setVisibility(GlobalValue::HiddenVisibility);
  return function;
}

//===-- The library -----------------------------------------------------------------===//

LibraryWriter::LibraryWriter(Module &module, ArrayRef<LevelModels> levels, const LibraryInfo &info)
    : ConstantWriter(module, "seqc") {
  SmallVector<Constant *> rows;
  for (auto [level, name] : zip_equal(levels, info.levels))
    rows.push_back(ConstantStruct::getAnon({text(name), int64(static_cast<int64_t>(level.needs))}));
  Constant *value =
      ConstantStruct::getAnon({array(rows, "levels"), int64(static_cast<int64_t>(levels.size())),
                               text(join(info.levels, ", ")), /*abi=*/int64(-1), /*level=*/int64(0), null(), int32(0)});
  library = cast<GlobalVariable>(global(value, "library", /*constant=*/false));

  Type *pointer = PointerType::get(context, 0);
  Function *load = Function::Create(FunctionType::get(Type::getVoidTy(context), false), GlobalValue::InternalLinkage,
                                    "seqc.load", module);
  IRBuilder<> builder(BasicBlock::Create(context, "", load));
  level = builder.CreateCall(callee("seqc_load", builder.getInt64Ty(), {pointer}), {library});
  end = builder.CreateRetVoid();
  // Before the constructors of a program that this is linked into.
  constexpr int first = 101;
  appendToGlobalCtors(module, load, first);
}

Constant *LibraryWriter::choose(GlobalVariable *models, const Twine &name) {
  Constant *choice = global(models, name, /*constant=*/false);
  IRBuilder<> builder(end);
  builder.CreateStore(builder.CreateInBoundsGEP(models->getValueType(), models, {builder.getInt64(0), level}), choice);
  return choice;
}

//===-- Tables of a model -------------------------------------------------------------===//

// seqc_slot
Constant *TableWriter::slot(const ModelSlot &slot) {
  return ConstantStruct::getAnon({int32(slot.source), int32(slot.index), int64(slot.features), int32(slot.bytes),
                                  int8(slot.time), int8(slot.batch), int8(slot.zeroed), int8(slot.perThread),
                                  int8(slot.ring), int32(slot.fallback), int32(slot.host)});
}

Constant *TableWriter::slots(const std::vector<ModelSlot> &rows, const Twine &name) {
  SmallVector<Constant *> constants;
  for (const ModelSlot &row : rows)
    constants.push_back(slot(row));
  return array(constants, name);
}

// seqc_program
Constant *TableWriter::program(const ModelProgram &program, StringRef name, StringRef suffix) {
  auto function = [&](StringRef what) -> Constant * {
    Function *found = module.getFunction((Twine(model.name) + "." + name + what + suffix).str());
    return found ? found : null();
  };
  return ConstantStruct::getAnon({slots(program.slots, name + ".slots"),
                                  int64(static_cast<int64_t>(program.slots.size())), function(".prepare"),
                                  function(".run")});
}

// seqc_tensor
Constant *TableWriter::tensor(const ModelTensor &tensor) {
  ArrayRef<int64_t> shape = tensor.shape;
  int64_t rows = shape.empty() ? 1 : shape.size() == 1 ? shape[0] : shape[shape.size() - 2];
  int64_t columns = shape.size() < 2 ? 1 : shape.back();
  // A vector has no direction: both fans are its length.
  int64_t fanIn = shape.size() < 2 ? rows : columns;
  return ConstantStruct::getAnon({text(tensor.name), int64(tensor.features()), int32(model.bytesOf(tensor)),
                                  int32(tensor.init.kind), real(tensor.init.a), real(tensor.init.b), int64(rows),
                                  int64(columns), int64(fanIn), int64(rows), int64(tensor.vocabulary),
                                  int8(tensor.last)});
}

Constant *TableWriter::tensors(const std::vector<ModelTensor> &list, const Twine &name) {
  SmallVector<Constant *> constants;
  for (const ModelTensor &item : list)
    constants.push_back(tensor(item));
  return array(constants, name);
}

/// As long as the longest row that may stand for an absent one, and one vector more. Nobody writes it, but where it is
/// not declared constant it takes no room in the file.
Constant *TableWriter::zeros() {
  int64_t longest = 8;
  for (const LevelModels &level : levels)
    for (const ModelProgram *program :
         {&modelOf(level).forward, &modelOf(level).forwardTaped, &modelOf(level).backward})
      for (const ModelSlot &slot : program->slots)
        if (slot.time || slot.batch)
          longest = std::max(longest, slot.features * slot.bytes);
  auto *type = ArrayType::get(Type::getInt8Ty(context), longest + SEQC_ALIGNMENT);
  Constant *zeros = global(ConstantAggregateZero::get(type), "zeros", /*constant=*/false);
  cast<GlobalVariable>(zeros)->setAlignment(Align(SEQC_ALIGNMENT));
  return zeros;
}

uint64_t TableWriter::tag(const Model &model, StringRef description) {
  std::string layout = description.str();
  raw_string_ostream stream(layout);
  for (const std::vector<ModelSlot> *rows : {&model.tape, &model.forward.slots})
    for (const ModelSlot &slot : *rows)
      stream << ' ' << slot.source << ' ' << slot.features << ' ' << slot.bytes << slot.time << slot.batch;
  return xxh3_64bits(layout);
}

// seqc_model
Constant *TableWriter::table(size_t level, const Shared &shared, Function *step) {
  const Model &model = modelOf(levels[level]);
  StringRef suffix = levels[level].suffix;
  std::string json = describe(model, info, info.levels[level]);
  tags.push_back(tag(model, json));
  auto count = [&](const std::vector<ModelTensor> &list) { return int32(static_cast<int64_t>(list.size())); };
  return ConstantStruct::getAnon({shared.name,
                                  text(json),
                                  int32(model.realBytes()),
                                  int32(!model.looksAhead.empty()),
                                  shared.ahead,
                                  shared.params,
                                  shared.inputs,
                                  shared.states,
                                  shared.outputs,
                                  count(model.params),
                                  count(model.inputs),
                                  count(model.states),
                                  count(model.outputs),
                                  int32(model.hasLoss),
                                  program(model.forward, "forward", suffix),
                                  program(model.forwardTaped, "forward_taped", suffix),
                                  program(model.backward, "backward", suffix),
                                  slots(model.tape, "tape.slots"),
                                  int64(static_cast<int64_t>(model.tape.size())),
                                  shared.zeros,
                                  int64(static_cast<int64_t>(tags.back())),
                                  int64(model.bpttMemory),
                                  model.bpttMemory ? external("seqc_bptt") : null(),
                                  library.table(),
                                  step});
}

Constant *TableWriter::tableAt(size_t level) {
  Type *i64 = Type::getInt64Ty(context);
  return ConstantExpr::getInBoundsGetElementPtr(
      models->getValueType(), models, ArrayRef<Constant *>{ConstantInt::get(i64, 0), ConstantInt::get(i64, level)});
}

//===-- Entry points ------------------------------------------------------------------===//

Function *TableWriter::function(const Twine &name, Type *result, ArrayRef<Type *> parameters, bool isExported) {
  Function *function =
      Function::Create(FunctionType::get(result, parameters, /*isVarArg=*/false),
                       isExported ? GlobalValue::ExternalLinkage : GlobalValue::InternalLinkage, name, module);
  BasicBlock::Create(context, "", function);
  return function;
}

Function *TableWriter::entry(StringRef name, Type *result, ArrayRef<Type *> parameters) {
  return function(model.symbol + "_" + name, result, parameters, /*isExported=*/true);
}

/// The table of the level that runs.
Value *TableWriter::chosen(IRBuilder<> &builder) {
  return choice ? builder.CreateLoad(builder.getPtrTy(), choice) : static_cast<Value *>(models);
}

/// `return target(table, parameters);`, by default with the table of the level that runs.
void TableWriter::callRuntime(Function &function, StringRef target, Constant *table) {
  IRBuilder<> builder(&function.getEntryBlock());
  SmallVector<Value *> arguments = {table ? table : chosen(builder)};
  SmallVector<Type *> types = {builder.getPtrTy()};
  for (Argument &argument : function.args()) {
    arguments.push_back(&argument);
    types.push_back(argument.getType());
  }
  builder.CreateRet(builder.CreateCall(callee(target, function.getReturnType(), types), arguments));
}

void TableWriter::emitDescribe() {
  Type *pointer = PointerType::get(context, 0);
  IRBuilder<> builder(&entry("describe", pointer, {})->getEntryBlock());
  Value *description =
      builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), chosen(builder), offsetof(seqc_model, description));
  builder.CreateRet(builder.CreateLoad(pointer, description));
}

void TableWriter::fillStep(size_t level, const Shared &shared, Function &step) {
  if (!hasStepEntry(modelOf(levels[level])))
    return callRuntime(step, "seqc_run_step", tableAt(level));
  Type *pointer = PointerType::get(context, 0);
  Constant *abi = ConstantExpr::getInBoundsGetElementPtr(Type::getInt8Ty(context), library.table(),
                                                         int64(static_cast<int64_t>(offsetof(seqc_library, abi))));
  Function *refused =
      function(model.name + ".step.refused" + levels[level].suffix, Type::getInt32Ty(context), {pointer},
               /*isExported=*/false);
  refused->addFnAttr(Attribute::NoInline);
  callRuntime(*refused, "seqc_run_step", tableAt(level));
  StepTables tables = {tableAt(level), shared.zeros, abi, tags[level], levels[level].suffix};
  emitStepEntry(module, modelOf(levels[level]), tables, step, *refused,
                *callee("seqc_run_step", Type::getInt32Ty(context), {pointer, pointer}));
}

/// Jumps to the step of the level that runs.
void TableWriter::emitStepChoice(Function &step) {
  IRBuilder<> builder(&step.getEntryBlock());
  Value *target =
      builder.CreateLoad(builder.getPtrTy(), builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), chosen(builder),
                                                                                offsetof(seqc_model, step)));
  CallInst *call = builder.CreateCall(step.getFunctionType(), target, {step.getArg(0)});
  call->setTailCallKind(CallInst::TCK_MustTail);
  builder.CreateRet(call);
}

void TableWriter::emitEntryPoints() {
  Type *i32 = Type::getInt32Ty(context), *i64 = Type::getInt64Ty(context), *pointer = PointerType::get(context, 0);
  emitDescribe();
  for (StringRef name :
       {"init", "prepare", "forward", "forward_taped", "backward", "gradient", "pool_start", "pool_stop"})
    callRuntime(*entry(name, i32, {pointer}), ("seqc_run_" + name).str());
  callRuntime(*entry("workspace_size", i64, {i64, i64}), "seqc_workspace_size");
  callRuntime(*entry("tape_size", i64, {i64, i64}), "seqc_tape_size");
  callRuntime(*entry("prepared_size", i64, {}), "seqc_prepared_size");
  callRuntime(*entry("pool_size", i64, {i64}), "seqc_pool_size");
}

void TableWriter::write() {
  std::string ahead = "equation '" + model.looksAhead + "' reads a later step";
  Shared shared = {text(model.symbol),
                   model.looksAhead.empty() ? null() : text(ahead),
                   tensors(model.params, "params"),
                   tensors(model.inputs, "inputs"),
                   tensors(model.states, "states"),
                   tensors(model.outputs, "outputs"),
                   zeros()};
  Type *i32 = Type::getInt32Ty(context), *pointer = PointerType::get(context, 0);
  Function *step = entry("step", i32, {pointer});
  bool several = levels.size() > 1;
  SmallVector<Function *> steps;
  SmallVector<Constant *> tables;
  for (auto [number, level] : enumerate(levels)) {
    steps.push_back(several ? function(model.name + ".step" + level.suffix, i32, {pointer}, /*isExported=*/false)
                            : step);
    tables.push_back(table(number, shared, steps.back()));
  }
  models = cast<GlobalVariable>(array(tables, "model"));
  if (several) {
    choice = library.choose(models, model.symbol + ".chosen");
    emitStepChoice(*step);
  }
  for (auto [number, function] : enumerate(steps))
    fillStep(number, shared, *function);
  emitEntryPoints();
}

void emitModelTables(Module &module, ArrayRef<LevelModels> levels, const LibraryInfo &info) {
  for (Function &function : module)
    if (!function.isDeclaration())
      function.setLinkage(GlobalValue::InternalLinkage);
  LibraryWriter library(module, levels, info);
  for (size_t number = 0; number < levels.front().models->size(); ++number)
    TableWriter(module, levels, number, info, library).write();
}

} // namespace seqc
