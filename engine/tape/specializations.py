"""Specializations: for each way through a function its tape, and what replays it."""

from __future__ import annotations

import operator
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from engine import registry
from engine.errors import TapeError
from engine.graph import context
from engine.native.core import core
from engine.tape.backends.backend import BatchReplay, select_backend
from engine.tape.backends.numpy import ArrayReplay
from engine.tape.backends.python import SampleReplay, compile_tape
from engine.tape.ir.arguments import unflatten_argument
from engine.tape.ir.draws import Draws
from engine.tape.ir.passes import add_check, compress
from engine.tape.ir.recording import (
    Recording,
    find_difference,
    is_same_recording,
    record,
)
from engine.tape.ir.state import State
from engine.tape.ir.tape import find_error, find_row
from engine.tape.samples import Samples
from engine.text import say
from engine.util.collector import without_collector
from engine.util.nested import Structure

Keys = tuple[Structure, ...]
"""The structures of the arguments: a tape is for one such tuple."""


class Specialization:
    """One way through a function: its recording, and what is compiled to replay it.

    Args:
        recording: the tape, its leaves, and the structure of its result.
        backend: "auto", or a name in `BACKENDS`.
        threads: how many share a batch, in back ends that have threads.
    """

    def __init__(self, recording: Recording, backend: str, threads: int = 1) -> None:
        self.recording = recording
        self.tape = recording.tape
        self.backend, self.threads = backend, threads
        self._compile = select_backend(backend).compile_sample
        self.is_guarded = bool(self.tape.guarded)
        """Whether some arguments go another way."""

    def read_leaves(self) -> array[float]:
        """The numbers of the leaves, as they are now."""
        if context.recorders or context.watchers:
            for leaf in self.recording.leaves:
                context.report_escape(leaf, "a replay", None)
        # Not by the getter of `data`, which is slower: this is done at each replay.
        leaves = self.recording.leaves
        if core is not None:
            return array("d", core.read_numbers(leaves))
        return array("d", [leaf._number for leaf in leaves])

    @cached_property
    def value(self) -> SampleReplay | None:
        """Computes the outputs for one sample."""
        return self._compile and self._compile(self.tape, gradient=False)

    @cached_property
    def gradient(self) -> SampleReplay | None:
        """Computes the output and its derivatives for one sample."""
        return self._compile and self._compile(self.tape, gradient=True)

    @cached_property
    def batch(self) -> BatchReplay:
        """Computes the outputs, or the output and its derivatives, for many samples.

        One more output is not finite where an instruction may have raised.
        """
        outputs = (*self.tape.outputs, *self.tape.risky)
        tape = replace(self.tape, outputs=outputs, guards=(), raised=())
        with without_collector():
            tape = add_check(compress(tape), len(self.tape.outputs))
        return select_backend(self.backend, tape).compile_batch(tape, self.threads)

    @cached_property
    def _exact(self) -> SampleReplay:
        """Computes the outputs of one sample, and raises where the function does."""
        return compile_tape(self.tape, gradient=False)

    def find_raising(self, inputs: Any, outputs: Any, leaves: Sequence[float]) -> Any:
        """A mask of the samples for which floats raise; None if there are none.

        Args:
            outputs: what `batch` gave for these inputs and leaves.
        """
        if len(outputs) == len(self.tape.outputs):
            return None
        import numpy as np

        mask = ~np.isfinite(outputs[-1])
        for i in np.flatnonzero(mask):
            mask[i] = self._raises(inputs[:, i].tolist(), leaves)
        return mask if mask.any() else None

    def find_odd_slopes(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """For each sample a derivative by a leaf that is not finite, or 0."""
        import numpy as np

        odd = np.zeros(inputs.shape[1])
        for i in range(len(odd)):
            _, _, slopes = self.batch.gradient(
                inputs[:, i : i + 1], leaves, self._one, by_inputs=False
            )
            odd[i] = next((x for x in slopes if not np.isfinite(x)), 0.0)
        return odd

    def _raises(self, numbers: Sequence[float], leaves: Sequence[float]) -> bool:
        try:
            self._exact(numbers, leaves)
        except (ArithmeticError, ValueError):
            return True
        return False

    def replay_sample(self, numbers: Sequence[float], *, gradient: bool) -> Any:
        """The outputs for one sample, and its derivatives by the inputs and leaves.

        Without `gradient` the outputs alone; None where a guard does not hold.
        """
        replay = self.gradient if gradient else self.value
        if replay is None:
            return self._replay_array(numbers, gradient=gradient)
        if hasattr(numbers, "tolist"):
            numbers = numbers.tolist()
        found = replay(numbers, self.read_leaves())
        return found if gradient or found is None else (found,)

    def _replay_array(self, numbers: Sequence[float], *, gradient: bool) -> Any:
        """The same, replayed as a batch of one sample."""
        import numpy as np

        inputs, leaves = np.asarray(numbers, dtype=float), self.read_leaves()
        column = inputs[:, None]
        if self.find_followers(column, leaves) is not None:
            return None
        if gradient:
            found, *rest = self.batch.gradient_of_one(inputs, leaves)
        else:
            found, rest = self.batch.values(column, leaves)[:, 0], []
        if self.find_raising(column, found[:, None], leaves) is not None:
            raise ArithmeticError("an operation raises for this sample")
        return found[: len(self.tape.outputs)].tolist(), *rest

    @cached_property
    def _one(self) -> Any:
        """The seed of one sample."""
        import numpy as np

        return np.ones(1)

    @cached_property
    def _compared(self) -> ArrayReplay:
        """Computes what the guards compare: two outputs for each guard."""
        outputs = tuple(self.tape.guarded)
        tape = replace(self.tape, outputs=outputs, guards=(), raised=())
        return ArrayReplay(compress(tape))

    def find_followers(self, inputs: Any, leaves: Sequence[float]) -> Any:
        """A mask of the samples that go this way; None if all do."""
        if not self.is_guarded:
            return None
        import numpy as np

        mask = np.ones(inputs.shape[1], dtype=bool)
        compared = iter(self._compared.values(inputs, leaves))
        for guard in self.tape.guards:
            left, right = next(compared), next(compared)
            mask &= getattr(operator, guard.relation)(left, right) == guard.outcome
        for one in self.tape.raised:
            op, operands = find_row(one.op), [next(compared) for _ in one.operands]
            rows = np.array(operands).T.tolist()
            mask &= np.array([find_error(op, xs) == one.error for xs in rows])
        return None if mask.all() else mask

    def require_one_output(self) -> None:
        """See that there is one number to differentiate.

        Raises:
            TapeError: the function gives a structure.
        """
        if self.recording.output is not None:
            raise refuse_structure(len(self.tape.outputs))


def refuse_structure(count: int) -> TapeError:
    """The error for a gradient of several numbers."""
    return TapeError(
        f"a gradient is of one number, and the function gives {count} in a structure"
    )


class Specializations:
    """All ways through a function that have been recorded, by its arguments' structure.

    Args:
        f: the function.
        max_paths: how many there may be for one structure, and for how many
            structures they are kept.
        backend: see `Specialization`.
        threads: see `Specialization`.
    """

    def __init__(
        self, f: Callable[..., Any], max_paths: int, backend: str, threads: int
    ) -> None:
        self.f, self.max_paths = f, max_paths
        self.backend, self.threads = backend, threads
        self._ways: list[Ways] = []
        self._departures = registry.departures
        self._recording = threading.Lock()
        self._has_forgotten = False

    def items(self) -> list[tuple[Keys, Specialization]]:
        """Those that hold now, each with the structure that it is for."""
        ways = self._find_ways()
        known = list(ways.known.items()) if ways else []
        return [(keys, one) for keys, several in known for one in several]

    def of(self, keys: Keys) -> list[Specialization]:
        """Those for arguments of this structure."""
        ways = self._find_ways()
        return ways.known.get(keys, []) if ways else []

    def _find_ways(self) -> Ways | None:
        """Those of the state that holds now, made with the rows of the table."""
        if self._departures != registry.departures:
            self._departures = registry.departures
            self._ways.clear()
        for ways in self._ways:
            if ways.state.holds():
                return ways
        return None

    def record(
        self, keys: Keys, numbers: Sequence[float], tried: int, draws: Draws | None
    ) -> Specialization | None:
        """Record the way of these arguments, which is none of the first `tried` ones.

        Another thread may have added one meanwhile: then that is to be tried first.

        Args:
            draws: the random numbers that the sample draws.

        Returns:
            One of the first, if it is the way after all: a replay has refused it, since
            its last digits lie otherwise, or it raises where the engine takes a limit.

        Raises:
            TapeError: there would be too many.
        """
        with self._recording:
            ways = self._find_ways()
            if ways is not None and len(ways.known.get(keys, [])) > tried:
                return None
            if ways is None and len(self._ways) >= self.max_paths:
                raise TapeError(
                    f"{self._ways[0].state.find_change()}, which {self._name} reads, "
                    f"has had more than {self.max_paths} values: make it an argument, "
                    "or keep one Value and change its data"
                )
            recording, state = self._record_twice(keys, numbers, draws or Draws(1))
            for one in ways.known.get(keys, []) if ways else []:
                if is_same_recording(one.recording, recording):
                    return one
            if tried >= self.max_paths:
                guards = recording.tape.guards
                where = guards[-1].where if guards else "its comparisons"
                raise TapeError(
                    f"{self._name} goes more than {self.max_paths} ways through its "
                    f"comparisons, the last one at {where}: give a larger max_paths, "
                    "or compute without branches (engine.relu, max, where)"
                )
            if ways is None:
                ways = Ways(state, {})
                self._ways.insert(0, ways)  # the newest is looked at first
            ways.state = state  # the function may have written a list of its own
            known = ways.known.setdefault(keys, [])
            known.append(Specialization(recording, self.backend, self.threads))
            if len(ways.known) > self.max_paths:
                self._forget_oldest(ways.known)
            return None

    def _forget_oldest(self, known: dict[Keys, list[Specialization]]) -> None:
        """Let the tapes go that are for the structure that came first."""
        del known[next(iter(known))]
        if not self._has_forgotten:
            self._has_forgotten = True
            say(
                f"dotgrad: {self._name} has been called with more than "
                f"{self.max_paths} structures of arguments, such as lengths of a list: "
                "the oldest tapes go, and are recorded again when they are needed. "
                "Give a larger max_paths, or lists of one length"
            )

    @property
    def _name(self) -> str:
        return getattr(self.f, "__name__", type(self.f).__name__)

    def _record_twice(
        self, keys: Keys, numbers: Sequence[float], draws: Draws
    ) -> tuple[Recording, State]:
        """What two runs of the function agree on, and what they read.

        Raises:
            TapeError: they do not agree, or change what they read.
        """

        def run() -> Recording:
            values = iter(numbers)
            args = [unflatten_argument(key, values) for key in keys]
            return record(self.f, args, draws=draws, seen=before.values)

        before = State(self.f)
        recording, between = run(), State(self.f)
        again = run()
        # The masks of dropout are drawn in the first run, and kept for the second.
        if name := before.find_draw(draws.has_drawn) or between.find_draw():
            why = f"it draws random numbers from {name}"
        elif name := between.find_change(plain=True):
            why = f"it changes {name}, and a replay would not"
        elif not is_same_recording(recording, again):
            why = "two runs at one point differ: " + find_difference(recording, again)
        else:
            return recording, State(self.f)
        raise TapeError(
            f"{self._name} cannot be recorded: {why}. What differs from call to call "
            "(random numbers, the time, a counter) has to be an argument, or the data "
            "of a Value that the function closes over; nn.Dropout works on tapes"
        )

    def run(
        self, samples: Samples, compute: Compute, *, keep: bool = False
    ) -> Iterator[Part]:
        """Each way with its part of the samples; new ways are recorded.

        A sample for which an operation raises leaves the way, if the function catches
        the error; if not, it stays, and `Part.error` is what the engine raises for it.

        Args:
            compute: replays a way for some of the samples, with these numbers of its
                leaves, and gives their outputs and anything else.
            keep: go on after the first error.
        """
        import numpy as np

        known = self.of(samples.keys)
        if known and not known[0].is_guarded:  # the usual case, made fast
            one, everything, numbers = known[0], slice(None), known[0].read_leaves()
            outputs, rest = compute(one, everything, numbers)
            inputs = samples.gather(everything, one.recording.draws)
            if one.find_raising(inputs, outputs, numbers) is None:
                yield Part(one, everything, outputs, rest, None)
                return
        left, tried, error = np.arange(samples.count), 0, None
        while len(left):
            for one in known:
                numbers = one.read_leaves()
                parts, left = split_by_guards([one], [numbers], samples, left)
                for _, which in parts:
                    outputs, rest = compute(one, which, numbers)
                    inputs = samples.gather(which, one.recording.draws)
                    raising = one.find_raising(inputs, outputs, numbers)
                    if raising is not None:
                        which = np.arange(samples.count)[which]
                        leaving, error = self._find_caught(
                            samples, which[raising], keep=keep
                        )
                        if len(leaving):
                            left = np.sort(np.concatenate([left, leaving]))
                            which = np.setdiff1d(which, leaving)
                            if not len(which):
                                continue
                            outputs, rest = compute(one, which, numbers)
                    yield Part(one, which, outputs, rest, error)
            tried += len(known)
            if len(left):
                first = samples.take(left[:1])
                numbers = first.columns[:, 0].tolist()
                refused = self.record(samples.keys, numbers, tried, first.draws)
                if refused is not None:
                    which, left = left[:1], left[1:]
                    yield Part(
                        refused,
                        which,
                        *compute(refused, which, refused.read_leaves()),
                        error,
                    )
                known = self.of(samples.keys)[tried:]

    def _find_caught(
        self, samples: Samples, which: Any, *, keep: bool
    ) -> tuple[list[int], Exception | None]:
        """Those of these samples whose error the function catches; another one's."""
        caught: list[int] = []
        error: Exception | None = None
        for i in which.tolist():
            try:
                samples.compute_sample(self.f, i)
            except (ArithmeticError, ValueError) as raised:
                error = raised
                if not keep:
                    break
            else:
                caught.append(i)
        return caught, error


@dataclass(slots=True)
class Ways:
    """The ways through a function while what it reads is in one state."""

    state: State
    known: dict[Keys, list[Specialization]]


Compute = Callable[[Specialization, Any, Sequence[float]], tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """Samples that go one way, and what it gives for them."""

    one: Specialization
    which: Any
    outputs: Any
    rest: Any
    error: Exception | None
    """What the engine raises for one of them."""


def split_by_guards(
    known: Sequence[Specialization], leaves: Sequence[Sequence[float]],
    samples: Samples, left: Any,
) -> tuple[list[tuple[int, Any]], Any]:  # fmt: skip
    """Which of the samples `left` go which way, and which of them go none.

    Args:
        known: the ways, in the order in which they are tried.
        leaves: the numbers of the leaves of each.
    """
    parts: list[tuple[int, Any]] = []
    for i, (one, numbers) in enumerate(zip(known, leaves, strict=True)):
        if not len(left):
            break
        whole, mask = len(left) == samples.count, None
        if one.is_guarded:
            some = slice(None) if whole else left
            inputs = samples.gather(some, one.recording.draws)
            mask = one.find_followers(inputs, numbers)
        if mask is None:  # all of them
            parts.append((i, slice(None) if whole else left))
            left = left[:0]
        elif mask.any():
            parts.append((i, left[mask]))
            left = left[~mask]
    return parts, left
