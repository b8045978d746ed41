"""Cells as a researcher writes them without a compiler: a loop in Python over a framework's operations.

Written with care: weights of gates that see the same are stacked before the loop, and products with the input are
taken out of it. The same code runs on PyTorch and on NumPy.
"""
import numpy as np


class NumPy:
    cat = staticmethod(np.concatenate)
    stack, tanh, array = staticmethod(np.stack), staticmethod(np.tanh), staticmethod(np.asarray)

    @staticmethod
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def layernorm(x):
        centered = x - x.mean(-1, keepdims=True)
        return centered / np.sqrt((centered * centered).mean(-1, keepdims=True) + np.float32(1e-5))

    @staticmethod
    def zeros(*shape):
        return np.zeros(shape, np.float32)


def pytorch():
    import torch
    torch.set_num_threads(1)

    class PyTorch:
        cat, stack, tanh, sigmoid = torch.cat, torch.stack, torch.tanh, torch.sigmoid
        array, zeros = torch.from_numpy, torch.zeros

        @staticmethod
        def layernorm(x):
            return torch.nn.functional.layer_norm(x, x.shape[-1:])

    return PyTorch


def gates(m, p, names):
    """Transposed weights of the state and of the input, and biases, of gates that read [h[t-1], x]."""
    W = m.cat([p[f"W_{name}"] for name in names])
    H = p[f"W_{names[0]}"].shape[0]
    return W[:, :H].T, W[:, H:].T, m.cat([p[f"b_{name}"] for name in names]), H


def peephole_lstm(m, p):
    Wh, Wx, b, H = gates(m, p, "fioC")

    def run(x):
        z_x = x @ Wx + b
        h, c, hs = m.zeros(x.shape[1], H), m.zeros(x.shape[1], H), []
        for t in range(x.shape[0]):
            z = z_x[t] + h @ Wh
            f = m.sigmoid(z[:, :H] + p["V_f"] * c)
            i = m.sigmoid(z[:, H:2 * H] + p["V_i"] * c)
            c = f * c + i * m.tanh(z[:, 3 * H:])
            h = m.sigmoid(z[:, 2 * H:3 * H] + p["V_o"] * c) * m.tanh(c)
            hs.append(h)
        return {"h": m.stack(hs)}

    return run


def coupled_lstm(m, p):
    Wh, Wx, b, H = gates(m, p, "ioz")

    def run(x):
        z_x = x @ Wx + b
        h, c, hs = m.zeros(x.shape[1], H), m.zeros(x.shape[1], H), []
        for t in range(x.shape[0]):
            z = z_x[t] + h @ Wh
            io = m.sigmoid(z[:, :2 * H])
            i = io[:, :H]
            c = m.tanh(z[:, 2 * H:]) * i + c * (1 - i)
            h = m.tanh(c) * io[:, H:]
            hs.append(h)
        return {"h": m.stack(hs)}

    return run


def layernorm_lstm(m, p):
    Wh, Wx, H = p["W_h"].T, p["W_x"].T, p["W_h"].shape[1]

    def run(x):
        z_x = p["α_x"] * m.layernorm(x @ Wx) + p["b"]
        h, c, hs = m.zeros(x.shape[1], H), m.zeros(x.shape[1], H), []
        for t in range(x.shape[0]):
            z = p["α_h"] * m.layernorm(h @ Wh) + z_x[t]
            fio = m.sigmoid(z[:, :3 * H])
            c = fio[:, :H] * c + fio[:, H:2 * H] * m.tanh(z[:, 3 * H:])
            h = fio[:, 2 * H:] * m.tanh(p["α_c"] * m.layernorm(c) + p["β_c"])
            hs.append(h)
        return {"h": m.stack(hs)}

    return run


def minimal_gru(m, p):
    Wf, Wfx, b_f, H = gates(m, p, "f")
    Wh, Whx, b_h, _ = gates(m, p, "h")

    def run(x):
        f_x, h_x = x @ Wfx + b_f, x @ Whx + b_h
        h, hs = m.zeros(x.shape[1], H), []
        for t in range(x.shape[0]):
            f = m.sigmoid(f_x[t] + h @ Wf)
            h = (1 - f) * h + f * m.tanh(h_x[t] + (f * h) @ Wh)
            hs.append(h)
        return {"h": m.stack(hs)}

    return run


def gru(m, p):
    Wx = m.cat([p["W_r"], p["W_z"], p["W_h"]]).T
    Uh, U, b = p["U_h"].T, m.cat([p["U_r"], p["U_z"]]).T, m.cat([p["b_r"], p["b_z"], p["b_h"]])
    H = p["U_h"].shape[0]

    def run(x):
        z_x = x @ Wx + b
        h, hs = m.zeros(x.shape[1], H), []
        for t in range(x.shape[0]):
            rz = m.sigmoid(z_x[t, :, :2 * H] + h @ U)
            z = rz[:, H:]
            h = z * h + (1 - z) * m.tanh(z_x[t, :, 2 * H:] + (rz[:, :H] * h) @ Uh)
            hs.append(h)
        return {"h": m.stack(hs)}

    return run


def gru_reset_after(m, p):
    Wx = m.cat([p["W_r"], p["W_z"], p["W_h"]]).T
    U, b = m.cat([p["U_r"], p["U_z"], p["U_h"]]).T, m.cat([p["b_r"], p["b_z"], p["b_h"]])
    H = p["U_h"].shape[0]

    def run(x):
        z_x = x @ Wx + b
        h, hs = m.zeros(x.shape[1], H), []
        for t in range(x.shape[0]):
            z_h = h @ U
            rz = m.sigmoid(z_x[t, :, :2 * H] + z_h[:, :2 * H])
            z = rz[:, H:]
            h = z * h + (1 - z) * m.tanh(z_x[t, :, 2 * H:] + rz[:, :H] * (z_h[:, 2 * H:] + p["b_Uh"]))
            hs.append(h)
        return {"h": m.stack(hs)}

    return run


def two_clocks(m, p):
    Wg, Wgx, b_g, H = gates(m, p, ["g"])
    Wf, Wfx, b_f, _ = gates(m, p, ["fast"])
    Ws, leak = p["W_slow"].T, m.sigmoid(p["rate"])

    def run(x):
        g_x, f_x = x @ Wgx + b_g, x @ Wfx + b_f
        before, fast, slow = (m.zeros(x.shape[1], H) for _ in range(3))
        fasts, slows = [], []
        for t in range(x.shape[0]):
            pull = m.sigmoid(g_x[t] + before @ Wg)
            before, fast = fast, (1 - pull) * m.tanh(f_x[t] + fast @ Wf) + pull * slow
            slow = (1 - leak) * slow + leak * m.tanh(fast @ Ws)
            fasts.append(fast)
            slows.append(slow)
        return {"fast": m.stack(fasts), "slow": m.stack(slows)}

    return run


CELLS = {"PeepholeLSTM": peephole_lstm, "CoupledLSTM": coupled_lstm, "LayerNormLSTM": layernorm_lstm,
         "MinimalGRU": minimal_gru, "GRU": gru, "GRUResetAfter": gru_reset_after,
         "TwoClocks": two_clocks}


class Loop:
    def __init__(self, m, spec, arrays):
        arrays = {name: m.array(value) for name, value in arrays.items()}
        self.x = arrays.pop("x")
        self.loop = CELLS[spec["cell"]](m, arrays)

    def run(self):
        self.outputs = self.loop(self.x)

    def results(self):
        return {name: np.asarray(value) for name, value in self.outputs.items()}


class TorchLoop(Loop):
    def run(self):
        import torch
        with torch.inference_mode():
            super().run()


def create(spec, arrays):
    if spec["framework"] == "pytorch":
        return TorchLoop(pytorch(), spec, arrays)
    return Loop(NumPy, spec, arrays)
