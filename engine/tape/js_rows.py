"""The table in JavaScript: the rows as functions, for pages that compute by themselves.

What has a formula is written out; what is one of Python's operators or functions of
the math module is called by its name in `runtime.js` or in JavaScript's Math.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import TapeError
from engine.operation.op import Op
from engine.operation.symbol import ATOM
from engine.registry import TABLE
from engine.tape.backends.codegen import (
    Code,
    build_partial_trees,
    build_value_tree,
    name_operands,
    rename_operands,
)

_COMPARE = {"=": "===", "≤": "<=", "≥": ">=", "<": "<", ">": ">"}
_INFIX = {"add": "+", "sub": "-", "mul": "*"}
_CALLS: dict[Callable[..., Any], str] = {
    operator.truediv: "divide", operator.floordiv: "floorDivide",
    operator.mod: "modulo", operator.pow: "power", operator.abs: "Math.abs",
    math.fabs: "Math.abs", math.atan: "Math.atan", math.atan2: "Math.atan2",
    math.hypot: "Math.hypot", math.erf: "erf", math.erfc: "erfc",
    math.tanh: "Math.tanh", math.asinh: "Math.asinh", TABLE["cbrt"].value: "Math.cbrt",
}  # fmt: skip
_RAISING = (
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan",
    "asin", "acos", "sinh", "cosh", "acosh", "atanh",
)  # fmt: skip
_CALLS |= {getattr(math, name): f"math(Math.{name})" for name in _RAISING}


def javascript(ops: Sequence[Op]) -> str:
    """An expression of JavaScript: `{rows, raised}` for these operations, in order.

    `rows[i].value(x, …)` is the value and `rows[i].partials[k](out, x, …)` the local
    derivative by operand k, both as IEEE 754 has them where Python raises;
    `raised()` tells whether Python would have since it was last asked.

    >>> from engine import TABLE
    >>> print(javascript([TABLE["mul"]]).splitlines()[-3])
      {value: (x, y) => (x * y), partials: [(out, x, y) => y, (out, x, y) => x]},

    Raises:
        TapeError: the value of a row is Python code that is not a formula.
    """
    code = JavaScript()
    rows = [f"  {_write_row(op, code)},\n" for op in ops]
    functions = "".join(_write_functions(code))
    return (
        f'(() => {{\n"use strict";\n{_read_runtime()}{functions}'
        "const asked = () => { const was = raised; raised = false; return was; };\n"
        f"return {{raised: asked, rows: [\n{''.join(rows)}"
        "]};\n})()"
    )


class JavaScript(Code):
    """Formulas as JavaScript."""

    infix = _INFIX

    def nonfinite(self, number: float) -> str:
        """A number without a literal."""
        if math.isnan(number):
            return "NaN"
        return "Infinity" if number > 0 else "-Infinity"

    def write_sign(self, sign: str) -> str:
        """A comparison."""
        return _COMPARE[sign]

    def write_choice(self, condition: Any, x: Any, y: Any) -> tuple[str, int]:
        """One of two, of which only the chosen one is computed."""
        asked, chosen, otherwise = map(self.text, (condition, x, y))
        return f"({asked} ? {chosen} : {otherwise})", ATOM

    def callee(self, op: Op) -> str:
        """The name of the row as a function."""
        self.called[op.name] = op
        return _name_function(op)


def _write_row(op: Op, code: JavaScript) -> str:
    xs = _name_operands(op)
    named = name_operands(op, "out", xs)
    head = f"({', '.join(('out', *xs))}) => "
    partials = [
        head + code.text(rename_operands(tree, named))
        for tree in build_partial_trees(op)
    ]
    return f"{{value: {_write_value(op, code)}, partials: [{', '.join(partials)}]}}"


def _write_value(op: Op, code: JavaScript) -> str:
    if op.value in _CALLS:
        return _CALLS[op.value]
    tree = _find_formula(op)
    if tree is None:
        raise TapeError(
            f"the value of {op.name} is Python code and no formula of the table's "
            "rows, so it cannot be written in JavaScript"
        )
    xs = _name_operands(op)
    body = code.text(rename_operands(tree, name_operands(op, "out", xs)))
    return f"({', '.join(xs)}) => {body}"


def _find_formula(op: Op) -> Any:
    try:
        return build_value_tree(op)
    except Exception:  # whatever a person's own code raises when it meets a symbol
        return None


def _write_functions(code: JavaScript) -> list[str]:
    """The rows that are called, and those that they call."""
    made: dict[str, str] = {}
    while waiting := code.called.keys() - made.keys():
        for name in sorted(waiting):
            op = code.called[name]
            made[name] = f"const {_name_function(op)} = {_write_value(op, code)};\n"
    return list(made.values())


def _name_operands(op: Op) -> list[str]:
    """Names that are none of JavaScript's words, whatever the row calls them."""
    few = op.arity <= 3
    return list("xyz"[: op.arity]) if few else [f"x{i}" for i in range(op.arity)]


def _name_function(op: Op) -> str:
    """A row as a function; JavaScript takes no letter that JSON would not escape."""
    return json.dumps(op.name)[1:-1].replace("\\", "_") + "_"


@lru_cache(maxsize=1)
def _read_runtime() -> str:
    return Path(__file__).with_name("runtime.js").read_text(encoding="utf-8")
