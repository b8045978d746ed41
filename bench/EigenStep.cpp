//===- EigenStep.cpp - A careful template LSTM step in C++ -------------------------------===//
#include "bench/EigenStep.h"

#include <Eigen/Dense>

#include <stdexcept>

using namespace seqc;
using namespace seqc::bench;

namespace {

/// The LSTM of std.lstm; gates one after another: f, i, o, C.
template <int I, int H, bool Product> class LstmCell {
public:
  explicit LstmCell(const GateWeights &weights) {
    for (int gate = 0; gate < 4; ++gate) {
      const Gate &from = weights.gates[size_t(gate)];
      using RowMajor = Eigen::Matrix<float, H, H, Eigen::RowMajor>;
      Wh.template middleRows<H>(gate * H) = Eigen::Map<const RowMajor>(from.state.data());
      for (int unit = 0; unit < H; ++unit)
        for (int k = 0; k < I; ++k)
          Wx(gate * H + unit, k) = from.input[size_t(unit) * I + size_t(k)];
      b.template segment<H>(gate * H) = Eigen::Map<const Eigen::Array<float, H, 1>>(from.bias.data());
    }
  }

  void step(const float *x, float *y) {
    Eigen::Array<float, 4 * H, 1> z = b;
    for (int k = 0; k < I; ++k)
      z += Wx.col(k).array() * x[k];
    if constexpr (Product)
      z.matrix().noalias() += Wh * h.matrix();
    else
      for (int k = 0; k < H; ++k)
        z += Wh.col(k).array() * h[k];
    z.template head<3 * H>() = 1 / (1 + (-z.template head<3 * H>()).exp());
    c = z.template head<H>() * c + z.template segment<H>(H) * z.template tail<H>().tanh();
    h = z.template segment<H>(2 * H) * c.tanh();
    Eigen::Map<Eigen::Array<float, H, 1>> out(y);
    out = h;
  }

  void restart() {
    h.setZero();
    c.setZero();
  }

private:
  EIGEN_ALIGN_MAX Eigen::Matrix<float, 4 * H, H> Wh;
  EIGEN_ALIGN_MAX Eigen::Matrix<float, 4 * H, I> Wx;
  EIGEN_ALIGN_MAX Eigen::Array<float, 4 * H, 1> b;
  EIGEN_ALIGN_MAX Eigen::Array<float, H, 1> h = decltype(h)::Zero(), c = decltype(c)::Zero();
};

template <int H, bool Product> class EigenSteps : public Contestant {
public:
  explicit EigenSteps(const Session &session)
      : Contestant(Product ? "Eigen, product" : "Eigen, columns"), steps(session.steps()),
        x(session.inputs.front().as<float>()), y(size_t(steps * H)),
        cell(readGates(Cell::Lstm, session.info(), session.params)) {}

  void run() override {
    cell.restart();
    for (int64_t t = 0; t < steps; ++t)
      step(x + t, y.data() + t * H);
  }

  Results results() override { return {{"h", y}}; }

private:
  /// A call of its own: streaming gets one input at a time.
  __attribute__((noinline)) void step(const float *from, float *to) { cell.step(from, to); }

  int64_t steps;
  const float *x;
  std::vector<float> y;
  LstmCell<1, H, Product> cell;
};

template <int H> std::unique_ptr<Contestant> makeSteps(const Session &session, bool product) {
  if (product)
    return std::make_unique<EigenSteps<H, true>>(session);
  return std::make_unique<EigenSteps<H, false>>(session);
}

} // namespace

std::string bench::eigenVersion() {
  return std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
         std::to_string(EIGEN_MINOR_VERSION);
}

std::unique_ptr<Contestant> bench::eigenSteps(const Session &session, bool product) {
  switch (session.info().dims.at("H")) {
  case 8:
    return makeSteps<8>(session, product);
  case 16:
    return makeSteps<16>(session, product);
  case 32:
    return makeSteps<32>(session, product);
  case 64:
    return makeSteps<64>(session, product);
  default:
    throw std::logic_error("the template LSTM is instantiated for H = 8, 16, 32 and 64");
  }
}
