//===- ProgressBarTest.cpp - What the bar says ---------------------------------------------===//
#include "tools/seq-run/train/ProgressBar.h"

#include <gtest/gtest.h>
#include <sstream>

using namespace seqc::run;

namespace {

ProgressView halfWay() {
  ProgressView view;
  view.epoch = 2;
  view.epochs = 3;
  view.update = 50;
  view.updates = 100;
  view.steps = 64000;
  view.loss = 1.386294;
  view.text = true;
  return view;
}

TEST(ProgressBar, tellsRateLossAndTimeLeft) {
  EXPECT_EQ(ProgressBar::format(halfWay(), 10, 0, 4),
            "epoch 2/3 ━━┄┄  50 %  loss 1.386  2.00 bits/char  6400 chars/s  0:10 left");
}

TEST(ProgressBar, countsTimeOnlyForUpdatesMadeNow) {
  std::string text = ProgressBar::format(halfWay(), 10, 40, 0);
  EXPECT_NE(text.find("0:50 left"), std::string::npos) << text;
}

TEST(ProgressBar, hasNoTimeLeftBeforeTheFirstUpdate) {
  EXPECT_EQ(ProgressBar::format(halfWay(), 0, 50, 0).find("left"), std::string::npos);
}

TEST(ProgressBar, printsPlainLinesWhereThereIsNoTerminal) {
  std::ostringstream stream;
  ProgressBar bar(stream, ProgressBar::Mode::Lines, 0);
  bar.show(halfWay());
  bar.say("epoch 1 done");
  bar.clear();
  EXPECT_EQ(stream.str(), "epoch 1 done\n");
}

TEST(ProgressBar, isSilentWhenAskedTo) {
  std::ostringstream stream;
  ProgressBar bar(stream, ProgressBar::Mode::Quiet, 0);
  bar.show(halfWay());
  bar.say("epoch 1 done");
  EXPECT_EQ(stream.str(), "");
}

} // namespace
