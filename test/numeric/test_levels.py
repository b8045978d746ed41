#!/usr/bin/env python3
"""A library for several levels of the processor (`--march=x86-64-v3,x86-64-v4`) computes at each level, to the bit, what
a library for that level alone does: every entry point, and memory that a level's code has laid out."""
import functools
import itertools
import os
import shutil
import unittest

import numpy as np

import library
from cases import STDLIB, random_params, random_states, scratch
from reference import CELLS
from test_threads import MIXED, bits

LEVELS = ("x86-64-v3", "x86-64-v4")
WRONG_CONTENT, WRONG_PROCESSOR = 10, 13
MODELS = [("lstm", {"I": 6, "H": 17}, "f32"), ("lstm", {"I": 5, "H": 66}, "f32"), ("gru", {"I": 7, "H": 33}, "f32"),
          ("Mixed", {}, "f32"), ("lstm", {"I": 5, "H": 66}, "bf16"), ("gru", {"I": 7, "H": 33}, "int8"),
          ("lstm", {"I": 200, "H": 300}, "f32")]


_copies = itertools.count()


def load(path, name, level=None):
    """The model of a library in which `level` is forced; a copy of the file, so that it is loaded once more."""
    copy = f"{path}-{next(_copies)}.so"
    shutil.copy(path, copy)
    if level:
        os.environ["SEQC_MARCH"] = level
    try:
        return library.Model(copy, name)
    finally:
        os.environ.pop("SEQC_MARCH", None)


@functools.lru_cache(maxsize=None)
def compile_for(name, dims, weights, march):
    source = os.path.join(STDLIB, f"{name}.seq")
    if name == "Mixed":
        source = scratch("Mixed.seq")
        with open(source, "w") as file:
            file.write(MIXED)
    out = scratch(f"lib{name}-{dict(dims).get('H')}-{weights}-{march}.so")
    return library.compile_seq(source, out, dict(dims), "f32", options=(f"--weights={weights}", f"--march={march}"))


@functools.lru_cache(maxsize=None)
def processor_has(level):
    try:
        load(compile_for(*key(MODELS[0]), "portable"), "LSTM", level).init()
    except library.CallError as error:
        assert error.status == WRONG_PROCESSOR, error
        return False
    return True


def key(entry):
    name, dims, weights = entry
    return name, tuple(dims.items()), weights


def inputs_of(model, T, B):
    rng = np.random.default_rng(5)

    def draw(entry):
        if entry["kind"] == "id":
            return rng.integers(0, entry["vocabulary"], (T, B))
        return rng.normal(0, 1, (T, B, *entry["shape"]))

    return {name: draw(entry) for name, entry in model.inputs.items()}


def results(model):
    """Everything that the entry points write, by a name for messages."""
    params = random_params(model)
    prepared = model.prepare(params)
    for T, B in ((7, 1), (5, 19), (0, 3)):
        options = {"states": random_states(model, B), "seed": 9}
        inputs = inputs_of(model, T, B)
        yield f"forward {T} {B}", bits(model.forward(params, inputs, **options))
        yield f"prepared {T} {B}", bits(model.forward(params, inputs, prepared=prepared, **options))
        yield f"gradient {T} {B}", bits(model.gradient(params, inputs, training=True, **options))
        with model.pool(2) as pool:
            yield f"pool {T} {B}", bits(model.forward(params, inputs, pool=pool, **options))
    if not model.info["looks_ahead"]:
        steps = model.steps(params, inputs_of(model, 4, 1), states=random_states(model, 1), prepared=prepared)
        yield "steps", [bits(step) for step in steps]


def sizes(model):
    return [model.size("workspace", 3, 5), model.size("tape", 3, 5), model.size("prepared"), model.size("pool", 3)]


class Levels(unittest.TestCase):
    def each(self, models=MODELS):
        """Models, loaded at each level that this processor has, from a library for all and one for that level."""
        for level in filter(processor_has, LEVELS):
            for entry in models:
                name, dims, weights = entry
                symbol = CELLS[name]["model"] if name in CELLS else name
                with self.subTest(level=level, model=name, dims=dims, weights=weights):
                    yield level, load(compile_for(*key(entry), "portable"), symbol, level), load(
                        compile_for(*key(entry), level), symbol)

    def test_each_level_is_that_of_a_library_of_its_own(self):
        for level, one_of_two, alone in self.each():
            self.assertEqual(one_of_two.info["march"], level)
            self.assertEqual(one_of_two.info["levels"], list(LEVELS))
            self.assertEqual(alone.info["levels"], [level])
            self.assertEqual({**one_of_two.info, "levels": [level]}, alone.info)
            self.assertEqual(sizes(one_of_two), sizes(alone))
            for (what, actual), (_, expected) in zip(results(one_of_two), results(alone), strict=True):
                self.assertEqual(actual, expected, what)

    def test_memory_of_another_level_is_refused(self):
        models = [model for _, model, _ in self.each(MODELS[:1])]
        if len(models) < 2:
            self.skipTest("this processor has one of the levels only")
        for model, other in (models, models[::-1]):
            params = random_params(model)
            prepared = np.concatenate([other.prepare(params), np.zeros(1 << 16, np.uint8)])
            memory = library.aligned(prepared.size)
            memory[:] = prepared
            for entry in ("forward", "step"):
                with self.assertRaises(library.CallError) as refused:
                    model.call(entry, params, inputs_of(model, 1, 1), states=random_states(model, 1), prepared=memory)
                self.assertEqual(refused.exception.status, WRONG_CONTENT)

    def test_the_best_level_is_taken(self):
        best = [level for level in LEVELS if processor_has(level)][-1]
        entry = MODELS[0]
        for march in ("portable", "x86-64-v4,x86-64-v3", "x86-64-v3,x86-64-v4"):
            self.assertEqual(load(compile_for(*key(entry), march), "LSTM").info["march"], best)

    def test_every_entry_point_refuses_another_level(self):
        entry = MODELS[0]
        for march, names in (("portable", ", ".join(LEVELS)), (LEVELS[0], LEVELS[0])):
            model = load(compile_for(*key(entry), march), "LSTM", "x86-64-v2")
            for name in model.info["entry_points"]:
                with self.assertRaises(library.CallError) as refused:
                    model.invoke(name, library.Call())
                self.assertEqual(
                    str(refused.exception),
                    f"status {WRONG_PROCESSOR}: LSTM_{name}: SEQC_MARCH names no level of this library, which is for "
                    f"{names}")

    def test_tables_are_in_the_file_once(self):
        entry = ("lstm", {"I": 200, "H": 300}, "f32")
        both = os.path.getsize(compile_for(*key(entry), "portable"))
        alone = [os.path.getsize(compile_for(*key(entry), level)) for level in LEVELS]
        self.assertLess(both, sum(alone) - 20000, f"{both} bytes for two levels, {alone} for each")


if __name__ == "__main__":
    unittest.main()
