//===- Binding.h - Tensors of a file as arrays of a model ------------------------*- C++ -*-===//
//
// Files hold tensors by name, entry points take arrays by position. A Binder takes what a model needs out of a file
// and remembers everything that does not fit, so that one message tells all of it.
//
//===------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_BINDING_H
#define SEQC_SEQ_RUN_BINDING_H

#include "runtime/seqc.h"
#include "tools/seq-run/Description.h"
#include "tools/seq-run/Safetensors.h"

#include <set>
#include <string>
#include <vector>

namespace seqc::run {

using Tensors = std::vector<Tensor>;

/// The leading axes of an array beside those of one row.
enum class Axes { None, Rows, StepsAndRows };

class Binder {
public:
  Binder(std::string path, const TensorFile &file, const Description &model)
      : path(std::move(path)), file(file), model(model) {}

  /// Take tensors out of the file. What is missing or does not fit comes back as a tensor that is not given, and
  /// `finish` will refuse the file.
  Tensor required(const std::string &name, const Shape &row, Axes axes, InputKind kind = InputKind::Real);
  /// A tensor that may be absent.
  Tensor optional(const std::string &name, const Shape &row, Axes axes);
  Tensors params();
  Tensors inputs();
  Tensors states();
  /// `lengths`, or nothing.
  std::vector<int64_t> lengths();

  /// Steps and rows when no tensor has told them (-1: still unknown).
  void setSize(int64_t steps, int64_t rows);
  int64_t steps() const { return T; }
  int64_t rows() const { return B; }

  /// Refuses the file if anything did not fit or if it has tensors nobody took.
  void finish();

private:
  const Tensor *find(const std::string &name);
  bool matches(const Tensor &tensor, const Shape &row, Axes axes);
  std::string expectedText(const Shape &row, Axes axes) const;
  Tensor convert(const std::string &name, const Tensor &tensor, InputKind kind);

  std::string path;
  const TensorFile &file;
  const Description &model;
  std::set<std::string> taken;
  std::vector<std::string> problems;
  int64_t T = -1, B = -1;
};

/// Reads a file of parameters.
Tensors readParams(const std::string &path, const Description &model);

/// The element type of an input's array.
DType inputType(const InputInfo &input, const Description &model);

/// Arrays for what an entry point writes.
Tensors outputTensors(const Description &model, int64_t T, int64_t B);
Tensors stateTensors(const Description &model, int64_t B);
Tensors paramTensors(const Description &model);
/// One for each real input; not given for ids and masks.
Tensors inputGradientTensors(const Description &model, int64_t T, int64_t B);

/// `row` with B, or T and B, before it.
Shape withRows(const Shape &row, int64_t B);
Shape withSteps(const Shape &row, int64_t T, int64_t B);

/// The tensors as an entry point takes them: contiguous, NULL for those not given.
std::vector<seqc_array> arraysOf(const Tensors &tensors);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_BINDING_H
