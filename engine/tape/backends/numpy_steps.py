"""The steps of the NumPy back end: what is done to several rows at one time.

Each has the rows that it computes, and where its operands are. Forward it fills its
rows; backward it adds to what flows back to its operands. What it computes is a row of
the table, as a function on arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from engine.operation.extended import evaluate_extended
from engine.operation.op import Op
from engine.operation.symbol import ATOM
from engine.tape.backends.codegen import (
    Code,
    build_partial_trees,
    build_value_tree,
    name_operands,
    rename_operands,
)
from engine.tape.ir.tape import find_row


class Place(NamedTuple):
    """Where the operands of a step are: rows of samples, or uniform numbers."""

    uniform: bool
    index: Any
    """A slice, or an array of numbers of rows."""
    repeats: bool
    """Whether a row is there more than once."""

    @property
    def numbers(self) -> Iterable[int]:
        """The numbers of its rows."""
        if isinstance(self.index, slice):
            return range(self.index.start, self.index.stop)
        rows: list[int] = self.index.tolist()
        return rows

    def read(self, block: Any, uniforms: Any) -> Any:
        """The operands, a row each."""
        return uniforms[self.index][:, None] if self.uniform else block[self.index]

    def add(self, shares: Any, adjoints: Any, sums: Any) -> None:
        """Add what flows back to where it flows to."""
        import numpy as np

        target = adjoints
        if self.uniform:
            target = sums
            shares = shares.sum(axis=1)
        if self.repeats and isinstance(self.index, slice):
            target[self.index] += shares.sum(axis=0)
        elif self.repeats:
            np.add.at(target, self.index, shares)
        else:
            target[self.index] += shares


class Elementwise:
    """One operation on several rows."""

    carries = trains = True
    passes_on: list[bool]

    def __init__(self, name: str, target: slice, places: list[Place]) -> None:
        self.name, self.target, self.places = name, target, places
        self.value = vectorize_value(find_row(name))
        self.partials = vectorize_partials(find_row(name))

    def forward(self, block: Any, uniforms: Any) -> None:
        """Compute the rows."""
        used = [place.read(block, uniforms) for place in self.places]
        block[self.target] = self.value(*used)

    def backward(
        self, block: Any, uniforms: Any, adjoints: Any, sums: Any, *, by_inputs: bool
    ) -> None:
        """Pass the gradients of the rows on."""
        used = [place.read(block, uniforms) for place in self.places]
        upstream = adjoints[self.target]
        for i, place in enumerate(self.places):
            if place.uniform or by_inputs or self.passes_on[i]:
                share = upstream * self.partials[i](block[self.target], *used)
                place.add(share, adjoints, sums)


class SumOfProducts:
    """Sums of products of rows, with the same number of terms in each."""

    carries = trains = True
    passes_on: list[bool]

    def __init__(self, target: slice, pairs: list[tuple[Place, Place]]) -> None:
        self.target, self.pairs = target, pairs
        self.places = [place for pair in pairs for place in pair]

    def forward(self, block: Any, uniforms: Any) -> None:
        """Compute the rows."""
        out = block[self.target]
        for i, (a, b) in enumerate(self.pairs):
            term = a.read(block, uniforms) * b.read(block, uniforms)
            out[:] = term if i == 0 else out + term

    def backward(
        self, block: Any, uniforms: Any, adjoints: Any, sums: Any, *, by_inputs: bool
    ) -> None:
        """Pass the gradients of the rows on."""
        upstream = adjoints[self.target]
        for i, (a, b) in enumerate(self.pairs):
            for place, other, passes in (
                (a, b, self.passes_on[2 * i]), (b, a, self.passes_on[2 * i + 1])
            ):  # fmt: skip
                if place.uniform or by_inputs or passes:
                    share = upstream * other.read(block, uniforms)
                    place.add(share, adjoints, sums)


class MatrixProduct:
    """Y = W·X + B: sums of products of the same rows with uniform numbers."""

    carries = trains = True
    passes_on: list[bool]

    def __init__(
        self, target: slice, place: Place, weights: list[list[int]],
        offsets: list[list[int]],
    ) -> None:  # fmt: skip
        import numpy as np

        self.target, self.places = target, [place]
        self.weights = np.array(weights)
        self.offsets = np.array(offsets)
        self.tied = len({*self.weights.flat, *self.offsets.flat}) < (
            self.weights.size + self.offsets.size
        )
        """Whether a uniform number is in it more than once."""

    def forward(self, block: Any, uniforms: Any) -> None:
        """Compute the rows."""
        out = uniforms[self.weights] @ block[self.places[0].index]
        for offset in self.offsets.T:
            out += uniforms[offset][:, None]
        block[self.target] = out

    def backward(
        self, block: Any, uniforms: Any, adjoints: Any, sums: Any, *, by_inputs: bool
    ) -> None:
        """Pass the gradients of the rows on."""
        import numpy as np

        upstream = adjoints[self.target]
        [place] = self.places
        if by_inputs or self.passes_on[0]:
            place.add(uniforms[self.weights].T @ upstream, adjoints, sums)
        by_weight = upstream @ block[place.index].T
        by_offset = upstream.sum(axis=1)
        if self.tied:
            np.add.at(sums, self.weights, by_weight)
            for offset in self.offsets.T:
                np.add.at(sums, offset, by_offset)
        else:
            sums[self.weights] += by_weight
            for offset in self.offsets.T:
                sums[offset] += by_offset


# -- the rows of the table on arrays -------------------------------------------------

_NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
    "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip


class ArrayCode(Code):
    """Expressions on arrays: both branches of a choice are computed."""

    def write_choice(self, condition: Any, x: Any, y: Any) -> tuple[str, int]:
        """One of two, for each number by itself."""
        asked, chosen, otherwise = map(self.text, (condition, x, y))
        if (chosen, otherwise) == ("1.0", "0.0"):
            return f"(({asked}) * 1.0)", ATOM  # much faster than where
        return f"where({asked}, {chosen}, {otherwise})", ATOM


@lru_cache(maxsize=1024)
def vectorize_value(op: Op) -> Callable[..., Any]:
    """The value, on arrays. What NumPy has is used, else the row is written out."""
    import numpy as np

    if getattr(math, op.name, None) is op.value or op.name == "cbrt":
        name = _NAMES.get(op.name, op.name)
        if hasattr(np, name):
            function: Callable[..., Any] = getattr(np, name)
            return function
    if op.name == "relu":
        return lambda x: np.maximum(x, 0.0)  # much faster than where
    tree = build_value_tree(op)
    if tree is not None and tree.head is op:  # one of Python's operators
        return op.value
    return _compute_one_by_one(op) if tree is None else _compile(op, tree, ())


@lru_cache(maxsize=1024)
def vectorize_partials(op: Op) -> tuple[Callable[..., Any], ...]:
    """The local derivatives, each a function of (out, *operands) on arrays."""
    return tuple(_compile(op, tree, ("out",)) for tree in build_partial_trees(op))


def _compile(op: Op, tree: Any, more: tuple[str, ...]) -> Callable[..., Any]:
    """A formula as a function of `more` and the operands."""
    import numpy as np

    code, operands = ArrayCode(), [f"x{i}" for i in range(op.arity)]
    body = code.text(rename_operands(tree, name_operands(op, "out", operands)))
    text = f"lambda {', '.join((*more, *operands))}: {body}"
    names: dict[str, Any] = {"where": np.where}
    names |= {f"{name}_": vectorize_value(used) for name, used in code.called.items()}
    function: Callable[..., Any] = eval(text, names)
    return function


def _compute_one_by_one(op: Op) -> Callable[..., Any]:
    """A row that is no formula and not in NumPy, such as erf."""
    import numpy as np

    each = np.frompyfunc(lambda *xs: evaluate_extended(op, xs), op.arity, 1)
    return lambda *arrays: each(*arrays).astype(float)
