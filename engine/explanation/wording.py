"""Nodes, numbers and rules as they are called in an explanation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from engine.graph.callsite import format_source
from engine.graph.value import Value
from engine.operation.symbol import Symbol, formula

__all__ = [
    "abridged",
    "called",
    "computed",
    "defined",
    "expression",
    "number",
    "operand",
    "operation",
    "placed",
    "product",
    "rule",
    "signed",
    "term",
    "times",
    "total",
]

MAX_LABEL = 40
MOST_SHOWN = 8
_PLAIN = re.compile(r"[\w .\[\]′]+")


def number(x: float) -> str:
    """`x` with six significant digits.

    >>> [number(x) for x in (-2.0, 1.1 * 3, 1e-12, float("-inf"), -0.0)]
    ['−2', '3.3', '1e−12', '−∞', '0']
    """
    return formula(x + 0.0)  # −0.0 + 0.0 is 0.0


def signed(x: float) -> str:
    """`x` as a factor or operand: in parentheses when it is negative."""
    text = number(x)
    return f"({text})" if text.startswith("−") else text


def called(node: Value) -> str:
    """The label of a node on one line, cut when long; empty when there is none."""
    text = " ".join((node.label or "").split())
    if len(text) > MAX_LABEL:
        text = text[: MAX_LABEL - 1] + "…"
    return text if not text or _PLAIN.fullmatch(text) else repr(text)


def operand(node: Value) -> str:
    """A node inside a formula: its label, else its number.

    >>> operand(Value(2.0, label="x")), operand(Value(-2.0))
    ('x', '−2')
    """
    return called(node) or number(node.data)


def term(node: Value) -> str:
    """A node that stands for itself: its label, else how it was computed.

    >>> x = Value(3.0, label="x")
    >>> term(x), term(x * x), term(Value(3.0))
    ('x', '(x × x)', '(3)')
    """
    return called(node) or f"({expression(node)})"


def operation(node: Value, named: Callable[[Value], str] = operand) -> Any:
    """The operation that made a node, to be written; its number where there is none."""
    if node.op is None:
        return node.data
    op, extra = node.op.made_from or (node.op, None)
    names = [Symbol(named(parent)) for parent in node.parents]
    return Symbol(op, (*names, *([] if extra is None else [extra])))


def expression(node: Value, named: Callable[[Value], str] = operand) -> str:
    """The operation that made a node, written with the names of its operands.

    >>> x = Value(3.0, label="x")
    >>> expression((x * x).log()), expression(x**2)
    ('log(9)', 'x²')
    """
    return formula(operation(node, named))


def computed(node: Value) -> str:
    """The same with numbers alone, and the result: "3 × (−2) = −6"."""
    made = expression(node, lambda parent: number(parent.data))
    return f"{made} = {number(node.data)}"


def defined(node: Value) -> str:
    """A node with its name, where it has one, and how it was computed: "q = x × y"."""
    name = called(node)
    return f"{name} = {expression(node)}" if name else expression(node)


def placed(node: Value, remark: str = "") -> str:
    """`defined`, and the line of the program where that is known."""
    line = format_source(node.source)
    return defined(node) + remark + (f" [{line}]" if line else "")


def rule(child: Value, position: int, named: Callable[[Value], str] = operand) -> Any:
    """The local derivative of a node by one of its operands, to be written.

    >>> x, y = Value(3.0, label="x"), Value(-2.0)
    >>> [formula(rule(child, 0)) for child in (x * y, x**3)]
    ['−2', '3 × x²']
    >>> formula(rule(x / y, 1))
    '−(−1.5) ÷ (−2)'
    """
    assert child.op is not None
    names = [named(child), *map(named, child.parents)]
    return child.op.partials(*map(Symbol, names))[position]


def product(factors: Sequence[float], result: float) -> str:
    """Factors and what they make: "11 × (−2) = −22", the middle of many left out.

    >>> product([11.0, -2.0], -22.0), product([5.0], 5.0)
    ('11 × (−2) = −22', '5')
    """
    if len(factors) < 2:
        return number(result)
    parts = ["…" if x is None else signed(x) for x in abridged(factors)]
    parts[0] = number(factors[0])
    return f"{' × '.join(parts)} = {number(result)}"


def total(parts: Sequence[float], result: float) -> str:
    """Summands and their sum: "45 − 22 = 23".

    >>> total([45.0, -22.0], 23.0)
    '45 − 22 = 23'
    """
    texts = ["…" if x is None else number(x) for x in abridged(parts)]
    signs = [f" − {text[1:]}" if text[0] == "−" else f" + {text}" for text in texts[1:]]
    return f"{texts[0]}{''.join(signs)} = {number(result)}"


T = TypeVar("T")


def abridged(items: Sequence[T]) -> list[T | None]:
    """The items, with None in the place of the middle where there are many."""
    if len(items) <= MOST_SHOWN:
        return list(items)
    half = MOST_SHOWN // 2
    return [*items[:half], None, *items[-half:]]


def times(count: int) -> str:
    """How often: "once", "2 times"."""
    return "once" if count == 1 else f"{count:,} times"
