"""Evaluate an expression: run its steps on Values."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from engine import TABLE, EngineError, Value
from engine.text import find_nearest
from viz.cli.expression import COMPOSED, ExpressionError, Script, Step

CONSTANTS = {
    "pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "nan": math.nan,
}  # fmt: skip
"""Names that have a value unless another is given or assigned."""


def evaluate(script: Script, values: Mapping[str, float | Value]) -> Value:
    """Run a script: each free name becomes a labelled leaf, unless it is a Value.

    The result of an assignment is labelled with its name, unless it has a label
    already: `b = a` is one more name for the same value, which stays labelled a.

    >>> from viz.cli.expression import parse
    >>> evaluate(parse("subtotal = apple * n; subtotal * 1.5"), {"apple": 100, "n": 2})
    Value(300.0, op='×')

    Raises:
        ExpressionError: a value is missing or not used, or an operation has no value.
    """
    known: dict[str, Any] = {
        _normalize(name): x if isinstance(x, Value) else Value(x, label=name)
        for name, x in values.items()
    }
    _check_names(script, known)
    result: Any = None
    for statement in script.statements:
        result = _run(statement.steps, known)
        if statement.target:
            result = known[statement.target] = _label(result, statement.target)
    return result if isinstance(result, Value) else Value(result)


def _check_names(script: Script, known: Mapping[str, Any]) -> None:
    free = script.names
    missing = [name for name in free if name not in known and name not in CONSTANTS]
    if unused := [name for name in known if name not in free]:
        near = find_nearest(unused[0], missing or free)
        hint = f"did you mean {near}?" if near else f"it has {_join(free)}"
        raise ExpressionError(f"there is no name {unused[0]!r} to give a value; {hint}")
    if len(missing) > 1:
        given = " ".join(f"{name}=..." for name in missing)
        raise ExpressionError(f"{_join(missing)} have no values; give {given}")


def _join(names: Sequence[str]) -> str:
    return ", ".join(names) or "no names"


def _run(steps: tuple[Step, ...], known: Mapping[str, Any]) -> Any:
    stack: list[Any] = []
    for step in steps:
        if step.kind == "number":
            stack.append(step.what)
        elif step.kind == "name":
            stack.append(_look_up(step, known))
        else:
            operands = stack[len(stack) - step.count :]
            del stack[len(stack) - step.count :]
            stack.append(_apply(step, operands))
    return stack.pop()


def _look_up(step: Step, known: Mapping[str, Any]) -> Any:
    name = str(step.what)
    if name in known:
        return known[name]
    if name in CONSTANTS:
        return CONSTANTS[name]
    raise ExpressionError(f"{name!r} has no value; give {name}=...", *step.place.find())


def _apply(step: Step, operands: list[Any]) -> Any:
    name = str(step.what)
    function = COMPOSED[name][0] if name in COMPOSED else TABLE[name]
    try:
        return function(*operands)
    except EngineError as error:
        raise ExpressionError(str(error), *step.place.find()) from error


def _label(result: Any, name: str) -> Value:
    if not isinstance(result, Value):
        return Value(result, label=name)
    if result.label is None:
        result.label = name
    return result


def _normalize(name: str) -> str:
    return unicodedata.normalize("NFKC", name)  # as Python's parser does
