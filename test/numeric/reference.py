"""The cells of the standard library in NumPy, written from their papers.

Each function is one step for a batch: parameters `p` by name, the input `x` [B, I], the states before the step by
name; it returns every value that is an output or a state. `run` puts steps together. Everything may have an axis more
in front: copies that are computed side by side."""
import numpy as np

CELLS = {}


def cell(name, model, dims, states, output):
    """Registers a step function. `states`: the dims of each; `output`: the name of the cell's output."""

    def register(step):
        CELLS[name] = dict(name=name, model=model, dims=dims, states=states, output=output, step=step)
        return step

    return register


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def times(W, x):
    """W x for every row of a batch."""
    return x @ W.swapaxes(-1, -2)


def join(*parts):
    return np.concatenate(parts, axis=-1)


@cell("elman", "Elman", ("I", "H"), {"h": "H"}, "h")
def elman(p, x, h):
    return {"h": np.tanh(p["b"] + times(p["W"], h) + times(p["U"], x))}


@cell("elman_relu", "ElmanReLU", ("I", "H"), {"h": "H"}, "h")
def elman_relu(p, x, h):
    return {"h": np.maximum(times(p["U"], x) + times(p["W"], h) + p["b"], 0)}


@cell("jordan", "Jordan", ("I", "H", "O"), {"s": "O", "y": "O"}, "y")
def jordan(p, x, s, y):
    s = 0.5 * s + y
    h = sigmoid(times(p["W_x"], x) + times(p["W_s"], s) + p["b_h"])
    return {"s": s, "y": sigmoid(times(p["W_y"], h) + p["b_y"])}


@cell("lstm", "LSTM", ("I", "H"), {"h": "H", "c": "H"}, "h")
def lstm(p, x, h, c):
    z = join(h, x)
    f, i, o = (sigmoid(times(p["W_" + gate], z) + p["b_" + gate]) for gate in "fio")
    c = f * c + i * np.tanh(times(p["W_C"], z) + p["b_C"])
    return {"h": o * np.tanh(c), "c": c}


@cell("peephole_lstm", "PeepholeLSTM", ("I", "H"), {"h": "H", "c": "H"}, "h")
def peephole_lstm(p, x, h, c):
    z = join(h, x)
    f = sigmoid(times(p["W_f"], z) + p["V_f"] * c + p["b_f"])
    i = sigmoid(times(p["W_i"], z) + p["V_i"] * c + p["b_i"])
    c = f * c + i * np.tanh(times(p["W_C"], z) + p["b_C"])
    o = sigmoid(times(p["W_o"], z) + p["V_o"] * c + p["b_o"])
    return {"h": o * np.tanh(c), "c": c}


@cell("coupled_lstm", "CoupledLSTM", ("I", "H"), {"h": "H", "c": "H"}, "h")
def coupled_lstm(p, x, h, c):
    z = join(h, x)
    block = np.tanh(times(p["W_z"], z) + p["b_z"])
    i = sigmoid(times(p["W_i"], z) + p["b_i"])
    o = sigmoid(times(p["W_o"], z) + p["b_o"])
    c = i * block + (1 - i) * c
    return {"h": np.tanh(c) * o, "c": c}


@cell("projected_lstm", "ProjectedLSTM", ("I", "H", "P"), {"r": "P", "c": "H"}, "r")
def projected_lstm(p, x, r, c):
    z = join(r, x)
    f, i, o = (sigmoid(times(p["W_" + gate], z) + p["b_" + gate]) for gate in "fio")
    c = f * c + i * np.tanh(times(p["W_C"], z) + p["b_C"])
    return {"r": times(p["W_rm"], o * np.tanh(c)), "c": c}


def normalise(a, epsilon=1e-5):
    centered = a - a.mean(axis=-1, keepdims=True)
    return centered / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + epsilon)


@cell("layernorm_lstm", "LayerNormLSTM", ("I", "H"), {"h": "H", "c": "H"}, "h")
def layernorm_lstm(p, x, h, c):
    z = p["α_h"] * normalise(times(p["W_h"], h)) + p["α_x"] * normalise(times(p["W_x"], x)) + p["b"]
    f, i, o, g = np.split(z, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return {"h": sigmoid(o) * np.tanh(p["α_c"] * normalise(c) + p["β_c"]), "c": c}


@cell("batchnorm_lstm", "BatchNormLSTM", ("I", "H"), {"h": "H", "c": "H"}, "h")
def batchnorm_lstm(p, x, h, c):
    """Outside training; for training see test_batchnorm.py."""
    z = times(p["W_h"], h) + p["γ"] * (times(p["W_x"], x) - p["m"]) / np.sqrt(p["v"] + 1e-5) + p["β"]
    f, i, o, g = np.split(z, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return {"h": sigmoid(o) * np.tanh(c), "c": c}


@cell("zoneout_lstm", "ZoneoutLSTM", ("I", "H"), {"h": "H", "c": "H"}, "h")
def zoneout_lstm(p, x, h, c, keep_c=0.5, keep_h=0.05):
    """keep_c, keep_h: 1 where a unit keeps its old value; outside training their expectation."""
    z = join(h, x)
    f, i, o = (sigmoid(times(p["W_" + gate], z) + p["b_" + gate]) for gate in "fio")
    new_c = f * c + i * np.tanh(times(p["W_C"], z) + p["b_C"])
    new_h = o * np.tanh(new_c)
    return {"h": keep_h * h + (1 - keep_h) * new_h, "c": keep_c * c + (1 - keep_c) * new_c}


@cell("gru", "GRU", ("I", "H"), {"h": "H"}, "h")
def gru(p, x, h):
    r = sigmoid(times(p["W_r"], x) + times(p["U_r"], h) + p["b_r"])
    z = sigmoid(times(p["W_z"], x) + times(p["U_z"], h) + p["b_z"])
    candidate = np.tanh(times(p["W_h"], x) + times(p["U_h"], r * h) + p["b_h"])
    return {"h": z * h + (1 - z) * candidate}


@cell("gru_reset_after", "GRUResetAfter", ("I", "H"), {"h": "H"}, "h")
def gru_reset_after(p, x, h):
    r = sigmoid(times(p["W_r"], x) + times(p["U_r"], h) + p["b_r"])
    z = sigmoid(times(p["W_z"], x) + times(p["U_z"], h) + p["b_z"])
    candidate = np.tanh(times(p["W_h"], x) + p["b_h"] + r * (times(p["U_h"], h) + p["b_Uh"]))
    return {"h": z * h + (1 - z) * candidate}


@cell("minimal_gru", "MinimalGRU", ("I", "H"), {"h": "H"}, "h")
def minimal_gru(p, x, h):
    f = sigmoid(times(p["W_f"], join(h, x)) + p["b_f"])
    candidate = np.tanh(times(p["W_h"], join(f * h, x)) + p["b_h"])
    return {"h": (1 - f) * h + f * candidate}


@cell("indrnn", "IndRNN", ("I", "H"), {"h": "H"}, "h")
def indrnn(p, x, h):
    return {"h": np.maximum(times(p["W"], x) + p["u"] * h + p["b"], 0)}


def run(step, params, x, states, lengths=None):
    """Steps through x [T, B, I]. Returns the values of every step (zero past the length of a row), and the states
    after the last step of each row."""
    T, B = x.shape[0], x.shape[-2]
    lengths = np.full(B, T) if lengths is None else np.asarray(lengths)
    states = {name: value.copy() for name, value in states.items()}
    values = {name: np.zeros((T, *state.shape)) for name, state in states.items()}
    for t in range(T):
        active = (t < lengths)[:, None]
        for name, value in step(params, x[t], **states).items():
            values[name][t] = np.where(active, value, 0)
            states[name] = np.where(active, value, states[name])
    return values, states


def run_copies(step, arrays, ranks, lengths=None):
    """`run` for arrays by name: parameters, "x" and states, any of which may have an axis of copies in front; `ranks`: how
    many axes each has without it. All results have it, the values as their second."""
    count = max(len(array) if array.ndim > ranks[name] else 1 for name, array in arrays.items())
    params, states, x = {}, {}, None
    for name, array in arrays.items():
        copied = array.ndim > ranks[name]
        if name == "x":
            x = np.moveaxis(array, 0, 1) if copied else np.broadcast_to(array[:, None], (len(array), count, *array.shape[1:]))
        elif name.endswith("[0]"):
            states[name[:-3]] = array if copied else np.broadcast_to(array, (count, *array.shape))
        else:
            params[name] = array[:, None] if copied and ranks[name] == 1 else array
    return run(step, params, x, states, lengths)
