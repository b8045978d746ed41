//===- Gates.cpp - The weights of an LSTM or GRU, gate by gate ---------------------------===//
#include "bench/Gates.h"

#include <stdexcept>

using namespace seqc;
using namespace seqc::bench;

namespace {

using Values = std::vector<float>;

/// Columns [begin, end) of a row-major matrix.
Values columns(const Values &matrix, int64_t width, int64_t begin, int64_t end) {
  Values result;
  for (size_t row = 0; row < matrix.size(); row += size_t(width))
    result.insert(result.end(), matrix.begin() + long(row) + begin, matrix.begin() + long(row) + end);
  return result;
}

} // namespace

CellFile bench::fileOf(Cell cell) {
  switch (cell) {
  case Cell::Lstm:
    return {"frontend/stdlib/lstm.seq", "LSTM"};
  case Cell::Gru:
    return {"frontend/stdlib/gru.seq", "GRU"};
  case Cell::GruResetAfter:
    return {"frontend/stdlib/gru_reset_after.seq", "GRUResetAfter"};
  }
  throw std::logic_error("no such cell");
}

std::vector<float> bench::readParameter(const run::Description &info, const run::Tensors &params,
                                        const std::string &name) {
  for (size_t i = 0; i < info.params.size(); ++i)
    if (info.params[i].name == name)
      return Values(params[i].as<float>(), params[i].as<float>() + params[i].elements());
  throw std::runtime_error(info.model + " has no parameter '" + name + "'");
}

GateWeights bench::readGates(Cell cell, const run::Description &info, const run::Tensors &params) {
  GateWeights weights;
  weights.I = info.dims.at("I");
  weights.H = info.dims.at("H");
  auto named = [&](const std::string &name) { return readParameter(info, params, name); };
  if (cell == Cell::Lstm) {
    for (const char *gate : {"f", "i", "o", "C"}) {
      Values both = named(std::string("W_") + gate); // [h, x]
      int64_t width = weights.H + weights.I;
      weights.gates.push_back({gate, columns(both, width, weights.H, width), columns(both, width, 0, weights.H),
                               named(std::string("b_") + gate)});
    }
    return weights;
  }
  for (const char *gate : {"r", "z", "h"})
    weights.gates.push_back(
        {gate, named(std::string("W_") + gate), named(std::string("U_") + gate), named(std::string("b_") + gate)});
  if (cell == Cell::GruResetAfter)
    weights.stateBias = named("b_Uh");
  return weights;
}

void bench::addGradients(Results &results, const GateWeights &gradients) {
  for (const Gate &gate : gradients.gates) {
    results["dW_x " + gate.name] = gate.input;
    results["dW_h " + gate.name] = gate.state;
    results["db " + gate.name] = gate.bias;
  }
  if (!gradients.stateBias.empty())
    results["db_h h"] = gradients.stateBias;
}
