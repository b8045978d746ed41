"""ONNX Runtime's LSTM and GRU, by a model of one node; inputs and outputs are bound once, so that no call copies."""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from .gates import stack

OPERATORS = {"LSTM": ("LSTM", "iofC", {}),
             "GRU": ("GRU", "zrh", {"linear_before_reset": 0}),
             "GRUResetAfter": ("GRU", "zrh", {"linear_before_reset": 1})}


def session(spec, arrays, steps):
    """A session for `steps` steps a call: X [T, B, I], initial_h and initial_c to Y, Y_h and Y_c."""
    operator, order, attributes = OPERATORS[spec["cell"]]
    I, H, B = spec["dims"]["I"], spec["dims"]["H"], spec["B"]
    state_bias = np.zeros(len(order) * H, np.float32)
    if "b_h h" in arrays:
        state_bias[-H:] = arrays["b_h h"]
    constants = {"W": stack(arrays, "W_x", order, I)[None], "R": stack(arrays, "W_h", order, H)[None],
                 "B": np.concatenate([stack(arrays, "b", order, 0), state_bias])[None]}
    states = ["h", "c"] if operator == "LSTM" else ["h"]
    node = helper.make_node(operator, ["X", "W", "R", "B", ""] + [f"initial_{state}" for state in states],
                            ["Y"] + [f"Y_{state}" for state in states], hidden_size=H, **attributes)
    shaped = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        [node], "cell",
        [shaped("X", [steps, B, I])] + [shaped(f"initial_{state}", [1, B, H]) for state in states],
        [shaped("Y", [steps, 1, B, H])] + [shaped(f"Y_{state}", [1, B, H]) for state in states],
        [numpy_helper.from_array(value, name) for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    made = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return made, states


def bind(made, inputs, outputs):
    binding = made.io_binding()
    value = onnxruntime.OrtValue.ortvalue_from_numpy
    for name, array in inputs.items():
        binding.bind_ortvalue_input(name, value(array))
    for name, array in outputs.items():
        binding.bind_ortvalue_output(name, value(array))
    return binding._iobinding


class Steps:
    """`calls` bindings, run one after the other; each starts from the states that the one before it left. A binding
    does not keep its arrays alive."""

    def __init__(self, spec, arrays, calls):
        T, B, I, H = spec["T"], spec["B"], spec["dims"]["I"], spec["dims"]["H"]
        length = T // calls
        made, states = session(spec, arrays, length)
        x = arrays["x"].reshape(calls, length, B, I)
        self.h = np.zeros((calls, length, 1, B, H), np.float32)
        self.start = np.zeros((1, B, H), np.float32)
        self.turns = turns = [{state: np.zeros((1, B, H), np.float32) for state in states} for _ in range(2)]
        self.bindings = []
        for call in range(calls):
            inputs = {f"initial_{state}": self.start if call == 0 else turns[call % 2][state] for state in states}
            outputs = {f"Y_{state}": turns[(call + 1) % 2][state] for state in states}
            self.bindings.append(bind(made, {"X": x[call], **inputs}, {"Y": self.h[call], **outputs}))
        self.run_binding = made._sess.run_with_iobinding

    def run(self):
        run_binding = self.run_binding
        for binding in self.bindings:
            run_binding(binding, None)

    def results(self):
        return {"h": self.h}


def create(spec, arrays):
    return Steps(spec, arrays, spec["T"] if spec["work"] == "steps" else 1)
