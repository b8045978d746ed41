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

using namespace llvm;

namespace seqc {

namespace {

/// Writes the constants of one model. Structs are those of runtime/model.h, field by field.
class TableWriter {
public:
  TableWriter(Module &module, const Model &model, const LibraryInfo &info)
      : module(module), context(module.getContext()), model(model), info(info) {}

  void write();

private:
  Constant *int8(int64_t value) { return ConstantInt::get(Type::getInt8Ty(context), value); }
  Constant *int32(int64_t value) { return ConstantInt::getSigned(Type::getInt32Ty(context), value); }
  Constant *int64(int64_t value) { return ConstantInt::getSigned(Type::getInt64Ty(context), value); }
  Constant *real(double value) { return ConstantFP::get(Type::getDoubleTy(context), value); }
  Constant *null() { return ConstantPointerNull::get(PointerType::get(context, 0)); }

  Constant *global(Constant *value, const Twine &name, bool constant = true);
  Constant *text(StringRef value);
  Constant *array(ArrayRef<Constant *> rows, const Twine &name);

  Constant *slot(const ModelSlot &slot);
  Constant *slots(const std::vector<ModelSlot> &rows, const Twine &name);
  Constant *program(const ModelProgram &program, StringRef name);
  Constant *tensor(const ModelTensor &tensor);
  Constant *tensors(const std::vector<ModelTensor> &list, const Twine &name);
  Constant *zeros();
  uint64_t tag(StringRef description);

  Function *entry(StringRef name, Type *result, ArrayRef<Type *> parameters);
  Function *callee(StringRef name, Type *result, ArrayRef<Type *> parameters);
  void emitThunk(StringRef name, StringRef callee, Type *result, ArrayRef<Type *> parameters, Constant *table);
  void emitStep(const StepTables &tables);
  void emitEntryPoints(const StepTables &tables, Constant *description);

  Module &module;
  LLVMContext &context;
  const Model &model;
  const LibraryInfo &info;
};

} // namespace

Constant *TableWriter::global(Constant *value, const Twine &name, bool constant) {
  auto *variable = new GlobalVariable(module, value->getType(), constant, GlobalValue::InternalLinkage, value,
                                      model.symbol + "." + name);
  return variable;
}

Constant *TableWriter::text(StringRef value) { return global(ConstantDataArray::getString(context, value), "text"); }

Constant *TableWriter::array(ArrayRef<Constant *> rows, const Twine &name) {
  if (rows.empty())
    return null();
  return global(ConstantArray::get(ArrayType::get(rows.front()->getType(), rows.size()), rows), name);
}

// seqc_slot
Constant *TableWriter::slot(const ModelSlot &slot) {
  return ConstantStruct::getAnon({int32(slot.source), int32(slot.index), int64(slot.features), int32(slot.bytes),
                                  int8(slot.time), int8(slot.batch), int8(slot.zeroed), int8(slot.perThread),
                                  int32(slot.fallback)});
}

Constant *TableWriter::slots(const std::vector<ModelSlot> &rows, const Twine &name) {
  SmallVector<Constant *> constants;
  for (const ModelSlot &row : rows)
    constants.push_back(slot(row));
  return array(constants, name);
}

// seqc_program
Constant *TableWriter::program(const ModelProgram &program, StringRef name) {
  auto function = [&](StringRef suffix) -> Constant * {
    Function *found = module.getFunction((Twine(model.name) + "." + name + suffix).str());
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
  for (const ModelProgram *program : {&model.forward, &model.forwardTaped, &model.backward})
    for (const ModelSlot &slot : program->slots)
      if (slot.time || slot.batch)
        longest = std::max(longest, slot.features * slot.bytes);
  auto *type = ArrayType::get(Type::getInt8Ty(context), longest + SEQC_ALIGNMENT);
  Constant *zeros = global(ConstantAggregateZero::get(type), "zeros", /*constant=*/false);
  cast<GlobalVariable>(zeros)->setAlignment(Align(SEQC_ALIGNMENT));
  return zeros;
}

uint64_t TableWriter::tag(StringRef description) {
  std::string layout = description.str();
  raw_string_ostream stream(layout);
  for (const std::vector<ModelSlot> *rows : {&model.tape, &model.forward.slots})
    for (const ModelSlot &slot : *rows)
      stream << ' ' << slot.source << ' ' << slot.features << ' ' << slot.bytes << slot.time << slot.batch;
  return xxh3_64bits(layout);
}

Function *TableWriter::entry(StringRef name, Type *result, ArrayRef<Type *> parameters) {
  auto *type = FunctionType::get(result, parameters, /*isVarArg=*/false);
  Function *function = Function::Create(type, GlobalValue::ExternalLinkage, model.symbol + "_" + name, module);
  BasicBlock::Create(context, "", function);
  return function;
}

/// `result name(const seqc_model *, parameters)` of the runtime.
Function *TableWriter::callee(StringRef name, Type *result, ArrayRef<Type *> parameters) {
  SmallVector<Type *> types = {PointerType::get(context, 0)};
  append_range(types, parameters);
  FunctionCallee target = module.getOrInsertFunction(name, FunctionType::get(result, types, false));
  auto *function = cast<Function>(target.getCallee());
  function->setVisibility(GlobalValue::HiddenVisibility);
  return function;
}

/// `result M_name(parameters) { return target(&table, parameters); }`
void TableWriter::emitThunk(StringRef name, StringRef target, Type *result, ArrayRef<Type *> parameters,
                            Constant *table) {
  Function *function = entry(name, result, parameters);
  SmallVector<Value *> arguments = {table};
  for (Argument &argument : function->args())
    arguments.push_back(&argument);
  IRBuilder<> builder(&function->getEntryBlock());
  builder.CreateRet(builder.CreateCall(callee(target, result, parameters), arguments));
}

void TableWriter::emitStep(const StepTables &tables) {
  Type *i32 = Type::getInt32Ty(context), *pointer = PointerType::get(context, 0);
  if (!hasStepEntry(model))
    return emitThunk("step", "seqc_run_step", i32, {pointer}, tables.model);
  emitStepEntry(module, model, tables, *entry("step", i32, {pointer}), *callee("seqc_run_step", i32, {pointer}));
}

void TableWriter::emitEntryPoints(const StepTables &tables, Constant *description) {
  Type *i32 = Type::getInt32Ty(context), *i64 = Type::getInt64Ty(context), *pointer = PointerType::get(context, 0);
  Constant *table = tables.model;
  IRBuilder<> builder(&entry("describe", pointer, {})->getEntryBlock());
  builder.CreateRet(description);
  for (StringRef name :
       {"init", "prepare", "forward", "forward_taped", "backward", "gradient", "pool_start", "pool_stop"})
    emitThunk(name, ("seqc_run_" + name).str(), i32, {pointer}, table);
  emitStep(tables);
  emitThunk("workspace_size", "seqc_workspace_size", i64, {i64, i64}, table);
  emitThunk("tape_size", "seqc_tape_size", i64, {i64, i64}, table);
  emitThunk("prepared_size", "seqc_prepared_size", i64, {}, table);
  emitThunk("pool_size", "seqc_pool_size", i64, {i64}, table);
}

// seqc_model
void TableWriter::write() {
  std::string json = describe(model, info);
  Constant *description = text(json);
  std::string ahead = "equation '" + model.looksAhead + "' reads a later step";
  Constant *noRow = zeros();
  uint64_t layout = tag(json);
  auto count = [&](const std::vector<ModelTensor> &list) { return int32(static_cast<int64_t>(list.size())); };
  Constant *table = ConstantStruct::getAnon({text(model.symbol),
                                             description,
                                             int32(model.realBytes()),
                                             int32(!model.looksAhead.empty()),
                                             model.looksAhead.empty() ? null() : text(ahead),
                                             tensors(model.params, "params"),
                                             tensors(model.inputs, "inputs"),
                                             tensors(model.states, "states"),
                                             tensors(model.outputs, "outputs"),
                                             count(model.params),
                                             count(model.inputs),
                                             count(model.states),
                                             count(model.outputs),
                                             int32(model.hasLoss),
                                             program(model.forward, "forward"),
                                             program(model.forwardTaped, "forward_taped"),
                                             program(model.backward, "backward"),
                                             slots(model.tape, "tape.slots"),
                                             int64(static_cast<int64_t>(model.tape.size())),
                                             noRow,
                                             int64(static_cast<int64_t>(layout)),
                                             int64(model.bpttMemory)});
  emitEntryPoints({global(table, "model"), noRow, layout}, description);
}

void emitModelTables(Module &module, const std::vector<Model> &models, const LibraryInfo &info) {
  for (Function &function : module)
    if (!function.isDeclaration())
      function.setLinkage(GlobalValue::InternalLinkage);
  for (const Model &model : models)
    TableWriter(module, model, info).write();
}

} // namespace seqc
