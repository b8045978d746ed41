//===- Description.h - What a compiled library says of a model -------------------*- C++ -*-===//
//
// The JSON text of M_describe (docs/library.md) as data. Shapes are those of one row: without T and B.
//
//===------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_DESCRIPTION_H
#define SEQC_SEQ_RUN_DESCRIPTION_H

#include "tools/seq-run/Tensor.h"

#include <map>
#include <string>
#include <vector>

namespace seqc::run {

enum class InputKind { Real, Id, Mask };

struct ParamInfo {
  std::string name;
  Shape shape;
  std::string init;      ///< readable: "xavier", "= 1", "normal(0.1)"
  bool estimate = false; ///< of a statistic of the batch: its "gradient" in training is its distance from that
};

struct InputInfo {
  std::string name;
  Shape shape;
  InputKind kind = InputKind::Real;
  int64_t vocabulary = 0; ///< of an id
};

struct StateInfo {
  std::string name; ///< "h[0]"
  Shape shape;
};

struct OutputInfo {
  std::string name;
  Shape shape;
  bool last = false; ///< only the last step: [B, …]
};

struct Description {
  std::string model;  ///< as in the .seq file
  std::string symbol; ///< the prefix of its exported functions
  DType dtype = DType::F32;
  std::map<std::string, int64_t> dims;
  std::vector<ParamInfo> params;
  std::vector<InputInfo> inputs;
  std::vector<StateInfo> states;
  std::vector<OutputInfo> outputs;
  bool hasLoss = false;
  std::vector<std::string> entryPoints;
  std::string looksAhead; ///< the equation that looks ahead; empty: none
  std::string needsBatch; ///< what is not computed row by row: an equation, or "loss"; empty: nothing
  /// Operations of each program (forward, forward_taped, backward) for one step of one row.
  std::map<std::string, double> flopsPerStep;
  std::string text; ///< the JSON itself

  bool hasEntry(const std::string &name) const;
  int64_t parameterCount() const;
  /// By parameter, whether it is an estimate.
  std::vector<bool> estimates() const;
};

/// Throws std::runtime_error with what is wrong with the text.
Description parseDescription(const std::string &text);

/// The table that `seq-run describe` prints.
std::string describeReadably(const Description &model);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_DESCRIPTION_H
