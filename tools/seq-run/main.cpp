//===- main.cpp - seq-run: runs and trains compiled models ------------------------------===//
#include "tools/seq-run/Commands.h"

int main(int argc, char **argv) { return seqc::run::runCommandLine(argc, argv); }
