//===- models.cpp - Two models with the interface of a compiled library, written by hand ---===//
//
// seq-run is tested against these, so that its tests depend on no part of the compiler and can have a model whose
// gradient is wrong (BROKEN_GRADIENT). Each model is one recurrent layer:
//
//   Elman   h = where(m, tanh(W @ x + U @ h[t-1] + b), h[t-1])             outputs h, s = last(h)
//   TinyLM  h = dropout(tanh(E[x] + U @ h[t-1] + b), 0.1), logits = O @ h  loss = mean(cross_entropy(logits, y))
//
//===---------------------------------------------------------------------------------------===//
#include "runtime/seqc.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#ifdef SINGLE_PRECISION
#define DTYPE "f32"
using Real = float;
#else
#define DTYPE "f64"
using Real = double;
#endif

namespace {

constexpr int64_t I = 3, H = 8, V = 40;
constexpr Real dropped = 0.1;

uint64_t mix(uint64_t z) {
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

double uniform(uint64_t seed, uint64_t a, uint64_t b, uint64_t c) {
  return static_cast<double>(mix(mix(mix(seed + a) + b) + c) >> 11) * 0x1p-53;
}

int refuse(const seqc_call *call, int status, const char *text) {
  if (call->error)
    std::snprintf(call->error, call->error_size, "%s", text);
  return status;
}

Real *real(const seqc_array *arrays, int index) { return arrays ? static_cast<Real *>(arrays[index].data) : nullptr; }

/// Row (t, b) of a sequence, wherever its strides put it.
template <typename T> T *at(const seqc_array &array, int64_t features, int64_t B, int64_t t, int64_t b) {
  int64_t strideB = array.stride_b ? array.stride_b : features;
  int64_t strideT = array.stride_t ? array.stride_t : B * features;
  return static_cast<T *>(array.data) + t * strideT + b * strideB;
}

/// What differs between the two models is asked with `if constexpr (Text)`.
template <bool Text> struct Net {
  const seqc_call &call;
  Real *tape = nullptr; ///< states [T + 1, B, H], and the same before dropout [T, B, H]

  static constexpr int inputMatrix = 0, recurrent = 1, bias = 2, outputMatrix = 3;

  int64_t length(int64_t b) const { return call.lengths ? call.lengths[b] : call.T; }
  Real *state(int64_t t, int64_t b) { return tape + (t * call.B + b) * H; }
  Real *cell(int64_t t, int64_t b) { return tape + ((call.T + 1 + t) * call.B + b) * H; }
  static int64_t tapeElements(int64_t T, int64_t B) { return (2 * T + 1) * B * H; }

  Real keep(int64_t t, int64_t b, int64_t j) const {
    if (!Text || !call.training)
      return 1;
    return uniform(call.seed, t, call.first_row + b, j) < dropped ? 0 : 1 / (1 - dropped);
  }

  int check() const {
    if (call.abi != SEQC_ABI_VERSION)
      return refuse(&call, SEQC_WRONG_VERSION, "wrong version");
    if (!call.params || (!call.inputs && call.T > 0))
      return refuse(&call, SEQC_NULL_POINTER, "params or inputs are missing");
    for (int64_t b = 0; b < call.B; ++b) {
      if (length(b) < 0 || length(b) > call.T)
        return refuse(&call, SEQC_BAD_LENGTH, "a length is outside [0, T]");
      for (int64_t t = 0; t < length(b) && Text; ++t)
        if (int32_t id = *at<int32_t>(call.inputs[0], 1, call.B, t, b); id < 0 || id >= V)
          return refuse(&call, SEQC_BAD_ID, "input 'x' has an id outside [0, 40)");
    }
    return SEQC_OK;
  }

  bool frozen(int64_t t, int64_t b) const { return !Text && !*at<uint8_t>(call.inputs[1], 1, call.B, t, b); }

  /// The input's part of one unit before tanh, and which rows of the input matrix it comes from.
  Real fromInput(int64_t t, int64_t b, int64_t j) const {
    const Real *matrix = real(call.params, inputMatrix);
    if constexpr (Text)
      return matrix[*at<int32_t>(call.inputs[0], 1, call.B, t, b) * H + j];
    Real sum = 0;
    for (int64_t i = 0; i < I; ++i)
      sum += matrix[j * I + i] * at<Real>(call.inputs[0], I, call.B, t, b)[i];
    return sum;
  }

  void forwardRow(int64_t t, int64_t b) {
    const Real *before = state(t, b);
    Real *after = state(t + 1, b), *value = cell(t, b);
    for (int64_t j = 0; j < H; ++j) {
      if (t >= length(b) || frozen(t, b)) {
        after[j] = before[j];
        continue;
      }
      Real sum = real(call.params, bias)[j] + fromInput(t, b, j);
      for (int64_t k = 0; k < H; ++k)
        sum += real(call.params, recurrent)[j * H + k] * before[k];
      value[j] = std::tanh(sum);
      after[j] = value[j] * keep(t, b, j);
    }
  }

  void logits(int64_t t, int64_t b, Real *result) {
    for (int64_t v = 0; v < V; ++v) {
      result[v] = 0;
      for (int64_t j = 0; j < H; ++j)
        result[v] += real(call.params, outputMatrix)[v * H + j] * state(t + 1, b)[j];
    }
  }

  /// Turns logits into probabilities; returns the cross-entropy of the target.
  Real softmax(Real *values, int32_t target) {
    Real largest = *std::max_element(values, values + V), sum = 0;
    for (int64_t v = 0; v < V; ++v)
      sum += values[v] = std::exp(values[v] - largest);
    for (int64_t v = 0; v < V; ++v)
      values[v] /= sum;
    return -std::log(values[target]);
  }

  int64_t validSteps() const {
    if (call.batch_steps)
      return call.batch_steps;
    int64_t steps = 0;
    for (int64_t b = 0; b < call.B; ++b)
      steps += length(b);
    return std::max<int64_t>(steps, 1);
  }

  void forward() {
    for (int64_t b = 0; b < call.B; ++b) {
      const Real *given = real(call.states, 0);
      for (int64_t j = 0; j < H; ++j)
        state(0, b)[j] = given ? given[b * H + j] : 0;
      for (int64_t t = 0; t < call.T; ++t)
        forwardRow(t, b);
      if (Real * final = real(call.final_states, 0))
        std::copy_n(state(call.T, b), H, final + b * H);
    }
    writeOutputs();
  }

  void writeOutputs() {
    Real loss = 0;
    for (int64_t t = 0; t < call.T; ++t)
      for (int64_t b = 0; b < call.B; ++b) {
        bool valid = t < length(b);
        if constexpr (Text) {
          std::vector<Real> values(V);
          logits(t, b, values.data());
          if (real(call.outputs, 0))
            for (int64_t v = 0; v < V; ++v)
              at<Real>(call.outputs[0], V, call.B, t, b)[v] = valid ? values[v] : 0;
          if (valid)
            loss += softmax(values.data(), *at<int32_t>(call.inputs[1], 1, call.B, t, b)) / validSteps();
        } else {
          for (int64_t j = 0; j < H && real(call.outputs, 0); ++j)
            at<Real>(call.outputs[0], H, call.B, t, b)[j] = valid ? state(t + 1, b)[j] : 0;
        }
      }
    if (!Text && real(call.outputs, 1))
      for (int64_t b = 0; b < call.B; ++b)
        for (int64_t j = 0; j < H; ++j)
          real(call.outputs, 1)[b * H + j] = length(b) > 0 ? state(length(b), b)[j] : 0;
    if (Text && call.loss)
      *static_cast<Real *>(call.loss) = loss;
  }

  void outputGradient(int64_t t, int64_t b, Real *dState) {
    if constexpr (Text) {
      std::vector<Real> d(V);
      logits(t, b, d.data());
      int32_t target = *at<int32_t>(call.inputs[1], 1, call.B, t, b);
      softmax(d.data(), target);
      d[target] -= 1;
      for (int64_t v = 0; v < V; ++v) {
        d[v] = call.no_loss ? 0 : d[v] / validSteps();
        if (real(call.d_outputs, 0))
          d[v] += at<Real>(call.d_outputs[0], V, call.B, t, b)[v];
        for (int64_t j = 0; j < H; ++j) {
          real(call.d_params, outputMatrix)[v * H + j] += d[v] * state(t + 1, b)[j];
          dState[j] += d[v] * real(call.params, outputMatrix)[v * H + j];
        }
      }
    } else {
      for (int64_t j = 0; j < H; ++j) {
        if (real(call.d_outputs, 0))
          dState[j] += at<Real>(call.d_outputs[0], H, call.B, t, b)[j];
        if (real(call.d_outputs, 1) && t == length(b) - 1)
          dState[j] += real(call.d_outputs, 1)[b * H + j];
      }
    }
  }

  void inputGradient(int64_t t, int64_t b, int64_t j, Real d) {
    Real *matrix = real(call.d_params, inputMatrix);
    if constexpr (Text) {
      matrix[*at<int32_t>(call.inputs[0], 1, call.B, t, b) * H + j] += d;
      return;
    }
    for (int64_t i = 0; i < I; ++i) {
      matrix[j * I + i] += d * at<Real>(call.inputs[0], I, call.B, t, b)[i];
      if (real(call.d_inputs, 0))
        at<Real>(call.d_inputs[0], I, call.B, t, b)[i] += d * real(call.params, inputMatrix)[j * I + i];
    }
  }

  void backwardRow(int64_t t, int64_t b, std::vector<Real> &dState) {
    if (t >= length(b))
      return;
    outputGradient(t, b, dState.data());
    if (frozen(t, b))
      return;
    std::vector<Real> dBefore(H);
    for (int64_t j = 0; j < H; ++j) {
      Real d = dState[j] * keep(t, b, j) * (1 - cell(t, b)[j] * cell(t, b)[j]);
#ifdef BROKEN_GRADIENT
      d *= 1.001;
#endif
      real(call.d_params, bias)[j] += d;
      inputGradient(t, b, j, d);
      for (int64_t k = 0; k < H; ++k) {
        real(call.d_params, recurrent)[j * H + k] += d * state(t, b)[k];
        dBefore[k] += d * real(call.params, recurrent)[j * H + k];
      }
    }
    dState = dBefore;
  }

  void backward() {
    static constexpr int64_t sizes[] = {Text ? V * H : H * I, H * H, H, V * H};
    for (int p = 0; p < (Text ? 4 : 3) && !call.accumulate; ++p)
      std::fill_n(real(call.d_params, p), sizes[p], Real(0));
    if (!Text && real(call.d_inputs, 0))
      std::fill_n(real(call.d_inputs, 0), call.d_inputs[0].count, Real(0));
    for (int64_t b = 0; b < call.B; ++b) {
      std::vector<Real> dState(H);
      if (const Real *given = real(call.d_final_states, 0))
        std::copy_n(given + b * H, H, dState.begin());
      for (int64_t t = call.T - 1; t >= 0; --t)
        backwardRow(t, b, dState);
      if (Real *written = real(call.d_states, 0))
        std::copy_n(dState.begin(), H, written + b * H);
    }
  }
};

template <bool Text> int run(const seqc_call *call, bool withForward, bool withBackward) {
  Net<Text> net{*call};
  if (int status = net.check())
    return status;
  std::vector<Real> own;
  net.tape = static_cast<Real *>(call->tape);
  if (!net.tape) {
    own.resize(Net<Text>::tapeElements(call->T, call->B) + 1);
    net.tape = own.data();
  } else if (call->tape_size < static_cast<int64_t>(sizeof(Real)) * Net<Text>::tapeElements(call->T, call->B)) {
    return refuse(call, SEQC_SMALL_WORKSPACE, "the tape is too small");
  }
  if (withForward)
    net.forward();
  if (withBackward)
    net.backward();
  return SEQC_OK;
}

/// `prepared` keeps copies of the parameters, as a compiled library keeps its packed ones.
template <bool Text> int runPrepared(const seqc_call *call) {
  static constexpr int64_t sizes[] = {Text ? V * H : H * I, H * H, H, V * H};
  if (!call->prepared)
    return run<Text>(call, true, false);
  seqc_call copy = *call;
  seqc_array arrays[4] = {};
  Real *data = static_cast<Real *>(call->prepared);
  for (int p = 0; p < (Text ? 4 : 3); data += sizes[p++])
    arrays[p] = {data, sizes[p], 0, 0};
  copy.params = arrays;
  copy.prepared = nullptr;
  return run<Text>(&copy, true, false);
}

template <bool Text> int prepare(const seqc_call *call) {
  static constexpr int64_t sizes[] = {Text ? V * H : H * I, H * H, H, V * H};
  Real *data = static_cast<Real *>(call->prepared);
  for (int p = 0; p < (Text ? 4 : 3); data += sizes[p++])
    std::copy_n(real(call->params, p), sizes[p], data);
  return SEQC_OK;
}

template <bool Text> int init(const seqc_call *call) {
  for (int p = 0; p < (Text ? 4 : 3); ++p)
    for (int64_t i = 0; i < call->params[p].count; ++i)
      real(call->params, p)[i] = p == 2 ? 0 : static_cast<Real>(uniform(call->seed, p, i, 1) - 0.5);
  return SEQC_OK;
}

} // namespace

#define MODEL(M, TEXT, ...)                                                                                            \
  extern "C" {                                                                                                         \
  const char *M##_describe() { return __VA_ARGS__; }                                                                   \
  int M##_init(const seqc_call *call) { return init<TEXT>(call); }                                                     \
  int M##_prepare(const seqc_call *call) { return prepare<TEXT>(call); }                                               \
  int M##_forward(const seqc_call *call) { return runPrepared<TEXT>(call); }                                           \
  int M##_forward_taped(const seqc_call *call) { return run<TEXT>(call, true, false); }                                \
  int M##_backward(const seqc_call *call) { return run<TEXT>(call, false, true); }                                     \
  int M##_gradient(const seqc_call *call) { return run<TEXT>(call, true, true); }                                      \
  int M##_step(const seqc_call *call) { return runPrepared<TEXT>(call); }                                              \
  int64_t M##_workspace_size(int64_t T, int64_t B) { return T < 0 || B < 0 ? -1 : 64; }                                \
  int64_t M##_tape_size(int64_t T, int64_t B) { return sizeof(Real) * Net<TEXT>::tapeElements(T, B); }                 \
  int64_t M##_prepared_size() { return sizeof(Real) * (2 * V * H + H * H + H); }                                       \
  int M##_pool_start(const seqc_call *) { return SEQC_OK; }                                                            \
  int M##_pool_stop(const seqc_call *) { return SEQC_OK; }                                                             \
  int64_t M##_pool_size(int64_t) { return 64; }                                                                        \
  }

#define COMMON                                                                                                         \
  "\"dtype\":\"" DTYPE "\",\"entry_points\":[\"init\",\"prepare\",\"forward\",\"forward_taped\","                      \
  "\"backward\",\"gradient\",\"step\"],\"states\":[{\"name\":\"h[0]\",\"shape\":[8]}],\"looks_ahead\":null,"           \
  "\"programs\":{\"forward\":{\"flops_per_step\":176},\"forward_taped\":{\"flops_per_step\":176},"                     \
  "\"backward\":{\"flops_per_step\":352}},"

#ifndef TEXT_MODEL_ONLY
MODEL(Elman, false,
      "{\"model\":\"Elman\"," COMMON
      "\"params\":[{\"name\":\"W\",\"shape\":[8,3],\"init\":{\"kind\":\"uniform\",\"low\":-0.5,\"high\":0.5}},"
      "{\"name\":\"U\",\"shape\":[8,8],\"init\":{\"kind\":\"uniform\",\"low\":-0.5,\"high\":0.5}},"
      "{\"name\":\"b\",\"shape\":[8],\"init\":{\"kind\":\"constant\",\"value\":0}}],"
      "\"inputs\":[{\"name\":\"x\",\"shape\":[3],\"kind\":\"real\"},{\"name\":\"m\",\"shape\":[],\"kind\":\"mask\"}],"
      "\"outputs\":[{\"name\":\"h\",\"shape\":[8],\"last\":false},{\"name\":\"s\",\"shape\":[8],\"last\":true}],"
      "\"has_loss\":false,\"dims\":{\"I\":3,\"H\":8}}")
#endif
MODEL(TinyLM, true,
      "{\"model\":\"TinyLM\"," COMMON
      "\"params\":[{\"name\":\"E\",\"shape\":[40,8],\"init\":{\"kind\":\"normal\",\"std\":0.1}},"
      "{\"name\":\"U\",\"shape\":[8,8],\"init\":{\"kind\":\"xavier\"}},"
      "{\"name\":\"b\",\"shape\":[8],\"init\":{\"kind\":\"constant\",\"value\":0}},"
      "{\"name\":\"O\",\"shape\":[40,8],\"init\":{\"kind\":\"xavier\"}}],"
      "\"inputs\":[{\"name\":\"x\",\"shape\":[],\"kind\":\"id\",\"vocabulary\":40},"
      "{\"name\":\"y\",\"shape\":[],\"kind\":\"id\",\"vocabulary\":40}],"
      "\"outputs\":[{\"name\":\"logits\",\"shape\":[40],\"last\":false}],\"has_loss\":true,\"dims\":{\"V\":40}}")
