//===- Failure.cpp - How seq-run refuses ------------------------------------------------===//
#include "tools/seq-run/Failure.h"

using namespace seqc::run;

namespace {

struct CatalogueEntry {
  Exit exit;
  const char *text;
};

const CatalogueEntry catalogue[] = {
#define SEQ_RUN_MESSAGE(id, exitCode, text) {Exit::exitCode, text},
#include "tools/seq-run/Messages.def"
};

} // namespace

void seqc::run::failWith(Message message, const std::vector<std::string> &parts) {
  const CatalogueEntry &entry = catalogue[static_cast<size_t>(message)];
  std::string text;
  for (const char *c = entry.text; *c; ++c) {
    bool placeholder = c[0] == '{' && c[1] >= '0' && c[1] <= '9' && c[2] == '}';
    if (!placeholder) {
      text += *c;
      continue;
    }
    size_t index = c[1] - '0';
    if (index < parts.size())
      text += parts[index];
    c += 2;
  }
  throw Failure(message, entry.exit, text);
}

std::string seqc::run::listNames(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}
