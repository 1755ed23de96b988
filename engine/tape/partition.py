"""What a worker does: replay tapes on a partition, and add up the results."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

from engine.tape.ir.draws import Draw, Draws
from engine.tape.ir.recording import Recording
from engine.tape.ir.tape import Tape
from engine.tape.samples import Samples, require_numpy
from engine.tape.specializations import Keys, Specialization, split_by_guards


@dataclass(frozen=True)
class StepNumbers:
    """What the workers have to be told at each step, beside the tapes."""

    leaves: list[float]
    """The numbers of all leaves."""
    places: list[list[int]]
    """For each tape, which of them are its leaves."""
    seeds: list[float]
    """One for each generator that the function draws from."""
    allow_nonfinite: bool
    """Whether values may be nan or infinite."""
    uncaught: frozenset[tuple[int, int]]
    """Samples, by partition and number, for which the function raises an error."""


@dataclass(frozen=True)
class PackedTape:
    """A tape on its way to a worker, which knows it again by its digest."""

    digest: str
    tape: str = field(compare=False)
    keys: Keys = field(compare=False)
    draws: tuple[tuple[int, float], ...] = field(compare=False)
    """The number of the generator and the probability of each of its draws."""
    backend: str = field(compare=False)
    threads: int = field(compare=False)

    @classmethod
    def of(
        cls, keys: Keys, one: Specialization, generators: Sequence[Any]
    ) -> PackedTape:
        """A specialization with the structures of the arguments that it is for."""
        numbers = {id(rng): i for i, rng in enumerate(generators)}
        draws = tuple((numbers[id(d.rng)], d.p) for d in one.recording.draws)
        text, options = one.tape.to_json(), (draws, one.backend, one.threads)
        digest = sha256(f"{text}{options}".encode()).hexdigest()
        return cls(digest, text, keys, *options)


@lru_cache(maxsize=256)
def _unpack(packed: PackedTape) -> Specialization:
    """The specialization, with what this worker has compiled of it until now."""
    draws = tuple(Draw(_stand_in(number), p) for number, p in packed.draws)
    recording = Recording(Tape.from_json(packed.tape), (), None, draws)
    return Specialization(recording, packed.backend, packed.threads)


@dataclass(frozen=True, eq=False)
class _StandIn:
    """What stands on a worker for a generator, which stays where the program is."""

    number: int


@cache
def _stand_in(number: int) -> _StandIn:
    return _StandIn(number)


def seed_generator(seed: float, partition: int, number: int) -> random.Random:
    """What one sample draws from, wherever it is computed."""
    return random.Random(f"{seed} {partition} {number}")


@dataclass(frozen=True)
class Sample:
    """One sample, and where it is."""

    samples: Samples
    partition: int
    number: int
    """Its number in the partition."""
    before: int = 0
    """How many samples there are in the partitions before it."""

    def move(self, count: int) -> Sample:
        """The same, with so many samples more before it."""
        return replace(self, before=self.before + count)


@dataclass(frozen=True)
class NonFinite:
    """A sample with a result, or a gradient, that is not finite."""

    what: str
    sample: Sample
    numbers: Any


@dataclass
class PartialSums:
    """The sums over the samples of one or more partitions."""

    value: float
    count: int
    by_leaf: Any
    """The derivatives by all leaves."""
    unknown: list[Sample] = field(default_factory=list)
    """Samples that go a way without a tape: one of each partition, and all for which
    an operation raises."""
    nonfinite: list[NonFinite] = field(default_factory=list)
    """One sample of each partition with a number that is not finite."""


def return_same(x: Any) -> Any:
    """Give x itself: as the result of a task it stays at the workers."""
    return x


def take_first(*parts: Any) -> Samples | None:
    """The first sample of a partition, if it has any."""
    samples = _make_samples(parts)
    return None if samples is None else samples.take([0])


def sum_partition(
    step: StepNumbers, number: int, tapes: list[PackedTape], *parts: Any
) -> PartialSums:
    """The sums over one partition; none if a sample of it goes a way without a tape.

    Args:
        number: that of the partition.
    """
    import numpy as np

    samples = _make_samples(parts)
    if samples is None:
        return PartialSums(0.0, 0, np.zeros(len(step.leaves)))
    draws = Draws(
        samples.count,
        lambda rng, i: seed_generator(step.seeds[rng.number], number, i),
    )
    partition = _Partition(step, number, samples.drawing_from(draws))
    for i, packed in enumerate(tapes):
        if packed.keys == samples.keys:
            leaves = [step.leaves[j] for j in step.places[i]]
            partition.follow(_unpack(packed), leaves, step.places[i])
    return partition.sum_up()


class _Partition:
    """One partition, while its samples go their ways."""

    def __init__(self, step: StepNumbers, number: int, samples: Samples) -> None:
        import numpy as np

        self.step, self.number, self.samples = step, number, samples
        self.values, self.odd = np.empty(samples.count), np.zeros(samples.count)
        self.by_leaf = np.zeros(len(step.leaves))
        self.left = np.arange(samples.count)
        self.raising: set[int] = set()
        """Those for which an operation raised; the function may catch it."""

    def follow(
        self, one: Specialization, leaves: list[float], places: list[int]
    ) -> None:
        """Compute those of the samples left that go this way."""
        import numpy as np

        ways, left = split_by_guards([one], [leaves], self.samples, self.left)
        for _, which in ways:
            which = np.arange(self.samples.count)[which]
            leaving = self._find_raising(one, leaves, which)
            left = np.sort(np.concatenate([left, leaving]))
            which = np.setdiff1d(which, leaving)
            self.raising.update(leaving.tolist())
            if len(which):
                inputs = self.samples.gather(which, one.recording.draws)
                outputs, _, by_leaf = one.batch.gradient(
                    inputs, leaves, np.ones(len(which)), by_inputs=False
                )
                self.values[which] = outputs[0]
                if not np.isfinite(by_leaf).all():
                    self.odd[which] = one.find_odd_slopes(inputs, leaves)
                self.by_leaf[places] += by_leaf
        self.left = left

    def _find_raising(
        self, one: Specialization, leaves: list[float], which: Any
    ) -> Any:
        """Those for which an operation raises, and that are not known to stay."""
        inputs = self.samples.gather(which, one.recording.draws)
        raising = one.find_raising(inputs, one.batch.values(inputs, leaves), leaves)
        if raising is None:
            return which[:0]
        known = [(self.number, i) in self.step.uncaught for i in which.tolist()]
        return which[raising & ~require_numpy().array(known)]

    def sum_up(self) -> PartialSums:
        """The sums, or the samples that are not known yet."""
        import numpy as np

        found = PartialSums(0.0, self.samples.count, self.by_leaf)
        if len(self.left):
            raising = [i for i in self.left.tolist() if i in self.raising]
            others = [i for i in self.left.tolist() if i not in self.raising]
            found.unknown = [self._take(i) for i in others[:1] + raising]
            return found
        found.value = float(self.values.sum())
        for what, numbers in (("result", self.values), ("gradient", self.odd)):
            bad = np.flatnonzero(~np.isfinite(numbers))[:1]
            if len(bad) and not self.step.allow_nonfinite and not found.nonfinite:
                i = int(bad[0])
                one = NonFinite(what, self._take(i), numbers[None, bad])
                found.nonfinite = [one]
        return found

    def _take(self, i: int) -> Sample:
        sample = Samples(self.samples.keys, self.samples.columns[:, [i]])
        return Sample(sample, self.number, i)


def _make_samples(parts: Sequence[Any]) -> Samples | None:
    """The samples of a partition; None if it has none."""
    parts = [part if hasattr(part, "__len__") else list(part) for part in parts]
    return Samples.of(parts) if any(map(len, parts)) else None


def add_sums(*parts: PartialSums) -> PartialSums:
    """The sums over all these partitions together."""
    total, *others = parts
    for part in others:
        unknown = [x.move(total.count) for x in part.unknown]
        moved = [replace(x, sample=x.sample.move(total.count)) for x in part.nonfinite]
        total = PartialSums(
            total.value + part.value, total.count + part.count,
            total.by_leaf + part.by_leaf, total.unknown + unknown,
            total.nonfinite + moved,
        )  # fmt: skip
    return total
