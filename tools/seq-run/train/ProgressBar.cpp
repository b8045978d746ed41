//===- ProgressBar.cpp - How far training is --------------------------------------------===//
#include "tools/seq-run/train/ProgressBar.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>

using namespace seqc::run;

namespace {

constexpr std::chrono::milliseconds redrawInterval{150};
constexpr std::chrono::seconds lineInterval{20};
constexpr int barColumns = 24;
constexpr const char *eraseLine = "\r\x1b[K";

template <typename... Args> std::string print(const char *format, Args... args) {
  char text[160];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

std::string duration(double seconds) {
  auto whole = static_cast<int64_t>(std::ceil(seconds));
  if (whole >= 3600)
    return print("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  return print("%ld:%02ld", whole / 60, whole % 60);
}

std::string perSecond(double rate) { return rate >= 1e4 ? print("%.1fk", rate / 1e3) : print("%.0f", rate); }

} // namespace

ProgressBar::Mode seqc::run::progressMode(bool quiet) {
  if (quiet)
    return ProgressBar::Mode::Quiet;
  return ::isatty(STDOUT_FILENO) ? ProgressBar::Mode::Terminal : ProgressBar::Mode::Lines;
}

ProgressBar::ProgressBar(std::ostream &stream, Mode mode, int64_t firstUpdate)
    : stream(&stream), mode(mode), firstUpdate(firstUpdate), begin(Clock::now()), last(begin) {}

std::string ProgressBar::format(const ProgressView &view, double seconds, int64_t firstUpdate, int width) {
  double part = view.updates > 0 ? static_cast<double>(view.update) / static_cast<double>(view.updates) : 1;
  std::string bar;
  auto full = static_cast<int>(std::clamp(part, 0.0, 1.0) * width);
  for (int i = 0; i < width; ++i)
    bar += i < full ? "━" : "┄";
  std::string text = print("epoch %ld/%ld ", view.epoch, view.epochs) + bar + (width ? " " : "");
  text += print("%3.0f %%  loss %.3f", 100 * part, view.loss);
  if (view.text)
    text += print("  %.2f bits/%s", view.loss / std::log(2.0), "char");
  int64_t made = view.update - firstUpdate;
  if (seconds > 0 && made > 0) {
    text += "  " + perSecond(static_cast<double>(view.steps) / seconds) + (view.text ? " chars/s" : " steps/s");
    text += "  " + duration(seconds * static_cast<double>(view.updates - view.update) / static_cast<double>(made)) +
            " left";
  }
  return text;
}

void ProgressBar::show(const ProgressView &view) {
  if (mode == Mode::Quiet)
    return;
  Clock::time_point now = Clock::now();
  if (now - last < (mode == Mode::Terminal ? Clock::duration(redrawInterval) : Clock::duration(lineInterval)))
    return;
  last = now;
  double seconds = std::chrono::duration<double>(now - begin).count();
  if (mode == Mode::Terminal)
    *stream << eraseLine << format(view, seconds, firstUpdate, barColumns) << std::flush;
  else
    *stream << format(view, seconds, firstUpdate, 0) << std::endl;
}

void ProgressBar::say(const std::string &line) {
  if (mode == Mode::Quiet)
    return;
  clear();
  *stream << line << std::endl;
}

void ProgressBar::clear() {
  if (mode == Mode::Terminal)
    *stream << eraseLine << std::flush;
}
