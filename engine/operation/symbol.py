"""Symbols: operands that write the formula down instead of computing it.

Running a row of the table on symbols gives its formula as a small tree, from which
text (and, elsewhere, code) is written. `where` is the one piece of control flow
that a row may use.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType
from typing import Any, Protocol

from engine.operation.operators import Operators


class Row(Protocol):
    """What formulas and help read of an operation: a row of the table, `Op`."""

    name: str
    symbol: str
    written: str
    about: str
    operands: tuple[str, ...]
    default: float | None
    value: Callable[..., Any]
    kinks: Callable[..., Any] | None

    @property
    def formulas(self) -> tuple[str, ...]:
        """The local derivatives as text."""

    @property
    def intervals(self) -> tuple[str, ...]:
        """The domain of each operand as text."""


class Symbol(Operators):
    """A name, a comparison, a choice, or an operation on symbols and numbers.

    >>> from engine import exp
    >>> x = Symbol("x")
    >>> (1 - exp(-x) ** 2).text()
    '1 − exp(−x)²'
    """

    __slots__ = ("args", "head")
    __hash__ = object.__hash__

    def __init__(self, head: str | Row, args: tuple[Any, ...] = ()) -> None:
        self.head = head
        self.args = args

    @staticmethod
    def apply(op: Row, args: tuple[Any, ...]) -> Symbol:
        """The operation, written down."""
        return Symbol(op, args)

    def text(self) -> str:
        """The formula in mathematical notation, one line."""
        return formula(self)

    def __repr__(self) -> str:
        return f"Symbol({self.text()!r})"

    def __eq__(self, other: object) -> Any:
        return Symbol("=", (self, other))

    def __lt__(self, other: Any) -> Symbol:
        return Symbol("<", (self, other))

    def __le__(self, other: Any) -> Symbol:
        return Symbol("≤", (self, other))

    def __gt__(self, other: Any) -> Symbol:
        return Symbol(">", (self, other))

    def __ge__(self, other: Any) -> Symbol:
        return Symbol("≥", (self, other))

    def __bool__(self) -> bool:
        raise TypeError(
            f"'{self.text()}' has no truth value: a row of the table chooses "
            "with where(condition, x, y), not with if"
        )


def where(condition: Any, x: Any, y: Any) -> Any:
    """`x` where the condition holds, else `y`; for use in the rows of the table.

    A branch that cannot be computed where it is not chosen is given as a function
    without arguments, and only called when it is.

    >>> where(2 > 1, 10, lambda: 1 / 0)
    10
    """
    if isinstance(condition, Symbol):
        return Symbol("where", (condition, _compute_branch(x), _compute_branch(y)))
    return _compute_branch(x if condition else y)


def _compute_branch(branch: Any) -> Any:
    return branch() if branch.__class__ is FunctionType else branch


def formula(x: Any) -> str:
    """The text of a symbol or a number.

    >>> formula(-2)
    '−2'
    """
    return Notation().write(x)[0]


CHOICE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)
_BINDING = {
    "add": SUM, "sub": SUM,
    "mul": PRODUCT, "truediv": PRODUCT, "floordiv": PRODUCT, "mod": PRODUCT,
}  # fmt: skip
_MINUS = ("−", "-")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Notation:
    """How formulas are written: mathematics on one line of plain text.

    Where a method gives a pair, it is the text and how tightly this binds: a text that
    binds less than its place asks for is put in parentheses.
    """

    def write(self, x: Any) -> tuple[str, int]:
        """Any formula, and how tightly it binds."""
        if not isinstance(x, Symbol):
            return self.write_number(x)
        if not isinstance(x.head, str):
            return self.write_operation(x.head, x.args)
        if not x.args:
            return x.head, SIGN if x.head.startswith(_MINUS) else ATOM
        if x.head == "where":
            return self.write_choice(*x.args)
        left, right = (self.write_inside(arg, SUM) for arg in x.args)
        return f"{left} {self.write_sign(x.head)} {right}", CHOICE

    def write_number(self, x: Any) -> tuple[str, int]:
        """A number with six significant digits."""
        text = {math.inf: "∞", -math.inf: "−∞"}.get(x) or f"{float(x):.6g}"
        return text.replace("-", "−"), SIGN if text.startswith(("-", "−")) else ATOM

    def write_sign(self, sign: str) -> str:
        """The sign between two operands, or before one."""
        return sign

    def write_choice(self, condition: Any, x: Any, y: Any) -> tuple[str, int]:
        """One of two."""
        chosen, otherwise = self.write_inside(x, SUM), self.write(y)[0]
        return f"{chosen} if {self.write(condition)[0]} else {otherwise}", CHOICE

    def write_operation(self, op: Row, args: tuple[Any, ...]) -> tuple[str, int]:
        """A row of the table."""
        if op.name in _BINDING:
            binding = _BINDING[op.name]
            left = self.write_inside(args[0], binding)
            right = self.write_apart(args[1], binding + 1)
            return f"{left} {self.write_sign(op.symbol)} {right}", binding
        if op.name == "neg":
            return f"{self.write_sign('−')}{self.write_apart(args[0], SIGN)}", SIGN
        if op.name == "pow":
            base, exponent = args
            if exponent.__class__ is float and exponent.is_integer():
                exponent = int(exponent)
            if exponent.__class__ is int and exponent == 1:
                return self.write(base)
            return self.write_power(base, exponent), POWER
        written = [self.write(arg)[0] for arg in args]
        return self.write_function(op.written, written), ATOM

    def write_function(self, name: str, args: list[str]) -> str:
        """A row with a name."""
        if name == "abs":
            return f"|{args[0]}|"
        return f"{name}({', '.join(args)})"

    def write_power(self, base: Any, exponent: Any) -> str:
        """A power, with a superscript where Unicode has one."""
        below = self.write_inside(base, ATOM)
        if isinstance(exponent, int) and not isinstance(exponent, bool):
            return below + str(exponent).translate(_SUPERSCRIPTS)
        return f"{below}^{self.write_inside(exponent, ATOM)}"

    def write_inside(self, x: Any, binding: int) -> str:
        """The text of `x`, in parentheses where it binds less than `binding`."""
        text, own = self.write(x)
        return text if own >= binding else self.parenthesize(text)

    def write_apart(self, x: Any, binding: int) -> str:
        """The text of `x` after a sign: in parentheses where it begins with a minus."""
        text = self.write_inside(x, binding)
        return self.parenthesize(text) if text.startswith(_MINUS) else text

    def parenthesize(self, text: str) -> str:
        """The text in parentheses."""
        return f"({text})"
