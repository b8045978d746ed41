//===- Library.h - A model of a compiled library, loaded -------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_LIBRARY_H
#define SEQC_SEQ_RUN_LIBRARY_H

#include "runtime/seqc.h"
#include "tools/seq-run/Description.h"

#include <memory>
#include <string>

namespace seqc::run {

enum class Entry { Init, Prepare, Forward, ForwardTaped, Backward, Gradient, Step };

/// The name as in the exported symbol: "forward_taped".
const char *entryName(Entry entry);

class Model {
public:
  /// Opens a library and finds one model in it: the one called `name`, or the only one if `name` is empty.
  static Model load(const std::string &libraryPath, const std::string &wanted);

  const Description &info() const { return description; }

  /// Refuses a model without this entry point.
  void require(Entry entry) const;

  using EntryFunction = int (*)(const seqc_call *);
  EntryFunction function(Entry entry) const { return functions[static_cast<size_t>(entry)]; }
  int64_t workspaceSize(int64_t T, int64_t B) const { return workspaceSizeFunction(T, B); }
  int64_t tapeSize(int64_t T, int64_t B) const { return tapeSizeFunction(T, B); }
  int64_t preparedSize() const { return preparedSizeFunction(); }
  int64_t poolSize(int64_t threads) const { return poolSizeFunction(threads); }
  EntryFunction poolStart() const { return poolStartFunction; }
  EntryFunction poolStop() const { return poolStopFunction; }

private:
  void *symbol(const std::string &path, const std::string &name) const;
  void findEntries(const std::string &path);

  std::shared_ptr<void> handle;
  Description description;
  EntryFunction functions[7] = {};
  int64_t (*workspaceSizeFunction)(int64_t, int64_t) = nullptr;
  int64_t (*tapeSizeFunction)(int64_t, int64_t) = nullptr;
  int64_t (*preparedSizeFunction)() = nullptr;
  int64_t (*poolSizeFunction)(int64_t) = nullptr;
  EntryFunction poolStartFunction = nullptr, poolStopFunction = nullptr;
};

/// Threads that share the work of calls; the caller's is one of them.
class Pool {
public:
  Pool(const Model &model, int64_t threads);
  ~Pool();
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  void *data() { return memory.data(); }

private:
  const Model &model;
  AlignedBytes memory;
};

/// Calls entry points of one model with scratch memory that grows as needed. One per thread; a call may use several
/// threads itself.
class Caller {
public:
  explicit Caller(const Model &model, int64_t threads = 1)
      : model(&model), pool(threads > 1 ? std::make_unique<Pool>(model, threads) : nullptr) {}

  /// Fills in the scratch memory that the entry point needs, calls it, and throws what it refuses.
  void run(Entry entry, seqc_call call);

  /// Packs parameters; later calls of forward and step read them instead of `params`.
  void prepare(const seqc_array *params);

private:
  void attach(AlignedBytes &memory, int64_t size, void *&pointer, int64_t &given);

  const Model *model;
  AlignedBytes workspace, tape, prepared;
  std::unique_ptr<Pool> pool;
  bool isPrepared = false;
};

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_LIBRARY_H
