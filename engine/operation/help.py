"""What `help` and editors show of a row: formula, domain and local derivatives."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from engine.operation.symbol import Row, Symbol, formula


class InstanceAttribute:
    """An attribute such as `__doc__`, computed for an instance; the class has its own.

    `help`, `inspect` and IPython read these names on both.
    """

    def __init__(self, compute: Callable[[Any], Any], of_class: Any = None) -> None:
        self.compute = compute
        self.of_class = of_class

    def __get__(self, instance: Any, kind: type | None = None) -> Any:
        return self.of_class if instance is None else self.compute(instance)


def describe(op: Row) -> str:
    """The documentation of a row, derived from it.

    >>> from engine import ops
    >>> print(ops.relu.__doc__)
    relu(x) = 0 if x < 0 else x
    <BLANKLINE>
    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1 if x > 0 else 0.
    Kink: where x is 0.
    """
    lines = [
        _write_headline(op),
        "",
        f"Domain: {_write_domain(op)}.",
        *_write_derivatives(op),
    ]
    if kink := _as_formula(op.kinks, op):
        lines.append(f"Kink: where {kink} is 0.")
    if op.default is not None:
        lines.append(f"{op.operands[-1]} is {op.default:g} when it is left out.")
    return "\n".join(lines)


def _write_headline(op: Row) -> str:
    """The call, and what it means where its name does not say so."""
    call = f"{op.name}({', '.join(op.operands)})"
    if op.about:
        return f"{call} {op.about}" if op.about[0] == "=" else f"{call}: {op.about}"
    value = _as_formula(op.value, op)
    return f"{call} = {value}" if value else call


def _as_formula(function: Callable[..., Any] | None, op: Row) -> str:
    """What a function of the operands computes; empty for one of floats alone."""
    try:
        return formula(function(*map(Symbol, op.operands))) if function else ""
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return ""


def _write_domain(op: Row) -> str:
    pairs = zip(op.operands, op.intervals, strict=True)
    if len(set(op.intervals)) == 1:
        return f"{', '.join(op.operands)} in {op.intervals[0]}"
    return ", ".join(f"{name} in {interval}" for name, interval in pairs)


def _write_derivatives(op: Row) -> list[str]:
    try:
        pairs = zip(op.operands, op.formulas, strict=True)
    except NameError:  # the rule calls an operation that is not registered yet
        return []
    rules = [f"∂/∂{name} = {rule}" for name, rule in pairs]
    if len(rules) == 1:
        return [f"Local derivative: {rules[0]}."]
    return ["Local derivatives:", *(f"    {rule}" for rule in rules)]


def signature(op: Row) -> inspect.Signature:
    """The operands of a row as parameters."""
    kind = inspect.Parameter.POSITIONAL_ONLY
    parameters = [inspect.Parameter(name, kind) for name in op.operands]
    if op.default is not None:
        parameters[-1] = parameters[-1].replace(default=op.default)
    return inspect.Signature(parameters)
