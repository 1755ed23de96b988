"""The table of back ends: what can replay a tape, one entry each.

The options of `jit`, the choice that "auto" makes, `dotgrad bench` and the tests are
made from it. A new back end is a module in this folder and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from engine.tape.backends.numba import LaneReplay
from engine.tape.backends.numba_cache import CompilationError, is_compiled, select_rows
from engine.tape.backends.numba_kernels import find_opaque_rows
from engine.tape.backends.numpy import ArrayReplay, count_weights, measure_regularity
from engine.tape.backends.python import SampleReplay, compile_tape
from engine.tape.ir.tape import Tape
from engine.text import say_once

AUTO = "auto"
"""The option that leaves the choice to `select_backend`."""

IRREGULAR = 4.0
"""A tape with fewer instructions a step than this is slow on arrays."""

MATRICES = 10_000
"""With more weights than this in matrix products BLAS is faster than Numba."""


class BatchReplay(Protocol):
    """A tape that can be replayed on many samples."""

    def values(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """The outputs, a row each, a column for each sample."""

    def gradient(
        self, inputs: Any, leaves: Sequence[float], seeds: Any, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The outputs; of the first one its derivatives by the inputs, and
        Σ seed · derivative by leaf."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One way to replay tapes."""

    label: str
    """Its name in print."""
    compile_sample: Callable[..., SampleReplay] | None = compile_tape
    """Compile a tape for one sample, with `gradient=` True or False; None: one sample
    is replayed as a batch of one."""
    compile_batch: Callable[[Tape, int], BatchReplay] = lambda tape, _: ArrayReplay(
        tape
    )
    """Compile a compressed tape without guards for batches, given the tape and how many
    threads are to share a batch."""
    for_batches: bool = True
    """Whether it is made for batches, and `dotgrad bench` measures it on one."""
    exact: bool = False
    """Whether one sample gives bit for bit what the engine computes."""
    modules: tuple[str, ...] = ()
    """What has to be installed; all of it is in the extra `fast`."""
    suits: Callable[[Tape], bool] = lambda _: True
    """Whether "auto" prefers it for batches of this tape to those before it."""

    @property
    def is_installed(self) -> bool:
        """Whether everything that it imports is there."""
        return all(map(find_spec, self.modules))


def _is_better_in_loops(tape: Tape) -> bool:
    """Whether Numba's loops are faster than arrays, and worth their compilation."""
    rows = select_rows(tape.ops)
    if count_weights(tape) > MATRICES or find_opaque_rows(rows):
        return False
    return is_compiled(rows) or measure_regularity(tape) < IRREGULAR


def _compile_lanes(tape: Tape, threads: int) -> BatchReplay:
    """Loops; or arrays where Numba cannot compile a row of the program's own."""
    try:
        return LaneReplay(tape, threads=threads)
    except CompilationError as error:
        say_once(f"dotgrad: Numba cannot compile {error}, so NumPy replays its tapes")
        return ArrayReplay(tape)


BACKENDS = {
    "python": Backend("Python", for_batches=False, exact=True),
    "numpy": Backend("NumPy", modules=("numpy",)),
    "numba": Backend(
        "Numba",
        compile_sample=None,
        compile_batch=_compile_lanes,
        modules=("numpy", "numba"),
        suits=_is_better_in_loops,
    ),
}
"""By the names that `jit` takes."""


def select_backend(name: str, tape: Tape | None = None) -> Backend:
    """The back end of this name; "auto" is the best one for batches of a tape.

    Nothing is compiled to find that out. Without a tape it is the one for one sample.
    """
    if name != AUTO:
        return BACKENDS[name]
    if tape is None:
        return BACKENDS["python"]
    usable = (b for b in reversed(BACKENDS.values()) if b.is_installed)
    return next(b for b in usable if b.suits(tape))
