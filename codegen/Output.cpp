//===- Output.cpp - Files that are there whole or not at all ----------------------===//
#include "codegen/Output.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using llvm::Error;
using llvm::StringRef;

namespace seqc {

static Error cannotWrite(StringRef path, std::error_code error) {
  return llvm::createStringError(error, "cannot write '" + path + "': " + error.message());
}

Error writeAtomically(StringRef path, llvm::function_ref<Error(const std::string &)> write) {
  llvm::SmallString<128> temporary;
  int descriptor = -1;
  if (std::error_code error = llvm::sys::fs::createUniqueFile(path + ".%%%%%%.tmp", descriptor, temporary))
    return cannotWrite(path, error);
  llvm::FileRemover remover(temporary);
  if (std::error_code error = llvm::sys::Process::SafelyCloseFileDescriptor(descriptor))
    return cannotWrite(path, error);
  llvm::sys::RemoveFileOnSignal(temporary);
  llvm::scope_exit keepOnSignal([&] { llvm::sys::DontRemoveFileOnSignal(temporary); });
  if (Error error = write(temporary.str().str()))
    return error;
  if (std::error_code error = llvm::sys::fs::rename(temporary, path))
    return cannotWrite(path, error);
  remover.releaseFile();
  return Error::success();
}

Error writeText(StringRef path, StringRef text) {
  if (path == "-") {
    llvm::outs() << text;
    llvm::outs().flush();
    return Error::success();
  }
  return writeAtomically(path, [&](const std::string &temporary) -> Error {
    std::error_code error;
    llvm::raw_fd_ostream file(temporary, error);
    if (error)
      return cannotWrite(path, error);
    file << text;
    file.close();
    if (!file.has_error())
      return Error::success();
    error = file.error();
    file.clear_error();
    return cannotWrite(path, error);
  });
}

} // namespace seqc
