//===- OneDnn.cpp - Loads the module of oneDNN -------------------------------------------===//
#include "bench/OneDnn.h"

#include <dlfcn.h>
#include <filesystem>
#include <stdexcept>

using namespace seqc::bench;

const OneDnn &seqc::bench::oneDnn() {
  static const OneDnn *module = [] {
    std::string path = std::filesystem::read_symlink("/proc/self/exe").replace_filename("libseq-bench-onednn.so");
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    void *describe = library ? dlsym(library, "describeOneDnn") : nullptr;
    if (!describe)
      throw std::runtime_error(dlerror());
    return reinterpret_cast<const OneDnn *(*)()>(describe)();
  }();
  return *module;
}
