"""The Numba back end: one compiled interpreter for all tapes, many samples at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

from engine.tape.backends.numba_cache import load_kernels, select_rows
from engine.tape.backends.numba_kernels import DOT, WEIGHTED
from engine.tape.ir.tape import Tape

NEAR = 1 << 15
"""The most numbers that stay in a processor's own cache."""

WIDE, NARROW = 256, 8
"""Samples in a block: more do not pay, fewer leave vector instructions idle."""

LARGE = 1 << 20
"""The least work, in numbers, for which another thread is worth starting."""


class Layout(NamedTuple):
    """Instructions, as the interpreter reads them."""

    codes: Any
    starts: Any
    """Where the operands of each instruction begin."""
    places: Any
    """The row that each writes."""
    args: Any
    """The rows that they read, and after each row of a weighted sum its weight."""
    outputs: Any
    size: int

    @classmethod
    def of(
        cls, instructions: Sequence[tuple[int, list[int]]], places: list[int],
        outputs: list[int], size: int,
    ) -> Layout:  # fmt: skip
        """Instructions as arrays."""
        import numpy as np

        codes = [code for code, _ in instructions]
        args = [x for _, used in instructions for x in used]
        starts = np.cumsum([0, *(len(used) for _, used in instructions)])
        lists = (codes, starts, places, args, outputs)
        arrays = [np.array(numbers, dtype=np.int64) for numbers in lists]
        return cls._make([*arrays, size])


class LaneReplay:
    """A tape for the interpreter: `values`, and `gradient` of its first output.

    Args:
        tape: without guards, best compressed (see `engine.tape.ir.passes`).
        threads: how many threads share the samples of a batch.
    """

    def __init__(self, tape: Tape, *, threads: int = 1) -> None:
        import numpy as np

        self._module, codes = load_kernels(select_rows(tape.ops))
        self.inputs, self.leaves = tape.inputs, len(tape.leaves)
        self.threads = threads
        self._uniforms = range(tape.inputs, tape.first_node)
        self._constants = np.array(tape.constants, dtype=float)
        weights = [
            self._find_weights(used) if name == "dot" else None
            for _, name, used in tape.instructions()
        ]
        # Weights are read as numbers: only other leaves and constants need rows.
        read = set(tape.outputs)
        for weighted, used in zip(weights, tape.operands, strict=True):
            read.update(weighted[::2] if weighted else used)
        spread = [s for s in self._uniforms if s in read]
        self._spread = np.array(spread, dtype=np.int64) - tape.inputs
        slots = [*range(tape.inputs), *spread, *range(tape.first_node, tape.size)]
        row = {slot: i for i, slot in enumerate(slots)}
        instructions = [
            (WEIGHTED, [x if i % 2 else row[x] for i, x in enumerate(weighted)])
            if weighted
            else (DOT if name == "dot" else codes[name], [row[s] for s in used])
            for weighted, (_, name, used) in zip(
                weights, tape.instructions(), strict=True
            )
        ]
        first = tape.inputs + len(spread)
        outputs = [row[s] for s in tape.outputs]
        places = list(range(first, len(slots)))
        self._all_kept = Layout.of(instructions, places, outputs, len(slots))
        self._reuse_rows = Layout.of(*_reuse_rows(instructions, outputs, first))
        self._needed = {
            flag: self._mark_needed(tape, by_inputs=flag)[slots]
            for flag in (True, False)
        }
        self._spare: dict[Any, list[Any]] = defaultdict(list)

    def _find_weights(self, used: Sequence[int]) -> list[int] | None:
        """Pairs of a slot and the number of a leaf, where all products are such."""
        pairs: list[int] = []
        for a, b in zip(used[::2], used[1::2], strict=True):
            slot, leaf = (b, a) if a in self._uniforms else (a, b)
            if leaf not in self._uniforms:
                return None
            pairs += (slot, leaf - self.inputs)
        return pairs

    def _mark_needed(self, tape: Tape, *, by_inputs: bool) -> Any:
        """For each slot whether a gradient has to come there."""
        import numpy as np

        first = 0 if by_inputs else self.inputs
        needed = np.zeros(tape.size, dtype=bool)
        needed[list(tape.find_carriers(range(first, tape.first_constant)))] = True
        return needed

    def values(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """The outputs, a row each, for inputs with a column for each sample."""
        import numpy as np

        results = np.empty((len(self._reuse_rows.outputs), inputs.shape[1]))
        nothing = np.empty((0, inputs.shape[1]))
        self._run(self._reuse_rows, inputs, leaves, results, None, nothing)
        return results

    def gradient(
        self, inputs: Any, leaves: Sequence[float], seeds: Any, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The outputs, the first one's derivatives by the inputs, Σ seed · derivative
        by leaf."""
        import numpy as np

        results = np.empty((len(self._all_kept.outputs), inputs.shape[1]))
        slopes = np.empty((self.inputs if by_inputs else 0, inputs.shape[1]))
        sums = self._run(self._all_kept, inputs, leaves, results, seeds, slopes)
        return results, slopes, sums

    def _run(
        self, layout: Layout, inputs: Any, leaves: Sequence[float], results: Any,
        seeds: Any, slopes: Any,
    ) -> Any:  # fmt: skip
        """Fill the results and slopes; give the sums by leaf. No seeds: values alone.

        The samples are shared among the threads.
        """
        import numpy as np

        count, numbers = inputs.shape[1], self._constants
        if self.leaves:
            head = np.fromiter(leaves, float, self.leaves)  # faster than asarray
            numbers = np.concatenate([head, numbers])
        gradient = seeds is not None
        width = 1
        if count > 1:
            width = min(count, WIDE, max(NARROW, NEAR // max(1, layout.size)))
        arguments = (
            *layout[:4], self._needed[len(slopes) > 0], self._spread,
            np.ascontiguousarray(inputs), results, layout.outputs,
            seeds if gradient else numbers, slopes, numbers, gradient,
        )  # fmt: skip
        spare = self._spare[width, gradient]

        def run_part(start: int, stop: int) -> Any:
            try:
                lanes, adjoints = spare.pop()  # clean ones would cost more
            except IndexError:
                lanes = np.empty((layout.size, width))
                adjoints = np.empty_like(lanes) if gradient else lanes
            sums = np.empty(len(numbers))
            self._module.run(*arguments, lanes, adjoints, sums, start, stop)
            spare.append((lanes, adjoints))
            return sums[: self.leaves]

        if self.threads == 1 or layout.size * count < LARGE:
            return run_part(0, count)
        cuts = [count * i // self.threads for i in range(self.threads + 1)]
        parts = [(a, b) for a, b in pairwise(cuts) if a < b]
        with ThreadPoolExecutor(len(parts)) as pool:
            return sum(pool.map(lambda bounds: run_part(*bounds), parts))


def _reuse_rows(
    instructions: Sequence[tuple[int, list[int]]], outputs: list[int], first: int
) -> tuple[Any, ...]:
    """The same instructions, where a row is used again after its last reader.

    This is for values alone, and saves room: a chain of a million instructions then
    needs two or three rows.
    """
    reads = [used[:: 2 if code == WEIGHTED else 1] for code, used in instructions]
    last: dict[int, int] = {}
    for i, rows in enumerate(reads):
        last.update(dict.fromkeys(rows, i))
    last.update(dict.fromkeys(outputs, len(reads)))
    place = list(range(first))
    free: list[int] = []
    top = first
    moved = []
    for i, (code, used) in enumerate(instructions):
        if free:
            place.append(free.pop())
        else:
            place.append(top)
            top += 1
        free += {place[r] for r in reads[i] if r >= first and last[r] == i}
        if first + i not in last:
            free.append(place[-1])
        weighted = code == WEIGHTED
        moved.append(
            (code, [x if weighted and j % 2 else place[x] for j, x in enumerate(used)])
        )
    return moved, place[first:], [place[r] for r in outputs], top
