"""The rows of the table as functions on NumPy arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine.operation.extended import evaluate_extended
from engine.operation.op import Op
from engine.operation.symbol import ATOM
from engine.tape.backends.codegen import Code, partial_trees, value_tree

__all__ = ["partials_function", "value_function"]

_NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
    "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip


class ArrayCode(Code):
    """Expressions on arrays: both branches of a choice are computed."""

    def choice(self, condition: Any, x: Any, y: Any) -> tuple[str, int]:
        """One of two, for each number by itself."""
        asked, chosen, otherwise = map(self.text, (condition, x, y))
        if (chosen, otherwise) == ("1.0", "0.0"):
            return f"(({asked}) * 1.0)", ATOM  # much faster than where
        return f"where({asked}, {chosen}, {otherwise})", ATOM


@lru_cache(maxsize=1024)
def value_function(op: Op) -> Callable[..., Any]:
    """The value, on arrays. What NumPy has is used, else the row is written out."""
    import numpy as np

    if getattr(math, op.name, None) is op.value or op.name == "cbrt":
        name = _NAMES.get(op.name, op.name)
        if hasattr(np, name):
            function: Callable[..., Any] = getattr(np, name)
            return function
    if op.name == "relu":
        return lambda x: np.maximum(x, 0.0)  # much faster than where
    tree = value_tree(op)
    if tree is not None and tree.head is op:  # one of Python's operators
        return op.value
    return _one_by_one(op) if tree is None else _compiled(op, tree, ())


@lru_cache(maxsize=1024)
def partials_function(op: Op) -> tuple[Callable[..., Any], ...]:
    """The local derivatives, each a function of (out, *operands) on arrays."""
    return tuple(_compiled(op, tree, ("out",)) for tree in partial_trees(op))


def _compiled(op: Op, tree: Any, more: tuple[str, ...]) -> Callable[..., Any]:
    import numpy as np

    code = ArrayCode()
    text = f"lambda {', '.join((*more, *op.operands))}: {code.text(tree)}"
    names: dict[str, Any] = {"where": np.where}
    names |= {f"{name}_": value_function(used) for name, used in code.called.items()}
    function: Callable[..., Any] = eval(text, names)
    return function


def _one_by_one(op: Op) -> Callable[..., Any]:
    """A row that is no formula and not in NumPy, such as erf."""
    import numpy as np

    each = np.frompyfunc(lambda *xs: evaluate_extended(op, xs), op.arity, 1)
    return lambda *arrays: each(*arrays).astype(float)
