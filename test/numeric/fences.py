"""Models whose calls get memory between inaccessible pages: code that leaves it crashes."""
import ctypes
import mmap
import os
import subprocess

import numpy as np

import library

PAGE = mmap.PAGESIZE
WRITTEN = {"outputs", "final_states", "d_params", "d_inputs", "d_states"}
PROT_NONE, PROT_READ = 0, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def protect(address, size, protection):
    if size and _libc.mprotect(address, size, protection):
        raise OSError(ctypes.get_errno(), "mprotect")


def fenced(size, at_end):
    """`size` bytes that nobody has written (they are NaN), which end or begin at a fence."""
    room = -(-size // PAGE) * PAGE
    mapping = mmap.mmap(-1, room + 2 * PAGE)
    whole = np.frombuffer(mapping, np.uint8)
    whole[:] = 0xFF
    for fence in (0, PAGE + room):
        protect(whole.ctypes.data + fence, PAGE, PROT_NONE)
    start = PAGE + room - size if at_end else PAGE
    return whole[start : start + size]


def read_only(memory):
    first = memory.ctypes.data // PAGE * PAGE
    protect(first, -(-(memory.ctypes.data + memory.size - first) // PAGE) * PAGE, PROT_READ)


def link(path, out, between_slots):
    """Links an object file of seqc with the runtime, whose arena puts fences between slots if so desired."""
    arena = [os.path.join(os.path.dirname(__file__), "fenced_arena.c")] if between_slots else []
    runtime = os.path.join(library.BIN_DIR, "..", "lib", "libseqc_runtime.a")
    command = [os.environ.get("SEQC_CC", "cc"), "-shared", "-fPIC", "-fvisibility=hidden", "-I", library.SOURCE_DIR]
    subprocess.run([*command, "-Wl,-Bsymbolic", "-o", out, path, *arena, runtime, "-lm"], check=True, timeout=300)
    return out


class Model(library.Model):
    """`at_end`: whether memory ends at a fence, or begins at one. What a call only reads cannot be written."""

    def __init__(self, path, name, at_end):
        super().__init__(path, name)
        self.at_end = at_end

    def memory(self, size):
        return fenced(size, self.at_end)

    def invoke(self, entry, call):
        if hasattr(self.library, "pieces_end_at_fences"):
            ctypes.c_int.in_dll(self.library, "pieces_end_at_fences").value = self.at_end
        self.copies = []  # of arrays: address, copy
        self.written = []
        for field, sizes in self.element_sizes().items():
            is_written = field in WRITTEN or (field, entry) == ("params", "init")
            table = ctypes.cast(getattr(call, field), ctypes.POINTER(library.Array))
            for i, size in enumerate(sizes if table else []):
                if table[i].data:
                    table[i].data = self.move(table[i].data, table[i].count * size, is_written)
        if call.lengths:
            call.lengths = self.move(call.lengths, 8 * call.B, False)
        if call.loss:
            call.loss = self.move(call.loss, self.dtype.itemsize, True)
        super().invoke(entry, call)
        for address, copy in self.written:
            ctypes.memmove(address, copy.ctypes.data, copy.size)

    def element_sizes(self):
        """The bytes of an element of each array, by list of the call."""
        real = self.dtype.itemsize
        inputs = [self.element_type(name).itemsize for name in self.inputs]
        sizes = {"inputs": inputs, "d_inputs": inputs}
        for tensors, fields in (
            (self.params, ("params", "d_params")),
            (self.states, ("states", "final_states", "d_states", "d_final_states")),
            (self.outputs, ("outputs", "d_outputs")),
        ):
            sizes.update({field: [real] * len(tensors) for field in fields})
        return sizes

    def move(self, address, size, is_written):
        """The address of fenced memory with the same bytes, which live until the next call."""
        copy = fenced(size, self.at_end)
        ctypes.memmove(copy.ctypes.data, address, size)
        if is_written:
            self.written.append((address, copy))
        else:
            read_only(copy)
        self.copies.append(copy)
        return copy.ctypes.data
