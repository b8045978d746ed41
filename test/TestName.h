//===- TestName.h - Readable names of the cases of a test ---------------------------===//
#ifndef SEQC_TEST_TESTNAME_H
#define SEQC_TEST_TESTNAME_H

#include <cctype>
#include <string>

namespace seqc::test {

/// `text` as GoogleTest takes it for the name of a case: letters and digits, an underscore for all between two of them.
inline std::string testName(const std::string &text) {
  std::string name;
  for (unsigned char c : text) {
    if (std::isalnum(c))
      name += static_cast<char>(c);
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  return name;
}

} // namespace seqc::test

#endif // SEQC_TEST_TESTNAME_H
