"""A `.seq` system as data: what the generator makes, the shrinker cuts and `render` prints."""
from dataclasses import dataclass, field


@dataclass
class Expr:
    """`template` with {0}, {1}, … for the children. A leaf may read a sequence at t + shift."""

    shape: tuple
    template: str
    children: list = field(default_factory=list)
    reads: str = None  # name of a sequence, parameter, layer or function
    shift: int = 0
    timed: bool = False  # a leaf that may carry a time index
    function: str = None  # name of an fn that is called

    def render(self, paper=False):
        if self.timed:
            return render_time(self.template, self.shift, paper)
        return self.template.format(*(child.render(paper) for child in self.children))

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()


def render_time(name, shift, paper):
    if shift == 0:
        return f"{name}_t" if paper and "." not in name and "{" not in name else name
    sign = "-" if shift < 0 else "+"
    if paper and "." not in name and "{" not in name:
        return f"{name}_{{t{sign}{abs(shift)}}}"
    return f"{name}[t{sign}{abs(shift)}]"


@dataclass
class Declaration:
    """An input or a parameter."""

    name: str
    shape: tuple
    type: str  # as written: "[3]", "id(4)", "mask", "diag[3]"
    kind: str = "real"  # inputs: real, id, mask
    init: str = ""  # parameters: "~ xavier", "= 0"


@dataclass
class Equation:
    name: str
    shape: tuple
    expr: Expr
    gate: bool = False
    start: Expr = None  # h[0] = …
    end: Expr = None  # h[T+1] = …
    direction: int = 0  # of the lags in its group: -1 delays, +1 advances


@dataclass
class Layer:
    """An instance and its one or more applications; `reads` are the names taken from it."""

    name: str
    spec: str  # "reverse C1(3, 5)"
    uses: str = None  # name of the cell, if it is one of the file


@dataclass
class Application:
    """`targets = layer(argument)`."""

    targets: list  # (name, shape)
    layer: str
    argument: Expr


@dataclass
class System:
    kind: str
    name: str
    dims: dict
    inputs: list = field(default_factory=list)
    params: list = field(default_factory=list)
    functions: list = field(default_factory=list)  # (name, text)
    layers: list = field(default_factory=list)
    equations: list = field(default_factory=list)  # Equation or Application, in order of dependence
    outputs: list = field(default_factory=list)  # (name, last)
    loss: Expr = None
    paper: bool = False

    def expressions(self):
        for equation in self.equations:
            if isinstance(equation, Application):
                yield equation.argument
                continue
            yield from (part for part in (equation.expr, equation.start, equation.end) if part)
        if self.loss:
            yield self.loss


@dataclass
class File:
    cells: list
    models: list
    uses: list = field(default_factory=list)

    def render(self):
        parts = [f"use {path}\n" for path in self.uses]
        parts += [render_system(system) for system in self.cells + self.models]
        return "\n".join(parts)


def render_equation(equation, paper):
    if isinstance(equation, Application):
        targets = ", ".join(name for name, _ in equation.targets)
        return [f"{targets} = {equation.layer}({equation.argument.render(paper)})"]
    left = f"{equation.name}_t" if paper and "{" not in equation.name else equation.name
    lines = [f"{'gate ' if equation.gate else ''}{left} = {equation.expr.render(paper)}"]
    if equation.start:
        lines.append(f"{equation.name}[0] = {equation.start.render()}")
    if equation.end:
        lines.append(f"{equation.name}[T+1] = {equation.end.render()}")
    return lines


def render_system(system):
    dims = ", ".join(f"{name} = {size}" for name, size in system.dims.items())
    lines = [f"{system.kind} {system.name}({dims}) {{"]
    lines += [f"  input {entry.name} : {entry.type}" for entry in system.inputs]
    lines += [f"  param {entry.name} : {entry.type} {entry.init}".rstrip() for entry in system.params]
    lines += [f"  {text}" for _, text in system.functions]
    lines += [f"  layer {layer.name} = {layer.spec}" for layer in system.layers]
    for equation in system.equations:
        lines += [f"  {line}" for line in render_equation(equation, system.paper)]
    if system.loss:
        lines.append(f"  loss = {system.loss.render(system.paper)}")
    if system.outputs:
        lines.append("  output " + ", ".join(f"last({name})" if last else name for name, last in system.outputs))
    return "\n".join(lines + ["}", ""])


def dangles(system):
    """Whether something is read that is not there."""
    known = {entry.name for part in (system.inputs, system.params, system.layers) for entry in part}
    for entry in system.equations:
        known |= {entry.name} if isinstance(entry, Equation) else {name for name, _ in entry.targets}
    read = {node.reads.split(".")[0] for expr in system.expressions() for node in expr.walk() if node.reads}
    return not read | {name for name, _ in system.outputs} <= known


def prune(system):
    """Leaves out parameters, functions and layers that nothing reads any more."""
    read = set()
    for expr in system.expressions():
        for node in expr.walk():
            read.update(name for name in (node.reads, node.function) if name)
    read |= {entry.layer for entry in system.equations if isinstance(entry, Application)}
    read |= {name.split(".")[0] for name in read}
    system.params = [param for param in system.params if param.name in read]
    system.functions = [entry for entry in system.functions if entry[0] in read]
    system.layers = [layer for layer in system.layers if layer.name in read]
    system.inputs = [entry for i, entry in enumerate(system.inputs) if i == 0 or entry.name in read]
    return system
