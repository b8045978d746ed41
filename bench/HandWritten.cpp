//===- HandWritten.cpp - Loops in intrinsics, for what a bar asks of the machine ------===//
#include "bench/HandWritten.h"

using namespace seqc;
using namespace seqc::bench;

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <algorithm>
#include <array>
#include <immintrin.h>

namespace {

constexpr int lanes = 16;
using Vector = __m512;
/// A vector in memory.
struct alignas(64) Cells {
  float at[lanes];
};
using Array = std::vector<Cells>;

inline Vector splat(float number) { return _mm512_set1_ps(number); }
inline Vector load(const Cells &cells) { return _mm512_load_ps(cells.at); }

//===-- Functions ---------------------------------------------------------------------------===//

/// To about 2 ULP, for |x| <= 80; a short chain of operations counts for more than few of them.
inline Vector exponential(Vector x) {
  Vector n = _mm512_roundscale_ps(_mm512_mul_ps(x, splat(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
  Vector r = _mm512_fnmadd_ps(n, splat(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, splat(-2.12194440e-4f), r);
  Vector square = _mm512_mul_ps(r, r);
  Vector high = _mm512_fmadd_ps(splat(8.3333333e-3f), r, splat(4.1666666e-2f));
  high = _mm512_fmadd_ps(square, splat(1.3888889e-3f), high);
  Vector middle = _mm512_fmadd_ps(high, square, _mm512_fmadd_ps(splat(0.16666667f), r, splat(0.5f)));
  return _mm512_scalef_ps(_mm512_fmadd_ps(middle, square, _mm512_add_ps(r, splat(1))), n);
}

inline Vector limit(Vector x) { return _mm512_max_ps(_mm512_min_ps(x, splat(80)), splat(-80)); }

inline Vector reciprocal(Vector x) {
  Vector y = _mm512_rcp14_ps(x);
  return _mm512_fmadd_ps(y, _mm512_fnmadd_ps(x, y, splat(1)), y);
}

inline Vector reciprocalRoot(Vector x) {
  Vector y = _mm512_rsqrt14_ps(x), half = _mm512_mul_ps(_mm512_mul_ps(x, splat(0.5f)), y);
  return _mm512_fmadd_ps(y, _mm512_fnmadd_ps(half, y, splat(0.5f)), y);
}

inline Vector sigmoid(Vector x) {
  return reciprocal(_mm512_add_ps(splat(1), exponential(limit(_mm512_sub_ps(splat(0), x)))));
}

/// To an absolute error, unlike ours, which is less work.
inline Vector tanh(Vector x) {
  Vector e = exponential(limit(_mm512_add_ps(x, x)));
  return _mm512_fnmadd_ps(splat(2), reciprocal(_mm512_add_ps(e, splat(1))), splat(1));
}

/// The sum of all lanes, in each.
inline Vector sumOfLanes(Vector x) {
  x = _mm512_add_ps(x, _mm512_shuffle_f32x4(x, x, 0x4e));
  x = _mm512_add_ps(x, _mm512_shuffle_f32x4(x, x, 0xb1));
  x = _mm512_add_ps(x, _mm512_permute_ps(x, 0x4e));
  return _mm512_add_ps(x, _mm512_permute_ps(x, 0xb1));
}

inline Vector sum(const std::array<Vector, 4> &values) {
  return _mm512_add_ps(_mm512_add_ps(values[0], values[1]), _mm512_add_ps(values[2], values[3]));
}

//===-- A step of an LSTM -------------------------------------------------------------------===//

/// All eight vectors of gates at once, even and odd k apart: 16 sums keep both units busy.
class Steps : public Contestant {
public:
  static constexpr int H = 32, blocks = H / lanes, columns = 4 * blocks;

  explicit Steps(const Session &session)
      : Contestant("by hand"), steps(session.steps()), x(session.inputs.front().as<float>()), y(size_t(steps * H)),
        state(size_t(H * columns)), input(columns), bias(columns), h(blocks), c(blocks) {
    GateWeights weights = readGates(Cell::Lstm, session.info(), session.params);
    for (size_t gate = 0; gate < 4; ++gate)
      for (size_t unit = 0; unit < H; ++unit) {
        size_t column = gate * blocks + unit / lanes, lane = unit % lanes;
        input[column].at[lane] = weights.gates[gate].input[unit];
        bias[column].at[lane] = weights.gates[gate].bias[unit];
        for (size_t k = 0; k < H; ++k)
          state[k * columns + column].at[lane] = weights.gates[gate].state[unit * H + k];
      }
  }

  void run() override {
    std::fill(h.begin(), h.end(), Cells{});
    std::fill(c.begin(), c.end(), Cells{});
    for (int64_t t = 0; t < steps; ++t)
      step(x + t, y.data() + t * H);
  }

  Results results() override { return {{"h", y}}; }

private:
  __attribute__((noinline)) void step(const float *from, float *to) {
    Vector sums[columns], others[columns];
    for (int q = 0; q < columns; ++q) {
      sums[q] = _mm512_fmadd_ps(splat(*from), load(input[size_t(q)]), load(bias[size_t(q)]));
      others[q] = splat(0);
    }
    const Cells *weights = state.data();
#pragma clang loop unroll(disable)
    for (int k = 0; k < H; k += 2, weights += 2 * columns) {
      Vector even = splat(h[0].at[k]), odd = splat(h[0].at[k + 1]);
      for (int q = 0; q < columns; ++q)
        sums[q] = _mm512_fmadd_ps(even, load(weights[q]), sums[q]);
      for (int q = 0; q < columns; ++q)
        others[q] = _mm512_fmadd_ps(odd, load(weights[columns + q]), others[q]);
    }
    auto gate = [&](int number, int block) {
      int q = number * blocks + block;
      return _mm512_add_ps(sums[q], others[q]);
    };
    for (int block = 0; block < blocks; ++block) {
      Vector f = sigmoid(gate(0, block)), i = sigmoid(gate(1, block)), o = sigmoid(gate(2, block));
      Cells &cell = c[size_t(block)];
      Vector now = _mm512_fmadd_ps(f, load(cell), _mm512_mul_ps(i, tanh(gate(3, block))));
      Vector out = _mm512_mul_ps(o, tanh(now));
      _mm512_store_ps(cell.at, now);
      _mm512_store_ps(h[size_t(block)].at, out);
      _mm512_storeu_ps(to + block * lanes, out);
    }
  }

  int64_t steps;
  const float *x;
  std::vector<float> y;
  Array state, input, bias, h, c;
};

//===-- A row of a cell with four gates -----------------------------------------------------===//

Array inBlocks(const std::vector<float> &values) {
  Array array(values.size() / lanes);
  for (size_t i = 0; i < values.size(); ++i)
    array[i / lanes].at[i % lanes] = values[i];
  return array;
}

/// I = H. Weights lie in panels of 16 units, in each the gates side by side.
template <int H> class Row : public Contestant {
protected:
  static constexpr int blocks = H / lanes, gates = 4, tileRows = 5;
  using Sums = std::array<Vector, gates>;

  explicit Row(const Session &session)
      : Contestant("by hand"), steps(session.steps()), x(session.inputs.front().as<float>()), y(size_t(steps * H)),
        z(size_t(steps * gates * blocks)) {}

  Results results() override { return {{"h", y}}; }

  /// `weight`: of gate, unit and input.
  template <typename Function> static Array pack(Function weight) {
    Array packed(panelSize * blocks);
    for (size_t gate = 0; gate < gates; ++gate)
      for (size_t unit = 0; unit < H; ++unit)
        for (size_t k = 0; k < H; ++k)
          packed[unit / lanes * panelSize + k * gates + gate].at[unit % lanes] = weight(gate, unit, k);
    return packed;
  }

  /// What the inputs add to the gates, in `z`.
  void multiplyInputs() {
    for (int64_t t = 0; t < steps; t += tileRows)
      if (steps - t >= tileRows)
        multiplyInputs<tileRows>(t);
      else
        for (int64_t rest = t; rest < steps; ++rest)
          multiplyInputs<1>(rest);
  }

  /// All products of a step with the state, and `finish` for each block. To and fro, so that the nearest caches still
  /// hold what is used first.
  template <typename Function> __attribute__((always_inline)) void step(int64_t t, const float *h, Function finish) {
    if (t % 2 == 0)
#pragma clang loop unroll(full)
      for (int block = 0; block < blocks; ++block)
        finish(block, product(block, h));
    else
#pragma clang loop unroll(full)
      for (int block = blocks - 1; block >= 0; --block)
        finish(block, product(block, h));
  }

  int64_t steps;
  const float *x;
  std::vector<float> y;
  Array z, state, input;

private:
  static constexpr size_t panelSize = size_t(H) * gates;

  template <int Rows> void multiplyInputs(int64_t t) {
    Cells *rows = z.data() + t * gates * blocks;
    for (int block = 0; block < blocks; ++block) {
      Vector sums[Rows][gates];
      for (auto &row : sums)
        for (Vector &sum : row)
          sum = splat(0);
      const Cells *weights = input.data() + size_t(block) * panelSize;
#pragma clang loop unroll(disable)
      for (int k = 0; k < H; ++k, weights += gates)
        for (int row = 0; row < Rows; ++row)
          for (int gate = 0; gate < gates; ++gate)
            sums[row][gate] = _mm512_fmadd_ps(splat(x[(t + row) * H + k]), load(weights[gate]), sums[row][gate]);
      for (int row = 0; row < Rows; ++row)
        for (int gate = 0; gate < gates; ++gate)
          _mm512_store_ps(rows[(row * gates + gate) * blocks + block].at, sums[row][gate]);
    }
  }

  /// The gates of 16 units; even and odd k apart.
  Sums product(int block, const float *h) const {
    Sums even, odd;
    even.fill(splat(0));
    odd.fill(splat(0));
    const Cells *weights = state.data() + size_t(block) * panelSize;
#pragma clang loop unroll_count(2)
    for (int k = 0; k < H; k += 2, weights += 2 * gates)
      for (size_t gate = 0; gate < gates; ++gate) {
        even[gate] = _mm512_fmadd_ps(splat(h[k]), load(weights[gate]), even[gate]);
        odd[gate] = _mm512_fmadd_ps(splat(h[k + 1]), load(weights[gates + gate]), odd[gate]);
      }
    for (size_t gate = 0; gate < gates; ++gate)
      even[gate] = _mm512_add_ps(even[gate], odd[gate]);
    return even;
  }
};

class LstmRow : public Row<128> {
public:
  static constexpr int H = 128;

  explicit LstmRow(const Session &session) : Row(session) {
    GateWeights weights = readGates(Cell::Lstm, session.info(), session.params);
    state = pack([&](size_t gate, size_t unit, size_t k) { return weights.gates[gate].state[unit * H + k]; });
    input = pack([&](size_t gate, size_t unit, size_t k) { return weights.gates[gate].input[unit * H + k]; });
    for (const Gate &gate : weights.gates)
      for (const Cells &cells : inBlocks(gate.bias))
        bias.push_back(cells);
  }

  void run() override {
    multiplyInputs();
    Cells zero[blocks] = {}, c[blocks] = {};
    const float *h = zero[0].at;
    for (int64_t t = 0; t < steps; ++t) {
      const Cells *ofInput = z.data() + t * gates * blocks;
      float *out = y.data() + t * H;
      step(t, h, [&](int block, const Sums &sums) {
        auto gate = [&](int number) {
          int i = number * blocks + block;
          return _mm512_add_ps(_mm512_add_ps(load(ofInput[i]), load(bias[size_t(i)])), sums[size_t(number)]);
        };
        Vector f = sigmoid(gate(0)), i = sigmoid(gate(1)), o = sigmoid(gate(2));
        Vector cell = _mm512_fmadd_ps(f, load(c[block]), _mm512_mul_ps(i, tanh(gate(3))));
        _mm512_store_ps(c[block].at, cell);
        _mm512_storeu_ps(out + block * lanes, _mm512_mul_ps(o, tanh(cell)));
      });
      h = out;
    }
  }

private:
  Array bias;
};

class LayerNormRow : public Row<64> {
public:
  static constexpr int H = 64;

  explicit LayerNormRow(const Session &session) : Row(session) {
    auto named = [&](const char *name) { return readParameter(session.info(), session.params, name); };
    state = packCentred(named("W_h"));
    input = packCentred(named("W_x"));
    gainOfState = inBlocks(named("α_h"));
    gainOfInput = inBlocks(named("α_x"));
    gainOfCell = inBlocks(named("α_c"));
    bias = inBlocks(named("b"));
    biasOfCell = inBlocks(named("β_c"));
  }

  void run() override {
    multiplyInputs();
    normInputs();
    Cells zero[blocks] = {}, cell[blocks] = {};
    const float *h = zero[0].at;
    for (int64_t t = 0; t < steps; ++t) {
      Sums sums[blocks];
      step(t, h, [&](int block, const Sums &ofBlock) { sums[block] = ofBlock; });
      float *out = y.data() + t * H;
      finish(sums, z.data() + t * gates * blocks, cell, out);
      h = out;
    }
  }

private:
  /// Without the mean over all outputs, which then have none.
  static Array packCentred(const std::vector<float> &weights) {
    std::vector<double> means(H);
    for (size_t i = 0; i < weights.size(); ++i)
      means[i % H] += weights[i] / double(gates * H);
    return pack(
        [&](size_t gate, size_t unit, size_t k) { return float(weights[(gate * H + unit) * H + k] - means[k]); });
  }

  static Vector factorOf(Vector squares, float count) {
    return reciprocalRoot(_mm512_fmadd_ps(sumOfLanes(squares), splat(1 / count), splat(1e-5f)));
  }

  void normInputs() {
    for (int64_t t = 0; t < steps; ++t) {
      Cells *row = z.data() + t * gates * blocks;
      std::array<Vector, gates> squares;
      squares.fill(splat(0));
      for (size_t i = 0; i < gates * blocks; ++i)
        squares[i % gates] = _mm512_fmadd_ps(load(row[i]), load(row[i]), squares[i % gates]);
      Vector factor = factorOf(sum(squares), gates * H);
      for (size_t i = 0; i < gates * blocks; ++i) {
        Vector normed = _mm512_mul_ps(load(row[i]), factor);
        _mm512_store_ps(row[i].at, _mm512_fmadd_ps(normed, load(gainOfInput[i]), load(bias[i])));
      }
    }
  }

  void finish(const Sums *sums, const Cells *ofInput, Cells *cell, float *h) const {
    std::array<Vector, blocks> squares, now, o;
    for (size_t block = 0; block < blocks; ++block) {
      Vector square = _mm512_mul_ps(sums[block][0], sums[block][0]);
      for (size_t gate = 1; gate < gates; ++gate)
        square = _mm512_fmadd_ps(sums[block][gate], sums[block][gate], square);
      squares[block] = square;
    }
    Vector factor = factorOf(sum(squares), gates * H);
    auto gate = [&](size_t number, size_t block) {
      size_t i = number * blocks + block;
      return _mm512_fmadd_ps(_mm512_mul_ps(sums[block][number], factor), load(gainOfState[i]), load(ofInput[i]));
    };
    for (size_t block = 0; block < blocks; ++block) {
      Vector f = sigmoid(gate(0, block)), i = sigmoid(gate(1, block)), g = tanh(gate(3, block));
      now[block] = _mm512_fmadd_ps(f, load(cell[block]), _mm512_mul_ps(i, g));
      _mm512_store_ps(cell[block].at, now[block]);
    }
    Vector mean = _mm512_mul_ps(sumOfLanes(sum(now)), splat(1.0f / H));
    for (size_t block = 0; block < blocks; ++block)
      o[block] = sigmoid(gate(2, block));
    for (size_t block = 0; block < blocks; ++block) {
      now[block] = _mm512_sub_ps(now[block], mean);
      squares[block] = _mm512_mul_ps(now[block], now[block]);
    }
    factor = factorOf(sum(squares), H);
    for (size_t block = 0; block < blocks; ++block) {
      Vector normed = _mm512_mul_ps(now[block], factor);
      Vector inner = _mm512_fmadd_ps(normed, load(gainOfCell[block]), load(biasOfCell[block]));
      _mm512_storeu_ps(h + block * lanes, _mm512_mul_ps(o[block], tanh(inner)));
    }
  }

  Array gainOfState, gainOfInput, gainOfCell, bias, biasOfCell;
};

/// Adds what is written for these sizes.
template <typename Loop>
void addForSizes(Contestants &contestants, const Session &session, const char *model, int64_t I, int64_t H) {
  const run::Description &info = session.info();
  if (info.model == model && session.rows() == 1 && info.dims.at("I") == I && info.dims.at("H") == H)
    contestants.push_back(std::make_unique<Loop>(session));
}

} // namespace

void bench::addHandWrittenSteps(Contestants &contestants, const Session &session) {
  addForSizes<Steps>(contestants, session, "LSTM", 1, Steps::H);
}

void bench::addHandWrittenRow(Contestants &contestants, const Session &session) {
  addForSizes<LstmRow>(contestants, session, "LSTM", LstmRow::H, LstmRow::H);
  addForSizes<LayerNormRow>(contestants, session, "LayerNormLSTM", LayerNormRow::H, LayerNormRow::H);
}

#else

void bench::addHandWrittenSteps(Contestants &, const Session &) {}
void bench::addHandWrittenRow(Contestants &, const Session &) {}

#endif
