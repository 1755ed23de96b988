"""The table of back ends: what can replay a tape, one entry each.

The options of `jit`, the choice that "auto" makes, `dotgrad bench` and the tests are
made from it. A new back end is a module in this folder and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from engine.native.core import describe_core, load_replay
from engine.tape.backends.native import NativeReplay, find_opaque_rows
from engine.tape.backends.numpy import ArrayReplay, measure_products
from engine.tape.backends.python import SampleReplay, compile_tape
from engine.tape.ir.tape import Tape
from engine.text import say_once

AUTO = "auto"
"""The option that leaves the choice to `select_backend`."""

MATRICES = 10_000
"""With more numbers than this in one matrix BLAS is faster than loops."""


class BatchReplay(Protocol):
    """A tape that can be replayed on many samples."""

    def values(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """The outputs, a row each, a column for each sample."""

    def gradient(
        self, inputs: Any, leaves: Sequence[float], seeds: Any, *, by_inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The outputs; of the first one its derivatives by the inputs, and
        Σ seed · derivative by leaf."""

    def gradient_of_one(
        self, inputs: Any, leaves: Sequence[float]
    ) -> tuple[Any, Any, Any]:
        """The same for one sample, given as a flat array of floats: flat arrays."""


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
    is_built: Callable[[], bool] = lambda: True
    """Whether the part of the compiled core that it needs is there."""
    suits: Callable[[Tape], bool] = lambda _: True
    """Whether "auto" prefers it for batches of this tape to those before it."""

    @property
    def is_installed(self) -> bool:
        """Whether everything that it imports is there."""
        return self.is_built() and all(map(find_spec, self.modules))


def _is_better_in_loops(tape: Tape) -> bool:
    """Whether loops over lanes are faster than arrays."""
    return measure_products(tape) <= MATRICES and not find_opaque_rows(tape.ops)


def _compile_lanes(tape: Tape, threads: int) -> BatchReplay:
    """Loops; or arrays where a row of the program's own is not a formula.

    Raises:
        ModuleNotFoundError: there is no compiled core here.
    """
    if load_replay() is None:
        raise ModuleNotFoundError(
            "the native back end is part of the compiled core, which is not here; "
            f"{describe_core()}"
        )
    if opaque := find_opaque_rows(tape.ops):
        say_once(
            f"dotgrad: the row {opaque[0]} is no formula, so NumPy replays its tapes"
        )
        return ArrayReplay(tape)
    return NativeReplay(tape, threads=threads)


BACKENDS = {
    "python": Backend("Python", for_batches=False, exact=True),
    "numpy": Backend("NumPy", modules=("numpy",)),
    "native": Backend(
        "native",
        compile_sample=None,
        compile_batch=_compile_lanes,
        modules=("numpy",),
        is_built=lambda: load_replay() is not None,
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
