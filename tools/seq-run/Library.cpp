//===- Library.cpp - A model of a compiled library, loaded ------------------------------===//
#include "tools/seq-run/Library.h"

#include "tools/seq-run/AtomicFile.h"
#include "tools/seq-run/ElfSymbols.h"
#include "tools/seq-run/Failure.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>

using namespace seqc::run;

namespace {

constexpr Entry allEntries[] = {Entry::Init,     Entry::Prepare,  Entry::Forward, Entry::ForwardTaped,
                                Entry::Backward, Entry::Gradient, Entry::Step};

/// The models of a library, by the prefix of their symbols: every model exports M_describe.
std::vector<std::string> findModels(const std::string &path) {
  constexpr std::string_view suffix = "_describe";
  std::vector<std::string> models;
  for (const std::string &name : exportedFunctions(readWholeFile(path)))
    if (name.size() > suffix.size() && name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0)
      models.push_back(name.substr(0, name.size() - suffix.size()));
  std::sort(models.begin(), models.end());
  return models;
}

/// dlopen looks for a name without a slash in the system's folders, not here.
std::string absolutePath(const std::string &path) {
  char *resolved = ::realpath(path.c_str(), nullptr);
  if (!resolved)
    return path;
  std::string result = resolved;
  std::free(resolved);
  return result;
}

/// The description of the model wanted, found by its name in the .seq file or by its symbol.
Description chooseModel(const std::string &path, std::vector<Description> models, const std::string &wanted) {
  std::vector<std::string> names;
  for (Description &model : models) {
    names.push_back(model.model);
    if (model.model == wanted || model.symbol == wanted)
      return std::move(model);
  }
  if (!wanted.empty())
    fail(Message::NoSuchModel, path, wanted, listNames(names));
  if (models.size() != 1)
    fail(Message::SeveralModels, path, listNames(names));
  return std::move(models.front());
}

} // namespace

const char *seqc::run::entryName(Entry entry) {
  switch (entry) {
  case Entry::Init:
    return "init";
  case Entry::Prepare:
    return "prepare";
  case Entry::Forward:
    return "forward";
  case Entry::ForwardTaped:
    return "forward_taped";
  case Entry::Backward:
    return "backward";
  case Entry::Gradient:
    return "gradient";
  case Entry::Step:
    return "step";
  }
  return "";
}

void *Model::symbol(const std::string &path, const std::string &name) const {
  void *address = ::dlsym(handle.get(), name.c_str());
  if (!address)
    fail(Message::MissingSymbol, path, name);
  return address;
}

Model Model::load(const std::string &path, const std::string &wanted) {
  std::vector<std::string> symbols = findModels(path);
  Model model;
  void *handle = ::dlopen(absolutePath(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    fail(Message::CannotLoad, path, ::dlerror());
  model.handle = std::shared_ptr<void>(handle, [](void *opened) { ::dlclose(opened); });
  if (symbols.empty())
    fail(Message::NotCompiled, path);
  std::vector<Description> descriptions;
  for (const std::string &name : symbols) {
    auto describe = reinterpret_cast<const char *(*)()>(model.symbol(path, name + "_describe"));
    try {
      descriptions.push_back(parseDescription(describe()));
    } catch (const std::runtime_error &error) {
      fail(Message::BadDescription, path, name, error.what());
    }
    descriptions.back().symbol = name;
  }
  model.description = chooseModel(path, std::move(descriptions), wanted);
  model.findEntries(path);
  return model;
}

void Model::findEntries(const std::string &path) {
  const std::string prefix = description.symbol + "_";
  for (Entry entry : allEntries)
    functions[static_cast<size_t>(entry)] = reinterpret_cast<EntryFunction>(symbol(path, prefix + entryName(entry)));
  workspaceSizeFunction = reinterpret_cast<int64_t (*)(int64_t, int64_t)>(symbol(path, prefix + "workspace_size"));
  tapeSizeFunction = reinterpret_cast<int64_t (*)(int64_t, int64_t)>(symbol(path, prefix + "tape_size"));
  preparedSizeFunction = reinterpret_cast<int64_t (*)()>(symbol(path, prefix + "prepared_size"));
  poolSizeFunction = reinterpret_cast<int64_t (*)(int64_t)>(symbol(path, prefix + "pool_size"));
  poolStartFunction = reinterpret_cast<EntryFunction>(symbol(path, prefix + "pool_start"));
  poolStopFunction = reinterpret_cast<EntryFunction>(symbol(path, prefix + "pool_stop"));
}

void Model::require(Entry entry) const {
  if (description.hasEntry(entryName(entry)))
    return;
  std::string reason;
  if (entry == Entry::Step && !description.looksAhead.empty())
    reason = ": it looks ahead in " + description.looksAhead;
  fail(Message::NoEntryPoint, description.model, entryName(entry), reason);
}

Pool::Pool(const Model &model, int64_t threads) : model(model) {
  memory.resize(static_cast<size_t>(std::max<int64_t>(model.poolSize(threads), SEQC_ALIGNMENT)));
  char error[512] = "";
  seqc_call call = {};
  call.abi = SEQC_ABI_VERSION;
  call.error = error;
  call.error_size = sizeof error;
  call.pool = memory.data();
  call.pool_size = static_cast<int64_t>(memory.size());
  call.threads = threads;
  if (model.poolStart()(&call) != SEQC_OK)
    fail(Message::CallRefused, model.info().symbol, "pool_start", error);
}

Pool::~Pool() {
  seqc_call call = {};
  call.abi = SEQC_ABI_VERSION;
  call.pool = memory.data();
  model.poolStop()(&call);
}

void Caller::attach(AlignedBytes &memory, int64_t size, void *&pointer, int64_t &given) {
  if (static_cast<int64_t>(memory.size()) < size || memory.empty())
    memory.resize(std::max<int64_t>(size, SEQC_ALIGNMENT));
  pointer = memory.data();
  given = static_cast<int64_t>(memory.size());
}

void Caller::run(Entry entry, seqc_call call) {
  const Description &info = model->info();
  model->require(entry);
  int64_t workspaceSize = model->workspaceSize(call.T, call.B);
  bool needsTape = entry == Entry::ForwardTaped || entry == Entry::Backward || entry == Entry::Gradient;
  int64_t tapeSize = needsTape ? model->tapeSize(call.T, call.B) : 0;
  if (workspaceSize < 0 || tapeSize < 0)
    fail(Message::BadScratchSize, info.model, call.T, call.B);
  attach(workspace, workspaceSize, call.workspace, call.workspace_size);
  if (needsTape)
    attach(tape, tapeSize, call.tape, call.tape_size);
  if (entry == Entry::Prepare)
    attach(prepared, model->preparedSize(), call.prepared, call.prepared_size);
  else if (isPrepared && (entry == Entry::Forward || entry == Entry::Step))
    attach(prepared, 0, call.prepared, call.prepared_size);
  if (pool)
    call.pool = pool->data();
  char error[512] = "";
  call.abi = SEQC_ABI_VERSION;
  call.error = error;
  call.error_size = sizeof error;
  if (model->function(entry)(&call) != SEQC_OK)
    fail(Message::CallRefused, info.symbol, entryName(entry), error);
}

void Caller::prepare(const seqc_array *params) {
  seqc_call call = {};
  call.params = params;
  run(Entry::Prepare, call);
  isPrepared = true;
}
