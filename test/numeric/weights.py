"""Weights of ONNX and PyTorch under the names of the standard cells; docs/weights.md says it in words.

Each function takes the arrays of one direction of one layer and returns (file of the cell, its parameters)."""
import numpy as np


def rows(array, order):
    """The equal blocks of rows of a stacked weight or bias, by the letter of their gate."""
    return dict(zip(order, np.split(array, len(order))))


def lstm_params(W, R, b, order, candidate):
    """Our `W_f` multiplies [h[t-1], x]; `candidate` is the letter of the cell input."""
    W, R, b = (rows(array, order) for array in (W, R, b))
    params = {}
    for ours, theirs in {"f": "f", "i": "i", "o": "o", "C": candidate}.items():
        params[f"W_{ours}"] = np.concatenate([R[theirs], W[theirs]], axis=1)
        params[f"b_{ours}"] = b[theirs]
    return params


def gru_params(W, R, b, order, candidate):
    W, R, b = (rows(array, order) for array in (W, R, b))
    params = {}
    for ours, theirs in {"r": "r", "z": "z", "h": candidate}.items():
        params.update({f"W_{ours}": W[theirs], f"U_{ours}": R[theirs], f"b_{ours}": b[theirs]})
    return params


def onnx_biases(B, W):
    """B holds the bias of the input product and then that of the state product."""
    return np.split(B, 2) if B is not None else (np.zeros(len(W)), np.zeros(len(W)))


def onnx_rnn(W, R, B=None):
    return "elman", {"U": W, "W": R, "b": sum(onnx_biases(B, W))}


def onnx_gru(W, R, B=None, linear_before_reset=False):
    b_W, b_R = onnx_biases(B, W)
    if not linear_before_reset:
        return "gru", gru_params(W, R, b_W + b_R, "zrh", "h")
    inner = rows(b_R, "zrh")["h"]
    b_R = np.concatenate([b_R[: -len(inner)], np.zeros(len(inner))])
    return "gru_reset_after", {**gru_params(W, R, b_W + b_R, "zrh", "h"), "b_Uh": inner}


def onnx_lstm(W, R, B=None, P=None):
    params = lstm_params(W, R, sum(onnx_biases(B, W)), "iofc", "c")
    if P is None:
        return "lstm", params
    return "peephole_lstm", {**params, **{f"V_{gate}": value for gate, value in rows(P, "iof").items()}}


def torch_rnn(weight_ih, weight_hh, bias_ih, bias_hh):
    return "elman", {"U": weight_ih, "W": weight_hh, "b": bias_ih + bias_hh}


def torch_gru(weight_ih, weight_hh, bias_ih, bias_hh):
    inner = rows(bias_hh, "rzn")["n"]
    outer = np.concatenate([bias_hh[: -len(inner)], np.zeros(len(inner))])
    return "gru_reset_after", {**gru_params(weight_ih, weight_hh, bias_ih + outer, "rzn", "n"), "b_Uh": inner}


def torch_lstm(weight_ih, weight_hh, bias_ih, bias_hh):
    return "lstm", lstm_params(weight_ih, weight_hh, bias_ih + bias_hh, "ifgo", "g")
