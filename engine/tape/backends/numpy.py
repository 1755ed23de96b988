"""The NumPy back end: instructions that are alike are done together, for all samples.

Instructions of one operation that do not wait for each other are one step on an array,
with a row for each instruction and a column for each sample. Sums of products of the
same rows with uniform numbers are one matrix product, which is left to BLAS.

A number is uniform if it is the same for all samples: a leaf or a constant.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from engine.tape.backends.numpy_steps import (
    Elementwise,
    MatrixProduct,
    Place,
    SumOfProducts,
)
from engine.tape.ir.tape import Tape

FEW = 8
"""So many sums of the same rows are worth a matrix product."""

BLOCK = 1 << 16
"""The most numbers in a block of samples: they stay near the processor."""


class ArrayReplay:
    """A tape on arrays: `values`, and `gradient` of its first output.

    Args:
        tape: without guards, best compressed (see `engine.tape.ir.passes`).
    """

    def __init__(self, tape: Tape) -> None:
        self.inputs, self.leaves = tape.inputs, len(tape.leaves)
        self.constants = tape.constants
        self._uniforms = range(tape.inputs, tape.first_node)
        groups = _group_instructions(tape)
        self._rows = {slot: slot for slot in range(tape.inputs)}
        for group in groups:
            for slot in group:
                self._rows[slot] = len(self._rows)
        self.steps = [self._make_step(tape, group) for group in groups]
        self.outputs = [self._locate([slot]) for slot in tape.outputs]
        self._mark_steps(tape)

    def values(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """The outputs, a row each, for inputs with a column for each sample."""
        import numpy as np

        uniforms = self._join_uniforms(leaves)
        results = np.empty((len(self.outputs), inputs.shape[1]))
        for start, stop in self._split_blocks(inputs.shape[1]):
            block = self._run_forward(inputs[:, start:stop], uniforms)
            for i, place in enumerate(self.outputs):
                results[i, start:stop] = place.read(block, uniforms)[0]
        return results

    def gradient(
        self, inputs: Any, leaves: Sequence[float], seeds: Any, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The outputs, the first one's derivatives by the inputs, Σ seed · derivative
        by leaf."""
        import numpy as np

        uniforms = self._join_uniforms(leaves)
        count = inputs.shape[1]
        results = np.empty((len(self.outputs), count))
        slopes = np.zeros((self.inputs, count))
        sums = np.zeros(len(uniforms))
        steps = [
            step
            for step in reversed(self.steps)
            if (step.carries if by_inputs else step.trains)
        ]
        place = self.outputs[0]
        for start, stop in self._split_blocks(count):
            block = self._run_forward(inputs[:, start:stop], uniforms)
            for i, output in enumerate(self.outputs):
                results[i, start:stop] = output.read(block, uniforms)[0]
            adjoints = np.zeros_like(block)
            place.add(seeds[None, start:stop], adjoints, sums)
            with np.errstate(all="ignore"):
                for step in steps:
                    step.backward(block, uniforms, adjoints, sums, by_inputs=by_inputs)
            slopes[:, start:stop] = adjoints[: self.inputs]
        return results, slopes, sums[: self.leaves]

    def gradient_of_one(
        self, inputs: Any, leaves: Sequence[float]
    ) -> tuple[Any, Any, Any]:
        """The same for one sample, given as a flat array of floats: flat arrays."""
        import numpy as np

        results, slopes, sums = self.gradient(
            inputs[:, None], leaves, np.ones(1), by_inputs=True
        )
        return results[:, 0], slopes[:, 0], sums

    def _join_uniforms(self, leaves: Sequence[float]) -> Any:
        import numpy as np

        return np.concatenate([np.asarray(leaves, dtype=float), self.constants])

    def _split_blocks(self, count: int) -> list[tuple[int, int]]:
        """The first sample of each block, and the first one after it."""
        width = max(64, BLOCK // max(1, len(self._rows)))
        return [(i, min(i + width, count)) for i in range(0, count, width)]

    def _run_forward(self, inputs: Any, uniforms: Any) -> Any:
        import numpy as np

        block = np.empty((len(self._rows), inputs.shape[1]))
        block[: self.inputs] = inputs
        with np.errstate(all="ignore"):
            for step in self.steps:
                step.forward(block, uniforms)
        return block

    # -- preparing -------------------------------------------------------------------

    def _make_step(
        self, tape: Tape, group: list[int]
    ) -> Elementwise | MatrixProduct | SumOfProducts:
        rows = [self._rows[slot] for slot in group]
        target = slice(rows[0], rows[-1] + 1)
        first = tape.first_node
        used = [tape.operands[slot - first] for slot in group]
        name = tape.ops[group[0] - first]
        columns = zip(*used, strict=True)
        if name != "dot":
            return Elementwise(name, target, [self._locate(slots) for slots in columns])
        if not _find_terms(tape, used[0]):
            places = [self._locate(slots) for slots in columns]
            pairs = list(zip(places[::2], places[1::2], strict=True))
            return SumOfProducts(target, pairs)
        terms = [_find_terms(tape, operands) for operands in used]
        return MatrixProduct(
            target,
            self._locate([x for x, _ in terms[0] if x is not None], broadcast=False),
            [[u - self.inputs for x, u in row if x is not None] for row in terms],
            [[u - self.inputs for x, u in row if x is None] for row in terms],
        )

    def _locate(self, slots: Sequence[int], *, broadcast: bool = True) -> Place:
        """Where the numbers of these slots are, which are uniform all or none."""
        uniform = slots[0] in self._uniforms
        numbers = [s - self.inputs if uniform else self._rows[s] for s in slots]
        low, count = numbers[0], len(numbers)
        if numbers == list(range(low, low + count)):
            return Place(uniform, slice(low, low + count), False)
        if broadcast and len(set(numbers)) == 1:
            return Place(uniform, slice(low, low + 1), True)
        import numpy as np

        return Place(uniform, np.array(numbers), len(set(numbers)) < count)

    def _mark_steps(self, tape: Tape) -> None:
        """Mark the steps that gradients pass: all of them, and for training alone."""
        leaves = range(self.inputs, self.inputs + self.leaves)
        carrying = self._find_rows(tape.find_carriers(range(tape.first_constant)))
        trained = self._find_rows(tape.find_carriers(leaves))
        for step in self.steps:
            rows = range(step.target.start, step.target.stop)
            step.carries = not carrying.isdisjoint(rows)
            step.trains = not trained.isdisjoint(rows)
            step.passes_on = [
                not place.uniform and not trained.isdisjoint(place.numbers)
                for place in step.places
            ]

    def _find_rows(self, slots: set[int]) -> set[int]:
        return {self._rows[slot] for slot in slots if slot in self._rows}


def measure_products(tape: Tape) -> int:
    """How many numbers the largest matrix has that is multiplied in one step.

    A few rows alone, such as the one sum over all that is to be checked, are no matrix.
    """
    alike = Counter(
        tuple([row for row, _ in _find_terms(tape, used)])
        for op, used in zip(tape.ops, tape.operands, strict=True)
        if op == "dot"
    )
    if all(n < FEW for rows, n in alike.items() if rows):
        return 0  # to look at the whole tape takes longer
    counts = Counter(key for _, key in _group_keys(tape) if key[1] == "product")
    sizes = (n * len(rows) for (*_, rows), n in counts.items() if n >= FEW)
    return max(sizes, default=0)


def _group_instructions(tape: Tape) -> list[list[int]]:
    """Instructions that are alike and can be done at one time, in order."""
    groups: defaultdict[Any, list[int]] = defaultdict(list)
    for slot, key in _group_keys(tape):
        groups[key].append(slot)
    return [groups[key] for key in sorted(groups, key=lambda key: key[0])]


def _group_keys(tape: Tape) -> Iterator[tuple[int, Any]]:
    """Each instruction with what it has in common with the others of its step.

    That is: how many have to be done before it, one after the other; its operation;
    whether gradients pass it; and which of its operands are uniform, or in a matrix
    product, of which rows it is made.
    """
    carriers = tape.find_carriers(range(tape.first_constant))
    levels = [0] * tape.size
    uniforms = range(tape.inputs, tape.first_node)
    for slot, name, used in tape.instructions():
        level = levels[slot] = 1 + max([levels[s] for s in used])
        terms = _find_terms(tape, used) if name == "dot" else []
        if terms:
            kind, of = "product", tuple([x for x, _ in terms])
        else:
            kind, of = name, tuple([s in uniforms for s in used])
        yield slot, (level, kind, slot in carriers, of)


def _find_terms(tape: Tape, used: tuple[int, ...]) -> list[tuple[int | None, int]]:
    """The terms of a "dot" as (row, uniform), where each is a product of the two.

    A term that is uniform alone, leaf × 1, has None in the place of the row. The list
    is empty where this is no row of a matrix product: there are terms of another kind,
    or uniform ones alone.
    """
    terms: list[tuple[int | None, int]] = []
    uniforms = range(tape.inputs, tape.first_node)
    for a, b in zip(used[::2], used[1::2], strict=True):
        row, uniform = (b, a) if a in uniforms else (a, b)
        if uniform not in uniforms:
            return []
        if row not in uniforms:
            terms.append((row, uniform))
        elif b >= tape.first_constant and tape.constants[b - tape.first_constant] == 1:
            terms.append((None, a))
        else:
            return []
    return terms if any(row is not None for row, _ in terms) else []
