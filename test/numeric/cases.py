"""What the numeric tests share: compiled cells, random data for them, and how far two arrays are apart."""
import functools
import os
import tempfile

import numpy as np

import library
from reference import CELLS

STDLIB = os.path.join(library.SOURCE_DIR, "frontend", "stdlib")

# Hidden sizes: no multiples of any vector width.
SIZES = (
    {"I": 3, "H": 5, "O": 2, "P": 4},
    {"I": 6, "H": 17, "O": 5, "P": 9},
    {"I": 4, "H": 33, "O": 3, "P": 7},
)
COMPILED = {"f64": (0, 1, 2), "f32": (1,)}  # sizes; compiling is what takes the time here

_folder = tempfile.TemporaryDirectory(prefix="seqc-numeric-")


def scratch(name):
    return os.path.join(_folder.name, name)


def dims_of(cell, size):
    return {dim: SIZES[size][dim] for dim in cell["dims"]}


@functools.lru_cache(maxsize=None)
def compiled(name, size=0, dtype="f64"):
    """A cell of the standard library, compiled once."""
    cell = CELLS[name]
    path = library.compile_seq(
        os.path.join(STDLIB, f"{name}.seq"), scratch(f"lib{name}-{size}-{dtype}.so"), dims_of(cell, size), dtype
    )
    return library.Model(path, cell["model"])


def random_params(model, seed=3):
    """Initial parameters, moved a little so that none is zero or all equal."""
    rng = np.random.default_rng(seed)
    return {
        name: (value + rng.normal(0, 0.2, value.shape)).astype(model.dtype)
        for name, value in model.init(seed).items()
    }


def random_states(model, B, seed=4):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.5, (B, *shape)).astype(model.dtype) for name, shape in model.states.items()}


def random_input(model, T, B, seed=5):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (T, B, *model.inputs["x"]["shape"])).astype(model.dtype)


def distance(actual, expected):
    """The largest difference, relative to the largest expected element."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{actual.shape} instead of {expected.shape}"
    if expected.size == 0:
        return 0.0
    if not np.isfinite(actual).all():
        return np.inf
    return np.abs(actual - expected).max() / max(np.abs(expected).max(), 1e-12)


def differences(objective, array, delta=1e-5, limit=60, seed=6):
    """Central differences of `objective()` for elements of `array`, at most `limit` of them: (indices, values)."""
    flat = array.reshape(-1)
    indices = np.arange(flat.size)
    if flat.size > limit:
        indices = np.random.default_rng(seed).choice(flat.size, limit, replace=False)
    values = np.zeros(len(indices))
    for position, index in enumerate(indices):
        old = flat[index]
        flat[index] = old + delta
        above = objective()
        flat[index] = old - delta
        below = objective()
        flat[index] = old
        values[position] = (above - below) / (2 * delta)
    return indices, values
