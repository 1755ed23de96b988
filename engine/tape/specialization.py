"""One way through a function: its tape, and what is made of it to replay it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

from engine.errors import TapeError
from engine.tape.backends import python as straight
from engine.tape.backends.numba import LaneProgram
from engine.tape.backends.numba_cache import is_compiled, rows_for
from engine.tape.backends.numpy import ArrayProgram
from engine.tape.ir.passes import compressed
from engine.tape.ir.recording import Recording

__all__ = ["Path", "Program"]

IRREGULAR = 4.0
"""A tape with fewer instructions a step than this is slow on arrays."""

MATRICES = 10_000
"""With more weights than this in matrix products BLAS is faster than Numba."""


class Program(Protocol):
    """A tape that can be replayed on many samples."""

    def values(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """The outputs, a row each, a column for each sample."""

    def gradient(
        self, inputs: Any, leaves: Sequence[float], seeds: Any, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The output, its derivatives by the inputs, Σ seed · derivative by leaf."""


class Path:
    """A recording and what replays it.

    Args:
        recording: the tape, its leaves, and the structure of its result.
        backend: "auto", "python", "numpy" or "numba".
        threads: how many share a batch in the Numba back end.
    """

    def __init__(self, recording: Recording, backend: str, threads: int = 1) -> None:
        self.recording = recording
        self.tape = recording.tape
        self.backend, self.threads = backend, threads

    def leaves(self) -> list[float]:
        """The numbers of the leaves, as they are now."""
        return [leaf.data for leaf in self.recording.leaves]

    @cached_property
    def value(self) -> straight.Replay:
        """The outputs for one sample."""
        return straight.compiled(self.tape, gradient=False)

    @cached_property
    def gradient(self) -> straight.Replay:
        """The output and its derivatives for one sample."""
        return straight.compiled(self.tape, gradient=True)

    def one_sample(self, numbers: Sequence[float], *, gradient: bool) -> Any:
        """What `value` or `gradient` gives; None where a guard does not hold."""
        if self.backend == "numba":
            return self._one_column(numbers, gradient=gradient)
        if hasattr(numbers, "tolist"):
            numbers = numbers.tolist()
        replay = self.gradient if gradient else self.value
        found = replay(numbers, self.leaves())
        return found if gradient or found is None else (found,)

    def _one_column(self, numbers: Sequence[float], *, gradient: bool) -> Any:
        import numpy as np

        column, leaves = np.asarray(numbers, dtype=float)[:, None], self.leaves()
        if self.holds(column, leaves) is not None:
            return None
        if not gradient:
            return (self.program.values(column, leaves)[:, 0].tolist(),)
        value, slopes, sums = self.program.gradient(
            column, leaves, self._one, by_inputs=True
        )
        return value.tolist(), slopes[:, 0], sums

    @cached_property
    def _one(self) -> Any:
        """The seed of one sample."""
        import numpy as np

        return np.ones(1)

    @cached_property
    def program(self) -> Program:
        """What replays many samples."""
        tape = compressed(replace(self.tape, guards=()))
        if self.backend == "numba":
            return LaneProgram(tape, threads=self.threads)
        program = ArrayProgram(tape)
        if self.backend != "auto" or program.weights > MATRICES:
            return program
        # Numba's loops are the fastest, but a first compilation has to be worth it.
        if program.regularity < IRREGULAR or is_compiled(rows_for(tape.ops)):
            try:
                return LaneProgram(tape, threads=self.threads)
            except ModuleNotFoundError:
                return program
        return program

    @cached_property
    def _asked(self) -> Program:
        """What the guards compare, two outputs for each guard."""
        asked = [s for guard in self.tape.guards for s in (guard.left, guard.right)]
        tape = replace(self.tape, outputs=tuple(asked), guards=())
        return ArrayProgram(compressed(tape))

    def holds(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """For each sample whether it goes this way; None if all do."""
        import numpy as np

        if not self.tape.guards:
            return None
        mask = np.ones(inputs.shape[1], dtype=bool)
        asked = self._asked.values(inputs, leaves)
        pairs = zip(asked[::2], asked[1::2], strict=True)
        for guard, (left, right) in zip(self.tape.guards, pairs, strict=True):
            mask &= getattr(operator, guard.relation)(left, right) == guard.outcome
        return None if mask.all() else mask

    def one_output(self) -> None:
        """See that there is one number to differentiate.

        Raises:
            TapeError: the function gives a structure.
        """
        if self.recording.output is not None:
            raise TapeError(
                "a gradient is of one number, and the function gives "
                f"{len(self.tape.outputs)} in a structure"
            )
