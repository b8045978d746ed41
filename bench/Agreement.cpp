//===- Agreement.cpp - Whether two contestants computed the same -------------------------===//
#include "bench/Agreement.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>

using namespace seqc::bench;

namespace {

/// NaN if an element is not finite or if `expected` is all zero: no garbage is close to such an array.
double relativeDifference(const std::vector<float> &expected, const std::vector<float> &found) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(expected[i]) || !std::isfinite(found[i]))
      return NAN;
    largest = std::max(largest, std::fabs(double(expected[i])));
    difference = std::max(difference, std::fabs(double(expected[i]) - found[i]));
  }
  return largest > 0 ? difference / largest : NAN;
}

template <typename What>
[[noreturn]] void refuse(const std::string &expectedName, const std::string &foundName, const std::string &array,
                         const What &what) {
  std::ostringstream text;
  text << foundName << " and " << expectedName << " disagree in '" << array << "': " << what;
  throw std::runtime_error(text.str());
}

} // namespace

double seqc::bench::requireAgreement(const std::string &expectedName, const Results &expected,
                                     const std::string &foundName, const Results &found, double tolerance) {
  if (expected.empty())
    refuse(expectedName, foundName, "", "nothing to compare");
  double worst = 0;
  for (const auto &[array, values] : expected) {
    auto other = found.find(array);
    if (other == found.end() || other->second.size() != values.size())
      refuse(expectedName, foundName, array, "missing, or of another size");
    double difference = relativeDifference(values, other->second);
    if (!(difference <= tolerance))
      refuse(expectedName, foundName, array, difference);
    worst = std::max(worst, difference);
  }
  return worst;
}

void seqc::bench::requireSameBits(const std::string &expectedName, const Results &expected,
                                  const std::string &foundName, const Results &found) {
  for (const auto &[array, values] : expected) {
    auto other = found.find(array);
    if (other == found.end() || other->second.size() != values.size())
      refuse(expectedName, foundName, array, "missing, or of another size");
    if (std::memcmp(values.data(), other->second.data(), values.size() * sizeof(float)) != 0)
      refuse(expectedName, foundName, array, "not the same bits");
  }
}
