"""How explanations write nodes, numbers and local derivatives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from engine.explanation.labels import path_labels
from engine.graph.callsite import format_source
from engine.graph.node import Edge, topological_order
from engine.graph.value import Value
from engine.operation.symbol import Symbol, formula
from engine.text import SEPARATOR

MAX_LABEL = 40
MOST_SHOWN = 8
_PLAIN = re.compile(r"[\w .\[\]′›]+")


_paths: ContextVar[Mapping[Value, tuple[str, ...]]] = ContextVar("paths", default={})  # noqa: B039 -- nobody changes it


@contextmanager
def telling_apart(output: Value) -> Iterator[None]:
    """Within, leaves of this graph that have one label are named with their scopes."""
    token = _paths.set(path_labels(topological_order(output)))
    try:
        yield
    finally:
        _paths.reset(token)


class Story(str):
    """A string whose `repr` is itself, so that a REPL and a notebook show its lines.

    >>> Story("one\\ntwo")
    one
    two
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def format_number(x: float) -> str:
    """`x` with six significant digits.

    >>> [format_number(x) for x in (-2.0, 1.1 * 3, 1e-12, float("-inf"), -0.0)]
    ['−2', '3.3', '1e−12', '−∞', '0']
    """
    return formula(x + 0.0)  # −0.0 + 0.0 is 0.0


def format_factor(x: float) -> str:
    """`x` as a factor: in parentheses when it is negative."""
    text = format_number(x)
    return f"({text})" if text.startswith("−") else text


def format_label(node: Value) -> str:
    """The label of a node on one line, shortened when long; "" without a label."""
    label = SEPARATOR.join(_paths.get().get(node, ())) or node.label or ""
    text = " ".join(label.split())
    if len(text) > MAX_LABEL:
        text = text[: MAX_LABEL - 1] + "…"
    return text if not text or _PLAIN.fullmatch(text) else repr(text)


def format_operand(node: Value) -> str:
    """A node as an operand of a formula: its label, else its number.

    >>> format_operand(Value(2.0, label="x")), format_operand(Value(-2.0))
    ('x', '−2')
    """
    return format_label(node) or format_number(node.data)


def format_term(node: Value) -> str:
    """A node that a sentence speaks of: its label, else how it was computed.

    >>> x = Value(3.0, label="x")
    >>> format_term(x), format_term(x * x), format_term(Value(3.0))
    ('x', '(x × x)', '(3)')
    """
    return format_label(node) or f"({format_expression(node)})"


def as_symbol(node: Value, named: Callable[[Value], str] = format_operand) -> Any:
    """The operation that made a node as a `Symbol`; the number of a leaf."""
    if node.op is None:
        return node.data
    names = [Symbol(named(parent)) for parent in node.parents]
    if node.op.made_from is None:
        return Symbol(node.op, tuple(names))
    op, number = node.op.made_from
    return Symbol(op, (*names, number))


def format_expression(
    node: Value, named: Callable[[Value], str] = format_operand
) -> str:
    """The operation that made a node, written with the names of its operands.

    >>> x = Value(3.0, label="x")
    >>> format_expression((x * x).log()), format_expression(x**2)
    ('log(9)', 'x²')
    """
    return formula(as_symbol(node, named))


def format_computation(node: Value) -> str:
    """The operation that made a node, with numbers alone: "3 × (−2) = −6"."""
    made = format_expression(node, lambda parent: format_number(parent.data))
    return f"{made} = {format_number(node.data)}"


def format_definition(node: Value) -> str:
    """A node with its label, where it has one, and how it was computed: "q = x × y"."""
    name = format_label(node)
    return f"{name} = {format_expression(node)}" if name else format_expression(node)


def locate(node: Value, remark: str = "") -> str:
    """Its definition, and the line of the program where that is known.

    Args:
        remark: what stands between the two.

    >>> from engine import record_source
    >>> with record_source():
    ...     y = Value(3.0) * 2
    >>> locate(y).startswith("3 × 2 [<doctest ")
    True
    """
    line = format_source(node.source)
    return format_definition(node) + remark + (f" [{line}]" if line else "")


def partial_as_symbol(
    child: Value, position: int, named: Callable[[Value], str] = format_operand
) -> Any:
    """The local derivative of a node by one of its operands as a `Symbol`.

    >>> x, y = Value(3.0, label="x"), Value(-2.0)
    >>> [formula(partial_as_symbol(child, 0)) for child in (x * y, x**3)]
    ['−2', '3 × x²']
    >>> formula(partial_as_symbol(x / y, 1))
    '−(−1.5) ÷ (−2)'
    """
    assert child.op is not None
    names = [named(child), *map(named, child.parents)]
    return child.op.partials(*map(Symbol, names))[position]


def format_partial(child: Value, position: int) -> str:
    """The local derivative of a node by one of its operands: "3 × x²"."""
    return formula(partial_as_symbol(child, position))


def format_contribution(edge: Edge, upstream: float) -> str:
    """upstream × local (formula) = contribution; the formula where it says more.

    >>> from engine import edges
    >>> x = Value(3.0, label="x")
    >>> [format_contribution(edge, 2.0) for edge in edges(x**2)]
    ['2 × 6 (2 × x) = 12']
    """
    local, written = edge.partial, format_partial(edge.child, edge.position)
    reason = "" if written == format_number(local) else f" ({written})"
    factors = f"{format_number(upstream)} × {format_factor(local)}{reason}"
    return f"{factors} = {format_number(upstream * local)}"


def format_product(factors: Sequence[float], result: float) -> str:
    """Factors and their product: "11 × (−2) = −22", the middle of many left out.

    >>> format_product([11.0, -2.0], -22.0), format_product([5.0], 5.0)
    ('11 × (−2) = −22', '5')
    """
    if len(factors) < 2:
        return format_number(result)
    parts = ["…" if x is None else format_factor(x) for x in abridge(factors)]
    parts[0] = format_number(factors[0])
    return f"{' × '.join(parts)} = {format_number(result)}"


def format_sum(parts: Sequence[float], result: float) -> str:
    """Summands and their sum: "45 − 22 = 23".

    >>> format_sum([45.0, -22.0], 23.0)
    '45 − 22 = 23'
    """
    texts = ["…" if x is None else format_number(x) for x in abridge(parts)]
    signs = [f" − {text[1:]}" if text[0] == "−" else f" + {text}" for text in texts[1:]]
    return f"{texts[0]}{''.join(signs)} = {format_number(result)}"


T = TypeVar("T")


def abridge(items: Sequence[T]) -> list[T | None]:
    """The items; where there are many, None stands for those in the middle."""
    if len(items) <= MOST_SHOWN:
        return list(items)
    half = MOST_SHOWN // 2
    return [*items[:half], None, *items[-half:]]


def format_count(count: int) -> str:
    """How often: "once", "2 times"."""
    return "once" if count == 1 else f"{count:,} times"
