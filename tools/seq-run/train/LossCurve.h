//===- LossCurve.h - The loss of a run as a table and a picture ----------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_LOSSCURVE_H
#define SEQC_SEQ_RUN_TRAIN_LOSSCURVE_H

#include "tools/seq-run/train/Checkpoint.h"

namespace seqc::run {

/// What the curve is drawn with.
struct CurveStyle {
  std::string title;
  bool text = false;    ///< bits per symbol instead of the loss
  double baseline = -1; ///< a level to compare with; negative: none
};

/// Writes loss.tsv and the gnuplot script loss.gp into a folder and has gnuplot make loss.png of them. Returns why
/// there is no picture, or nothing.
std::string writeLossCurve(const std::string &folder, const std::vector<CurvePoint> &curve, const CurveStyle &style);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_LOSSCURVE_H
