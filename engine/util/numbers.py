"""What counts as a number."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from numbers import Real
from operator import add
from typing import Any

from engine.errors import OperandError

__all__ = ["add_up", "as_float", "as_number", "is_number"]


def is_number(x: object) -> bool:
    """Whether `x` is a real number: bool, int, float, Fraction or a NumPy scalar."""
    if x.__class__ is float or isinstance(x, Real):
        return True
    numpy = sys.modules.get("numpy")  # its bool is the one scalar that is no Real
    return numpy is not None and isinstance(x, numpy.bool_)


def as_float(x: Any, *, where: str = "Value") -> float:
    """The number `x` as a float.

    Raises:
        OperandError: `x` is not a real number; `where` says who wanted one.
        OverflowError: `x` is an int that no float can hold.
    """
    if not is_number(x):
        raise _refuse(x, where, "a real number")
    return float(x)


def as_number(x: Any, *, where: str) -> float | Fraction:
    """`x` as a float, or as it is when it is a Fraction, to stay exact."""
    if x.__class__ is Fraction:
        return x
    if not is_number(x):
        raise _refuse(x, where, "a real number or a Value")
    return float(x)


def _refuse(x: object, where: str, wanted: str) -> OperandError:
    return OperandError(
        f"{where} wants {wanted}, not {_describe(x)}; "
        "booleans, ints, floats, Fractions and NumPy scalars are numbers"
    )


def _describe(x: object) -> str:
    text = repr(x)
    kind = type(x).__name__
    return f"the {kind} {text if len(text) <= 40 else text[:39] + '…'}"


def add_up(numbers: Iterable[float], start: float = 0.0) -> float:
    """start + x₁ + x₂ + …, each sum rounded, as in a graph and on a tape.

    From Python 3.12 on `sum` corrects the rounding of floats, and of Values does not.

    >>> add_up([0.1] * 10)
    0.9999999999999999
    """
    return reduce(add, numbers, start)
