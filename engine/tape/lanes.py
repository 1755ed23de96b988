"""The Numba back end: one compiled interpreter for all tapes, many samples at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from typing import Any

from engine.tape.compiled import all_rows, kernels
from engine.tape.kernels import DOT, WEIGHTED
from engine.tape.tape import Tape

__all__ = ["LaneProgram"]

NEAR = 1 << 16
"""So many numbers stay in a processor's own cache."""


LARGE = 1 << 20
"""Less work than this is done before another thread has begun."""


class LaneProgram:
    """A tape for the interpreter: `values`, `gradient`, and `one` sample.

    Args:
        tape: without guards, best compressed (see `engine.tape.passes`).
        threads: how many threads share the samples of a batch.
    """

    def __init__(self, tape: Tape, *, threads: int = 1) -> None:
        import numpy as np

        self._module, codes = kernels(all_rows())
        self.inputs, self.leaves = tape.inputs, len(tape.leaves)
        self.size, self.threads = tape.size, threads
        self._uniforms = range(tape.inputs, tape.first_node)
        self._constants = np.array(tape.constants, dtype=float)
        listed: list[int] = []
        args: list[int] = []
        starts = [0]
        for _, name, used in tape.instructions():
            weighted = self._weighted(used) if name == "dot" else None
            listed.append(
                WEIGHTED if weighted else DOT if name == "dot" else codes[name]
            )
            args.extend(weighted or used)
            starts.append(len(args))
        self._codes = np.array(listed, dtype=np.int64)
        self._args = np.array(args, dtype=np.int64)
        self._starts = np.array(starts, dtype=np.int64)
        self._places = np.arange(tape.first_node, tape.size)
        self._outputs = np.array(tape.outputs, dtype=np.int64)
        self._needed = {
            flag: self._needs(tape, by_inputs=flag) for flag in (True, False)
        }
        self._reused = _reused(tape, self._args, self._starts, self._codes)
        self._spare: list[tuple[Any, Any, Any]] = []

    def _weighted(self, used: Sequence[int]) -> list[int] | None:
        """Pairs of a row and the number of a leaf, where all products are such."""
        pairs: list[int] = []
        for a, b in zip(used[::2], used[1::2], strict=True):
            row, leaf = (b, a) if a in self._uniforms else (a, b)
            if leaf not in self._uniforms:
                return None
            pairs += (row, leaf - self.inputs)
        return pairs

    def _needs(self, tape: Tape, *, by_inputs: bool) -> Any:
        """For each slot whether a gradient has to come there."""
        import numpy as np

        needed = np.zeros(tape.size, dtype=bool)
        needed[self.inputs : self.inputs + self.leaves] = True
        needed[: self.inputs] = by_inputs
        for slot, _, used in tape.instructions():
            needed[slot] = needed[list(used)].any()
        return needed

    def values(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """The outputs, a row each, for inputs with a column for each sample."""
        import numpy as np

        results = np.empty((len(self._outputs), inputs.shape[1]))
        nothing = np.zeros((0, inputs.shape[1]))
        args, places, outputs, size = self._reused
        self._spread(
            inputs, leaves, results, np.zeros(0), nothing, False, False,
            args, places, outputs, size,
        )  # fmt: skip
        return results

    def gradient(
        self, inputs: Any, leaves: Sequence[float], seeds: Any, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The output, its derivatives by the inputs, Σ seed · derivative by leaf."""
        import numpy as np

        results = np.empty((1, inputs.shape[1]))
        slopes = np.empty((self.inputs, inputs.shape[1]))
        sums = self._spread(
            inputs, leaves, results, np.asarray(seeds, dtype=float), slopes, True,
            by_inputs, self._args, self._places, self._outputs, self.size,
        )  # fmt: skip
        return results[0], slopes, sums

    def _room(self, size: int, width: int, gradient: bool) -> tuple[Any, Any, Any]:
        """Arrays to work in, the last call's where they fit: clean ones cost more."""
        import numpy as np

        wanted = ((size, width), (size, width) if gradient else (1, 1))
        with suppress(IndexError):  # another thread may have taken the last ones
            while True:
                lanes, adjoints, sums = self._spare.pop()
                if (lanes.shape, adjoints.shape) == wanted:
                    return lanes, adjoints, sums
        count = self.leaves + len(self._constants)
        return np.empty(wanted[0]), np.empty(wanted[1]), np.empty(count)

    def _spread(
        self, inputs: Any, leaves: Sequence[float], results: Any, seeds: Any,
        slopes: Any, gradient: bool, by_inputs: bool, args: Any, places: Any,
        outputs: Any, size: int,
    ) -> Any:  # fmt: skip
        """Share the samples among the threads; give the sums by leaf."""
        import numpy as np

        count = inputs.shape[1]
        inputs = np.ascontiguousarray(inputs)
        width = min(count, max(8, min(64, NEAR // max(1, size))))
        numbers = self._constants
        if self.leaves:
            numbers = np.concatenate([np.asarray(leaves, dtype=float), numbers])

        def part(start: int, stop: int) -> Any:
            lanes, adjoints, sums = self._room(size, width, gradient)
            self._module.run(
                self._codes, self._starts, places, args, self._needed[by_inputs],
                inputs, results, outputs, seeds, slopes, lanes, numbers, adjoints,
                sums, gradient, start, stop,
            )  # fmt: skip
            by_leaf = sums[: self.leaves].copy()
            self._spare.append((lanes, adjoints, sums))
            return by_leaf

        if self.threads == 1 or size * count < LARGE:
            return part(0, count)
        cuts = [count * i // self.threads for i in range(self.threads + 1)]
        parts = [(a, b) for a, b in pairwise(cuts) if a < b]
        with ThreadPoolExecutor(len(parts)) as pool:
            return sum(pool.map(lambda bounds: part(*bounds), parts))


def _reused(tape: Tape, args: Any, starts: Any, codes: Any) -> tuple[Any, ...]:
    """The same instructions where rows are used again as soon as they are free.

    Values alone then need no more room than what is alive at one time.
    """
    import numpy as np

    first = tape.first_node
    last: dict[int, int] = {}
    for slot, _, used in tape.instructions():
        last.update(dict.fromkeys(used, slot))
    last.update(dict.fromkeys(tape.outputs, tape.size))
    place = {slot: slot for slot in range(first)}
    free: list[int] = []
    top = first
    for slot, _, used in tape.instructions():
        if free:
            place[slot] = free.pop()
        else:
            place[slot], top = top, top + 1
        for s in set(used):
            if s >= first and last[s] == slot:
                free.append(place[s])
        if slot not in last:
            free.append(place[slot])
    moved = args.copy()
    for i, code in enumerate(codes):
        step = 2 if code == WEIGHTED else 1
        for j in range(starts[i], starts[i + 1], step):
            moved[j] = place[int(args[j])]
    places = np.array([place[first + i] for i in range(len(codes))], dtype=np.int64)
    outputs = np.array([place[s] for s in tape.outputs], dtype=np.int64)
    return moved, places, outputs, top
