//===- AtomicFile.cpp - Reading and writing whole files ---------------------------------===//
#include "tools/seq-run/AtomicFile.h"

#include "tools/seq-run/Failure.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace seqc::run;

std::string seqc::run::readWholeFile(const std::string &path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0)
    fail(Message::CannotRead, path, std::strerror(errno));
  if (S_ISDIR(status.st_mode))
    fail(Message::CannotRead, path, "it is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file)
    fail(Message::CannotRead, path, std::strerror(errno));
  std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad())
    fail(Message::CannotRead, path, "the file ends early");
  return content;
}

void seqc::run::writeAtomically(const std::string &path, std::string_view content) {
  std::string temporary = path + ".part-" + std::to_string(::getpid());
  int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0)
    fail(Message::CannotWrite, path, std::strerror(errno));
  auto giveUp = [&](int error) {
    ::close(file);
    ::unlink(temporary.c_str());
    fail(Message::CannotWrite, path, std::strerror(error));
  };
  while (!content.empty()) {
    ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      giveUp(errno);
    content.remove_prefix(written);
  }
  if (::fsync(file) != 0 && errno != EINVAL)
    giveUp(errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    giveUp(errno);
  ::close(file);
}
