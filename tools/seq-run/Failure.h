//===- Failure.h - How seq-run refuses -----------------------------------------*- C++ -*-===//
//
// Every refusal is one line of Messages.def, thrown as a Failure and printed by the command line.
//
//===--------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_FAILURE_H
#define SEQC_SEQ_RUN_FAILURE_H

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace seqc::run {

/// What the process returns; documented in docs/seq-run.md and in --help.
enum class Exit : int {
  Success = 0,
  CheckFailed = 1,
  Usage = 2,
  BadFile = 3,
  BadLibrary = 4,
  Refused = 5,
  Diverged = 6,
  Interrupted = 130,
};

enum class Message {
#define SEQ_RUN_MESSAGE(id, exitCode, text) id,
#include "tools/seq-run/Messages.def"
};

class Failure : public std::runtime_error {
public:
  Failure(Message message, Exit exit, const std::string &text)
      : std::runtime_error(text), message(message), exit(exit) {}

  const Message message;
  const Exit exit;
};

/// Throws the message with its placeholders filled in.
[[noreturn]] void failWith(Message message, const std::vector<std::string> &parts);

template <typename... Parts> [[noreturn]] void fail(Message message, const Parts &...parts) {
  auto text = [](const auto &part) {
    std::ostringstream stream;
    stream << part;
    return stream.str();
  };
  failWith(message, {text(parts)...});
}

/// "a, b, c", or "none".
std::string listNames(const std::vector<std::string> &names);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_FAILURE_H
