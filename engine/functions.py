"""Functions composed of rows of the table, written to be numerically stable.

Like the rows they accept Values and plain numbers, and give a plain number when
all operands are plain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import Any, overload

from engine import ops
from engine.errors import OperandError, ShapeError
from engine.graph.value import Value


@overload
def logsumexp(xs: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
@overload
def logsumexp(xs: Iterable[Value | float]) -> Value: ...
def logsumexp(xs: Iterable[Any]) -> Any:
    """log Σ exp(xᵢ), without overflow: m + log1p(Σ exp(xᵢ − m)) over the others.

    >>> round(logsumexp([1000.0, 1000.0]), 4)
    1000.6931

    Raises:
        ValueError: there is no operand.
    """
    terms = _check_terms("logsumexp", xs)
    top = terms.pop(max(range(len(terms)), key=terms.__getitem__))
    if not terms:
        return top
    if math.isinf(top):  # each of the largest has the same share, as in every tie
        return mean([top, *(x for x in terms if x == top)])
    return top + ops.log1p(_add_up(ops.exp(x - top) for x in terms))


@overload
def softmax(  # type: ignore[overload-overlap]
    xs: Iterable[float],
) -> list[float]: ...
@overload
def softmax(xs: Iterable[Value | float]) -> list[Value]: ...
def softmax(xs: Iterable[Any]) -> list[Any]:
    """pᵢ = exp(xᵢ − m) / Σ exp(xⱼ − m), with m the largest, held constant.

    >>> [round(p, 4) for p in softmax([0.3, 2.9, 4.0])]
    [0.0182, 0.2452, 0.7366]

    Raises:
        ValueError: there is no operand.
    """
    terms = _check_terms("softmax", xs)
    shift = find_largest(terms)
    exponentials = [ops.exp(x - shift) for x in terms]
    total = _add_up(exponentials)
    return [e / total for e in exponentials]


def find_largest(terms: list[Any]) -> Any:
    """The largest, as a constant: as it only shifts, no gradient flows through it."""
    top = reduce(ops.max, terms)
    if isinstance(top, Value):
        top = top.detach()
        top._metadata = replace(top._metadata, kind="constant", label="max")
    return top


@overload
def mean(xs: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
@overload
def mean(xs: Iterable[Value | float]) -> Value: ...
def mean(xs: Iterable[Any]) -> Any:
    """Σ xᵢ / n.

    >>> mean([1.0, 2.0, 6.0])
    3.0

    Raises:
        ValueError: there is no operand.
    """
    terms = _check_terms("mean", xs)
    return ops.truediv(_add_up(terms), len(terms))


def logaddexp(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)), without overflow: see `logsumexp`.

    >>> round(logaddexp(1000.0, 1000.0), 4)
    1000.6931
    """
    return logsumexp([x, y])


def log_softmax(xs: Iterable[Any]) -> list[Any]:
    """xᵢ − log Σ exp(xⱼ), the logarithms of `softmax`.

    >>> [round(p, 4) for p in log_softmax([0.0, 1000.0])]
    [-1000.0, 0.0]

    Raises:
        ValueError: there is no operand.
    """
    terms = _check_terms("log_softmax", xs)
    total = logsumexp(terms)
    return [ops.sub(x, total) for x in terms]


def prod(xs: Iterable[Any]) -> Any:
    """x₁ × x₂ × …

    >>> prod([2.0, 3.0, 4.0])
    24.0

    Raises:
        ValueError: there is no operand.
    """
    return reduce(ops.mul, _check_terms("prod", xs))


def dot(xs: Iterable[Any], ys: Iterable[Any]) -> Any:
    """Σ xᵢyᵢ.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0

    Raises:
        ValueError: there is no operand.
        ShapeError: there are not as many of both.
    """
    left, right = _check_terms("dot", xs), _check_terms("dot", ys)
    if len(left) != len(right):
        raise ShapeError(f"dot of {len(left)} and {len(right)} numbers: give as many")
    return _add_up(map(ops.mul, left, right))


def norm(xs: Iterable[Any]) -> Any:
    """√Σ xᵢ², without overflow; at the origin the derivatives are 0.

    >>> norm([3.0, 4.0, 12.0])
    13.0

    Raises:
        ValueError: there is no operand.
    """
    terms = _check_terms("norm", xs)
    return reduce(ops.hypot, terms) if len(terms) > 1 else ops.abs(terms[0])


def kl_divergence(p: Iterable[Any], q: Iterable[Any]) -> Any:
    """Σ pᵢ log(pᵢ ÷ qᵢ) in nats, where a pᵢ of 0 has no share.

    Kullback & Leibler, On Information and Sufficiency (1951).

    >>> round(kl_divergence([0.5, 0.5, 0.0], [0.25, 0.5, 0.25]), 4)
    0.3466

    Raises:
        ValueError: there is no operand.
        ShapeError: there are not as many of both.
        DomainError: a qᵢ is 0 and pᵢ is not, or one of them is negative.
    """
    left, right = _check_terms("kl_divergence", p), _check_terms("kl_divergence", q)
    if len(left) != len(right):
        raise ShapeError(
            f"kl_divergence of {len(left)} and {len(right)} numbers: give as many"
        )
    return _add_up(
        ops.sub(ops.xlogy(a, a), ops.xlogy(a, b))
        for a, b in zip(left, right, strict=True)
    )


def _check_terms(name: str, xs: Iterable[Any]) -> list[Any]:
    if not isinstance(xs, Iterable):
        raise OperandError(f"{name} wants a list of numbers: write {name}([x, y])")
    terms = list(xs)
    if not terms:
        raise ValueError(f"{name} of no operands: give at least one")
    for x in terms:
        if x.__class__ not in (float, Value) and isinstance(x, Iterable):
            raise OperandError(
                f"{name} takes one list of numbers, and {x!r:.40} is in it: for the "
                f"rows of a matrix write [{name}(row) for row in rows]"
            )
    return terms


def _add_up(terms: Iterable[Any]) -> Any:
    return reduce(ops.add, terms)
