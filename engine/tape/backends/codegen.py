"""Code from the table: the rows, run on symbols, written as Python expressions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, cast

from engine.operation.op import Op, as_real
from engine.operation.symbol import ATOM, CHOICE, Notation, Symbol

COMPARE = {"=": "==", "≤": "<=", "≥": ">=", "<": "<", ">": ">"}
_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%",
}  # fmt: skip


class Code(Notation):
    """Formulas as Python. Rows that are not operators are called by their names."""

    infix: ClassVar[dict[str, str]] = _INFIX

    def __init__(self) -> None:
        self.called: dict[str, Op] = {}
        """The rows that the code calls."""

    def text(self, tree: Any) -> str:
        """The expression."""
        return self.write(tree)[0]

    def write_number(self, x: Any) -> tuple[str, int]:
        """A float: ints would make −0 of no sign."""
        number = float(x)
        text = repr(number) if math.isfinite(number) else self.nonfinite(number)
        return (text, ATOM) if text[0] != "-" else (f"({text})", ATOM)

    def nonfinite(self, number: float) -> str:
        """A number without a literal."""
        return f"float('{number}')"

    def write_sign(self, sign: str) -> str:
        """A comparison."""
        return COMPARE[sign]

    def write_choice(self, condition: Any, x: Any, y: Any) -> tuple[str, int]:
        """One of two, of which only the chosen one is computed."""
        asked, chosen, otherwise = map(self.text, (condition, x, y))
        return f"({chosen} if {asked} else {otherwise})", ATOM

    def write(self, x: Any) -> tuple[str, int]:
        """The expression, and how tightly it binds."""
        text, binding = super().write(x)
        return (f"({text})", ATOM) if binding == CHOICE else (text, binding)

    def write_operation(self, op: Any, args: tuple[Any, ...]) -> tuple[str, int]:
        """A row: an operator, or a call."""
        written = [self.text(arg) for arg in args]
        if op.name in self.infix:
            return f"({written[0]} {self.infix[op.name]} {written[1]})", ATOM
        if op.name == "neg":
            return f"(-{written[0]})", ATOM
        return f"{self.callee(op)}({', '.join(written)})", ATOM

    def callee(self, op: Op) -> str:
        """The name of the row as a function."""
        self.called[op.name] = op
        return f"{op.name}_"


@lru_cache(maxsize=1024)
def build_value_tree(op: Op) -> Symbol | None:
    """The value as a formula, or None where it is a function of floats alone."""
    try:
        tree = op.value(*map(Symbol, op.operands))
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return None
    return tree if isinstance(tree, Symbol) else None


@lru_cache(maxsize=1024)
def build_partial_trees(op: Op) -> tuple[Any, ...]:
    """The local derivatives as formulas of `out` and the operands."""
    return tuple(op.partials(Symbol("out"), *map(Symbol, op.operands)))


def is_short(tree: Any) -> bool:
    """Whether a formula is arithmetic that is better written out than called."""
    return _count_operations(tree) <= 4


def _count_operations(tree: Any) -> int:
    if not isinstance(tree, Symbol):
        return 0
    if isinstance(tree.head, str):
        return sum(map(_count_operations, tree.args)) + (tree.head == "where")
    simple = tree.head.name in _INFIX or tree.head.name == "neg"
    return (1 if simple else 99) + sum(map(_count_operations, tree.args))


def rename_operands(tree: Any, names: dict[str, str]) -> Any:
    """The formula with other names for its operands."""
    if not isinstance(tree, Symbol):
        return tree
    if isinstance(tree.head, str) and not tree.args:
        return Symbol(names[tree.head])
    return Symbol(tree.head, tuple(rename_operands(arg, names) for arg in tree.args))


def wrap_value(op: Op) -> Callable[..., float]:
    """The value on floats, as a function that gives a float or raises."""
    value: Any = op.value
    if getattr(math, op.name, None) is value:
        return cast("Callable[..., float]", op.value)

    def checked(*xs: float) -> float:
        out = value(*xs)
        return out if out.__class__ is float else float(as_real(op, xs, out))

    return checked


def name_operands(op: Op, out: str, used: Sequence[str]) -> dict[str, str]:
    """What `out` and the operands of a row are called in some code."""
    return {"out": out, **dict(zip(op.operands, used, strict=True))}
