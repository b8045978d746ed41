//===- SafetensorsTest.cpp - What is read, what is refused ------------------------------===//
#include "tools/seq-run/Safetensors.h"
#include "test/TestName.h"
#include "tools/seq-run/AtomicFile.h"
#include "tools/seq-run/Failure.h"

#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>

using namespace seqc::run;

namespace {

/// A file with this header and so many bytes of data.
std::string fileWith(const std::string &header, size_t dataSize) {
  uint64_t length = header.size();
  std::string content(8, '\0');
  std::memcpy(content.data(), &length, 8);
  return content + header + std::string(dataSize, '\0');
}

/// The message that refuses the content; empty if it is read.
std::string refusal(const std::string &content) {
  try {
    parseSafetensors("file", content);
    return "";
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.exit, Exit::BadFile);
    return failure.what();
  }
}

constexpr const char *twoTensors = R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                                   R"("b":{"dtype":"F64","shape":[],"data_offsets":[24,32]}})";

TensorFile example() {
  TensorFile file;
  Tensor a(DType::F32, {2, 3}), lengths(DType::I64, {2}), empty(DType::F64, {0, 4});
  for (int i = 0; i < 6; ++i)
    a.set(i, i + 0.5);
  lengths.set(1, -7);
  file.tensors = {{"rnn.W_f", a}, {"lengths", lengths}, {"C̃", empty}};
  file.metadata = {{"model", "LSTM"}, {"note", "a \"quoted\"\nline"}};
  return file;
}

TEST(Safetensors, givesBackWhatWasWritten) {
  TensorFile written = example(), read = parseSafetensors("file", formatSafetensors(written));
  EXPECT_EQ(read.metadata, written.metadata);
  ASSERT_EQ(read.tensors.size(), 3u);
  EXPECT_EQ(read.tensors["C̃"].shape(), (Shape{0, 4}));
  EXPECT_EQ(read.tensors["lengths"].at(1), -7);
  EXPECT_EQ(read.tensors["rnn.W_f"].dtype(), DType::F32);
  EXPECT_EQ(read.tensors["rnn.W_f"].at(5), 5.5);
}

TEST(Safetensors, dataBeginsAtAMultipleOfEight) {
  std::string content = formatSafetensors(example());
  uint64_t length;
  std::memcpy(&length, content.data(), 8);
  EXPECT_EQ(length % 8, 0u);
}

TEST(Safetensors, readsTensorsInAnyOrderOfTheirOffsets) {
  EXPECT_EQ(refusal(fileWith(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[3,5]},)"
                             R"("b":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})",
                             5)),
            "");
}

TEST(Safetensors, everyPrefixOfAFileIsRefused) {
  std::string content = formatSafetensors(example());
  for (size_t size = 0; size < content.size(); ++size)
    EXPECT_NE(refusal(content.substr(0, size)), "") << size << " bytes";
}

TEST(Safetensors, noChangedByteOfTheHeaderCrashes) {
  std::string content = fileWith(twoTensors, 32);
  for (size_t i = 0; i < content.size() - 32; ++i)
    for (int byte : {0, 0x22, 0x2c, 0x39, 0x7b, 0x80, 0xff}) {
      std::string changed = content;
      changed[i] = static_cast<char>(byte);
      refusal(changed); // read or refused, both are fine
    }
}

TEST(Safetensors, bytesAfterTheLastTensorAreRefused) {
  EXPECT_NE(refusal(fileWith(twoTensors, 33)).find("last 1 bytes belong to no tensor"), std::string::npos);
}

TEST(Safetensors, aHeaderLongerThanTheFileIsRefused) {
  std::string content = fileWith(twoTensors, 32);
  uint64_t length = ~uint64_t(0);
  std::memcpy(content.data(), &length, 8);
  EXPECT_NE(refusal(content).find("its header should have 18446744073709551615 bytes"), std::string::npos);
}

struct BadHeader {
  const char *header;
  size_t dataSize;
  const char *message;
};

class SafetensorsHeader : public testing::TestWithParam<BadHeader> {};

TEST_P(SafetensorsHeader, isRefusedWithItsReason) {
  std::string message = refusal(fileWith(GetParam().header, GetParam().dataSize));
  EXPECT_NE(message.find(GetParam().message), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Headers, SafetensorsHeader,
    testing::Values(
        BadHeader{"[1, 2]", 0, "not a JSON object"}, BadHeader{"{\"a\": ", 0, "not JSON"},
        BadHeader{"{\"a\xff\": 1}", 0, "not JSON"}, BadHeader{"{\"a\": 1}", 0, "needs exactly dtype, shape"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", 4, "needs exactly"},
        BadHeader{R"({"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}})", 4, "dtype of tensor 'a' is not a string"},
        BadHeader{R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1, "element type 'F8_E4M3'"},
        BadHeader{R"({"a":{"dtype":"F32","shape":4,"data_offsets":[0,4]}})", 4, "shape of tensor 'a' is not a list"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "has the dimension -1"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4, "has the dimension 1.5"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1e99],"data_offsets":[0,4]}})", 4, "has the dimension 1e+99"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}})", 4, "too large"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[18446744073709551615,0],"data_offsets":[0,0]}})", 0, "too large"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4, "are not two numbers"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4, "has the offset -4"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "outside the file's"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 4, "outside the file's 4 bytes"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "has 4 bytes, but F32 [2] needs 8"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                  R"("b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
                  6, "'a' and 'b' overlap"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                  R"("b":{"dtype":"F32","shape":[1],"data_offsets":[5,9]}})",
                  9, "bytes 4 to 5 belong to no tensor"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                  R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                  1, "the name 'a' occurs twice"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}})", 1, "'shape' occurs twice"},
        BadHeader{R"({"__metadata__":[]})", 0, "__metadata__ is not an object"},
        BadHeader{R"({"__metadata__":{"epoch":3}})", 0, "'epoch' is not a string"}),
    [](const auto &info) { return std::to_string(info.index) + "_" + seqc::test::testName(info.param.message); });

TEST(Safetensors, deepNestingIsRefusedWithoutACrash) {
  EXPECT_NE(refusal(fileWith("{\"a\":" + std::string(200000, '['), 0)), "");
}

TEST(AtomicFile, leavesNoPartWhenTheFolderIsMissing) {
  EXPECT_THROW(writeAtomically("/nonexistent/file", "text"), Failure);
}

TEST(AtomicFile, replacesAFileAndLeavesNothingElse) {
  auto folder = std::filesystem::path(testing::TempDir()) / "seq-run-atomic";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::string path = folder / "file";
  writeAtomically(path, "old");
  writeAtomically(path, "new");
  EXPECT_EQ(readWholeFile(path), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

} // namespace
