//===- OneDnnModule.cpp - oneDNN's LSTM and GRUs -----------------------------------------===//
#include "bench/OneDnn.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <stdexcept>

using namespace seqc;
using namespace seqc::bench;
using dnnl::memory;
using tag = memory::format_tag;

namespace {

constexpr auto f32 = memory::data_type::f32;
constexpr auto leftToRight = dnnl::rnn_direction::unidirectional_left2right;

dnnl::engine &engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream &stream() {
  static dnnl::stream stream(engine());
  return stream;
}

/// A primitive, with its descriptor as what tells the layout it wants for each argument.
struct Operator {
  dnnl::primitive_desc_base descriptor;
  dnnl::primitive primitive;

  memory::desc layout(int argument) const { return descriptor.query_md(dnnl::query::exec_arg_md, argument); }
};

struct Operators {
  Operator forward, backward;
};

/// The arrays of a cell in oneDNN's dims. Layouts are left to it, but for biases, where it has no choice.
struct Dims {
  Cell cell;
  memory::dim T, N, I, H;

  memory::dim gates() const { return cell == Cell::Lstm ? 4 : 3; }
  memory::dim biases() const { return cell == Cell::Gru ? 3 : 4; }
  memory::dims sequence(memory::dim width) const { return {T, N, width}; }
  memory::dims state() const { return {1, 1, N, H}; }
  memory::dims weights(memory::dim from) const { return {1, 1, from, gates(), H}; }
  memory::dims bias() const { return {1, 1, biases(), H}; }
};

template <typename Forward, typename... Layouts> Operator makeForward(dnnl::prop_kind kind, Layouts... layouts) {
  typename Forward::primitive_desc descriptor(typename Forward::desc(kind, leftToRight, layouts...), engine());
  return {descriptor, Forward(descriptor)};
}

template <typename Forward, typename Backward, typename... Layouts> Operators makeTraining(Layouts... layouts) {
  typename Forward::primitive_desc forward(
      typename Forward::desc(dnnl::prop_kind::forward_training, leftToRight, layouts...), engine());
  typename Backward::primitive_desc backward(
      typename Backward::desc(dnnl::prop_kind::backward, leftToRight, layouts..., layouts...), engine(), forward);
  return {{forward, Forward(forward)}, {backward, Backward(backward)}};
}

/// Calls `make` with the layouts that the cell's primitives take, in their order.
template <typename Make> auto withLayouts(const Dims &dims, Make make) {
  auto any = [](const memory::dims &shape) { return memory::desc(shape, f32, tag::any); };
  memory::desc x = any(dims.sequence(dims.I)), y = any(dims.sequence(dims.H)), state = any(dims.state()),
               weightsInput = any(dims.weights(dims.I)), weightsState = any(dims.weights(dims.H)),
               bias(dims.bias(), f32, tag::ldgo);
  if (dims.cell == Cell::Lstm)
    return make(x, state, state, weightsInput, weightsState, bias, y, state, state);
  return make(x, state, weightsInput, weightsState, bias, y, state);
}

Operator forwardOperator(const Dims &dims, dnnl::prop_kind kind) {
  return withLayouts(dims, [&](auto... layouts) {
    if constexpr (sizeof...(layouts) == 9)
      return makeForward<dnnl::lstm_forward>(kind, layouts...);
    else if (dims.cell == Cell::Gru)
      return makeForward<dnnl::gru_forward>(kind, layouts...);
    else
      return makeForward<dnnl::lbr_gru_forward>(kind, layouts...);
  });
}

Operators trainingOperators(const Dims &dims) {
  return withLayouts(dims, [&](auto... layouts) {
    if constexpr (sizeof...(layouts) == 9)
      return makeTraining<dnnl::lstm_forward, dnnl::lstm_backward>(layouts...);
    else if (dims.cell == Cell::Gru)
      return makeTraining<dnnl::gru_forward, dnnl::gru_backward>(layouts...);
    else
      return makeTraining<dnnl::lbr_gru_forward, dnnl::lbr_gru_backward>(layouts...);
  });
}

/// The memory of a primitive's arguments, each in the layout that the primitive wants.
class Arguments {
public:
  void add(const Operator &user, int argument) {
    memory array(user.layout(argument), engine());
    std::fill_n(static_cast<char *>(array.get_data_handle()), array.get_desc().get_size(), 0);
    arrays[argument] = array;
  }

  void share(const Arguments &other, int argument) { share(other, argument, argument); }
  void share(const Arguments &other, int otherArgument, int argument) {
    arrays[argument] = other.arrays.at(otherArgument);
  }

  /// Packs a plain array: a reorder, not a copy of bytes.
  void set(int argument, const memory::dims &shape, tag plain, const float *values) {
    memory from({shape, f32, plain}, engine(), const_cast<float *>(values));
    dnnl::reorder(from, arrays.at(argument)).execute(stream(), from, arrays.at(argument));
    stream().wait();
  }

  std::vector<float> get(int argument, const memory::dims &shape, tag plain) {
    memory to({shape, f32, plain}, engine());
    dnnl::reorder(arrays.at(argument), to).execute(stream(), arrays.at(argument), to);
    stream().wait();
    const float *values = static_cast<const float *>(to.get_data_handle());
    const size_t count = to.get_desc().get_size() / sizeof(float);
    return {values, values + count};
  }

  float *data(int argument) const { return static_cast<float *>(arrays.at(argument).get_data_handle()); }

  /// As the C interface takes them.
  std::vector<dnnl_exec_arg_t> list() const {
    std::vector<dnnl_exec_arg_t> list;
    for (const auto &[argument, array] : arrays)
      list.push_back({argument, array.get()});
    return list;
  }

  void execute(const Operator &op) const {
    op.primitive.execute(stream(), arrays);
    stream().wait();
  }

private:
  std::unordered_map<int, memory> arrays;
};

/// Positions in GateWeights::gates by oneDNN's order: LSTM i, f, C, o; GRU z, r, h.
std::vector<size_t> gateOrder(Cell cell) {
  return cell == Cell::Lstm ? std::vector<size_t>{1, 0, 3, 2} : std::vector<size_t>{1, 0, 2};
}

/// As ldigo: [K][gates][H] from each gate's [H, K].
std::vector<float> stackWeights(const GateWeights &weights, Cell cell, std::vector<float> Gate::*part, int64_t K) {
  std::vector<float> stacked;
  for (int64_t k = 0; k < K; ++k)
    for (size_t gate : gateOrder(cell))
      for (int64_t unit = 0; unit < weights.H; ++unit)
        stacked.push_back((weights.gates[gate].*part)[size_t(unit * K + k)]);
  return stacked;
}

void unstackWeights(const std::vector<float> &stacked, GateWeights &weights, Cell cell, std::vector<float> Gate::*part,
                    int64_t K) {
  size_t next = 0;
  for (Gate &gate : weights.gates)
    (gate.*part).resize(size_t(K * weights.H));
  for (int64_t k = 0; k < K; ++k)
    for (size_t gate : gateOrder(cell))
      for (int64_t unit = 0; unit < weights.H; ++unit)
        (weights.gates[gate].*part)[size_t(unit * K + k)] = stacked[next++];
}

std::vector<float> stackBiases(const GateWeights &weights, Cell cell) {
  std::vector<float> stacked;
  for (size_t gate : gateOrder(cell))
    stacked.insert(stacked.end(), weights.gates[gate].bias.begin(), weights.gates[gate].bias.end());
  stacked.insert(stacked.end(), weights.stateBias.begin(), weights.stateBias.end());
  return stacked;
}

void unstackBiases(const std::vector<float> &stacked, GateWeights &weights, Cell cell) {
  auto from = stacked.begin();
  for (size_t gate : gateOrder(cell)) {
    weights.gates[gate].bias.assign(from, from + weights.H);
    from += weights.H;
  }
  weights.stateBias.assign(from, stacked.end());
}

std::vector<int> stateArguments(Cell cell, int hidden, int inner) {
  return cell == Cell::Lstm ? std::vector<int>{hidden, inner} : std::vector<int>{hidden};
}

Dims dimsOf(Cell cell, const Session &session) {
  return {cell, session.steps(), session.rows(), session.info().dims.at("I"), session.info().dims.at("H")};
}

/// Adds and fills what the forward pass takes.
void addForwardArguments(Arguments &arguments, const Operator &op, const Dims &dims, const Session &session) {
  std::vector<int> all = {DNNL_ARG_SRC_LAYER, DNNL_ARG_WEIGHTS_LAYER, DNNL_ARG_WEIGHTS_ITER, DNNL_ARG_BIAS,
                          DNNL_ARG_DST_LAYER};
  for (int argument : stateArguments(dims.cell, DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C))
    all.push_back(argument);
  for (int argument : stateArguments(dims.cell, DNNL_ARG_DST_ITER, DNNL_ARG_DST_ITER_C))
    all.push_back(argument);
  for (int argument : all)
    arguments.add(op, argument);
  GateWeights weights = readGates(dims.cell, session.info(), session.params);
  arguments.set(DNNL_ARG_SRC_LAYER, dims.sequence(dims.I), tag::tnc, session.inputs.front().as<float>());
  arguments.set(DNNL_ARG_WEIGHTS_LAYER, dims.weights(dims.I), tag::ldigo,
                stackWeights(weights, dims.cell, &Gate::input, dims.I).data());
  arguments.set(DNNL_ARG_WEIGHTS_ITER, dims.weights(dims.H), tag::ldigo,
                stackWeights(weights, dims.cell, &Gate::state, dims.H).data());
  arguments.set(DNNL_ARG_BIAS, dims.bias(), tag::ldgo, stackBiases(weights, dims.cell).data());
}

class OneDnnForward : public Contestant {
public:
  OneDnnForward(std::string name, Cell cell, const Session &session, dnnl::prop_kind kind)
      : Contestant(std::move(name)), dims(dimsOf(cell, session)), op(forwardOperator(dims, kind)) {
    addForwardArguments(arguments, op, dims, session);
    if (kind == dnnl::prop_kind::forward_training)
      arguments.add(op, DNNL_ARG_WORKSPACE);
  }

  void run() override { arguments.execute(op); }
  Results results() override { return {{"h", arguments.get(DNNL_ARG_DST_LAYER, dims.sequence(dims.H), tag::tnc)}}; }

private:
  Dims dims;
  Operator op;
  Arguments arguments;
};

class OneDnnTraining : public Contestant {
public:
  OneDnnTraining(Cell cell, const Session &session)
      : Contestant("oneDNN"), dims(dimsOf(cell, session)), ops(trainingOperators(dims)) {
    addForwardArguments(forward, ops.forward, dims, session);
    forward.add(ops.forward, DNNL_ARG_WORKSPACE);
    addForwardArguments(backward, ops.backward, dims, session);
    addGradientArguments();
    for (int argument : {DNNL_ARG_WORKSPACE, DNNL_ARG_DST_LAYER})
      backward.share(forward, argument);
    for (int argument : stateArguments(cell, DNNL_ARG_DST_ITER, DNNL_ARG_DST_ITER_C))
      backward.share(forward, argument);
    backward.set(DNNL_ARG_DIFF_DST_LAYER, dims.sequence(dims.H), tag::tnc, session.dOutputs.front().as<float>());
  }

  void run() override {
    forward.execute(ops.forward);
    backward.execute(ops.backward);
  }

  Results results() override {
    GateWeights gradients = {dims.I, dims.H, {}, {}};
    for (const char *gate : {"f", "i", "o", "C"})
      if (dims.cell == Cell::Lstm)
        gradients.gates.push_back({gate, {}, {}, {}});
    for (const char *gate : {"r", "z", "h"})
      if (dims.cell != Cell::Lstm)
        gradients.gates.push_back({gate, {}, {}, {}});
    unstackWeights(backward.get(DNNL_ARG_DIFF_WEIGHTS_LAYER, dims.weights(dims.I), tag::ldigo), gradients, dims.cell,
                   &Gate::input, dims.I);
    unstackWeights(backward.get(DNNL_ARG_DIFF_WEIGHTS_ITER, dims.weights(dims.H), tag::ldigo), gradients, dims.cell,
                   &Gate::state, dims.H);
    unstackBiases(backward.get(DNNL_ARG_DIFF_BIAS, dims.bias(), tag::ldgo), gradients, dims.cell);
    Results results = {{"h", forward.get(DNNL_ARG_DST_LAYER, dims.sequence(dims.H), tag::tnc)},
                       {"dx", backward.get(DNNL_ARG_DIFF_SRC_LAYER, dims.sequence(dims.I), tag::tnc)}};
    addGradients(results, gradients);
    return results;
  }

private:
  void addGradientArguments() {
    std::vector<int> all = {DNNL_ARG_DIFF_SRC_LAYER, DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER,
                            DNNL_ARG_DIFF_BIAS, DNNL_ARG_DIFF_DST_LAYER};
    for (int argument : stateArguments(dims.cell, DNNL_ARG_DIFF_SRC_ITER, DNNL_ARG_DIFF_SRC_ITER_C))
      all.push_back(argument);
    for (int argument : stateArguments(dims.cell, DNNL_ARG_DIFF_DST_ITER, DNNL_ARG_DIFF_DST_ITER_C))
      all.push_back(argument);
    for (int argument : all)
      backward.add(ops.backward, argument);
  }

  Dims dims;
  Operators ops;
  Arguments forward, backward;
};

/// Two sets of arguments take turns: one's final states are the other's initial states. Called by the C interface,
/// whose argument list can be kept, unlike that of the C++ one.
class OneDnnSteps : public Contestant {
public:
  OneDnnSteps(Cell cell, const Session &session)
      : Contestant("oneDNN, one-step calls"), dims(dimsOf(cell, session)), steps(dims.T),
        x(session.inputs.front().as<float>()), y(size_t(steps * dims.H)) {
    dims.T = 1;
    op = forwardOperator(dims, dnnl::prop_kind::forward_inference);
    for (Arguments &turn : turns)
      addForwardArguments(turn, op, dims, session);
    for (auto [from, to] :
         {std::pair(DNNL_ARG_SRC_ITER, DNNL_ARG_DST_ITER), std::pair(DNNL_ARG_SRC_ITER_C, DNNL_ARG_DST_ITER_C)}) {
      turns[1].share(turns[0], from, to);
      turns[0].share(turns[1], from, to);
    }
    for (int turn : {0, 1})
      lists[turn] = turns[turn].list();
  }

  void run() override {
    for (int argument : {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C})
      std::fill_n(turns[0].data(argument), dims.H, 0.0f);
    for (int64_t t = 0; t < steps; ++t) {
      const Arguments &turn = turns[t % 2];
      std::copy_n(x + t * dims.I, dims.I, turn.data(DNNL_ARG_SRC_LAYER));
      dnnl_primitive_execute(op.primitive.get(), stream().get(), int(lists[t % 2].size()), lists[t % 2].data());
      std::copy_n(turn.data(DNNL_ARG_DST_LAYER), dims.H, y.data() + t * dims.H);
    }
  }

  Results results() override { return {{"h", y}}; }

private:
  Dims dims;
  int64_t steps;
  const float *x;
  std::vector<float> y;
  Operator op;
  Arguments turns[2];
  std::vector<dnnl_exec_arg_t> lists[2];
};

std::string version() {
  const dnnl::version_t *version = dnnl::version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
}

std::unique_ptr<Contestant> makeInference(Cell cell, const Session &session) {
  return std::make_unique<OneDnnForward>("oneDNN", cell, session, dnnl::prop_kind::forward_inference);
}

std::unique_ptr<Contestant> makeTrainingForward(Cell cell, const Session &session) {
  return std::make_unique<OneDnnForward>("oneDNN training forward", cell, session, dnnl::prop_kind::forward_training);
}

std::unique_ptr<Contestant> makeTraining(Cell cell, const Session &session) {
  return std::make_unique<OneDnnTraining>(cell, session);
}

std::unique_ptr<Contestant> makeSteps(Cell cell, const Session &session) {
  return std::make_unique<OneDnnSteps>(cell, session);
}

} // namespace

extern "C" const OneDnn *describeOneDnn() {
  static const OneDnn module = {version(), makeInference, makeTrainingForward, makeTraining, makeSteps};
  return &module;
}
