"""The two cores side by side: a program of operations runs in a process of each.

A program is a list of steps on the nodes that were made so far. What it does is told as
text, each number to its last bit, so that two cores can be compared.
"""

import contextlib
import copy
import operator
import os
import pickle
import subprocess
import sys

STEPS = {
    "leaf", "operator", "reflected", "call", "method", "backward", "zero_grad", "data",
    "grad", "detach", "copy", "label", "own",
}  # fmt: skip
OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "abs")
AROUND = ("nothing", "scope", "no_grad", "record_source", "nested", "grad", "jit")


class Core:
    """A process whose engine has one core; programs are sent to it."""

    def __init__(self, *, pure):
        environment = {k: v for k, v in os.environ.items() if k != "DOTGRAD_PURE"}
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            env=environment | ({"DOTGRAD_PURE": "1"} if pure else {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.name = self.ask("name")

    def ask(self, *question):
        pickle.dump(question, self.process.stdin)
        self.process.stdin.flush()
        return pickle.load(self.process.stdout)

    def close(self):
        self.process.communicate()


def answer(question, *args):
    """What a process does with a question."""
    import engine

    match question:
        case "name":
            return engine.core
        case "run":
            return run(*args)
        case "apply":
            return [apply(args[0], point) for point in args[1]]
        case "pickle":
            return pickle.dumps(build_pickled())
        case "unpickle":
            return [describe(node, {}) for node in pickle.loads(args[0])]


def build_pickled():
    """A graph with everything that a pickle keeps."""
    from engine import Value, scope
    from engine.ops import hypot
    from engine.ops import max as maximum

    x, w = Value(0.5, "x"), Value(-0.0, "w")
    with scope("layer"):
        y = maximum(x.tanh(), w * 3.0) / hypot(x**2, w)
    y.backward()
    return [x, w, y, *y.parents]


def apply(name, point):
    """A row at a point."""
    from engine import Value

    try:
        return describe(step("call", name, [Value(x) for x in point]), {})
    except Exception as error:
        return describe_error(error)


def run(around, steps):
    """What the nodes of a program are, and the errors on the way to them."""
    from engine import Value, grad, no_grad, record_source, scope
    from engine.tape import jit

    told = []
    if around in ("grad", "jit"):

        def function(x):
            nodes, told[:] = [x], []
            take(steps, nodes, told)
            return nodes[-1]

        for point in (0.75, -0.0):
            try:
                made = grad(function) if around == "grad" else jit(function)
                outcome = made(point)
                told.append(hex_of(outcome))
                told += [tape.to_json() for tape in getattr(made, "tapes", [])]
            except Exception as error:
                told.append(describe_error(error))
        return told
    block = {
        "nothing": contextlib.nullcontext, "no_grad": no_grad,
        "record_source": record_source, "scope": lambda: scope("s"),
        "nested": lambda: scope("a"),
    }[around]  # fmt: skip
    nodes = [Value(0.75, "x")]
    with block():
        take(steps, nodes, told)
        if around == "nested":
            with scope("b"):
                take(steps, nodes, told)
    places = {id(node): place for place, node in enumerate(nodes)}
    return told + [describe(node, places) for node in nodes]


def take(steps, nodes, told):
    """Take the steps, each on nodes or numbers."""
    for kind, name, operands in steps:
        args = [
            nodes[arg[0] % len(nodes)] if isinstance(arg, list) else arg
            for arg in operands
        ]
        try:
            made = step(kind, name, args)
        except Exception as error:
            told.append(describe_error(error))
        else:
            if hasattr(made, "parents"):
                nodes.append(made)
            elif made is not None:
                told.append(f"{type(made).__name__} {made!r}")


def step(kind, name, args):
    """One step."""
    import engine
    from engine import TABLE, Value

    first = args[0]
    match kind:
        case "leaf":
            return Value(*args)
        case "operator":
            function = getattr(operator, name)
            return function(*args[: TABLE[name].arity])
        case "call":
            return getattr(engine.ops, name)(*args[: TABLE[name].arity])
        case "method":
            if not isinstance(first, Value):
                return None
            method = getattr(first, name, None) or getattr(first, f"__{name}__")
            return method(*args[1 : TABLE[name].arity])
        case "backward":
            return first.backward(args[1])
        case "zero_grad":
            return first.zero_grad()
        case "data":
            first.data = args[1]
        case "grad":
            first.grad = args[1]
        case "detach":
            return first.detach()
        case "copy":
            return copy.deepcopy(first)
        case "label":
            first.label = name
    return None


def hex_of(number):
    return number.hex() if isinstance(number, float) else repr(number)


def describe_error(error):
    return f"{type(error).__name__}: {error}"


def describe(node, places):
    """All that a node knows."""
    return (
        node.data.hex(), node.grad.hex(), node.has_gradient, node.kind, node.label,
        node.scope, node.source and node.source[1], node.cut[0],
        node.op and node.op.name,
        [p.hex() for p in node.partials],
        [places.get(id(p), (p.data.hex(), p.kind, p.scope)) for p in node.parents],
        repr(node),
    )  # fmt: skip


def main():
    """Answer questions until there are no more."""
    out = sys.stdout.buffer
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(answer(*question), out)
        out.flush()


if __name__ == "__main__":
    main()
