"""PyTorch's own LSTM and GRU."""
import torch

from .gates import stack, unstack

MODULES = {"LSTM": (torch.nn.LSTM, "ifCo"), "GRUResetAfter": (torch.nn.GRU, "rzh")}
torch.set_num_threads(1)


class Layer:
    def __init__(self, spec, arrays):
        kind, self.order = MODULES[spec["cell"]]
        I, H = spec["dims"]["I"], spec["dims"]["H"]
        self.layer = kind(I, H)
        values = {"weight_ih_l0": stack(arrays, "W_x", self.order, I), "weight_hh_l0": stack(arrays, "W_h", self.order, H),
                  "bias_ih_l0": stack(arrays, "b", self.order, 0)}
        with torch.no_grad():
            self.layer.bias_hh_l0.zero_()
            if "b_h h" in arrays:
                self.layer.bias_hh_l0[-H:] = torch.from_numpy(arrays["b_h h"])
            for name, value in values.items():
                getattr(self.layer, name).copy_(torch.from_numpy(value))
        self.x = torch.from_numpy(arrays["x"])
        self.H = H


class Inference(Layer):
    def run(self):
        with torch.inference_mode():
            self.h, _ = self.layer(self.x)

    def results(self):
        return {"h": self.h.numpy()}


class Training(Layer):
    def __init__(self, spec, arrays):
        super().__init__(spec, arrays)
        self.x.requires_grad_()
        self.dh = torch.from_numpy(arrays["dh"])
        self.state_bias = "b_h h" in arrays

    def run(self):
        self.layer.zero_grad(set_to_none=True)
        self.x.grad = None
        self.h, _ = self.layer(self.x)
        self.h.backward(self.dh)

    def results(self):
        results = {"h": self.h.detach().numpy(), "dx": self.x.grad.numpy()}
        for part, name in (("dW_x", "weight_ih_l0"), ("dW_h", "weight_hh_l0"), ("db", "bias_ih_l0")):
            unstack(results, part, self.order, getattr(self.layer, name).grad.numpy())
        if self.state_bias:
            results["db_h h"] = self.layer.bias_hh_l0.grad.numpy()[-self.H:]
        return results


def create(spec, arrays):
    return (Training if spec["work"] == "training" else Inference)(spec, arrays)
