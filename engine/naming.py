"""Nodes, numbers and rules as they are called in an explanation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from engine.symbol import Symbol, formula
from engine.value import Value

__all__ = [
    "called",
    "computed",
    "defined",
    "derivative_rule",
    "expression",
    "number",
    "operand",
    "signed",
    "term",
]

MAX_LABEL = 40
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
    ('x', '(−2)')
    """
    return called(node) or signed(node.data)


def term(node: Value) -> str:
    """A node that stands for itself: its label, else how it was computed.

    >>> x = Value(3.0, label="x")
    >>> term(x), term(x * x), term(Value(3.0))
    ('x', '(x × x)', '(3)')
    """
    return called(node) or f"({expression(node)})"


def expression(node: Value, named: Callable[[Value], str] = operand) -> str:
    """The operation that made a node, written with the names of its operands.

    >>> x = Value(3.0, label="x")
    >>> expression((x * x).log()), expression(x**2)
    ('log(9)', 'x²')
    """
    if node.op is None:
        return number(node.data)
    op, extra = node.op.made_from or (node.op, None)
    names = [Symbol(named(parent)) for parent in node.parents]
    return formula(Symbol(op, (*names, *([] if extra is None else [extra]))))


def computed(node: Value) -> str:
    """The same with numbers alone, and the result: "3 × (−2) = −6"."""
    made = expression(node, lambda parent: signed(parent.data))
    return f"{made} = {number(node.data)}"


def defined(node: Value) -> str:
    """A node with its name, where it has one, and how it was computed: "q = x × y"."""
    name = called(node)
    return f"{name} = {expression(node)}" if name else expression(node)


def derivative_rule(child: Value, position: int, names: Sequence[str] = ()) -> str:
    """The formula of ∂child/∂operand, written with the names of the operands.

    Args:
        names: what to call the result and each operand; labels and numbers otherwise.

    >>> x, y = Value(3.0, label="x"), Value(-2.0)
    >>> derivative_rule(x * y, 0), derivative_rule(x**3, 0), derivative_rule(x / y, 1)
    ('(−2)', '3 × x²', '−(−1.5) ÷ (−2)')
    """
    assert child.op is not None
    names = names or [operand(child), *map(operand, child.parents)]
    return formula(child.op.partials(*map(Symbol, names))[position])
