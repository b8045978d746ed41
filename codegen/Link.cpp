//===- Link.cpp - From object files to a shared library ---------------------------===//
#include "codegen/Link.h"

#include "codegen/Output.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <dlfcn.h>

using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

LLD_HAS_DRIVER(elf)

namespace seqc {

/// `../lib` in the build tree, `../lib/seqc` where it is installed.
static Expected<std::string> findRuntime(StringRef executable) {
  llvm::SmallString<128> folder = llvm::sys::path::parent_path(llvm::sys::path::parent_path(executable));
  llvm::sys::path::append(folder, "lib");
  for (StringRef below : {"", "seqc"}) {
    llvm::SmallString<128> path = folder;
    llvm::sys::path::append(path, below, "libseqc_runtime.a");
    if (llvm::sys::fs::exists(path))
      return path.str().str();
  }
  return createStringError("cannot link: libseqc_runtime.a is neither in " + folder + " nor in " + folder +
                           "/seqc; it is built and installed together with seqc");
}

/// The path of a library that this process could load itself: so no development package is needed to link with it.
static Expected<std::string> findSystemLibrary(const char *name, const char *symbol) {
  void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  void *address = library ? dlsym(library, symbol) : nullptr;
  Dl_info info;
  bool found = address && dladdr(address, &info) && info.dli_fname;
  std::string path = found ? info.dli_fname : "";
  if (library)
    dlclose(library);
  if (!found)
    return createStringError(StringRef("cannot link: this machine has no ") + name);
  return path;
}

static Error linkInProcess(StringRef object, StringRef runtime, StringRef path, const std::string &soname) {
  // libm goes by its path: a library bound to it without its version gets outdated, slower entry points.
  Expected<std::string> libm = findSystemLibrary("libm.so.6", "exp");
  if (!libm)
    return libm.takeError();
  Expected<std::string> libc = findSystemLibrary("libc.so.6", "memcpy");
  if (!libc)
    return libc.takeError();
  std::string objectPath = object.str(), runtimePath = runtime.str(), output = path.str();
  llvm::SmallVector<const char *> arguments = {"ld.lld",
                                               "-shared",
                                               "-Bsymbolic",
                                               "--hash-style=gnu",
                                               "-z",
                                               "noexecstack",
                                               "-z",
                                               "defs",
                                               "-o",
                                               output.c_str(),
                                               objectPath.c_str(),
                                               runtimePath.c_str(),
                                               soname.c_str(),
                                               "--as-needed",
                                               libm->c_str(),
                                               libc->c_str()};
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode == 0)
    return Error::success();
  return createStringError("cannot link: " + StringRef(messages).trim());
}

static Error linkByProgram(StringRef linker, StringRef object, StringRef runtime, StringRef path,
                           const std::string &soname) {
  llvm::ErrorOr<std::string> program = llvm::sys::findProgramByName(linker);
  if (!program)
    return createStringError("cannot link: no program '" + linker +
                             "' on PATH; install a C compiler, or leave --linker out to use the linker inside seqc");
  std::string message;
  std::string sonameOption = "-Wl," + soname;
  StringRef arguments[] = {*program,      "-shared", sonameOption, "-Wl,-Bsymbolic", "-Wl,-z,noexecstack",
                           "-Wl,-z,defs", "-o",      path,         object,           runtime,
                           "-lm"};
  int status = llvm::sys::ExecuteAndWait(*program, arguments, /*Env=*/std::nullopt, /*Redirects=*/{},
                                         /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (status == 0)
    return Error::success();
  return createStringError("cannot link: '" + *program + "' failed" + (message.empty() ? "" : ": " + message));
}

Error linkLibrary(StringRef object, StringRef path, const LinkOptions &options) {
  Expected<std::string> runtime = findRuntime(options.executable);
  if (!runtime)
    return runtime.takeError();
  std::string soname = ("-soname=" + llvm::sys::path::filename(path)).str();
  return writeAtomically(path, [&](const std::string &temporary) {
    if (options.linker == "lld")
      return linkInProcess(object, *runtime, temporary, soname);
    return linkByProgram(options.linker, object, *runtime, temporary, soname);
  });
}

} // namespace seqc
