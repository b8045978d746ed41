//===- LossCurve.cpp - The loss of a run as a table and a picture -----------------------===//
#include "tools/seq-run/train/LossCurve.h"

#include "tools/seq-run/AtomicFile.h"

#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace seqc::run;

namespace {

std::string table(const std::vector<CurvePoint> &curve, const CurveStyle &style) {
  double unit = style.text ? std::log(2.0) : 1;
  std::ostringstream text;
  text.precision(6);
  text << "# update\ttraining\tvalidation (" << (style.text ? "bits per symbol" : "loss") << ")\n";
  for (const CurvePoint &point : curve) {
    text << point.update << "\t" << point.training / unit << "\t";
    if (point.validation >= 0)
      text << point.validation / unit;
    else
      text << "NaN";
    text << "\n";
  }
  return text.str();
}

/// In single quotes, where gnuplot reads everything literally but the quote itself.
std::string quoted(const std::string &text) {
  std::string result = "'";
  for (char c : text)
    result += c == '\'' ? std::string("''") : std::string(1, c);
  return result + "'";
}

std::string script(const CurveStyle &style) {
  std::ostringstream text;
  text << "set terminal pngcairo noenhanced size 960,600 font 'Sans,11'\n"
       << "set output 'loss.png'\n"
       << "set title " << quoted(style.title) << "\n"
       << "set xlabel 'update'\nset ylabel " << quoted(style.text ? "bits per symbol" : "loss") << "\n"
       << "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset datafile missing 'NaN'\n"
       << "plot 'loss.tsv' using 1:2 with lines lw 1.5 lc rgb '#4477aa' title 'training', \\\n"
       << "     '' using 1:3 with linespoints lw 2 pt 7 ps 0.7 lc rgb '#cc3311' title 'validation'";
  if (style.baseline >= 0)
    text << ", \\\n     " << style.baseline << " with lines dt 2 lc rgb '#888888' title 'unigram model'";
  text << "\n";
  return text.str();
}

/// Runs gnuplot in the folder; it may not be installed, and training must not depend on it.
std::string runGnuplot(const std::string &folder) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  for (int stream : {0, 1, 2})
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", stream == 0 ? O_RDONLY : O_WRONLY, 0);
  std::string program = "gnuplot", argument = "loss.gp";
  char *arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child;
  int error = posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return "gnuplot could not be started (" + std::string(std::strerror(error)) + "); install gnuplot-nox";
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
    continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : "gnuplot failed on " + folder + "/loss.gp";
}

} // namespace

std::string seqc::run::writeLossCurve(const std::string &folder, const std::vector<CurvePoint> &curve,
                                      const CurveStyle &style) {
  writeAtomically(folder + "/loss.tsv", table(curve, style));
  writeAtomically(folder + "/loss.gp", script(style));
  return curve.empty() ? "" : runGnuplot(folder);
}
