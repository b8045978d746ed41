//===- Model.cpp - A model as its compiled library presents it --------------------===//
#include "codegen/Model.h"

#include "codegen/Mangle.h"
#include "dialect/Recur.h"
#include "passes/analysis/Work.h"
#include "runtime/model.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using llvm::Expected;

namespace seqc {

static_assert(static_cast<int>(recur::SlotSource::prepared) == SEQC_PREPARED, "SlotSource and seqc_source agree");

int64_t ModelTensor::features() const {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

int Model::bytesOf(const ModelTensor &tensor) const {
  switch (tensor.element) {
  case ModelTensor::Id:
    return sizeof(int32_t);
  case ModelTensor::Mask:
    return sizeof(uint8_t);
  case ModelTensor::Real:
    return realBytes();
  }
  llvm_unreachable("all kinds of elements are handled");
}

bool Model::readsLater() const {
  return llvm::any_of(states, [](const ModelTensor &state) { return state.index < 0; });
}

std::vector<std::string> Model::entryPoints() const {
  std::vector<std::string> names = {"init"};
  if (forward.exists)
    names.insert(names.end(), {"prepare", "forward"});
  if (forwardTaped.exists && backward.exists)
    names.insert(names.end(), {"forward_taped", "backward", "gradient"});
  if (forward.exists && looksAhead.empty())
    names.emplace_back("step");
  return names;
}

//===-- From the interface ----------------------------------------------------------===//

static ModelTensor::Element elementOf(Type type) {
  if (type.isInteger(1))
    return ModelTensor::Mask;
  return type.isInteger(32) ? ModelTensor::Id : ModelTensor::Real;
}

/// `h[0]`, `h[-1]` before the first step, `h[T+1]`, `h[T+2]` after the last.
static std::string stateSlotName(StringRef state, int64_t index) {
  std::string where = index >= 0 ? std::to_string(-index) : "T+" + std::to_string(-index);
  return (state + "[" + where + "]").str();
}

static Initializer initializerOf(recur::InitAttr init) {
  Initializer result;
  if (!init)
    return result;
  result.kind = static_cast<int>(init.getKind());
  result.a = init.getA() ? init.getA().getValueAsDouble() : 0;
  result.b = init.getB() ? init.getB().getValueAsDouble() : 0;
  return result;
}

static ModelTensor makeTensor(recur::TensorOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  ModelTensor tensor;
  tensor.name = op.getName().str();
  tensor.shape = type.getShape().vec();
  tensor.element = elementOf(type.getElementType());
  tensor.init = initializerOf(op.getInitAttr());
  tensor.diagonal = op.getDiagonal();
  tensor.estimate = op.getEstimate();
  tensor.vocabulary = op.getVocabulary().value_or(0);
  tensor.last = op.getLast();
  tensor.index = op.getIndex().value_or(0);
  if (op.getSource() == recur::SlotSource::state) {
    tensor.state = tensor.name;
    tensor.name = stateSlotName(tensor.state, tensor.index);
  }
  return tensor;
}

static std::vector<ModelTensor> *listOf(Model &model, recur::SlotSource source) {
  switch (source) {
  case recur::SlotSource::param:
    return &model.params;
  case recur::SlotSource::input:
    return &model.inputs;
  case recur::SlotSource::state:
    return &model.states;
  case recur::SlotSource::output:
    return &model.outputs;
  default:
    return nullptr;
  }
}

static Model makeModel(recur::InterfaceOp interface) {
  Model model;
  model.name = interface.getModel().str();
  model.symbol = mangle(model.name);
  model.parameterCount = recur::parameterCount(interface);
  model.hasLoss = interface.getHasLoss();
  model.looksAhead = interface.getLooksAhead().value_or("").str();
  model.needsBatch = interface.getNeedsBatch().value_or("").str();
  for (NamedAttribute dim : interface.getDims())
    model.dims.emplace_back(dim.getName().str(), cast<IntegerAttr>(dim.getValue()).getInt());
  for (Attribute gate : interface.getGates())
    model.gates.push_back(cast<StringAttr>(gate).str());
  for (auto tensor : interface.getBody().getOps<recur::TensorOp>()) {
    model.f64 |= cast<RankedTensorType>(tensor.getType()).getElementType().isF64();
    if (std::vector<ModelTensor> *list = listOf(model, tensor.getSource()))
      list->push_back(makeTensor(tensor));
  }
  return model;
}

//===-- From the slots of a program -------------------------------------------------===//

namespace {

/// Resolves the names in the slots of a model's programs to positions in its lists.
class SlotReader {
public:
  explicit SlotReader(Model &model) : model(model) {}

  llvm::Error read(recur::SystemOp system, ModelProgram &program);

private:
  /// Position in the model's list that `slot` belongs to, or -1.
  int64_t findIndex(recur::SlotOp slot);
  int64_t findState(StringRef name, int64_t index);
  int64_t findTape(recur::SlotOp slot, const ModelSlot &row);
  void findHosts(recur::SystemOp system, ModelProgram &program);
  void addMissingGradients(ModelProgram &program);

  Model &model;
  llvm::StringMap<int64_t> tape;
};

} // namespace

static int64_t findNamed(const std::vector<ModelTensor> &tensors, StringRef name) {
  auto found = llvm::find_if(tensors, [&](const ModelTensor &tensor) { return tensor.name == name; });
  return found == tensors.end() ? -1 : found - tensors.begin();
}

int64_t SlotReader::findState(StringRef name, int64_t index) {
  // A state that is only read from later steps may number its slots from 0 as well.
  for (int64_t wanted : {index, -1 - index})
    for (auto [position, state] : llvm::enumerate(model.states))
      if (state.state == name && state.index == wanted)
        return position;
  return -1;
}

int64_t SlotReader::findTape(recur::SlotOp slot, const ModelSlot &row) {
  auto [entry, isNew] = tape.try_emplace(slot.getName(), model.tape.size());
  if (isNew)
    model.tape.push_back(row);
  return entry->second;
}

/// After all slots of the program have been read.
void SlotReader::findHosts(recur::SystemOp system, ModelProgram &program) {
  for (auto [slot, row] : llvm::zip_equal(system.getOps<recur::SlotOp>(), program.slots)) {
    if (!slot.getHost())
      continue;
    StringRef host = slot.getHost().getDefiningOp<recur::SlotOp>().getName();
    if (row.source == SEQC_TAPE)
      model.tape[row.index].host = findNamed(model.outputs, host);
    else
      row.host = tape.at(host);
  }
}

int64_t SlotReader::findIndex(recur::SlotOp slot) {
  using recur::SlotSource;
  switch (slot.getSource()) {
  case SlotSource::param:
  case SlotSource::d_param:
    return findNamed(model.params, slot.getName());
  case SlotSource::input:
  case SlotSource::d_input:
    return findNamed(model.inputs, slot.getName());
  case SlotSource::output:
  case SlotSource::d_output:
    return findNamed(model.outputs, slot.getName());
  case SlotSource::state:
  case SlotSource::final_state:
  case SlotSource::d_state:
  case SlotSource::d_final_state:
    return findState(slot.getName(), slot.getIndex());
  default:
    return 0;
  }
}

static int bytesOf(Type element) { return std::max<int>(1, static_cast<int>(element.getIntOrFloatBitWidth() / 8)); }

/// Whether all that touches the slot is done by `prepare`.
static bool isForPrepareAlone(recur::SlotOp slot) {
  return llvm::all_of(slot->getUsers(), [](Operation *user) {
    auto once = user->getParentOfType<recur::OnceOp>();
    return once && once.getPrepared();
  });
}

/// Whether its program stores what comes first.
static bool isBegunByTotal(recur::SlotOp slot) {
  return llvm::any_of(slot->getUsers(), [](Operation *user) {
    auto total = dyn_cast<recur::AccumulateOp>(user);
    return total && total.getFirst();
  });
}

/// Whether the end of a single step reads a state from before it: as another one's final value, or another slot's.
static bool isReadAfterStep(recur::SlotOp slot) {
  return llvm::any_of(slot->getUsers(), [&](Operation *user) {
    auto at = user->getParentOfType<recur::AtOp>();
    auto read = dyn_cast<recur::ReadOp>(user);
    if (!at || !read || read.getSlot() == slot.getSlot())
      return bool(at);
    int64_t t = (at.getAnchor() == recur::Anchor::end ? 1 : 0) + at.getOffset() + read.getShift();
    return t != 0;
  });
}

llvm::Error SlotReader::read(recur::SystemOp system, ModelProgram &program) {
  program.exists = true;
  recur::Work work = recur::workOf(system);
  program.flops = work.flops;
  program.bytes = work.bytes;
  llvm::DenseMap<Value, int64_t> numbers; // of all slots first: a fallback may stand below
  for (auto slot : system.getOps<recur::SlotOp>())
    numbers.try_emplace(slot.getSlot(), numbers.size());
  for (auto slot : system.getOps<recur::SlotOp>()) {
    RankedTensorType type = slot.getType().getValue();
    ModelSlot row;
    row.source = static_cast<int>(slot.getSource());
    row.features = type.getNumElements();
    row.bytes = bytesOf(type.getElementType());
    row.time = slot.getTime();
    row.ring = slot.getRing();
    row.batch = slot.getBatch();
    row.zeroed = isBegunByTotal(slot) ? SEQC_BEGUN : slot.getZeroed() ? SEQC_CLEARED : SEQC_NOT_CLEARED;
    row.perThread = slot->hasAttr("recur.scratch");
    row.prepareAlone = isForPrepareAlone(slot);
    row.readAfterStep = slot.getSource() == recur::SlotSource::state && isReadAfterStep(slot);
    if (slot.getFallback())
      row.fallback = numbers.at(slot.getFallback());
    if (slot.getSource() == recur::SlotSource::d_output && slot.getName() == "loss")
      row.source = SEQC_D_LOSS;
    else
      row.index = findIndex(slot);
    if (row.source == SEQC_TAPE)
      row.index = findTape(slot, row);
    if (row.index < 0)
      return llvm::createStringError("the slot '" + slot.getName() + "' of " + system.getSymName() +
                                     " is not in the model's interface");
    program.slots.push_back(row);
  }
  findHosts(system, program);
  if (&program == &model.backward)
    addMissingGradients(program);
  return llvm::Error::success();
}

/// A gradient that no equation contributes to is zero: it gets a slot that is only cleared.
void SlotReader::addMissingGradients(ModelProgram &program) {
  auto add = [&](int source, const std::vector<ModelTensor> &tensors, bool sequence, bool batch) {
    for (auto [position, tensor] : llvm::enumerate(tensors)) {
      auto isThis = [&, index = static_cast<int64_t>(position)](const ModelSlot &slot) {
        return slot.source == source && slot.index == index;
      };
      if (tensor.element != ModelTensor::Real || llvm::any_of(program.slots, isThis))
        continue;
      ModelSlot row;
      row.source = source;
      row.index = static_cast<int64_t>(position);
      row.features = tensor.features();
      row.bytes = model.realBytes();
      row.time = sequence;
      row.batch = batch;
      row.zeroed = SEQC_CLEARED;
      program.slots.push_back(row);
    }
  };
  add(SEQC_D_PARAM, model.params, false, false);
  add(SEQC_D_INPUT, model.inputs, true, true);
  add(SEQC_D_STATE, model.states, false, true);
}

static ModelProgram *findProgram(Model &model, recur::SystemOp system) {
  auto of = system->getAttrOfType<StringAttr>("recur.model");
  auto program = system->getAttrOfType<StringAttr>("recur.program");
  if (!of || !program || of.getValue() != model.name)
    return nullptr;
  return llvm::StringSwitch<ModelProgram *>(program.getValue())
      .Case("forward", &model.forward)
      .Case("forward_taped", &model.forwardTaped)
      .Case("backward", &model.backward)
      .Default(nullptr);
}

static std::vector<PackedWeights> packedWeights(recur::SystemOp system) {
  std::vector<PackedWeights> weights;
  llvm::DenseSet<Value> seen;
  system.walk([&](recur::ReadPackedOp read) {
    if (!seen.insert(read.getSlot()).second)
      return;
    RankedTensorType type = read.getSlot().getType().getValue();
    PackedWeights &packed = weights.emplace_back();
    packed.name = read.getSlot().getDefiningOp<recur::SlotOp>().getName().str();
    packed.shape = cast<RankedTensorType>(read.getType()).getShape().vec();
    packed.products = read.getProducts();
    llvm::raw_string_ostream(packed.stored) << type.getElementType();
    if (packed.stored == "i8")
      packed.stored = "int8";
    packed.bytes = type.getNumElements() * bytesOf(type.getElementType());
  });
  return weights;
}

Expected<std::vector<Model>> collectModels(ModuleOp module) {
  std::vector<Model> models;
  llvm::StringMap<std::string> symbols;
  for (auto interface : module.getOps<recur::InterfaceOp>()) {
    Model &model = models.emplace_back(makeModel(interface));
    auto [entry, isNew] = symbols.try_emplace(model.symbol, model.name);
    if (!isNew)
      return llvm::createStringError("the models '" + entry->second + "' and '" + model.name +
                                     "' would both export the C names " + model.symbol + "_…: rename one");
    if (StringRef(model.symbol).starts_with("seqc"))
      return llvm::createStringError("the model '" + model.name +
                                     "' would export C names that begin with seqc, which are the runtime's: rename it");
    SlotReader reader(model);
    for (auto system : module.getOps<recur::SystemOp>())
      if (ModelProgram *program = findProgram(model, system)) {
        if (llvm::Error error = reader.read(system, *program))
          return std::move(error);
        if (program == &model.forward)
          model.weights = packedWeights(system);
      }
  }
  return models;
}

void eraseInterfaces(ModuleOp module) {
  for (auto interface : llvm::make_early_inc_range(module.getOps<recur::InterfaceOp>()))
    interface.erase();
}

} // namespace seqc
