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
    {"I": 3, "H": 5, "O": 2, "P": 3},
    {"I": 6, "H": 17, "O": 5, "P": 9},
    {"I": 4, "H": 33, "O": 3, "P": 7},
    {"I": 307, "H": 301},  # weights of more than 1 MB, which are packed from their parts
)
LARGE = len(SIZES) - 1
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


# With its initial gain of 1 a normalised recurrence is chaotic: after 200 steps rounding errors have grown a thousandfold,
# in any implementation, and central differences with them.
DAMPED = {"LayerNormLSTM": {"α_h": 0.3}}


def random_params(model, seed=3):
    """Initial parameters, moved a little so that none is zero or all equal."""
    rng = np.random.default_rng(seed)
    factors = DAMPED.get(model.name, {})
    return {
        name: ((value + rng.normal(0, 0.2, value.shape)) * factors.get(name, 1)).astype(model.dtype)
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


def differences(objective, arrays, name, row_axis=None, delta=1e-5, together=512):
    """Central differences for every element of arrays[name]. `objective` takes the arrays by name, of which this one has
    an axis more in front: copies with something moved up or down; it returns [copies, rows], a value for each row of the
    batch. An array with an axis of rows moves one element of all rows at once: the rows do not touch each other."""
    array = np.asarray(arrays[name], np.float64)[..., None]
    if row_axis is not None:
        array = np.moveaxis(array[..., 0], row_axis, -1)
    shape, array = array.shape, array.reshape(-1, array.shape[-1])
    slopes = np.zeros(array.shape)
    for start in range(0, len(array), together):
        elements = np.arange(start, min(start + together, len(array)))
        up, down = np.arange(len(elements)), np.arange(len(elements), 2 * len(elements))
        copies = np.repeat(array[None], 2 * len(elements), axis=0)
        copies[up, elements] += delta
        copies[down, elements] -= delta
        copies = copies.reshape(len(copies), *shape)
        copies = copies[..., 0] if row_axis is None else np.moveaxis(copies, -1, row_axis + 1)
        values = objective({**arrays, name: copies})
        if row_axis is None:
            values = values.sum(axis=1, keepdims=True)
        slopes[elements] = (values[up] - values[down]) / (2 * delta)
    slopes = slopes.reshape(shape)
    return slopes[..., 0] if row_axis is None else np.moveaxis(slopes, -1, row_axis)
