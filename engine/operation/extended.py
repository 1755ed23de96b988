"""Arithmetic that never raises.

`Extended` is a float that follows IEEE 754 to the end, as NumPy and JavaScript do:
1 ÷ 0 is ∞ and log 0 is −∞ where Python raises. A derivative rule is run on it
when running it on floats fails, which is how √x gets its derivative ∞ at 0.
"""

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

from engine.operation.op import Op
from engine.operation.operators import Operators


class Extended(Operators, float):  # type: ignore[misc]
    """A float whose operations give ±∞ or nan where Python's raise.

    >>> Extended(1.0) / Extended(0.0), Extended(-1.0) / 0, 0 / Extended(0.0)
    (inf, -inf, nan)
    """

    __slots__ = ()
    __hash__ = float.__hash__

    @staticmethod
    def apply(op: Op, args: tuple[Any, ...]) -> Extended:
        """The operation on numbers of which one is Extended."""
        return Extended(evaluate_extended(op, tuple(float(x) for x in args)))


def evaluate_extended(op: Op, xs: tuple[float, ...]) -> float:
    """The value of `op` at `xs` as IEEE 754 has it: ±∞ or nan, never an exception."""
    try:
        out = op.value(*xs)
    except ZeroDivisionError:
        if op.name in ("truediv", "pow"):
            _, *fixed = op.made_from or (op,)  # x ** −1 has its exponent fixed
            return _quotient_limit(op.name, *xs, *fixed)
        return _find_limit(op, xs)
    except OverflowError:
        return _find_overflow(op, xs)
    except ValueError:
        return _find_limit(op, xs)
    return math.nan if out.__class__ is complex else float(out)


def _find_limit(op: Op, xs: tuple[float, ...]) -> float:
    """What is written in the row; of one that is composed, what its parts give."""
    if xs[0] in op.limits:
        return op.limits[xs[0]]
    found = _evaluate_parts(op, xs)
    return math.nan if found is None else found


def _find_overflow(op: Op, xs: tuple[float, ...]) -> float:
    """What the parts give; else ±∞, with the sign that it has for small numbers."""
    found = _evaluate_parts(op, xs)
    if found is not None:
        return found
    try:
        small = op.value(math.copysign(1.0, xs[0]), *map(float, xs[1:]))
    except (ArithmeticError, ValueError):
        return math.nan
    return math.nan if small.__class__ is complex else math.copysign(math.inf, small)


def _evaluate_parts(op: Op, xs: tuple[float, ...]) -> float | None:
    """A row that is composed of others; None for a function of floats."""
    if not isinstance(op.value, FunctionType):
        return None
    try:
        return float(op.value(*map(Extended, xs)))
    except (ArithmeticError, ValueError):
        return None


def _quotient_limit(name: str, x: float, y: float) -> float:
    if name == "truediv":
        if x == 0 or x != x:
            return math.nan
        return math.copysign(math.inf, x) * math.copysign(1.0, y)
    # 0 to a negative power: −∞ only for −0 to an odd one
    return math.copysign(math.inf, x) if y % 2 == 1 else math.inf
