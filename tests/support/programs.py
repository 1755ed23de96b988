"""Random programs as people write them, as Python source.

They compute, compare, loop, catch errors, define functions, read numbers and Values
beside their arguments, and take derivatives inside. The same source runs on the
engine and on the numbers of `duals`.
"""

import random

import duals

CONSTANTS = ("0.0", "-0.0", "1.0", "2.0", "-1.5", "0.5", "3.0", "1e-3", "700.0", "-2.0")
POINTS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e-3, 10.0, 400.0, -0.75, 1.25)
BINARY = ("+", "-", "*", "/", "+", "-", "*", "%", "**")
CATCH = (
    "ZeroDivisionError", "ValueError", "OverflowError", "ArithmeticError",
    "(ValueError, ArithmeticError)", "Exception",
)  # fmt: skip
FEATURES = ("try", "state", "leaf", "transform", "nested", "escape", "random")


class Writer:
    """Writes one program."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.names = ["x", "y"]
        self.used = set()
        self.count = 0

    def write(self):
        """The source of `f(x, y)`."""
        lines = [
            line for _ in range(self.rng.randint(1, 4)) for line in self.statement()
        ]
        lines.append(f"return {self.expression(3)}")
        body = "\n".join("    " + line for line in lines)
        return f"def f(x, y):\n{body}\n"

    def new(self):
        self.count += 1
        return f"v{self.count}"

    def may(self, feature, share):
        if self.rng.random() < share:
            self.used.add(feature)
            return True
        return False

    # -- expressions -----------------------------------------------------------------

    def expression(self, depth):
        rng = self.rng
        if depth <= 0 or rng.random() < 0.15:
            return self.leaf()
        kind = rng.random()
        if kind < 0.5:
            return self.binary(depth)
        if kind < 0.75:
            name = rng.choice([*duals.FUNCTIONS, "abs", "-"])
            return f"{name}({self.expression(depth - 1)})"
        if kind < 0.82:
            some = [self.expression(depth - 2) for _ in range(rng.randint(2, 3))]
            pick = rng.choice(["max({})", "min({})", "sum([{}])", "sorted([{}])[0]"])
            return pick.format(", ".join(some))
        if kind < 0.9:
            return (
                f"({self.expression(depth - 1)} if {self.condition()} "
                f"else {self.expression(depth - 1)})"
            )
        if self.may("transform", 0.5):
            return self.transform(depth)
        if self.may("escape", 0.1):
            return f"escape({self.expression(depth - 1)})"
        return f"detach({self.expression(depth - 1)})"

    def leaf(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.65:
            return rng.choice(self.names)
        if kind < 0.7 and self.may("state", 0.6):
            return rng.choice(["box[0]", "holder.number", "table['a']"])
        if kind < 0.75 and self.may("leaf", 0.6):
            return "w"
        if kind < 0.76 and self.may("random", 0.15):
            return "draw()"
        return f"({rng.choice(CONSTANTS)})"

    def binary(self, depth):
        op = self.rng.choice(BINARY)
        left = self.expression(depth - 1)
        if op == "**":
            right = self.rng.choice(["2", "3", "-1", "0.5", "(-0.5)", "2.0", "0"])
            if self.rng.random() < 0.2:
                right = self.expression(depth - 2)
            return f"({left}) ** {right}"
        return f"({left} {op} {self.expression(depth - 1)})"

    def condition(self):
        sign = self.rng.choice(["<", "<=", ">", ">=", "==", "!="])
        asked = f"{self.expression(1)} {sign} {self.expression(1)}"
        return f"not {asked}" if self.rng.random() < 0.1 else asked

    def transform(self, depth):
        outer, name = self.names, self.new()
        self.names = [name, *outer]
        body = self.expression(min(depth, 2))
        self.names = outer
        at = self.rng.choice(["2.0", "0.5", *outer])
        which = self.rng.choice(TRANSFORMS)
        return f"{which}(lambda {name}: {body}, {at})"

    # -- statements ------------------------------------------------------------------

    def block(self):
        """A statement or two, whose new names are not known after it."""
        before = list(self.names)
        lines = [
            line for _ in range(self.rng.randint(1, 2)) for line in self.statement()
        ]
        self.names = before
        return ["    " + line for line in lines]

    def statement(self):
        kind = self.rng.random()
        if kind < 0.35:
            return self.assignment()
        if kind < 0.55:
            return self.branch()
        if kind < 0.65:
            return self.loop()
        if kind < 0.9:
            self.used.add("try")
            return self.attempt()
        self.used.add("nested")
        return self.function()

    def assignment(self):
        text = self.expression(3)
        if self.rng.random() < 0.3 and len(self.names) > 2:
            return [f"{self.rng.choice(self.names[2:])} = {text}"]
        name = self.new()
        self.names.append(name)
        return [f"{name} = {text}"]

    def result(self):
        """A name that has a value whatever happens in the next statement."""
        name, first = self.new(), self.leaf()
        self.names.append(name)
        return name, [f"{name} = {first}"]

    def branch(self):
        name, first = self.result()
        lines = [*first, f"if {self.condition()}:", *self.block()]
        lines.append(f"    {name} = {self.expression(2)}")
        if self.rng.random() < 0.6:
            lines += ["else:", f"    {name} = {self.expression(2)}"]
        return lines

    def loop(self):
        name, first = self.result()
        k = self.new()
        return [
            *first, f"{k} = 0",
            f"while {name} {self.rng.choice('<>')} {self.expression(1)} and {k} < 4:",
            f"    {name} = {self.expression(2)}", f"    {k} += 1",
        ]  # fmt: skip

    def attempt(self):
        name, first = self.result()
        if self.rng.random() < 0.2:
            caught = self.rng.choice(CATCH[:4])
            return [
                *first, f"with suppress({caught}):",
                f"    {name} = {self.expression(3)}",
            ]  # fmt: skip
        lines = [*first, "try:", f"    {name} = {self.expression(3)}"]
        if self.rng.random() < 0.2:
            lines += ["    " + line for line in self.inner_attempt(name)]
        lines += [
            f"except {self.rng.choice(CATCH)}:",
            f"    {name} = {self.expression(2)}",
        ]
        if self.rng.random() < 0.2:
            lines += ["else:", f"    {name} = {name} + {self.expression(1)}"]
        if self.rng.random() < 0.2:
            lines += ["finally:", f"    {name} = {name} * {self.leaf()}"]
        return lines

    def inner_attempt(self, name):
        attempt = f"    {name} = {self.expression(2)}"
        caught = f"except {self.rng.choice(CATCH)}:"
        answer = self.rng.choice(["    raise", f"    {name} = {self.expression(1)}"])
        return ["try:", attempt, caught, answer]

    def function(self):
        name, argument, result = self.new(), self.new(), self.new()
        outer = self.names
        self.names = [argument, *outer]
        body = self.expression(2)
        self.names = [*outer, result]
        return [f"def {name}({argument}):", f"    return {body}",
                f"{result} = {name}({self.rng.choice(outer)})"]  # fmt: skip


TRANSFORMS = (
    "slope", "slope_and_value", "forward_slope", "pulled_back", "second", "jacobian",
    "hessian", "hvp",
)  # fmt: skip


def write_program(seed):
    """The source of a program, and the features that it has."""
    writer = Writer(seed)
    return writer.write(), writer.used


def shrink(source, fails):
    """The source without the lines that it fails without."""
    lines = source.splitlines()
    i = 1
    while i < len(lines) - 1:
        size = 1 + sum(1 for _ in _take_deeper(lines[i + 1 :], lines[i]))
        without = lines[:i] + lines[i + size :]
        if fails("\n".join(without) + "\n"):
            lines = without
        else:
            i += 1
    return "\n".join(lines) + "\n"


def _take_deeper(lines, head):
    depth = len(head) - len(head.lstrip())
    for line in lines:
        if len(line) - len(line.lstrip()) <= depth:
            return
        yield line
