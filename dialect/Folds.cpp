//===- Folds.cpp - Constants and identities ------------------------------------===//
#include "dialect/Recur.h"
