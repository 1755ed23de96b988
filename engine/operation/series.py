"""Truncated power series: operands that carry all their Taylor coefficients.

A row of the table needs no rule for it. With y = φ(x₁, …) and pᵢ = ∂φ/∂xᵢ, which the
row's own rule gives as series again, y′ = Σ pᵢ xᵢ′ says of the coefficients

    y[k] = 1/k Σᵢ Σⱼ j · xᵢ[j] · pᵢ[k − j],   j = 1 … k,

so that one of order k needs those of order k − 1 of the local derivatives. n orders
take time n² where the local derivatives, and theirs in turn, are few series that refer
to each other, as sin and cos do. Quotients and powers would need new ones for each
order; they have formulas of their own. Griewank & Walther, Evaluating Derivatives
(2008), ch. 13.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from engine.errors import EscapeError
from engine.operation.op import Op, rows
from engine.operation.operators import Operators
from engine.util.numbers import is_number

_levels = itertools.count()


class Expansion:
    """The series of one computation: equal operations on the same operands are one.

    Where expansions nest, the series of the outer one are numbers to the inner one.
    """

    def __init__(self) -> None:
        self.level = next(_levels)
        """The inner one of two has the higher level."""
        self.all: list[Series] = []
        """Operands before results."""
        self.known: dict[Any, Series] = {}

    def find_first(self, x: Any) -> Any:
        """The first coefficient; a number, and what is one here, is its own."""
        return x.coefficients[0] if self.owns(x) else x

    def list_coefficients(self, x: Any, k: int) -> list[Any]:
        """Those up to order k."""
        return x.coefficients[: k + 1] if self.owns(x) else [x, *[0.0] * k]

    def owns(self, x: Any) -> bool:
        """Whether it is one of the series."""
        return isinstance(x, Series) and x._expansion is self

    def compute(self, outputs: Iterable[Series], order: int) -> None:
        """The coefficients of these, up to this order."""
        waiting = [(output, order) for output in outputs]
        while waiting:
            series, wanted = waiting.pop()
            if wanted <= series.order:
                continue
            series.order = wanted
            partials = series.differentiate() if wanted else ()
            waiting += [(x, wanted) for x in series.operands if self.owns(x)]
            waiting += [(p, wanted - 1) for p in partials if self.owns(p)]
        for k in range(1, order + 1):
            for series in self.all:
                if series.order >= k:
                    series.coefficients.append(series.find_coefficient(k))


class Series(Operators):
    """A power series in t, of which the first coefficient is known at once."""

    __slots__ = ("_expansion", "_partials", "coefficients", "op", "operands", "order")
    __hash__ = object.__hash__
    rank = 1

    def __init__(
        self,
        expansion: Expansion,
        first: Any,
        op: Op | None = None,
        operands: tuple[Any, ...] = (),
    ) -> None:
        self._expansion = expansion
        self.op, self.operands = op, operands
        self.coefficients = [first]
        self.order = -1
        """Up to which order the coefficients are wanted."""
        self._partials: tuple[Any, ...] | None = None
        expansion.all.append(self)

    @staticmethod
    def apply(op: Op, args: tuple[Any, ...]) -> Any:
        """The operation on numbers, Values and series."""
        if op.folds and is_number(args[-1]):
            op, args = op.fixed(args[-1]), args[:-1]
        own = (x._expansion for x in args if isinstance(x, Series))
        expansion = max(own, key=lambda one: one.level)
        if op.name == "mul" and any(map(is_zero, args)):
            product = op(*map(expansion.find_first, args))
            if product == 0:  # and not nan, as 0 × ∞ is
                return 0.0
        if op.name == "pow":
            rewritten = _rewrite_power(expansion, op, *args)
            if rewritten is not None:
                return rewritten
        key = op, *(repr(x) if is_number(x) else id(x) for x in args)
        if key not in expansion.known:
            first = op(*map(expansion.find_first, args))
            expansion.known[key] = Series(expansion, first, op, args)
        return expansion.known[key]

    def differentiate(self) -> tuple[Any, ...]:
        """The local derivatives as series; numbers where they are the same everywhere.

        Raises:
            ArithmeticError, ValueError: one of them is infinite or does not exist.
        """
        if self._partials is None:
            self._partials = ()
            if self.op is not None and not (self._is_quotient or self._is_power):
                self._partials = self.op.partials(self, *self.operands)
        return self._partials

    @property
    def _is_quotient(self) -> bool:
        return self.op is not None and self.op.name == "truediv"

    @property
    def _is_power(self) -> bool:
        """Whether it is a power of something that is not 0, with a fixed exponent."""
        return (
            self.op is not None
            and self.op.name == "pow"
            and len(self.operands) == 1
            and self._expansion.find_first(self.operands[0]) != 0
        )

    def find_coefficient(self, k: int) -> Any:
        """That of order k, from those of lower order, and from those of operands."""
        if self.op is None:  # the variable, x + t
            return 1.0 if k == 1 else 0.0
        list_coefficients = self._expansion.list_coefficients
        if self._is_quotient:  # from out × y = x
            x, y = (list_coefficients(operand, k) for operand in self.operands)
            return (x[k] - _add_products(y[1:], self.coefficients[::-1])) / y[0]
        if self._is_power:  # from x × out′ = r × out × x′
            assert self.op.made_from is not None
            x, r = list_coefficients(self.operands[0], k), self.op.made_from[1]
            weights = [r * j - (k - j) for j in range(1, k + 1)]
            weighted = [w * step for w, step in zip(weights, x[1:], strict=True)]
            return _add_products(weighted, self.coefficients[::-1]) / (k * x[0])
        total: Any = 0.0
        for x, slope in zip(self.operands, self.differentiate(), strict=True):
            if self._expansion.owns(x):
                steps = [j * x.coefficients[j] for j in range(1, k + 1)]
                slopes = list_coefficients(slope, k - 1)
                total = total + _add_products(steps, slopes[::-1])
        return total / k

    def __lt__(self, other: Any) -> Any:
        return self.coefficients[0] < _find_first(other)

    def __le__(self, other: Any) -> Any:
        return self.coefficients[0] <= _find_first(other)

    def __gt__(self, other: Any) -> Any:
        return self.coefficients[0] > _find_first(other)

    def __ge__(self, other: Any) -> Any:
        return self.coefficients[0] >= _find_first(other)

    def __eq__(self, other: object) -> Any:
        return self.coefficients[0] == _find_first(other)

    def __ne__(self, other: object) -> Any:
        return self.coefficients[0] != _find_first(other)

    def __bool__(self) -> bool:
        return bool(self.coefficients[0])

    def __float__(self) -> float:
        raise _refuse("float(x)")

    def __int__(self) -> int:
        raise _refuse("int(x)")

    def __round__(self, digits: int | None = None) -> Any:
        raise _refuse("round(x)")

    def __format__(self, spec: str) -> str:
        return format(self.coefficients[0], spec)

    def __repr__(self) -> str:
        return f"Series({self.coefficients!r})"


def _refuse(how: str) -> EscapeError:
    return EscapeError(
        f"{how} takes one number out of a power series, and the coefficients would "
        "miss what is computed with it: compute with the functions of engine "
        "(engine.sin for math.sin)"
    )


def _rewrite_power(expansion: Expansion, op: Op, x: Any, y: Any = None) -> Any:
    """A power that has a simpler form: products for whole exponents, exp(y log x)."""
    if op.made_from is None:
        if expansion.owns(y) and expansion.find_first(x) > 0:
            return rows["exp"](y * rows["log"](x))
        return None
    _, exponent = op.made_from
    if exponent not in range(1025):
        return None
    power: Any = 1.0
    for digit in f"{int(exponent):b}":
        power = power * power if isinstance(power, Series) else power
        if digit == "1":
            power = power * x if isinstance(power, Series) else x
    return power


def _find_first(x: Any) -> Any:
    return x.coefficients[0] if isinstance(x, Series) else x


def _add_products(xs: list[Any], ys: list[Any]) -> Any:
    """Σ xᵢyᵢ, where a plain 0 has no share, even in what is infinite."""
    total: Any = 0.0
    for x, y in zip(xs, ys, strict=False):
        if not (is_zero(x) or is_zero(y)):
            total = total + x * y
    return total


def is_zero(x: Any) -> bool:
    """Whether it is the plain number 0."""
    return is_number(x) and x == 0
