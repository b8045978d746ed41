//===- Python.h - Opponents that live in Python --------------------------------*- C++ -*-===//
//
// ONNX Runtime and PyTorch run in this process, in a Python that is loaded when a row first asks for it. No Python
// headers are needed: the code of bench/opponents gets addresses of our arrays and gives back the address of a
// function. Frameworks that are not installed are left out.
//
//===----------------------------------------------------------------------------------------===//
#ifndef SEQC_BENCH_PYTHON_H
#define SEQC_BENCH_PYTHON_H

#include "bench/Gates.h"

namespace seqc::bench {

/// The frameworks found, and their versions. Empty without --python.
const std::map<std::string, std::string> &pythonFrameworks();

enum class Work { Inference, Training };

/// Add the framework's own LSTM or GRU, if it is installed and has this cell and work.
void addOnnxRuntime(Contestants &contestants, Cell cell, const Session &session);
void addPyTorch(Contestants &contestants, Cell cell, const Session &session, Work work);

/// Adds ONNX Runtime's LSTM, called for each step.
void addOnnxRuntimeSteps(Contestants &contestants, const Session &session);

/// Adds a loop over PyTorch's operations, or over NumPy's without PyTorch, for a cell of bench/opponents/loops.py.
void addFrameworkLoop(Contestants &contestants, const std::string &cell, const Session &session);

} // namespace seqc::bench

#endif // SEQC_BENCH_PYTHON_H
