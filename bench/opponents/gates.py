"""Weights of an LSTM or GRU, gate by gate (bench/Gates.h), in the order of a framework."""
import numpy as np


def stack(arrays, part, order, width):
    """The [gates * H, width] matrix (or [gates * H] vector for width 0) of one part: "W_x", "W_h" or "b"."""
    rows = [arrays[f"{part} {gate}"].reshape((-1, width) if width else -1) for gate in order]
    return np.ascontiguousarray(np.concatenate(rows))


def unstack(results, part, order, stacked):
    """The reverse, for gradients."""
    for gate, block in zip(order, np.split(stacked, len(order))):
        results[f"{part} {gate}"] = block
