#!/usr/bin/env python3
"""Random `.seq` files that must be refused: a valid one with one thing made wrong. `invalid.py SEED` prints one."""
import copy
import sys

import numpy as np

from generate import generate
from system import Declaration, Equation, Expr


def equations(system):
    return [entry for entry in system.equations if isinstance(entry, Equation)]


def leaves(expr):
    return [node for node in expr.walk() if node.timed]


class Spoiler:
    """Each method makes one thing wrong in a model and says what; it returns nothing where it cannot."""

    def __init__(self, rng, model):
        self.rng, self.model = rng, model

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def unknown_name(self):
        expr = self.pick(list(self.model.expressions()))
        node = self.pick([node for node in expr.walk() if not node.children])
        node.template, node.reads, node.timed = "nobody", None, True
        return "an unknown name"

    def no_equation(self):
        read = {node.reads for expr in self.model.expressions() for node in leaves(expr)}
        options = [entry for entry in equations(self.model)
                   if entry.name in read and not any(node.reads == entry.name for node in entry.expr.walk())]
        if options:
            self.model.equations.remove(self.pick(options))
            return "a sequence without an equation"

    def two_equations(self):
        if equations(self.model):
            self.model.equations.append(copy.deepcopy(self.pick(equations(self.model))))
            return "two equations for one sequence"

    def cycle_without_delay(self):
        if equations(self.model):
            entry = self.pick(equations(self.model))
            entry.expr = Expr(entry.shape, "tanh({0} + {1})", [entry.expr, Expr(entry.shape, entry.name, timed=True)])
            entry.gate = False
            return "a cycle without a delay"

    def both_directions(self):
        if equations(self.model):
            entry = self.pick(equations(self.model))
            reads = [Expr(entry.shape, entry.name, shift=shift, timed=True) for shift in (-1, 1)]
            entry.expr = Expr(entry.shape, "tanh({0} + {1} * {2})", [entry.expr, *reads])
            entry.gate = False
            return "a cycle that needs both directions"

    def open_gate(self):
        options = [entry for entry in equations(self.model) if not entry.gate]
        if options:
            entry = self.pick(options)
            entry.gate = True
            entry.expr = Expr(entry.shape, "1.5 + 2 * tanh({0})", [entry.expr])
            return "a gate that may leave [0, 1]"

    def wrong_shape(self):
        options = [entry for entry in equations(self.model) if len(entry.shape) == 1 and not entry.gate]
        if options:
            entry = self.pick(options)
            size = entry.shape[0] + 2
            self.model.params.append(Declaration("longer", (size,), f"[{size}]", init="= 0"))
            entry.expr = Expr(entry.shape, "[{0}, {0}] + longer", [entry.expr])
            if entry.shape[0] == 2:  # would fit
                return None
            return "shapes that do not fit"

    def bad_dim(self):
        name = self.pick(list(self.model.dims))
        self.model.dims[name] = self.pick((0, -3))
        return "a dim that is not positive"

    def missing_argument(self):
        layers = [layer for layer in self.model.layers if "(" in layer.spec]
        if layers:
            layer = self.pick(layers)
            layer.spec = layer.spec[: layer.spec.rindex("(")] + "(3, 4, 5, 6, 7, 8, 9)"
            return "an instance with too many dims"


KINDS = [name for name, value in vars(Spoiler).items() if callable(value) and name[0] != "_" and name != "pick"]


def invalid(seed):
    """(text of a file, what is wrong with it)."""
    rng = np.random.default_rng(seed)
    while True:
        file = generate(int(rng.integers(1 << 30)))
        before = file.render()
        what = getattr(Spoiler(rng, file.models[0]), KINDS[int(rng.integers(len(KINDS)))])()
        if what and file.render() != before:
            return file.render(), what


def garbled(seed):
    """A valid file with a few characters lost, doubled or replaced. It may still be valid."""
    rng = np.random.default_rng(seed)
    text = list(generate(seed).render())
    for _ in range(int(rng.integers(1, 6))):
        place = int(rng.integers(len(text)))
        kind = int(rng.integers(4))
        if kind == 0:
            del text[place : place + int(rng.integers(1, 12))]
        elif kind == 1:
            text[place] = text[int(rng.integers(len(text)))]
        elif kind == 2:
            text.insert(place, "[](){}=:,.@*~\n\"\0ẞ̃_t-9"[int(rng.integers(20))])
        else:
            text = text[: max(place, 1)] if rng.random() < 0.2 else text
    return "".join(text)


if __name__ == "__main__":
    source, wrong = invalid(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"// {wrong}\n{source}")
