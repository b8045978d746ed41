//===- SmallCall.h - A call of the small model with all its arrays --*- C++ -*-===//
#ifndef SEQC_TEST_UNIT_RUNTIME_SMALLCALL_H
#define SEQC_TEST_UNIT_RUNTIME_SMALLCALL_H

#include "SmallModel.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace seqc::test {

/// Memory as workspace, tape and prepared must have it.
class AlignedMemory {
public:
  explicit AlignedMemory(int64_t size)
      : size(size), data(static_cast<char *>(std::aligned_alloc(SEQC_ALIGNMENT, (size + 63) / 64 * 64 + 64))) {}
  AlignedMemory(const AlignedMemory &) = delete;
  AlignedMemory &operator=(const AlignedMemory &) = delete;
  ~AlignedMemory() { std::free(data); }

  const int64_t size;
  char *const data;
};

/// Owns every array of a call, filled with numbers that differ from each other. Tests change what they are about.
struct SmallCall {
  SmallCall(int64_t T, int64_t B) : SmallCall(small_model, T, B) {}

  SmallCall(const seqc_model &model, int64_t T, int64_t B)
      : workspace(seqc_workspace_size(&model, T, B)), tape(seqc_tape_size(&model, T, B)),
        prepared(seqc_prepared_size(&model)), x(T * B * F), h0(B * F), h(T * B * F, -7), last(B * F, -7),
        final(B * F, -7), dOut(T * B * F), dLast(B * F), dFinal(B * F), dx(T * B * F, -7), dh0(B * F, -7), id(T * B) {
    fill(w, 0.5);
    fill(E, 0.1);
    fill(start, 0.3);
    fill(x, 1);
    fill(h0, 2);
    fill(dOut, 0.7);
    fill(dLast, 0.2);
    fill(dFinal, 0.4);
    for (size_t i = 0; i < id.size(); ++i)
      id[i] = static_cast<int32_t>(i * 3 % small_ids);
    connect(T, B);
  }

  static void fill(std::vector<double> &values, double scale) {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = scale * (1 + static_cast<double>(i * 7 % 11) / 11);
  }

  static seqc_array arrayOf(std::vector<double> &values) {
    // An empty vector's data may be null, which would mean that the array is missing.
    static double nothing[1];
    return {values.empty() ? nothing : values.data(), static_cast<int64_t>(values.size()), 0, 0};
  }

  void connect(int64_t T, int64_t B) {
    params = {arrayOf(w), arrayOf(E), arrayOf(start), arrayOf(unused)};
    inputs = {arrayOf(x), {id.data(), static_cast<int64_t>(id.size()), 0, 0}};
    states = {arrayOf(h0)};
    outputs = {arrayOf(h), arrayOf(last)};
    finals = {arrayOf(final)};
    dOutputs = {arrayOf(dOut), arrayOf(dLast)};
    dFinals = {arrayOf(dFinal)};
    dParams = {arrayOf(dw), arrayOf(dE), arrayOf(dStart), arrayOf(dUnused)};
    dInputs = {arrayOf(dx), {nullptr, 0, 0, 0}};
    dStates = {arrayOf(dh0)};
    call = {};
    call.abi = SEQC_ABI_VERSION;
    call.error = error;
    call.error_size = sizeof error;
    call.T = T;
    call.B = B;
    call.params = params.data();
    call.inputs = inputs.data();
    call.states = states.data();
    call.outputs = outputs.data();
    call.final_states = finals.data();
    call.loss = &loss;
    call.d_outputs = dOutputs.data();
    call.d_final_states = dFinals.data();
    call.d_params = dParams.data();
    call.d_inputs = dInputs.data();
    call.d_states = dStates.data();
    call.workspace = workspace.data;
    call.workspace_size = workspace.size;
    call.tape = tape.data;
    call.tape_size = tape.size;
    call.prepared_size = prepared.size;
  }

  std::string message() const { return error; }

  static constexpr int F = small_features;
  AlignedMemory workspace, tape, prepared;
  std::vector<double> w = std::vector<double>(F), E = std::vector<double>(small_ids * F),
                      start = std::vector<double>(F), unused = std::vector<double>(2);
  std::vector<double> x, h0, h, last, final, dOut, dLast, dFinal, dx, dh0;
  std::vector<double> dw = std::vector<double>(F, -7), dE = std::vector<double>(small_ids * F, -7),
                      dStart = std::vector<double>(F, -7), dUnused = std::vector<double>(2, -7);
  std::vector<int32_t> id;
  std::vector<seqc_array> params, inputs, states, outputs, finals, dOutputs, dFinals, dParams, dInputs, dStates;
  double loss = -7;
  char error[512] = "";
  seqc_call call;
};

} // namespace seqc::test

#endif // SEQC_TEST_UNIT_RUNTIME_SMALLCALL_H
