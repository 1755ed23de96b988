"""The rows of the table as C, written while the package is built.

A row becomes a function that computes value and local derivatives together, one
operation a statement, and gives up where a number is not finite: Python then finds out
whether that is an error, a limit or the number itself. A row that has no formula calls
the C library where Python's own function does; else it is left to Python.
"""

from __future__ import annotations

import inspect
import math
import string
from collections.abc import Callable, Iterable
from typing import Any

from engine.graph.node import Node
from engine.native.core import fingerprint
from engine.operation.op import Op
from engine.operation.symbol import Symbol
from engine.registry import built_in_rows
from engine.tape.backends.codegen import (
    COMPARE,
    build_partial_trees,
    build_value_tree,
    rename_operands,
)

_OPERATORS = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "truediv": "{} / {}",
    "floordiv": "floor_divide({}, {})", "mod": "modulo({}, {})",
    "pow": "power({}, {})", "neg": "-{}", "abs": "fabs({})",
}  # fmt: skip
LIBRARY: dict[Callable[..., Any], str] = {
    getattr(math, name): name
    for name in (
        "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "fabs",
        "sin", "cos", "tan", "asin", "acos", "atan", "atan2",
        "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc",
    )
}  # fmt: skip
"""Functions of Python that are those of the C library; hypot is not."""


def write_rows(ops: Iterable[Op] | None = None) -> str:
    r"""The text of ``rows.h``.

    >>> from engine import TABLE
    >>> print(write_rows([TABLE["mul"]]).split("\n\n")[2])
    static int
    compute_mul(double x, double y, double *r)
    {
        double out, t1;
        t1 = x * y;
        if (!isfinite(t1)) return 0;
        out = t1;
        r[0] = out;
        r[1] = y;
        r[2] = x;
        return 1;
    }
    """
    functions, table = [], []
    for op in built_in_rows() if ops is None else ops:
        try:
            functions.append(_write_function(op))
        except NoFormula:
            continue
        fixed = "NULL"
        if op.folds:
            functions.append(_write_function(op, is_fixed=True))
            fixed = f"compute_fixed_{op.name}"
        table.append((op.name, op.arity, f"compute_{op.name}", fixed))
    names = "".join(f"    ROW_{name},\n" for name, *_ in table)
    entries = "".join(f'    {{"{n}", {a}, {c}, {f}}},\n' for n, a, c, f in table)
    return (
        "/* Written by generate.py from engine/ops.py. */\n\n"
        f'#define FINGERPRINT "{fingerprint()}"\n{_write_docs()}\n'
        + "\n\n".join(functions)
        + f"\n\nenum {{\n{names}}};\n\n"
        "static const struct {\n    const char *name;\n    int arity;\n"
        "    compute *compute, *compute_fixed;\n"
        f"}} COMPILED[] = {{\n{entries}}};\n"
    )


def _write_docs() -> str:
    """What `help` tells of the fields of a node."""
    docs = {
        name: inspect.cleandoc(field.__doc__ or "")
        for name, field in vars(Node).items()
        if isinstance(field, property)
    }
    return "".join(f"#define DOC_{name} {_quote(doc)}\n" for name, doc in docs.items())


def _quote(text: str) -> str:
    """A string of C, in UTF-8."""
    plain = set(map(ord, string.printable)) - set(b'"\\\n')
    codes = (chr(b) if b in plain else f"\\{b:03o}" for b in text.encode())
    return f'"{"".join(codes)}"'


class NoFormula(Exception):  # noqa: N818 -- it is no error
    """A row, or one that it uses, is code that only Python can run."""


def _write_function(op: Op, *, is_fixed: bool = False) -> str:
    """A function of C; `is_fixed` leaves out the derivative by the last operand."""
    names = dict(zip(op.operands, "xy", strict=False))
    if op.arity > len(names):
        raise NoFormula
    code = _Statements()
    code.add("out = {}", code.write_row(op, list(names.values())))
    names["out"] = "out"
    trees = build_partial_trees(op)[: op.arity - is_fixed]
    partials = [code.write(rename_operands(tree, names)) for tree in trees]
    results = [f"    r[{place}] = {x};\n" for place, x in enumerate(["out", *partials])]
    temporaries = "".join(f", t{i}" for i in range(1, code.count + 1))
    name = f"compute_{'fixed_' * is_fixed}{op.name}"
    unused = "" if op.arity == 2 else "    (void)y;\n"
    return (
        f"static int\n{name}(double x, double y, double *r)\n{{\n"
        f"    double out{temporaries};\n{unused}{code.text()}{''.join(results)}"
        "    return 1;\n}\n"
    )


class _Statements:
    """Formulas as statements; what is written gives the name of its result."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.count = 0
        """How many temporary variables there are."""
        self.known: list[dict[str, str]] = [{}]
        """The expressions that are computed, in this block and those around it."""

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    def add(self, statement: str, *args: str) -> None:
        self.lines.append("    " * len(self.known) + statement.format(*args) + ";")

    def name(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def write(self, tree: Any) -> str:
        """A formula."""
        if not isinstance(tree, Symbol):
            return _write_number(float(tree))
        if not isinstance(tree.head, str):
            return self.write_row(tree.head, [self.write(arg) for arg in tree.args])
        if not tree.args:
            return tree.head
        assert tree.head == "where", "a comparison stands in a choice"
        return self.write_choice(*tree.args)

    def write_row(self, op: Any, args: list[str]) -> str:
        """A row of the table at these operands."""
        if op.name in _OPERATORS:
            return self.write_step(_OPERATORS[op.name].format(*args))
        if op.value in LIBRARY:
            return self.write_step(f"{LIBRARY[op.value]}({', '.join(args)})")
        tree = build_value_tree(op)
        if tree is None:
            raise NoFormula
        return self.write(
            rename_operands(tree, dict(zip(op.operands, args, strict=True)))
        )

    def write_step(self, expression: str) -> str:
        """One operation, whose result has to be finite."""
        for block in self.known:
            if expression in block:
                return block[expression]
        self.known[-1][expression] = name = self.name()
        self.add(f"{name} = {expression}")
        if not expression.startswith(("-", "fabs")):
            self.add(f"if (!isfinite({name})) return 0")
        return name

    def write_choice(self, condition: Any, chosen: Any, otherwise: Any) -> str:
        """One of two, of which only the chosen one is computed."""
        left, right = map(self.write, condition.args)
        name = self.name()
        self.open(f"if ({left} {COMPARE[condition.head]} {right}) {{")
        self.add(f"{name} = {self.write(chosen)}")
        self.close()
        self.open("else {")
        self.add(f"{name} = {self.write(otherwise)}")
        self.close()
        return name

    def open(self, line: str) -> None:
        self.lines.append("    " * len(self.known) + line)
        self.known.append({})

    def close(self) -> None:
        self.known.pop()
        self.lines.append("    " * len(self.known) + "}")


def _write_number(number: float) -> str:
    if math.isinf(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    return repr(number) if math.copysign(1, number) > 0 else f"({number!r})"
