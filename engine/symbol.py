"""Symbols: operands that write the formula down instead of computing it.

Running a row of the table on symbols gives its formula as a small tree, from which
text (and, elsewhere, code) is written. `where` is the one piece of control flow
that a row may use.
"""

from __future__ import annotations

import math
from types import FunctionType
from typing import TYPE_CHECKING, Any

from engine.operators import Operators

if TYPE_CHECKING:
    from engine.op import Op

__all__ = ["Symbol", "formula", "where"]


class Symbol(Operators):
    """A name, a comparison, a choice, or an operation on symbols and numbers.

    >>> from engine import exp
    >>> x = Symbol("x")
    >>> (1 - exp(-x) ** 2).text()
    '1 − exp(−x)²'
    """

    __slots__ = ("args", "head")
    __hash__ = object.__hash__

    def __init__(self, head: str | Op, args: tuple[Any, ...] = ()) -> None:
        self.head = head
        self.args = args

    @staticmethod
    def apply(op: Op, args: tuple[Any, ...]) -> Symbol:
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
        return Symbol("where", (condition, _computed(x), _computed(y)))
    return _computed(x if condition else y)


def _computed(branch: Any) -> Any:
    return branch() if branch.__class__ is FunctionType else branch


def formula(x: Any) -> str:
    """The text of a symbol or a number.

    >>> formula(-2)
    '−2'
    """
    return _write(x)[0]


_INFIX = {"add": 1, "sub": 1, "mul": 2, "truediv": 2, "floordiv": 2, "mod": 2}
_CHOICE, _SIGN, _POWER, _ATOM = 0, 3, 4, 5
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _write(x: Any) -> tuple[str, int]:
    """The text of `x` and how tightly it binds."""
    if not isinstance(x, Symbol):
        return _write_number(x)
    if isinstance(x.head, str):
        return _write_choice(x.head, x.args)
    return _write_operation(x.head, x.args)


def _write_number(x: Any) -> tuple[str, int]:
    text = {math.inf: "∞", -math.inf: "−∞"}.get(x) or f"{float(x):.6g}"
    return text.replace("-", "−"), _SIGN if text.startswith(("-", "−")) else _ATOM


def _write_choice(head: str, args: tuple[Any, ...]) -> tuple[str, int]:
    if not args:
        return head, _ATOM
    if head == "where":
        condition, x, y = args
        chosen, otherwise = _inside(x, _CHOICE + 1), _write(y)[0]
        return f"{chosen} if {_write(condition)[0]} else {otherwise}", _CHOICE
    return f" {head} ".join(_inside(arg, 1) for arg in args), _CHOICE


def _write_operation(op: Op, args: tuple[Any, ...]) -> tuple[str, int]:
    if op.name in _INFIX:
        binding = _INFIX[op.name]
        left, right = _inside(args[0], binding), _inside(args[1], binding + 1)
        return f"{left} {op.symbol} {right}", binding
    if op.name == "neg":
        return f"−{_inside(args[0], _SIGN)}", _SIGN
    if op.name == "abs":
        return f"|{_write(args[0])[0]}|", _ATOM
    if op.name == "pow":
        return _write_power(*args)
    return f"{op.name}({', '.join(_write(arg)[0] for arg in args)})", _ATOM


def _write_power(base: Any, exponent: Any) -> tuple[str, int]:
    below = _inside(base, _ATOM)
    if isinstance(exponent, int) and not isinstance(exponent, bool):
        return below + str(exponent).translate(_SUPERSCRIPTS), _POWER
    return f"{below}^{_inside(exponent, _ATOM)}", _POWER


def _inside(x: Any, binding: int) -> str:
    """The text of `x`, in parentheses where it binds less than its place asks."""
    text, own = _write(x)
    return text if own >= binding else f"({text})"
