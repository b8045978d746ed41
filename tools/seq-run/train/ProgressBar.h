//===- ProgressBar.h - How far training is -------------------------------------------*- C++ -*-===//
//
// On a terminal one line that is redrawn a few times a second; elsewhere a line now and then.
//
//===---------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_TRAIN_PROGRESSBAR_H
#define SEQC_SEQ_RUN_TRAIN_PROGRESSBAR_H

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

namespace seqc::run {

/// What the bar shows.
struct ProgressView {
  int64_t epoch = 0, epochs = 0;   ///< epoch counts from 1
  int64_t update = 0, updates = 0; ///< of the whole run
  int64_t steps = 0;               ///< symbols or steps processed since the program began
  double loss = 0;
  bool text = false; ///< the loss is of symbols, so it has bits
};

class ProgressBar {
public:
  enum class Mode { Terminal, Lines, Quiet };

  ProgressBar(std::ostream &stream, Mode mode, int64_t firstUpdate);

  /// Shows this if it is time to.
  void show(const ProgressView &view);
  /// Prints a line for good, above the bar.
  void say(const std::string &line);
  /// Takes the bar away.
  void clear();

  /// The text of the bar, `width` columns for the bar itself.
  static std::string format(const ProgressView &view, double seconds, int64_t firstUpdate, int width);

private:
  using Clock = std::chrono::steady_clock;

  std::ostream *stream;
  Mode mode;
  int64_t firstUpdate;
  Clock::time_point begin, last;
};

/// Standard output of a process: a terminal, or something that wants lines.
ProgressBar::Mode progressMode(bool quiet);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_PROGRESSBAR_H
