"""The NumPy back end: instructions that are alike are done together, for all samples.

Instructions of one operation that wait for nothing else in common are one step on an
array, a row for each instruction and a column for each sample. Sums of products of
the same inputs with leaves are a matrix product, and are left to BLAS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from engine.tape.backends.numpy_steps import (
    Elementwise,
    Place,
    Product,
    Sums,
    add_to,
    numbers_of,
    read,
)
from engine.tape.ir.tape import Tape

__all__ = ["ArrayProgram"]

BLOCK = 1 << 16
"""So many numbers of a block of samples stay near the processor."""


class ArrayProgram:
    """A tape on arrays: `values`, and `gradient` of its only output.

    Args:
        tape: without guards, best compressed (see `engine.tape.ir.passes`).
        matrices: recognise matrix products.
    """

    def __init__(self, tape: Tape, *, matrices: bool = True) -> None:
        self.inputs, self.leaves = tape.inputs, len(tape.leaves)
        self.constants = tape.constants
        self._uniforms = range(tape.inputs, tape.first_node)
        groups = _groups(tape, self._uniforms, matrices=matrices)
        self._rows = {slot: slot for slot in range(tape.inputs)}
        for group in groups:
            for slot in group:
                self._rows[slot] = len(self._rows)
        self.steps = [self._step(tape, group) for group in groups]
        self.outputs = [self._place([slot]) for slot in tape.outputs]
        self._activate(tape)

    @property
    def regularity(self) -> float:
        """How many instructions a step has on average."""
        return (len(self._rows) - self.inputs) / max(1, len(self.steps))

    @property
    def weights(self) -> int:
        """How many numbers the matrices of all products have together."""
        products = (step for step in self.steps if isinstance(step, Product))
        return sum(product.weights.size for product in products)

    def values(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """The outputs, a row each, for inputs with a column for each sample."""
        import numpy as np

        uniforms = self._uniform_numbers(leaves)
        results = np.empty((len(self.outputs), inputs.shape[1]))
        for start, stop in self._blocks(inputs.shape[1]):
            block = self._forward(inputs[:, start:stop], uniforms)
            for i, place in enumerate(self.outputs):
                results[i, start:stop] = read(place, block, uniforms)[0]
        return results

    def gradient(
        self, inputs: Any, leaves: Sequence[float], seeds: Any, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The output, its derivatives by the inputs, Σ seed · derivative by leaf."""
        import numpy as np

        uniforms = self._uniform_numbers(leaves)
        count = inputs.shape[1]
        results, slopes = np.empty(count), np.zeros((self.inputs, count))
        sums = np.zeros(len(uniforms))
        steps = [step for step in reversed(self.steps) if by_inputs or step.trains]
        place = self.outputs[0]
        for start, stop in self._blocks(count):
            block = self._forward(inputs[:, start:stop], uniforms)
            results[start:stop] = read(place, block, uniforms)[0]
            adjoints = np.zeros_like(block)
            add_to(place, seeds[None, start:stop], adjoints, sums)
            with np.errstate(all="ignore"):
                for step in steps:
                    step.backward(block, uniforms, adjoints, sums, by_inputs=by_inputs)
            slopes[:, start:stop] = adjoints[: self.inputs]
        return results, slopes, sums[: self.leaves]

    def _uniform_numbers(self, leaves: Sequence[float]) -> Any:
        import numpy as np

        return np.concatenate([np.asarray(leaves, dtype=float), self.constants])

    def _blocks(self, count: int) -> Iterable[tuple[int, int]]:
        width = max(64, BLOCK // max(1, len(self._rows)))
        return [(i, min(i + width, count)) for i in range(0, count, width)]

    def _forward(self, inputs: Any, uniforms: Any) -> Any:
        import numpy as np

        block = np.empty((len(self._rows), inputs.shape[1]))
        block[: self.inputs] = inputs
        with np.errstate(all="ignore"):
            for step in self.steps:
                step.forward(block, uniforms)
        return block

    # -- preparing -------------------------------------------------------------------

    def _step(self, tape: Tape, group: list[int]) -> Elementwise | Product | Sums:
        rows = [self._rows[slot] for slot in group]
        target = slice(rows[0], rows[-1] + 1)
        first = tape.first_node
        used = [tape.operands[slot - first] for slot in group]
        name = tape.ops[group[0] - first]
        if name != "dot":
            columns = [self._place(column) for column in zip(*used, strict=True)]
            return Elementwise(name, target, columns)
        kind, terms = _terms(tape, used[0])
        if kind == "sums":
            pairs = [
                (self._place(a), self._place(b))
                for a, b in zip(*[iter(zip(*used, strict=True))] * 2, strict=True)
            ]
            return Sums(target, pairs)
        shapes = [_terms(tape, operands)[1] for operands in used]
        return Product(
            target,
            self._place([x for x, _ in terms if x is not None], broadcast=False),
            [[self._uniform(u) for x, u in row if x is not None] for row in shapes],
            [[self._uniform(u) for x, u in row if x is None] for row in shapes],
        )

    def _uniform(self, slot: int) -> int:
        return slot - self.inputs

    def _place(self, slots: Sequence[int], *, broadcast: bool = True) -> Place:
        uniform = slots[0] in self._uniforms
        numbers = [s - self.inputs if uniform else self._rows[s] for s in slots]
        low, count = numbers[0], len(numbers)
        if numbers == list(range(low, low + count)):
            return Place(uniform, slice(low, low + count), False)
        if broadcast and len(set(numbers)) == 1:
            return Place(uniform, slice(low, low + 1), True)
        import numpy as np

        return Place(uniform, np.array(numbers), len(set(numbers)) < count)

    def _activate(self, tape: Tape) -> None:
        """Mark the steps that a leaf has a part in: training needs no others."""
        varying = set(range(self.inputs, self.inputs + self.leaves))
        for slot, _, used in tape.instructions():
            if not varying.isdisjoint(used):
                varying.add(slot)
        trained = {self._rows[slot] for slot in varying if slot in self._rows}
        for step in self.steps:
            step.trains = not trained.isdisjoint(
                range(step.target.start, step.target.stop)
            )
            step.passes_on = [
                not place.uniform and not trained.isdisjoint(numbers_of(place))
                for place in step.places
            ]


def _groups(tape: Tape, uniforms: range, *, matrices: bool) -> list[list[int]]:
    """Instructions that are alike and can be done at one time, in order."""
    levels = [0] * tape.size
    groups: defaultdict[Any, list[int]] = defaultdict(list)
    for slot, name, used in tape.instructions():
        level = levels[slot] = 1 + max(levels[s] for s in used)
        pattern: Any = tuple(s in uniforms for s in used)
        if name == "dot" and matrices:
            kind, terms = _terms(tape, used)
            if kind == "product":
                pattern = tuple(x for x, _ in terms)
        groups[level, name, pattern].append(slot)
    return [groups[key] for key in sorted(groups, key=lambda key: key[0])]


def _terms(
    tape: Tape, used: tuple[int, ...]
) -> tuple[str, list[tuple[int | None, int]]]:
    """The terms of a "dot" as (row, uniform), where each is a product of the two.

    A term that is uniform alone, leaf × 1, has None in the place of the row.
    """
    terms: list[tuple[int | None, int]] = []
    uniforms = range(tape.inputs, tape.first_node)
    for a, b in zip(used[::2], used[1::2], strict=True):
        row, uniform = (b, a) if a in uniforms else (a, b)
        if uniform not in uniforms:
            return "sums", []
        if row not in uniforms:
            terms.append((row, uniform))
        elif b >= tape.first_constant and tape.constants[b - tape.first_constant] == 1:
            terms.append((None, a))
        else:
            return "sums", []
    rows = any(row is not None for row, _ in terms)
    return ("product", terms) if rows else ("sums", [])
