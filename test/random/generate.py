#!/usr/bin/env python3
"""Random valid `.seq` files. `generate.py SEED` prints the one that belongs to a seed.

Equations come in groups. Inside a group all lags go one way, so that every cycle has a direction; at the same step
an equation reads only what stands before it, so that every cycle has a delay."""
import sys
from dataclasses import dataclass

import numpy as np

from expressions import Expressions
from system import Application, Declaration, Equation, Expr, File, Layer, System, prune

SIZES = (1, 2, 3, 4, 5, 7, 8, 16, 17)

# Cells of the standard library that an instance may use: the dims after (I, H), and the sequence that is their output.
STANDARD = {"elman": "Elman", "lstm": "LSTM", "gru": "GRU", "minimal_gru": "MinimalGRU", "indrnn": "IndRNN"}


@dataclass
class InScope:
    """A sequence that an expression may read, and at which steps."""

    name: str
    shape: tuple
    shifts: tuple = (0,)
    kind: str = "real"
    vocabulary: int = 0


@dataclass
class CellInfo:
    """What a model needs to know to use a cell."""

    name: str
    spec: str
    inside: int  # size of its input
    outside: list  # (name, shape) of what can be read
    directions: set


class Generator:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.batchnorm = np.random.default_rng((seed, 1)).random() < 0.2  # apart: it leaves the other systems as they are
        self.file = File([], [])
        self.cells = []
        self.sizes = [int(size) for size in self.rng.choice(SIZES, 3, replace=False)]

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability):
        return self.rng.random() < probability

    def make(self, name):
        for index in range(int(self.rng.integers(0, 3))):
            self.cells.append(self.make_cell(f"{name}Cell{index}"))
        if self.chance(0.3):
            self.use_standard()
        self.file.models.append(self.make_model(name))
        return self.file

    def make_dims(self):
        return {name: self.pick(self.sizes) for name in ("I", "H", "K")[: int(self.rng.integers(1, 4))]}

    # Cells

    def make_cell(self, name):
        size = self.pick(self.sizes)
        system = System("cell", name, {"N": size, **self.make_dims()}, paper=self.chance(0.3))
        body = Body(self, system)
        body.add_input("x", (size,))
        body.add_groups(int(self.rng.integers(1, 3)), int(self.rng.integers(1, 4)))
        outputs = [equation for equation in system.equations if len(equation.shape) == 1] or [body.add_vector()]
        system.outputs = [(outputs[-1].name, False)]
        self.file.cells.append(prune(system))
        arguments = ", ".join(str(value) for value in system.dims.values())
        readable = [(outputs[-1].name, outputs[-1].shape)]
        readable += [(entry.name, entry.shape) for entry in system.equations if entry is not outputs[-1]]
        return CellInfo(name, f"{name}({arguments})", size, readable, body.directions)

    def use_standard(self):
        path = self.pick(list(STANDARD))
        inside, hidden = self.pick(self.sizes), self.pick(self.sizes)
        self.file.uses.append(f"std.{path}")
        spec = f"{STANDARD[path]}({inside}, {hidden})"
        if inside == hidden and self.chance(0.6):
            spec = f"stack(2, {STANDARD[path]})({inside}, {hidden})"
        self.cells.append(CellInfo(STANDARD[path], spec, inside, [("h", (hidden,))], {-1}))

    # Models

    def make_model(self, name):
        system = System("model", name, self.make_dims(), paper=self.chance(0.3))
        body = Body(self, system, dropout=self.chance(0.15), batchnorm=self.batchnorm)
        body.add_input("x", (body.size(),))
        for kind in ("id", "mask", "scalar", "matrix"):
            if self.chance(0.2):
                body.add_special_input(kind)
        body.add_groups(int(self.rng.integers(1, 4)), int(self.rng.integers(1, 5)))
        body.add_outputs()
        if self.chance(0.5):
            body.add_loss()
        return prune(system)


class Body:
    """Fills a system with equations."""

    def __init__(self, generator, system, dropout=False, batchnorm=False):
        self.generator, self.system = generator, system
        self.rng, self.pick, self.chance = generator.rng, generator.pick, generator.chance
        self.expressions = Expressions(self.rng, system, generator.sizes, dropout)
        self.batchnorm = batchnorm
        self.scope = []  # what any later equation may read at its own step
        self.read_inside = set()  # layers that may not be applied again: which application would be read?
        self.directions = set()

    def size(self):
        return self.pick(self.generator.sizes)

    def shape(self):
        rank = int(self.pick((0, 1, 1, 1, 1, 1, 2)))
        return tuple(min(self.size(), 5) if rank == 2 else self.size() for _ in range(rank))

    # Inputs

    def add_input(self, name, shape):
        self.system.inputs.append(Declaration(name, shape, self.expressions.type_of(shape)))
        self.scope.append(InScope(name, shape, self.shifts()))

    def add_special_input(self, kind):
        name = {"id": "word", "mask": "keep", "scalar": "u", "matrix": "M"}[kind]
        if kind == "id":
            self.system.inputs.append(Declaration(name, (), "id(7)", "id"))
            self.scope.append(InScope(name, (), (0,), "id", 7))
        elif kind == "mask":
            self.system.inputs.append(Declaration(name, (), "mask", "mask"))
            self.scope.append(InScope(name, (), (0,), "mask"))
        else:
            self.add_input(name, () if kind == "scalar" else (2, 3))

    def shifts(self):
        """At which steps a finished sequence is read: mostly its own."""
        options = [(0,), (0,), (0,), (0, -1), (0, -1, -3), (0, 1), (0, 0, -2, 2)]
        shifts = self.pick(options)
        self.directions |= {int(np.sign(shift)) for shift in shifts if shift} if self.system.kind == "cell" else set()
        return shifts

    # Equations

    def add_groups(self, groups, equations):
        for _ in range(groups):
            if self.generator.cells and self.system.kind == "model" and self.chance(0.5):
                self.add_application()
            if self.batchnorm and self.chance(0.5):
                self.add_batchnorm()
            self.add_group(equations)

    def add_group(self, count):
        """Equations that may all read each other at an earlier step (or all at a later one)."""
        direction = int(self.pick((-1, -1, -1, 1, 0)))
        self.directions |= {direction} - {0}
        names = [self.expressions.fresh("h" if direction else "z") for _ in range(count)]
        shapes = [self.shape() for _ in range(count)]
        lags = (1, 1, 1, 2, 3)
        states = [
            InScope(name, shape, tuple(sorted({direction * int(self.pick(lags)) for _ in range(2)})))
            for name, shape in zip(names, shapes)
        ] if direction else []
        for name, shape in zip(names, shapes):
            equation = self.make_equation(name, shape, states, direction)
            self.system.equations.append(equation)
            self.scope.append(InScope(name, shape))
        for state in states:
            self.add_boundary(state, direction)
        for entry in self.scope:
            if entry.name in names:
                entry.shifts = self.shifts()

    def make_equation(self, name, shape, states, direction):
        scope = self.scope + states * (3 if states else 0)
        grow = lambda depth: self.anchor(self.expressions.grow(shape, depth, scope), states)
        depth = int(self.pick((1, 2, 2, 3, 4)))
        own = [state for state in states if state.name == name]
        kind = int(self.rng.integers(6))
        if kind == 0:
            gate = Expr(shape, self.pick(("sigmoid({0})", "1 - sigmoid({0})", "σ({0})")), [grow(depth)])
            return Equation(name, shape, gate, gate=True, direction=direction)
        if kind == 1 and own:
            mixed = Expr(shape, "sigmoid({0}) * {1} + (1 - sigmoid({0})) * tanh({2})",
                         [grow(depth - 1), self.expressions.read(own[0]), grow(depth)])
            return Equation(name, shape, mixed, direction=direction)
        if kind == 2 and own:
            linear = Expr(shape, "0.6 * {0} + tanh({1})", [self.expressions.read(own[0]), grow(depth)])
            return Equation(name, shape, linear, direction=direction)
        if kind == 3 and not direction:
            return Equation(name, shape, grow(depth))
        return Equation(name, shape, Expr(shape, self.pick(("tanh({0})", "sin({0})", "tanh({0})")), [grow(depth)]),
                        direction=direction)

    def add_batchnorm(self):
        """Of an expression off every cycle that changes in time: the first input does."""
        shape, name = self.shape(), self.expressions.fresh("z")
        estimates = [self.expressions.fresh(prefix) for prefix in "mv"]
        for estimate, init in zip(estimates, ("= 0", "= 1")):
            self.system.params.append(Declaration(estimate, shape, self.expressions.type_of(shape), init=init))
        inner = self.expressions.grow(shape, 2, self.scope)
        reads = [Expr(shape, estimate, reads=estimate) for estimate in estimates]
        expr = Expr(shape, "batchnorm({0} + mean({1}), {2}, {3})", [inner, self.expressions.read(self.scope[0]), *reads])
        self.system.equations.append(Equation(name, shape, expr))
        self.scope.append(InScope(name, shape, self.shifts()))

    def anchor(self, expr, states):
        """Adds something whose shape is declared: that of a recurrence is not known from itself."""
        if not states:
            return expr
        return Expr(expr.shape, "({0} + {1})", [expr, self.expressions.leaf(expr.shape, self.scope)])

    def add_vector(self):
        equation = self.make_equation(self.expressions.fresh("z"), (self.size(),), [], 0)
        self.system.equations.append(equation)
        return equation

    def add_boundary(self, state, direction):
        if not self.chance(0.3):
            return
        expr = self.pick((
            lambda: Expr(state.shape, self.expressions.number()),
            lambda: self.expressions.param(state.shape),
            lambda: Expr(state.shape, "tanh({0})", [self.expressions.param(state.shape)]),
        ))()
        equation = next(entry for entry in self.system.equations
                        if isinstance(entry, Equation) and entry.name == state.name)
        if direction < 0:
            equation.start = expr
        else:
            equation.end = expr

    # Instances

    def add_application(self):
        cell = self.pick(self.generator.cells)
        known = [layer for layer in self.system.layers if layer.spec.endswith(cell.spec) and layer.name not in self.read_inside]
        if known and self.chance(0.3):
            layer = known[0]
        else:
            prefix = "reverse " if self.chance(0.25) else ""
            layer = Layer(self.expressions.fresh("layer"), prefix + cell.spec, cell.name)
            self.system.layers.append(layer)
        argument = self.expressions.grow((cell.inside,), int(self.rng.integers(0, 3)), self.scope)
        target = self.expressions.fresh("y")
        name, shape = cell.outside[0]
        fresh = not any(isinstance(entry, Application) and entry.layer == layer.name for entry in self.system.equations)
        self.system.equations.append(Application([(target, shape)], layer.name, argument))
        self.scope.append(InScope(target, shape, self.shifts()))
        if fresh and not layer.spec.startswith("stack"):
            self.read_inside.add(layer.name)
            for name, shape in cell.outside[1:2]:
                self.scope.append(InScope(f"{layer.name}.{name}", shape))

    # Results

    def add_outputs(self):
        for entry in self.scope:
            if entry.kind != "real" or "." in entry.name or entry.name in [i.name for i in self.system.inputs]:
                continue
            if self.chance(0.5):
                self.system.outputs.append((entry.name, self.chance(0.15)))
        if not self.system.outputs:
            self.system.outputs.append((self.scope[-1].name if "." not in self.scope[-1].name else "x", False))

    def add_loss(self):
        shape = self.pick([entry.shape for entry in self.scope if entry.kind == "real"])
        x, y = (self.expressions.grow(shape, 1, self.scope) for _ in range(2))
        reduce = self.pick(("mean", "sum"))
        losses = ["mse({0}, {1})", "({0} - {1}) ^ 2", "tanh({0})", "bce(sigmoid({0}), sigmoid({1}))"]
        self.system.loss = Expr((), f"{reduce}({self.pick(losses)})", [x, y])
        ids = [entry for entry in self.scope if entry.kind == "id"]
        if ids and self.chance(0.6):
            logits = self.expressions.grow((ids[0].vocabulary,), 2, self.scope)
            self.system.loss = Expr((), f"{reduce}(cross_entropy({{0}}, {{1}}))", [logits, self.expressions.read(ids[0])])


def generate(seed, name="M"):
    return Generator(seed).make(name)


if __name__ == "__main__":
    print(generate(int(sys.argv[1]) if len(sys.argv) > 1 else 0).render())
