"""Hypothesis strategies for code that computes with Values.

`numbers(interval)` draws floats, `operands(op)` draws what a row of the table accepts,
and `expressions()` draws whole expressions: graphs with sharing, of bounded size,
that shrink to the smallest failing one.

>>> from hypothesis import given
>>> @given(expressions())
... def every_leaf_is_reached(expression):
...     y = expression.value()
...     y.backward()
...     assert all(x.has_gradient for x in expression.leaves(y))
>>> every_leaf_is_reached()
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import EngineError
from engine.gradcheck.check import check_gradients
from engine.graph.node import topological_order
from engine.graph.value import Value
from engine.operation.op import Op
from engine.registry import TABLE
from engine.util.numbers import as_float

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "engine.testing needs Hypothesis: pip install 'dotgrad[test]'"
    ) from error

__all__ = [
    "Expression",
    "Interval",
    "assert_gradients",
    "expressions",
    "intervals",
    "numbers",
    "operands",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of the real line; `closed` says of each end whether it belongs."""

    low: float
    high: float
    closed: tuple[bool, bool] = (False, False)

    def __contains__(self, x: float) -> bool:
        above = operator.ge if self.closed[0] else operator.gt
        below = operator.le if self.closed[1] else operator.lt
        return bool(above(x, self.low) and below(x, self.high))

    def surrounds(self, x: float) -> bool:
        """Whether x is inside, and not near an end."""
        return self.low + 1e-6 < x < self.high - 1e-6


def intervals(domain: str) -> tuple[Interval, ...]:
    """The intervals of a row's domain, such as "[0, inf)" or "(-inf, 0) | (0, inf)".

    >>> [3.0 in part for part in intervals("(-inf, 0) | (0, inf)")]
    [False, True]
    """
    parts = []
    for text in domain.split("|"):
        text = text.strip()
        low, high = map(float, text[1:-1].split(","))
        parts.append(Interval(low, high, (text[0] == "[", text[-1] == "]")))
    return tuple(parts)


def numbers(
    domain: str = "(-inf, inf)", *, bound: float = 100.0
) -> st.SearchStrategy[float]:
    """Floats of a domain with |x| ≤ bound, ends of closed intervals included.

    Numbers nearer than 1e-6 to an open end or to 0 are left out, except 0 itself:
    special points deserve tests of their own.
    """
    return st.one_of([_draw_within(part, bound) for part in intervals(domain)])


def _draw_within(part: Interval, bound: float) -> st.SearchStrategy[float]:
    margin = 1e-6
    low = part.low if part.closed[0] else part.low + margin
    high = part.high if part.closed[1] else part.high - margin
    drawn = st.floats(max(low, -bound), min(high, bound), allow_subnormal=False)
    return drawn.filter(lambda x: x == 0 or abs(x) >= margin)


def operands(op: Op, *, bound: float = 100.0) -> st.SearchStrategy[tuple[float, ...]]:
    """One float for each operand of a row, each from its domain."""
    return st.tuples(*(numbers(domain, bound=bound) for domain in op.domain))


Step = tuple[str, tuple[int, ...]]
"""The name of a row, and the places of its operands among all that came before."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A straight-line program: inputs, then steps that use what came before.

    >>> e = Expression((2.0,), (("mul", (0, 0)), ("exp", (1,))))
    >>> print(e)
    x0 = 2.0
    x1 = mul(x0, x0)
    x2 = exp(x1)
    >>> e(0.5)
    1.2840254166877414
    """

    inputs: tuple[float, ...]
    steps: tuple[Step, ...]

    def __call__(self, *xs: Any) -> Any:
        """The result on any operands: floats, Values, symbols."""
        return self.all(*xs)[-1]

    def all(self, *xs: Any) -> list[Any]:
        """The inputs and the result of each step."""
        known = list(xs)
        for name, places in self.steps:
            known.append(TABLE[name](*(known[place] for place in places)))
        return known

    def value(self) -> Value:
        """The expression as a graph, each input a leaf labelled x0, x1, ..."""
        xs = [Value(x, label=f"x{i}") for i, x in enumerate(self.inputs)]
        result: Value = self(*xs)
        return result

    def leaves(self, output: Value) -> list[Value]:
        """The inputs in `output`, a graph that `value` made; unused ones are not."""
        return [node for node in topological_order(output) if not node.parents]

    def __str__(self) -> str:
        lines = [f"x{i} = {x!r}" for i, x in enumerate(self.inputs)]
        for i, (name, places) in enumerate(self.steps, len(self.inputs)):
            lines.append(f"x{i} = {name}({', '.join(f'x{p}' for p in places)})")
        return "\n".join(lines)


@st.composite
def expressions(
    draw: st.DrawFn,
    *,
    ops: Sequence[Op] = (),
    max_inputs: int = 3,
    max_steps: int = 8,
    bound: float = 100.0,
    smooth: bool = False,
) -> Expression:
    """Random expressions over the table that have a value.

    Each step takes operands at random from all that came before, so values are
    shared, and an operation at random from those whose domain the operands are in.
    Twins are made on purpose, where a rule that takes one for the other is seen: steps
    that are there already, once more or with the operands in the other order, and
    inputs that are equal, nearly equal, or differ in their sign alone.

    Args:
        ops: the rows to use; the whole table by default.
        max_inputs, max_steps: bounds of the size.
        bound: no input or intermediate result is larger in magnitude.
        smooth: keep away from kinks and from the ends of domains.
    """
    inputs = [draw(numbers(bound=bound))]
    for _ in range(draw(st.integers(0, max_inputs - 1))):
        twins = st.sampled_from(_find_twins(inputs[-1]))
        inputs.append(draw(numbers(bound=bound) | twins))
    known = list(inputs)
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, max_steps))):
        place = st.integers(0, len(known) - 1)
        places: tuple[int, ...] = (draw(place), draw(place))
        tried = [
            (op.name, (places * op.arity)[: op.arity]) for op in ops or TABLE.values()
        ]
        if steps and draw(st.integers(0, 3)) == 3:
            name, places = draw(st.sampled_from(steps))
            tried = [(name, places), (name, places[::-1])]
        candidates = {}
        for name, chosen in tried:
            xs = [known[place] for place in chosen]
            out = _evaluate(TABLE[name], xs, bound, smooth)
            if out is not None:
                candidates[name, chosen] = out
        if candidates:
            steps.append(draw(st.sampled_from(sorted(candidates))))
            known.append(candidates[steps[-1]])
    return Expression(tuple(inputs), tuple(steps))


def _find_twins(x: float) -> list[float]:
    """Numbers that are easily taken for x: itself, −x, and a neighbour."""
    return [x, -x, math.nextafter(x, 0.0)]


def _evaluate(op: Op, xs: Sequence[float], bound: float, smooth: bool) -> float | None:
    """The result of the operation, None where it should not be used."""
    for x, domain in zip(xs, op.domain, strict=True):
        parts = intervals(domain)
        if not any(part.surrounds(x) if smooth else x in part for part in parts):
            return None
    if smooth and op.kinks is not None and abs(op.kinks(*xs)) < 1e-6:
        return None
    try:
        out = as_float(op(*xs))
    except EngineError:
        return None
    return out if abs(out) <= bound else None


def assert_gradients(f: Callable[..., Any], *args: Any, **options: Any) -> None:
    """Assert that the gradients of `f` at `args` are right, for use in tests.

    The arguments and errors are those of `engine.check_gradients`. When it fails under
    pytest, the graph is drawn and the picture's path stands in the report; with
    `expressions` that is the smallest expression that fails.

    >>> assert_gradients(lambda x, y: x * y + x, 2.0, 3.0)
    """
    check_gradients(f, *args, **options)
