"""Random expressions of a given shape. Values stay moderate, so that a recurrence neither explodes nor dies."""
from system import Declaration, Expr

# Each maps any number to a moderate one; what is inside is bounded where the function grows fast.
UNARY = (
    "tanh({0})", "sigmoid({0})", "sin({0})", "cos({0})", "relu({0})", "abs({0})", "softplus({0})", "silu({0})",
    "gelu({0})", "hardsigmoid({0})", "exp(tanh({0}))", "log(1.5 + tanh({0}))", "sqrt(1 + {0} * {0})",
    "(-{0})", "(({0}) ^ 2 * 0.1)", "stop_gradient({0})", "sign({0})", "(floor(2 * tanh({0})) * 0.3)", "σ({0})",
    "((2 + sin({0})) ^ 1.5)", "√(2 + tanh({0}))", "erf({0})", "log1p(exp(tanh({0})))",
)
BINARY = (
    "({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} ⊙ {1})", "min({0}, {1})", "max({0}, {1})",
    "({0} / (1.5 + tanh({1})))", "(0.5 * {0} + 0.5 * {1})", "where({0} < {1}, {0}, 0.5 * {1})",
    "where({0} >= {1}, 0.3, {1})", "((1.5 + tanh({0})) ^ tanh({1}))",
)
WHOLE_VECTOR = (
    "softmax({0})", "layernorm({0})", "rmsnorm({0})", "({0} - mean({0}))", "({0} / (1 + sum(abs({0}))))",
    "({0} - max({0}))", "({0} / sqrt(1 + var({0})))",
)
REDUCTIONS = ("(sum({0}) * 0.3)", "mean({0})", "max({0})", "var({0})", "(dot({0}, {0}) * 0.1)")


class Expressions:
    """Grows expressions over what is in scope. `system` receives the parameters they need."""

    def __init__(self, rng, system, sizes, dropout=False):
        self.rng = rng
        self.system = system
        self.sizes = sizes
        self.dropout = dropout
        self.counter = 0

    # Names and numbers

    def fresh(self, prefix):
        self.counter += 1
        return f"{prefix}{self.counter}"

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability):
        return self.rng.random() < probability

    def number(self):
        return str(round(float(self.rng.uniform(-1.2, 1.2)), 2))

    def dim(self, size):
        """A size as a reader would write it: by the name of a dim, or as a sum or a product of one."""
        names = [name for name, value in self.system.dims.items() if value == size]
        if names and self.chance(0.7):
            return self.pick(names)
        doubled = [name for name, value in self.system.dims.items() if 2 * value == size]
        if doubled and self.chance(0.7):
            return f"2 * {self.pick(doubled)}"
        return str(size)

    def type_of(self, shape):
        return "[" + ", ".join(self.dim(size) for size in shape) + "]"

    def param(self, shape, scale=None):
        if len(shape) < 2:
            init = self.pick(("~ normal(0.3)", "~ uniform(-0.5, 0.5)", "= 0.1", f"= {self.number()}"))
        else:
            init = self.pick(("~ xavier", "~ orthogonal", "~ normal(0.2)", "~ uniform(-0.4, 0.4)", "~ he"))
        name = self.fresh("W" if len(shape) > 1 else "b")
        self.system.params.append(Declaration(name, shape, self.type_of(shape), init=init))
        return Expr(shape, name, reads=name)

    # Leaves

    def leaf(self, shape, scope):
        """A sequence of that shape, else one brought to it, now and then a parameter."""
        real = [entry for entry in scope if entry.kind == "real"]
        fitting = [entry for entry in real if entry.shape == shape]
        if fitting and self.chance(0.85):
            return self.read(self.pick(fitting))
        vectors = [entry for entry in real if len(entry.shape) == 1]
        if not vectors or self.chance(0.3):
            return self.param(shape)
        vector = self.read(self.pick(vectors))
        if not shape:
            return self.node(shape, "mean({0})", vector)
        if len(shape) == 1:
            return self.node(shape, "({0} @ {1})", self.param((*shape, *vector.shape)), vector)
        return self.node(shape, "({0} * mean({1}))", self.param(shape), vector)

    def read(self, entry):
        shift = int(self.pick(entry.shifts))
        return Expr(entry.shape, entry.name, reads=entry.name, shift=shift, timed=True)

    def slice_source(self, shape, scope):
        """Something with a name: only names are sliced."""
        fitting = [entry for entry in scope if entry.kind == "real" and entry.shape == shape]
        return self.read(self.pick(fitting)) if fitting else self.param(shape)

    # Trees

    def grow(self, shape, depth, scope):
        if depth <= 0:
            return self.leaf(shape, scope)
        makers = [self.unary, self.binary, self.binary, self.mixed, self.call]
        makers += {0: [self.reduction, self.reduction], 1: [self.product] * 4 + [self.vector] * 3,
                   2: [self.matrix] * 3}.get(len(shape), [])
        makers += [self.special]
        for _ in range(20):
            expr = self.pick(makers)(shape, depth, scope)
            if expr:
                return expr
        return self.leaf(shape, scope)

    def node(self, shape, template, *children):
        return Expr(shape, template, list(children))

    def unary(self, shape, depth, scope):
        return self.node(shape, self.pick(UNARY), self.grow(shape, depth - 1, scope))

    def binary(self, shape, depth, scope):
        first = self.grow(shape, depth - 1, scope)
        return self.node(shape, self.pick(BINARY), first, self.grow(shape, depth - 1 - self.rng.integers(2), scope))

    def mixed(self, shape, depth, scope):
        """A number, a scalar or the last dims alone on one side: NumPy's broadcasting."""
        x = self.grow(shape, depth - 1, scope)
        if self.chance(0.4) or not shape:
            return self.node(shape, self.pick((f"({self.number()} * {{0}})", f"({{0}} + {self.number()})",
                                               "(1 - {0})", f"max({{0}}, {self.number()})")), x)
        short = shape[int(self.rng.integers(1, len(shape) + 1)):]
        return self.node(shape, self.pick(("({0} * {1})", "({1} + {0})", "({0} - {1})")), x,
                         self.grow(short, depth - 2, scope))

    def call(self, shape, depth, scope):
        """A function of the system, elementwise in its two arguments."""
        if not self.chance(0.3):
            return None
        if not self.system.functions or self.chance(0.3):
            name = self.fresh("fn")
            body = self.pick(("tanh(a) * sigmoid(b)", "0.5 * (a + b) - a * 0.1", "a * sigmoid(b) + b * (1 - sigmoid(b))",
                              "max(a, b) - min(a, 0)"))
            self.system.functions.append((name, f"fn {name}(a, b) = {body}"))
        name = self.pick(self.system.functions)[0]
        x, y = self.grow(shape, depth - 1, scope), self.grow(shape, depth - 2, scope)
        return Expr(shape, f"{name}({{0}}, {{1}})", [x, y], function=name)

    def special(self, shape, depth, scope):
        ids = [entry for entry in scope if entry.kind == "id"]
        masks = [entry for entry in scope if entry.kind == "mask"]
        options = []
        if ids and shape:
            options.append(self.lookup)
        if masks:
            options.append(self.masked)
        if self.dropout and shape:
            options.append(self.dropped)
        return self.pick(options)(shape, depth, scope) if options and self.chance(0.6) else None

    def lookup(self, shape, depth, scope):
        entry = self.pick([entry for entry in scope if entry.kind == "id"])
        table, index = self.param((entry.vocabulary, *shape)), self.read(entry)
        return self.node(shape, "{0}[{1}]", table, index)

    def masked(self, shape, depth, scope):
        mask = self.read(self.pick([entry for entry in scope if entry.kind == "mask"]))
        x, y = self.grow(shape, depth - 1, scope), self.grow(shape, depth - 2, scope)
        return self.node(shape, "where({0}, {1}, {2})", mask, x, y)

    def dropped(self, shape, depth, scope):
        shared = self.pick(("", ", shared: time"))
        return self.node(shape, f"dropout({{0}}, 0.3{shared})", self.grow(shape, depth - 1, scope))

    def reduction(self, shape, depth, scope):
        size = self.pick(self.sizes)
        return self.node((), self.pick(REDUCTIONS), self.grow((size,), depth - 1, scope))

    def product(self, shape, depth, scope):
        """A matrix, constant or not, by a vector; now and then by a concatenation, or transposed."""
        (rows,) = shape
        columns = self.pick(self.sizes)
        vector = self.grow((columns,), depth - 1, scope)
        if self.chance(0.4):
            extra = self.pick(self.sizes)
            vector = self.node((columns + extra,), self.pick(("[{0}, {1}]", "[{0}; {1}]")), vector,
                               self.grow((extra,), depth - 2, scope))
        sign = self.pick(("@", "@", "·", "×"))
        kind = self.rng.random()
        if kind < 0.65:
            return self.node(shape, f"({{0}} {sign} {{1}})", self.param((rows, *vector.shape)), vector)
        if kind < 0.8:
            return self.node(shape, "({0}.T @ {1})", self.param((*vector.shape, rows)), vector)
        if kind < 0.9 and rows == columns and vector.shape == shape:
            return self.node(shape, "(({0} - {0}.T) @ {1})", self.param((rows, rows)), vector)
        return self.node(shape, "({0} @ {1})", self.grow((rows, *vector.shape), depth - 2, scope), vector)

    def vector(self, shape, depth, scope):
        (size,) = shape
        kind = int(self.rng.integers(7))
        if kind == 0:
            return self.node(shape, self.pick(WHOLE_VECTOR), self.grow(shape, depth - 1, scope))
        if kind == 1 and size > 1:
            cut = int(self.rng.integers(1, size))
            return self.node(shape, "[{0}, {1}]", self.grow((cut,), depth - 1, scope),
                             self.grow((size - cut,), depth - 2, scope))
        if kind == 2:
            before, after = (int(self.rng.integers(0, 4)) for _ in range(2))
            longer = self.slice_source((before + size + after,), scope)
            return self.node(shape, f"{{0}}[{before}:{before + size}]", longer)
        if kind == 3:
            rows = self.pick((2, 3))
            return self.node(shape, "(sum({0}, dim: 0) * 0.5)", self.grow((rows, size), depth - 1, scope))
        if kind == 4 and size % 2 == 0:
            return self.node(shape, f"reshape({{0}}, [{size}])", self.grow((2, size // 2), depth - 1, scope))
        if kind == 5:
            name = self.fresh("v")
            self.system.params.append(Declaration(name, shape, f"diag[{self.dim(size)}]", init="~ normal(0.3)"))
            return self.node(shape, "({0} @ {1})", Expr(shape, name, reads=name), self.grow(shape, depth - 1, scope))
        return self.node(shape, "({0} * {1})", self.grow(shape, depth - 1, scope), self.grow((), depth - 2, scope))

    def matrix(self, shape, depth, scope):
        rows, columns = shape
        kind = int(self.rng.integers(5))
        if kind == 0:
            return self.node(shape, "outer({0}, {1})", self.grow((rows,), depth - 1, scope),
                             self.grow((columns,), depth - 2, scope))
        if kind == 1:
            return self.node(shape, "{0}.T", self.slice_source((columns, rows), scope))
        if kind == 2:
            inner = self.pick((1, 2, 3))
            return self.node(shape, "({0} @ {1})", self.grow((rows, inner), depth - 1, scope),
                             self.grow((inner, columns), depth - 2, scope))
        if kind == 3:
            return self.node(shape, f"reshape({{0}}, {self.type_of(shape)})",
                             self.grow((rows * columns,), depth - 1, scope))
        return self.node(shape, self.pick(("tanh({0})", "softmax({0})")), self.grow(shape, depth - 1, scope))
