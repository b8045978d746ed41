//===- CheckTest.cpp - Every wrong argument has its status and its sentence --------===//
#include "SmallCall.h"

#include <gtest/gtest.h>

using namespace seqc::test;

namespace {

constexpr int F = small_features;

using Entry = int (*)(const seqc_model *, const seqc_call *);

/// The call is refused with exactly this text, and nothing is written.
void expectRefused(SmallCall &call, int status, const std::string &text, Entry entry = seqc_run_forward,
                   const seqc_model *model = &small_model) {
  EXPECT_EQ(entry(model, &call.call), status);
  EXPECT_EQ(call.message(), text);
  for (double value : call.h)
    EXPECT_EQ(value, -7);
  for (double value : call.dw)
    EXPECT_EQ(value, -7);
}

} // namespace

TEST(Check, MissingCall) { EXPECT_EQ(seqc_run_forward(&small_model, nullptr), SEQC_NULL_POINTER); }

TEST(Check, OtherVersion) {
  SmallCall call(4, 3);
  call.call.abi = 0;
  expectRefused(call, SEQC_WRONG_VERSION,
                "Small_forward: the call has abi = 0, this library speaks version 3: set abi to SEQC_ABI_VERSION and "
                "compile with the header of this library");
}

TEST(Check, TextIsCutToItsRoom) {
  SmallCall call(4, 3);
  call.call.T = -1;
  call.call.error_size = 8;
  EXPECT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_BAD_DIMENSION);
  EXPECT_EQ(call.message(), "Small_f");
  call.call.error = nullptr;
  EXPECT_EQ(seqc_run_forward(&small_model, &call.call), SEQC_BAD_DIMENSION);
}

TEST(Check, Dimensions) {
  SmallCall call(4, 3);
  call.call.T = -1;
  expectRefused(call, SEQC_BAD_DIMENSION, "Small_forward: T is -1, it may not be negative");
  call.call.T = 4;
  call.call.B = -3;
  expectRefused(call, SEQC_BAD_DIMENSION, "Small_forward: B is -3, it may not be negative");
  call.call.B = INT64_MAX;
  expectRefused(call, SEQC_BAD_DIMENSION,
                "Small_forward: T = 4 and B = 9223372036854775807 are too large for any memory");
}

TEST(Check, Lengths) {
  SmallCall call(4, 3);
  std::vector<int64_t> lengths = {4, 5, 0};
  call.call.lengths = lengths.data();
  expectRefused(call, SEQC_BAD_LENGTH, "Small_forward: lengths[1] is 5, outside [0, T = 4]");
  lengths[1] = -1;
  expectRefused(call, SEQC_BAD_LENGTH, "Small_forward: lengths[1] is -1, outside [0, T = 4]");
  call.call.lengths = reinterpret_cast<int64_t *>(reinterpret_cast<char *>(lengths.data()) + 4);
  expectRefused(call, SEQC_MISALIGNED, "Small_forward: lengths is not aligned to its elements of 8 bytes");
}

TEST(Check, PartsOfABatch) {
  SmallCall call(4, 3);
  call.call.first_row = -1;
  expectRefused(call, SEQC_BAD_DIMENSION, "Small_forward: first_row is -1, it may not be negative");
  call.call.first_row = 2;
  call.call.batch_steps = 11;
  expectRefused(call, SEQC_BAD_DIMENSION, "Small_forward: batch_steps is 11, but the call alone has 12 valid steps");
}

TEST(Check, MissingArrays) {
  SmallCall call(4, 3);
  call.call.params = nullptr;
  expectRefused(call, SEQC_NULL_POINTER, "Small_forward: params is NULL, but parameter 'w' is needed");
  call.call.params = call.params.data();
  call.params[1].data = nullptr;
  expectRefused(call, SEQC_NULL_POINTER, "Small_forward: parameter 'E' is missing: params[1].data is NULL");
  call.params[1].data = call.E.data();
  call.inputs[0].data = nullptr;
  expectRefused(call, SEQC_NULL_POINTER, "Small_forward: input 'x' is missing: inputs[0].data is NULL");
}

TEST(Check, SmallArrays) {
  SmallCall call(4, 3);
  call.params[1].count = 14;
  expectRefused(call, SEQC_WRONG_SIZE, "Small_forward: parameter 'E' has 14 elements, needs 15");
  call.params[1].count = 15;
  call.inputs[0].count = 35;
  expectRefused(call, SEQC_WRONG_SIZE,
                "Small_forward: input 'x' has 35 elements, needs 36: [T = 4, B = 3, 3], strides 9, 3");
  call.inputs[0].count = 36;
  call.states[0].count = 1;
  expectRefused(call, SEQC_WRONG_SIZE, "Small_forward: state 'h[0]' has 1 elements, needs 9: [B = 3, 3], stride 3");
  call.states[0].count = 9;
  call.outputs[1].count = 8;
  expectRefused(call, SEQC_WRONG_SIZE, "Small_forward: output 'end' has 8 elements, needs 9: [B = 3, 3], stride 3");
  call.outputs[1].count = 9;
  call.finals[0].count = 0;
  expectRefused(call, SEQC_WRONG_SIZE,
                "Small_forward: final state 'h[0]' has 0 elements, needs 9: [B = 3, 3], stride 3");
}

TEST(Check, Strides) {
  SmallCall call(4, 3);
  call.inputs[0].stride_t = -9;
  expectRefused(call, SEQC_WRONG_SIZE, "Small_forward: input 'x' has a negative stride");
  call.inputs[0].stride_t = INT64_MAX;
  expectRefused(call, SEQC_BAD_DIMENSION,
                "Small_forward: input 'x' would not fit into memory: T = 4, B = 3, 3 features");
  call.inputs[0].stride_t = 0;
  call.outputs[0].stride_t = F;
  call.outputs[0].stride_b = F;
  expectRefused(call, SEQC_WRONG_SIZE, "Small_forward: output 'h' is written, but with strides 3, 3 its rows overlap");
}

TEST(Check, Alignment) {
  SmallCall call(4, 3);
  call.inputs[0].data = reinterpret_cast<char *>(call.x.data()) + 4;
  expectRefused(call, SEQC_MISALIGNED, "Small_forward: input 'x' is not aligned to its elements of 8 bytes");
  call.inputs[0].data = call.x.data();
  call.call.loss = reinterpret_cast<char *>(&call.loss) + 1;
  expectRefused(call, SEQC_MISALIGNED, "Small_forward: loss is not aligned to its element of 8 bytes");
  call.call.loss = nullptr;
  call.call.workspace = call.workspace.data + 8;
  expectRefused(call, SEQC_MISALIGNED, "Small_forward: workspace is not aligned to 64 bytes");
}

TEST(Check, Workspace) {
  SmallCall call(4, 3);
  std::string size = std::to_string(call.workspace.size);
  call.call.workspace_size -= 1;
  expectRefused(call, SEQC_SMALL_WORKSPACE,
                "Small_forward: workspace has " + std::to_string(call.workspace.size - 1) + " bytes, needs " + size +
                    " (Small_workspace_size)");
  call.call.workspace = nullptr;
  expectRefused(call, SEQC_NULL_POINTER,
                "Small_forward: workspace is NULL, needs " + size + " bytes (Small_workspace_size)");
}

TEST(Check, Tape) {
  SmallCall call(4, 3);
  call.call.tape_size = 1;
  expectRefused(call, SEQC_SMALL_WORKSPACE,
                "Small_gradient: tape has 1 bytes, needs " + std::to_string(call.tape.size) + " (Small_tape_size)",
                seqc_run_gradient);
  call.call.tape_size = call.tape.size;
  std::fill(call.tape.data, call.tape.data + call.tape.size, 0);
  expectRefused(call, SEQC_WRONG_CONTENT, "Small_backward: tape was not written by Small_forward_taped",
                seqc_run_backward);
  SmallCall other(4, 3);
  ASSERT_EQ(seqc_run_forward_taped(&small_model, &other.call), SEQC_OK);
  other.call.T = 3;
  EXPECT_EQ(seqc_run_backward(&small_model, &other.call), SEQC_WRONG_CONTENT);
  EXPECT_EQ(other.message(), "Small_backward: tape was written with T = 4 and B = 3, the call has T = 3 and B = 3");
}

TEST(Check, Prepared) {
  SmallCall call(4, 3);
  std::fill(call.prepared.data, call.prepared.data + call.prepared.size, 0);
  call.call.prepared = call.prepared.data;
  expectRefused(call, SEQC_WRONG_CONTENT, "Small_forward: prepared was not written by Small_prepare");
  call.call.prepared_size = 5;
  expectRefused(call, SEQC_SMALL_WORKSPACE,
                "Small_prepare: prepared has 5 bytes, needs " + std::to_string(call.prepared.size) +
                    " (Small_prepared_size)",
                seqc_run_prepare);
  call.call.prepared = nullptr;
  expectRefused(call, SEQC_NULL_POINTER,
                "Small_prepare: prepared is NULL, needs " + std::to_string(call.prepared.size) +
                    " bytes (Small_prepared_size)",
                seqc_run_prepare);
}

TEST(Check, Ids) {
  SmallCall call(4, 3);
  call.id[7] = 5;
  expectRefused(call, SEQC_BAD_ID,
                "Small_forward: input 'id' is 5 at step 2 of row 1 (both counted from 0), outside [0, 5)");
  call.id[7] = -1;
  expectRefused(call, SEQC_BAD_ID,
                "Small_forward: input 'id' is -1 at step 2 of row 1 (both counted from 0), outside [0, 5)");
}

TEST(Check, Gradients) {
  SmallCall call(4, 3);
  call.dParams[0].count = 2;
  expectRefused(call, SEQC_WRONG_SIZE, "Small_gradient: gradient of parameter 'w' has 2 elements, needs 3",
                seqc_run_gradient);
  call.dParams[0].count = 3;
  call.dInputs[0].count = 2;
  expectRefused(call, SEQC_WRONG_SIZE,
                "Small_gradient: gradient of input 'x' has 2 elements, needs 36: [T = 4, B = 3, 3], strides 9, 3",
                seqc_run_gradient);
  call.dInputs[0].count = 36;
  call.dFinals[0].data = reinterpret_cast<char *>(call.dFinal.data()) + 4;
  expectRefused(call, SEQC_MISALIGNED,
                "Small_gradient: gradient of final state 'h[0]' is not aligned to its elements of 8 bytes",
                seqc_run_gradient);
}

TEST(Check, GradientsOfIdsAreIgnored) {
  SmallCall call(4, 3);
  char nothing = 0;
  call.dInputs[1] = {&nothing, 1, -5, 0};
  EXPECT_EQ(seqc_run_gradient(&small_model, &call.call), SEQC_OK) << call.message();
}

TEST(Check, Step) {
  SmallCall call(4, 3);
  expectRefused(call, SEQC_BAD_DIMENSION, "Small_step: T is 4, a step has T = 1", seqc_run_step);
  expectRefused(call, SEQC_NO_SUCH_ENTRY,
                "Small_step: this model looks ahead, so it cannot run step by step: equation 'h' reads a later step",
                seqc_run_step, &small_model_ahead);
}

TEST(Check, MissingEntryPoint) {
  SmallCall call(4, 3);
  expectRefused(call, SEQC_NO_SUCH_ENTRY, "Small_backward: the library was compiled without this entry point",
                seqc_run_backward, &small_model_forward_only);
}
