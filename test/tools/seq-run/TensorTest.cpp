//===- TensorTest.cpp - Elements and conversions ----------------------------------------===//
#include "tools/seq-run/Tensor.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace seqc::run;

namespace {

double sixteenBits(DType dtype, uint16_t bits) {
  Tensor tensor(dtype, {1});
  std::memcpy(tensor.bytes(), &bits, 2);
  return tensor.at(0);
}

/// What Linux says of the pages at `address` (proc(5), VmFlags).
std::string pageFlags(const void *address) {
  std::ifstream maps("/proc/self/smaps");
  bool isThere = false;
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin, end, at = reinterpret_cast<uintptr_t>(address);
    char dash;
    if (std::istringstream range(line); range >> std::hex >> begin >> dash >> end && dash == '-')
      isThere = begin <= at && at < end;
    else if (isThere && line.rfind("VmFlags:", 0) == 0)
      return line + " ";
  }
  return {};
}

TEST(Tensor, largeOnesAreAlignedAndAskForLargePages) {
  constexpr int64_t size = int64_t(8) << 20;
  Tensor large(DType::U8, {size});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(large.bytes()) % 64, 0u);
  EXPECT_EQ(large.at(size - 1), 0);
  if (std::filesystem::exists("/sys/kernel/mm/transparent_hugepage"))
    EXPECT_NE(pageFlags(large.bytes() + size / 2).find(" hg "), std::string::npos);
}

TEST(Tensor, anEmptyOneIsThereAndSoAreItsCopies) {
  Tensor empty(DType::F32, {0, 3}), copy = empty;
  EXPECT_NE(empty.bytes(), nullptr);
  EXPECT_NE(copy.bytes(), nullptr);
  EXPECT_EQ(Tensor().bytes(), nullptr);
}

TEST(Tensor, halfNumbersAreReadExactly) {
  EXPECT_EQ(sixteenBits(DType::F16, 0x3c00), 1);
  EXPECT_EQ(sixteenBits(DType::F16, 0xc500), -5);
  EXPECT_EQ(sixteenBits(DType::F16, 0x7bff), 65504);
  EXPECT_EQ(sixteenBits(DType::F16, 0x0001), std::ldexp(1.0, -24));
  EXPECT_EQ(sixteenBits(DType::F16, 0x03ff), std::ldexp(1023.0, -24));
  EXPECT_TRUE(std::signbit(sixteenBits(DType::F16, 0x8000)));
  EXPECT_EQ(sixteenBits(DType::F16, 0xfc00), -INFINITY);
  EXPECT_TRUE(std::isnan(sixteenBits(DType::F16, 0x7e00)));
}

TEST(Tensor, bfloatNumbersAreReadExactly) {
  EXPECT_EQ(sixteenBits(DType::BF16, 0x3f80), 1);
  EXPECT_EQ(sixteenBits(DType::BF16, 0xc0a0), -5);
  EXPECT_EQ(sixteenBits(DType::BF16, 0x7f80), INFINITY);
}

TEST(Tensor, wholeNumbersOfAnyTypeBecomeIds) {
  for (DType dtype : {DType::F64, DType::F32, DType::I64, DType::I32, DType::U8}) {
    Tensor tensor(dtype, {2});
    tensor.set(1, 200);
    auto ids = toInteger(tensor, DType::I32);
    ASSERT_TRUE(ids);
    EXPECT_EQ(ids->as<int32_t>()[1], 200);
  }
}

TEST(Tensor, fractionsAndNumbersOutOfRangeAreNoIds) {
  for (double value : {0.5, 3e9, -3e9, double(INFINITY), double(NAN)}) {
    Tensor tensor(DType::F64, {1});
    tensor.set(0, value);
    EXPECT_FALSE(toInteger(tensor, DType::I32)) << value;
  }
}

TEST(Tensor, onlyZeroAndOneAreAMask) {
  Tensor tensor(DType::F32, {2});
  tensor.set(1, 1);
  EXPECT_TRUE(toInteger(tensor, DType::Bool));
  tensor.set(0, 2);
  EXPECT_FALSE(toInteger(tensor, DType::Bool));
}

TEST(Tensor, anEmptyTensorHasAnAddress) {
  EXPECT_NE(Tensor(DType::F32, {0, 3}).bytes(), nullptr);
  EXPECT_EQ(Tensor().bytes(), nullptr) << "a tensor that is not given has none";
}

} // namespace
