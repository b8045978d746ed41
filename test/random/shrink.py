"""Makes a failing file small: cuts parts as long as it fails in the same way."""
import copy

from system import Equation, dangles, prune


def cuts(file):
    """Files with one part less, the largest parts first."""
    for index in range(len(file.cells)):
        yield without(file, lambda smaller, index=index: smaller.cells.pop(index))
    for index, model in enumerate(file.models):
        if model.loss is not None and model.outputs:
            yield without(file, lambda smaller, index=index: setattr(smaller.models[index], "loss", None))
    systems = [("models", index) for index in range(len(file.models))]
    systems += [("cells", index) for index in range(len(file.cells))]
    for kind, index in systems:
        yield from system_cuts(file, kind, index)


def without(file, cut):
    smaller = copy.deepcopy(file)
    cut(smaller)
    return smaller


def system_cuts(file, kind, index):
    system = getattr(file, kind)[index]

    def edit(change):
        def cut(smaller):
            target = getattr(smaller, kind)[index]
            change(target)
            prune(target)

        return without(file, cut)

    for position in range(len(system.outputs)):
        if len(system.outputs) > 1 or (system.loss and len(system.outputs) == 1):
            yield edit(lambda target, position=position: target.outputs.pop(position))
    size = len(system.equations)
    while size > 0:
        for end in range(len(system.equations), 0, -size):
            yield edit(lambda target, part=slice(max(0, end - size), end): remove(target, part))
        size //= 2
    for position, equation in enumerate(system.equations):
        for end in ("start", "end"):
            if getattr(equation, end, None):
                yield edit(lambda target, position=position, end=end: setattr(target.equations[position], end, None))
        if getattr(equation, "gate", False):
            yield edit(lambda target, position=position: setattr(target.equations[position], "gate", False))
    if system.paper:
        yield edit(lambda target: setattr(target, "paper", False))
    for place, expr in enumerate(system.expressions()):
        yield from expression_cuts(edit, place, expr)


def remove(system, part):
    """Some equations, and the outputs that they are."""
    gone = {name for entry in system.equations[part]
            for name in ([entry.name] if isinstance(entry, Equation) else [name for name, _ in entry.targets])}
    del system.equations[part]
    system.outputs = [output for output in system.outputs if output[0] not in gone]


def expression_cuts(edit, place, expr):
    """A node gives way to one of its descendants of the same shape."""
    nodes = list(expr.walk())
    for position, node in enumerate(nodes):
        below = [other for other in node.walk() if other is not node and other.shape == node.shape]
        for other in below[:6]:
            target = nodes.index(other) if other in nodes else None
            yield edit(lambda system, a=position, b=target: replace(system, place, a, b))
        if node.timed and node.shift not in (0, 1, -1):
            yield edit(lambda system, a=position: set_shift(system, place, a))


def set_shift(system, place, position):
    node = list(list(system.expressions())[place].walk())[position]
    node.shift = 1 if node.shift > 0 else -1


def replace(system, place, position, with_position):
    nodes = list(list(system.expressions())[place].walk())
    node, other = nodes[position], copy.deepcopy(nodes[with_position])
    node.__dict__.update(other.__dict__)


def shrink(file, fails, rounds=400):
    """The smallest file found for which `fails` still holds; tries at most `rounds` candidates."""
    tried = {file.render()}
    progress = True
    while progress and len(tried) < rounds:
        progress = False
        for candidate in cuts(file):
            text = candidate.render()
            if text in tried or any(dangles(system) for system in candidate.cells + candidate.models):
                continue
            tried.add(text)
            if len(tried) > rounds:
                break
            if fails(candidate):
                file, progress = candidate, True
                break
    return file
