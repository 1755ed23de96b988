"""Running a program of the expression language: Values come out."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from engine import TABLE, EngineError, Value
from viz.expression import COMPOSED, ExpressionError, Program, Step

__all__ = ["CONSTANTS", "evaluate"]

CONSTANTS = {
    "pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "nan": math.nan,
}  # fmt: skip
"""Names that have a value unless another is given or assigned."""


def evaluate(program: Program, values: Mapping[str, float]) -> Value:
    """Run a program: each free name becomes a labelled leaf.

    The result of an assignment is labelled with its name, unless it has a label
    already: `b = a` is one more name for the same value, which stays labelled a.

    >>> from viz.expression import parse
    >>> evaluate(parse("subtotal = apple * n; subtotal * 1.5"), {"apple": 100, "n": 2})
    Value(300.0, op='×')

    Raises:
        ExpressionError: a value is missing or not used, or an operation has no value.
    """
    if unused := [name for name in values if _normal(name) not in program.names]:
        free = ", ".join(program.names) or "no names"
        raise ExpressionError(
            f"there is no name {unused[0]!r} to give a value; it has {free}"
        )
    known: dict[str, Any] = {
        _normal(name): Value(x, label=name) for name, x in values.items()
    }
    result: Any = None
    for statement in program.statements:
        result = _run(statement.steps, known)
        if statement.target:
            result = known[statement.target] = _named(result, statement.target)
    return result if isinstance(result, Value) else Value(result)


def _run(steps: tuple[Step, ...], known: Mapping[str, Any]) -> Any:
    stack: list[Any] = []
    for step in steps:
        if step.kind == "number":
            stack.append(step.what)
        elif step.kind == "name":
            stack.append(_looked_up(step, known))
        else:
            operands = stack[len(stack) - step.count :]
            del stack[len(stack) - step.count :]
            stack.append(_applied(step, operands))
    return stack.pop()


def _looked_up(step: Step, known: Mapping[str, Any]) -> Any:
    name = str(step.what)
    if name in known:
        return known[name]
    if name in CONSTANTS:
        return CONSTANTS[name]
    raise ExpressionError(f"{name!r} has no value; give {name}=...", *step.place)


def _applied(step: Step, operands: list[Any]) -> Any:
    name = str(step.what)
    function = COMPOSED[name][0] if name in COMPOSED else TABLE[name]
    try:
        return function(*operands)
    except EngineError as error:
        raise ExpressionError(str(error), *step.place) from error


def _named(result: Any, name: str) -> Value:
    if not isinstance(result, Value):
        return Value(result, label=name)
    if result.label is None:
        result.label = name
    return result


def _normal(name: str) -> str:
    return unicodedata.normalize("NFKC", name)  # as Python's parser does
