"""Compiles .seq files with seqc and calls what comes out in this process, through the C interface (runtime/seqc.h)."""
import contextlib
import ctypes
import json
import os
import subprocess
from types import SimpleNamespace

import numpy as np

SOURCE_DIR = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN_DIR = os.environ.get("SEQC_BIN_DIR", os.path.join(SOURCE_DIR, "build", "release", "bin"))
ABI_VERSION = 3
ALIGNMENT = 64


class CompileError(Exception):
    """seqc refused a file; the text is what it printed."""


class CallError(Exception):
    """An entry point returned a status other than SEQC_OK."""

    def __init__(self, status, text):
        super().__init__(f"status {status}: {text}")
        self.status = status


class Array(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("count", ctypes.c_int64),
        ("stride_t", ctypes.c_int64),
        ("stride_b", ctypes.c_int64),
    ]


class Call(ctypes.Structure):
    _fields_ = [
        ("abi", ctypes.c_int32),
        ("training", ctypes.c_int32),
        ("error", ctypes.c_char_p),
        ("error_size", ctypes.c_int64),
        ("seed", ctypes.c_uint64),
        ("T", ctypes.c_int64),
        ("B", ctypes.c_int64),
        ("lengths", ctypes.c_void_p),
        ("params", ctypes.c_void_p),
        ("inputs", ctypes.c_void_p),
        ("states", ctypes.c_void_p),
        ("outputs", ctypes.c_void_p),
        ("final_states", ctypes.c_void_p),
        ("loss", ctypes.c_void_p),
        ("d_outputs", ctypes.c_void_p),
        ("d_final_states", ctypes.c_void_p),
        ("d_params", ctypes.c_void_p),
        ("d_inputs", ctypes.c_void_p),
        ("d_states", ctypes.c_void_p),
        ("accumulate", ctypes.c_int32),
        ("no_loss", ctypes.c_int32),
        ("workspace", ctypes.c_void_p),
        ("workspace_size", ctypes.c_int64),
        ("tape", ctypes.c_void_p),
        ("tape_size", ctypes.c_int64),
        ("prepared", ctypes.c_void_p),
        ("prepared_size", ctypes.c_int64),
        ("first_row", ctypes.c_int64),
        ("batch_steps", ctypes.c_int64),
        ("pool", ctypes.c_void_p),
        ("pool_size", ctypes.c_int64),
        ("threads", ctypes.c_int64),
    ]


def tool(name):
    """The path of a built tool."""
    return os.path.join(BIN_DIR, name)


def compile_seq(path, out, dims=None, dtype="f64", model=None, options=()):
    """Runs seqc; `out` is the library to write."""
    command = [tool("seqc"), str(path), f"--dtype={dtype}", "-o", str(out), *options]
    for name, value in (dims or {}).items():
        command += ["-D", f"{name}={value}"]
    if model:
        command += ["--model", model]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if result.returncode:
        raise CompileError(f"exit {result.returncode}: {result.stderr or result.stdout}")
    return str(out)


def aligned(size):
    """Scratch memory at the alignment the library asks for."""
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    skip = -memory.ctypes.data % ALIGNMENT
    return memory[skip : skip + size]


class Arrays:
    """What a seqc_call points to: arrays in the order of `describe`, and the memory that keeps them alive."""

    def __init__(self):
        self.kept = []

    def table(self, arrays):
        """A C array of seqc_array; None stands for one that is not given."""
        table = (Array * max(1, len(arrays)))()
        for entry, array in zip(table, arrays):
            if array is not None:
                # NumPy may give an empty array any pointer, but a null pointer would mean "not given".
                entry.data = array.ctypes.data if array.size else aligned_pointer
                entry.count = array.size
            if array is not None and array.size and not array.flags.c_contiguous:
                entry.stride_t, entry.stride_b = (stride // array.itemsize for stride in array.strides[:2])
        self.kept += [table, arrays]
        return ctypes.cast(table, ctypes.c_void_p)


_spare = aligned(ALIGNMENT)
aligned_pointer = _spare.ctypes.data


class Model:
    """One model of a compiled library."""

    memory = staticmethod(aligned)  # for workspace, tape, prepared and pool

    def __init__(self, path, name):
        self.library = ctypes.CDLL(path)
        self.name = name
        describe = getattr(self.library, f"{name}_describe")
        describe.restype = ctypes.c_char_p
        self.info = json.loads(describe())
        self.dtype = np.dtype({"f32": np.float32, "f64": np.float64}[self.info["dtype"]])
        self.params = {entry["name"]: tuple(entry["shape"]) for entry in self.info["params"]}
        self.inputs = {entry["name"]: entry for entry in self.info["inputs"]}
        self.states = {entry["name"]: tuple(entry["shape"]) for entry in self.info["states"]}
        self.outputs = {entry["name"]: entry for entry in self.info["outputs"]}

    def size(self, which, *args):
        function = getattr(self.library, f"{self.name}_{which}_size")
        function.restype = ctypes.c_int64
        return function(*(ctypes.c_int64(arg) for arg in args))

    def invoke(self, entry, call):
        message = ctypes.create_string_buffer(1024)
        call.abi = ABI_VERSION
        call.error = ctypes.cast(message, ctypes.c_char_p)
        call.error_size = len(message)
        status = getattr(self.library, f"{self.name}_{entry}")(ctypes.byref(call))
        if status:
            raise CallError(status, message.value.decode())

    def init(self, seed=1):
        """Parameters by name, drawn from their initialisers."""
        params = {name: np.zeros(shape, self.dtype) for name, shape in self.params.items()}
        arrays = Arrays()
        self.invoke("init", Call(seed=seed, params=arrays.table(list(params.values()))))
        return params

    def element_type(self, name):
        kinds = {"id": np.dtype(np.int32), "mask": np.dtype(np.uint8)}
        return kinds.get(self.inputs[name]["kind"], self.dtype)

    def real(self, arrays, names):
        """The arrays of a dict in the order of `names`, in the model's element type; None where there is none."""
        arrays = arrays or {}
        unknown = set(arrays) - set(names)
        assert not unknown, f"{self.name} has no {unknown}"
        return [np.ascontiguousarray(arrays[name], self.dtype) if name in arrays else None for name in names]

    def output_shape(self, name, T, B):
        entry = self.outputs[name]
        return ((B,) if entry["last"] else (T, B)) + tuple(entry["shape"])

    def call(self, entry, params, inputs, states=None, lengths=None, d_outputs=None, d_final=None, training=False,
             seed=0, no_loss=False, size=None, prepared=None, first_row=0, batch_steps=0,
             pool=None, in_place=False, wanted=True, batch_first=False):
        """Calls `forward`, `step` or `gradient`, or several entry points one after the other, as in
        `("forward_taped", "backward")`; returns everything that is written, by name. `in_place`: final states take the
        memory of the states. `wanted`: so are outputs, which come `batch_first`."""
        entries = (entry,) if isinstance(entry, str) else entry
        arrays = Arrays()
        given = [np.ascontiguousarray(inputs[name], self.element_type(name)) for name in self.inputs]
        T, B = given[0].shape[:2] if given else size
        result = SimpleNamespace(outputs={}, final={}, loss=None, gradients={})
        for name in self.outputs:
            result.outputs[name] = np.full(self.output_shape(name, T, B), np.nan, self.dtype)
            if batch_first and not self.outputs[name]["last"]:
                result.outputs[name] = np.ascontiguousarray(result.outputs[name].swapaxes(0, 1)).swapaxes(0, 1)
        for name, shape in self.states.items():
            result.final[name] = np.full((B, *shape), np.nan, self.dtype)
            if in_place:
                result.final[name][:] = states[name]
        call = Call(T=T, B=B, training=training, seed=seed, no_loss=no_loss, first_row=first_row, batch_steps=batch_steps)
        call.params = arrays.table(self.real(params, self.params))
        call.inputs = arrays.table(given)
        call.states = arrays.table(self.real(result.final if in_place else states, self.states))
        call.outputs = arrays.table(list(result.outputs.values()) if wanted else [None] * len(self.outputs))
        call.final_states = arrays.table(list(result.final.values()))
        loss = np.zeros(1, self.dtype)
        if self.info["has_loss"]:
            call.loss = loss.ctypes.data
        if lengths is not None:
            lengths = np.ascontiguousarray(lengths, np.int64)
            call.lengths = lengths.ctypes.data if lengths.size else aligned_pointer
        workspace = self.memory(self.size("workspace", T, B))
        call.workspace, call.workspace_size = workspace.ctypes.data, workspace.size
        if prepared is not None:
            call.prepared, call.prepared_size = prepared.ctypes.data, prepared.size
        if pool is not None:
            call.pool = pool.ctypes.data
        if set(entries) & {"gradient", "backward"}:
            tape = self.memory(self.size("tape", T, B))
            call.tape, call.tape_size = tape.ctypes.data, tape.size
            self.add_gradients(arrays, call, result, inputs, d_outputs, d_final)
        for one in entries:
            self.invoke(one, call)
        if self.info["has_loss"]:
            result.loss = float(loss[0])
        return result

    def add_gradients(self, arrays, call, result, inputs, d_outputs, d_final):
        B = call.B
        call.d_outputs = arrays.table(self.real(d_outputs, self.outputs))
        call.d_final_states = arrays.table(self.real(d_final, self.states))
        d_params = {name: np.full(shape, np.nan, self.dtype) for name, shape in self.params.items()}
        d_inputs = {
            name: np.full(np.shape(inputs[name]), np.nan, self.dtype) if entry["kind"] == "real" else None
            for name, entry in self.inputs.items()
        }
        d_states = {name: np.full((B, *shape), np.nan, self.dtype) for name, shape in self.states.items()}
        call.d_params = arrays.table(list(d_params.values()))
        call.d_inputs = arrays.table(list(d_inputs.values()))
        call.d_states = arrays.table(list(d_states.values()))
        for part in (d_params, d_inputs, d_states):
            result.gradients.update({name: array for name, array in part.items() if array is not None})

    @contextlib.contextmanager
    def pool(self, threads):
        """Threads for calls, as their `pool`."""
        memory = self.memory(self.size("pool", threads))
        call = Call(pool=memory.ctypes.data, pool_size=memory.size, threads=threads)
        self.invoke("pool_start", call)
        try:
            yield memory
        finally:
            self.invoke("pool_stop", call)

    def prepare(self, params):
        """What `forward` and `step` take as `prepared`."""
        function = getattr(self.library, f"{self.name}_prepared_size")
        function.restype = ctypes.c_int64
        prepared = self.memory(max(function(), 1))
        arrays = Arrays()
        workspace = self.memory(self.size("workspace", 1, 1))
        call = Call(params=arrays.table(self.real(params, self.params)))
        call.prepared, call.prepared_size = prepared.ctypes.data, prepared.size
        call.workspace, call.workspace_size = workspace.ctypes.data, workspace.size
        self.invoke("prepare", call)
        return prepared

    def forward(self, params, inputs, **options):
        return self.call("forward", params, inputs, **options)

    def gradient(self, params, inputs, **options):
        return self.call("gradient", params, inputs, **options)

    def steps(self, params, inputs, states=None, size=None, **options):
        """The whole sequence through `step`, one call a step. Outputs of the last step only keep the last one."""
        T = next(iter(inputs.values())).shape[0] if inputs else size[0]
        results = []
        for t in range(T):
            now = {name: array[t : t + 1] for name, array in inputs.items()}
            results.append(self.call("step", params, now, states=states, size=size and (1, size[1]), **options))
            states = results[-1].final
        return results
