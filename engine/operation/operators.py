"""Python's operators, for every class that the rows of the table accept.

A class that derives from `Operators` is a kind of operand: `Value` records, `Symbol`
writes the formula down, `Extended` never raises, `Series` has all derivatives. The
operators and methods are attached from the table (`engine.registry.add_row`); for type
checkers and editors, `docs/make_stubs.py` declares them in `operators.pyi`.
"""

from __future__ import annotations

from typing import Any


class Operators:
    """The base of every kind of operand other than a plain number."""

    __slots__ = ()

    rank = 0
    """Where operands of several kinds meet, the one of the highest rank decides."""

    @staticmethod
    def apply(op: Any, args: tuple[Any, ...]) -> Any:
        """The operation on `args`, of which at least one is of this class."""
        raise NotImplementedError
