"""What a worker does: replay tapes on a partition, and add up the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from engine.tape.ir.recording import Recording
from engine.tape.ir.tape import Tape
from engine.tape.samples import Samples
from engine.tape.specializations import Keys, Specialization, split_by_guards


@dataclass(frozen=True)
class StepNumbers:
    """What the workers have to be told at each step, beside the tapes."""

    leaves: list[float]
    """The numbers of all leaves."""
    places: list[list[int]]
    """For each tape, which of them are its leaves."""
    allow_nonfinite: bool
    """Whether values may be nan or infinite."""


@dataclass(frozen=True)
class PackedTape:
    """A tape on its way to a worker, which knows it again by its digest."""

    digest: str
    tape: str = field(compare=False)
    keys: Keys = field(compare=False)
    backend: str = field(compare=False)
    threads: int = field(compare=False)

    @classmethod
    def of(cls, keys: Keys, one: Specialization) -> PackedTape:
        """A specialization with the structures of the arguments that it is for."""
        text, options = one.tape.to_json(), (one.backend, one.threads)
        digest = sha256(f"{text}{options}".encode()).hexdigest()
        return cls(digest, text, keys, *options)


@lru_cache(maxsize=256)
def _unpack(packed: PackedTape) -> Specialization:
    """The specialization, with what this worker has compiled of it until now."""
    recording = Recording(Tape.from_json(packed.tape), (), None)
    return Specialization(recording, packed.backend, packed.threads)


@dataclass(frozen=True)
class NonFinite:
    """A sample with a result, or a gradient, that is not finite."""

    what: str
    before: int
    """How many samples there are before it."""
    sample: Samples
    numbers: Any


@dataclass
class PartialSums:
    """The sums over the samples of one or more partitions."""

    value: float
    count: int
    by_leaf: Any
    """The derivatives by all leaves."""
    unknown: list[Samples] = field(default_factory=list)
    """One sample of each partition in which a sample goes a way without a tape."""
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
    step: StepNumbers, tapes: list[PackedTape], *parts: Any
) -> PartialSums:
    """The sums over one partition; none if a sample of it goes a way without a tape."""
    import numpy as np

    found = PartialSums(0.0, 0, np.zeros(len(step.leaves)))
    samples = _make_samples(parts)
    if samples is None:
        return found
    here = [i for i, packed in enumerate(tapes) if packed.keys == samples.keys]
    known = [_unpack(tapes[i]) for i in here]
    leaves = [[step.leaves[j] for j in step.places[i]] for i in here]
    values, odd = np.empty(samples.count), np.zeros(samples.count)
    left = everyone = np.arange(samples.count)
    for i, one in enumerate(known):
        ways, left = split_by_guards([one], [leaves[i]], samples, left)
        for _, which in ways:
            inputs = samples.columns[:, which]
            outputs, _, by_leaf = one.batch.gradient(
                inputs, leaves[i], np.ones(inputs.shape[1]), by_inputs=False
            )
            raising = one.find_raising(inputs, outputs, leaves[i])
            if raising is not None and not step.allow_nonfinite:
                which = everyone[which]
                left = np.sort(np.concatenate([left, which[raising]]))
                which = which[~raising]
                inputs = samples.columns[:, which]
                outputs, _, by_leaf = one.batch.gradient(
                    inputs, leaves[i], np.ones(inputs.shape[1]), by_inputs=False
                )
            values[which] = outputs[0]
            if not np.isfinite(by_leaf).all():
                odd[which] = one.find_odd_slopes(inputs, leaves[i])
            found.by_leaf[step.places[here[i]]] += by_leaf
    if len(left):
        found.unknown = [samples.take(left[:1])]
        return found
    found.value, found.count = float(values.sum()), samples.count
    for what, numbers in (("result", values), ("gradient", odd)):
        bad = np.flatnonzero(~np.isfinite(numbers))[:1]
        if len(bad) and not step.allow_nonfinite and not found.nonfinite:
            odd_one = NonFinite(
                what, int(bad[0]), samples.take(bad), numbers[None, bad]
            )
            found.nonfinite = [odd_one]
    return found


def _make_samples(parts: Sequence[Any]) -> Samples | None:
    """The samples of a partition; None if it has none."""
    parts = [part if hasattr(part, "__len__") else list(part) for part in parts]
    return Samples.of(parts) if any(map(len, parts)) else None


def add_sums(*parts: PartialSums) -> PartialSums:
    """The sums over all these partitions together."""
    total, *others = parts
    for part in others:
        moved = [replace(x, before=x.before + total.count) for x in part.nonfinite]
        total = PartialSums(
            total.value + part.value, total.count + part.count,
            total.by_leaf + part.by_leaf, total.unknown + part.unknown,
            total.nonfinite + moved,
        )  # fmt: skip
    return total
