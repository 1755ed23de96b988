"""What a Value has in common with a float: comparing, converting, printing."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.graph import context
from engine.operation.operators import Operators
from engine.util.numbers import is_number

if TYPE_CHECKING:
    from typing import Self


class FloatLike(Operators):
    """A float in every way but its arithmetic, which comes from the table.

    While a tape is recorded, comparisons become guards of the tape, and a number that
    leaves the graph is an error: it would be frozen into the tape. While a transform
    runs, it is an error if it depends on the variables: a derivative would miss it.
    """

    __slots__ = ()

    _number: float

    def item(self) -> float:
        """The number as a plain float."""
        return float(self._read("v.item()"))

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> bool:
        return self._compare(other, operator.ne)

    def __lt__(self, other: Any) -> bool:
        return self._compare(other, operator.lt)

    def __le__(self, other: Any) -> bool:
        return self._compare(other, operator.le)

    def __gt__(self, other: Any) -> bool:
        return self._compare(other, operator.gt)

    def __ge__(self, other: Any) -> bool:
        return self._compare(other, operator.ge)

    def _compare(self, other: Any, compare: Callable[[Any, Any], bool]) -> bool:
        if not (isinstance(other, FloatLike) or is_number(other)):
            return NotImplemented  # type: ignore[no-any-return]
        number = other._number if isinstance(other, FloatLike) else other
        outcome = bool(compare(float(self._number), number))
        if context.active:
            values = [x for x in (self, other) if isinstance(x, FloatLike)]
            context.report_comparison(values, self, compare.__name__, other, outcome)
        return outcome

    def __bool__(self) -> bool:
        return self != 0

    def __float__(self) -> float:
        return float(self._read("float(v)"))

    def __int__(self) -> int:
        return int(self._read("int(v)"))

    def __trunc__(self) -> int:
        return math.trunc(self._read("math.trunc(v)"))

    def __floor__(self) -> int:
        return math.floor(self._read("math.floor(v)"))

    def __ceil__(self) -> int:
        return math.ceil(self._read("math.ceil(v)"))

    def __round__(self, ndigits: int | None = None) -> float:
        return round(self._read("round(v)"), ndigits)

    def _read(self, how: str) -> float:
        """The number, for one of the methods above."""
        if context.active or context.watchers:
            self._report_escape(how, depth=3)
        return self._number

    def _report_escape(self, how: str, depth: int = 2) -> None:
        """Tell the recorder of a tape and the watchers of transforms who takes it.

        Args:
            how: the expression that takes the number.
            depth: how many calls above this one it stands.
        """
        context.report_escape(self, how, sys._getframe(depth))

    def __pos__(self) -> Self:
        return self

    @property
    def real(self) -> Self:
        """The Value itself: it has no imaginary part."""
        return self

    @property
    def imag(self) -> float:
        """0.0, as of a float."""
        return 0.0

    def conjugate(self) -> Self:
        """The Value itself: it has no imaginary part."""
        return self

    def is_integer(self) -> bool:
        """Whether it is a whole number: a comparison, so allowed where those are."""
        return bool(self % 1 == 0)

    def as_integer_ratio(self) -> tuple[int, int]:
        """The number as a fraction, exactly.

        It has no gradient, and so has what is computed with it: `statistics.mean` is
        (`engine.mean` keeps the graph).
        """
        return float(self._read("v.as_integer_ratio()")).as_integer_ratio()

    def hex(self) -> str:
        """The number in hexadecimal, exactly."""
        return float(self._read("v.hex()")).hex()

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __format__(self, spec: str) -> str:
        recorder = context.recorder(self)  # a tape freezes a text; no transform does
        if recorder is not None:
            recorder.note_escape(self, "an f-string with v", sys._getframe(1))
        return format(self._number, spec) if spec else repr(self)
