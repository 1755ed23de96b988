"""The steps of the NumPy back end: what is done to several rows at one time.

Each has the rows that it computes, and where its operands are. Forward it fills its
rows; backward it adds to what flows back to its operands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from engine.tape.backends.numpy_code import partials_function, value_function
from engine.tape.ir.tape import row

__all__ = ["Elementwise", "Place", "Product", "Sums", "add_to", "numbers_of", "read"]


class Place(NamedTuple):
    """Where the operands of a step are: rows of samples, or uniform numbers."""

    uniform: bool
    index: Any
    """A slice, or an array of numbers of rows."""
    repeats: bool
    """Whether a row is there more than once."""


def numbers_of(place: Place) -> Iterable[int]:
    """The numbers of its rows."""
    index = place.index
    return (
        range(index.start, index.stop) if isinstance(index, slice) else index.tolist()
    )


def read(place: Place, block: Any, uniforms: Any) -> Any:
    """The operands, a row each."""
    if place.uniform:
        return uniforms[place.index][:, None]
    return block[place.index]


def add_to(place: Place, shares: Any, adjoints: Any, sums: Any) -> None:
    """Add what flows back to where it flows to."""
    import numpy as np

    target = adjoints
    if place.uniform:
        target = sums
        shares = shares.sum(axis=1)
    if place.repeats and isinstance(place.index, slice):
        target[place.index] += shares.sum(axis=0)
    elif place.repeats:
        np.add.at(target, place.index, shares)
    else:
        target[place.index] += shares


class Elementwise:
    """One operation on several rows."""

    trains = True
    passes_on: list[bool]

    def __init__(self, name: str, target: slice, places: list[Place]) -> None:
        self.name, self.target, self.places = name, target, places
        self.value = value_function(row(name))
        self.partials = partials_function(row(name))

    def forward(self, block: Any, uniforms: Any) -> None:
        """Compute the rows."""
        used = [read(place, block, uniforms) for place in self.places]
        block[self.target] = self.value(*used)

    def backward(
        self, block: Any, uniforms: Any, adjoints: Any, sums: Any, *, by_inputs: bool
    ) -> None:
        """Pass the gradients of the rows on."""
        used = [read(place, block, uniforms) for place in self.places]
        upstream = adjoints[self.target]
        for i, place in enumerate(self.places):
            if place.uniform or by_inputs or self.passes_on[i]:
                share = upstream * self.partials[i](block[self.target], *used)
                add_to(place, share, adjoints, sums)


class Sums:
    """Sums of products of rows, as many terms in each."""

    trains = True
    passes_on: list[bool]

    def __init__(self, target: slice, pairs: list[tuple[Place, Place]]) -> None:
        self.target, self.pairs = target, pairs
        self.places = [place for pair in pairs for place in pair]

    def forward(self, block: Any, uniforms: Any) -> None:
        """Compute the rows."""
        out = block[self.target]
        out[:] = 0.0
        for i, (a, b) in enumerate(self.pairs):
            term = read(a, block, uniforms) * read(b, block, uniforms)
            block[self.target] = term if i == 0 else out + term

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
                    share = upstream * read(other, block, uniforms)
                    add_to(place, share, adjoints, sums)


class Product:
    """Y = W·X + B: sums of products of the same rows with uniform numbers."""

    trains = True
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
            shares = uniforms[self.weights].T @ upstream
            add_to(place, shares, adjoints, sums)
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
