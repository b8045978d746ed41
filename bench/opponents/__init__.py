"""Opponents that live in Python, for bench/Python.cpp, which runs this package in its own process.

It passes JSON with addresses of its arrays; `create` answers with a function that runs the opponent or writes its
results. An opponent is an object with run() and results(); the latter gives a dict of arrays.
"""
import ctypes
import importlib.metadata
import importlib.util
import json
import traceback

import numpy as np

CALL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
RUN = 0
kept = []  # what C++ holds addresses of


class Reply(ctypes.Structure):
    _fields_ = [("call", CALL), ("text", ctypes.c_char * 4096)]


def find_frameworks(address, _):
    """Versions of what is installed, without importing it: that takes seconds."""
    found = {name: importlib.metadata.version(name) for name in ("onnxruntime", "onnx", "torch", "numpy")
             if importlib.util.find_spec(name)}
    if "onnx" not in found:
        found.pop("onnxruntime", None)  # its models are made with onnx
    Reply.from_address(address).text = json.dumps(found).encode()


def array_at(place):
    """The floats at an address of C++'s, not a copy of them."""
    count = int(np.prod(place["shape"]))
    memory = (ctypes.c_float * max(count, 1)).from_address(place["address"])
    return np.frombuffer(memory, np.float32, count).reshape(place["shape"])


def opponent(spec, arrays):
    if spec["framework"] == "onnx_runtime":
        from . import onnx_runtime
        return onnx_runtime.create(spec, arrays)
    if spec["work"] == "loop":
        from . import loops
        return loops.create(spec, arrays)
    from . import pytorch
    return pytorch.create(spec, arrays)


def create(address, text):
    spec = json.loads(text)
    reply = Reply.from_address(address)
    made = opponent(spec, {name: array_at(place) for name, place in spec["arrays"].items()})
    wanted = {name: array_at(place) for name, place in spec["results"].items()}

    def call(request):
        try:
            if request == RUN:
                made.run()
            else:
                results = made.results()
                for name, place in wanted.items():
                    place[:] = np.asarray(results[name]).reshape(-1)
            return 0
        except Exception:
            reply.text = traceback.format_exc().encode()[-4000:]
            return 1

    reply.call = CALL(call)
    kept.append((reply.call, made))
