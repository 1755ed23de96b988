"""`taylor`: all derivatives of a function of one number up to some order, at once."""

from __future__ import annotations

from typing import Any

from engine.autodiff.trace import Function, is_tracing, require_function
from engine.errors import OperandError
from engine.graph.value import Value
from engine.operation.series import Expansion, Series
from engine.util.nested import flatten, unflatten
from engine.util.numbers import as_float, is_number


def taylor(f: Function, x: Any, n: int) -> Any:
    """The coefficients c₀ … cₙ of f(x + t) = Σ cₖ tᵏ + O(tⁿ⁺¹), as a list.

    cₖ = f⁽ᵏ⁾(x) / k!, in one run of `f` on power series, which takes time n² where
    `derivative` of the n-th order takes 2ⁿ. Where `f` gives a structure, there is such
    a list in the place of each number. At a kink the series is that of the side, or the
    subgradient, that `engine.ops` documents for the first derivative.

    Source: Griewank & Walther, Evaluating Derivatives (2008), ch. 13.

    Args:
        f: a function of one number. It may compare, and loop.
        x: the number; with a Value the coefficients are Values.
        n: the order, 0 or more.

    >>> from engine import exp, sin
    >>> taylor(exp, 0.0, 4)
    [1.0, 1.0, 0.5, 0.16666666666666666, 0.041666666666666664]
    >>> taylor(lambda x: [x**3, 1 / (1 - x)], 0.0, 3)
    [[0.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]]

    Raises:
        ValueError: `n` is negative or no whole number.
        OperandError: `x` is no number, or `f` gives something else than numbers.
        DomainError, DivisionByZeroError: `f` has no such derivative at x.
        EscapeError: `f` takes a number out of the series.
    """
    require_function(f, "taylor")
    if not (isinstance(n, int) and n >= 0):
        raise ValueError(f"n={n!r}: the order of a Taylor series is 0, 1, 2, ...")
    if not isinstance(x, (Value, Series)):
        if not is_number(x):
            raise OperandError(f"taylor expands at one number, not at {x!r:.80}")
        x = as_float(x)
    nested = is_tracing() or isinstance(x, Value)
    expansion = Expansion()
    structure, outputs = flatten(f(Series(expansion, x)))
    for output in outputs:
        if not isinstance(output, (Series, Value)) and not is_number(output):
            raise OperandError(f"the function gave {output!r:.80}, which is no number")
    expansion.compute(filter(expansion.owns, outputs), n)

    def close(c: Any) -> Any:
        return c if nested or isinstance(c, Series) else as_float(float(c))

    lists = ([*map(close, expansion.list_coefficients(x, n))] for x in outputs)
    return unflatten(structure, lists)
