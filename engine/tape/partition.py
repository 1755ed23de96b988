"""What a worker does: replay tapes on a partition, and add up what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from engine.tape.ir.recording import Recording
from engine.tape.ir.tape import Tape
from engine.tape.samples import Samples
from engine.tape.specializations import Keys, Specialization, split_by_guards

__all__ = [
    "PackedTape", "PartialSums", "StepNumbers", "add_sums", "pass_on", "sum_partition",
    "take_first",
]  # fmt: skip


@dataclass(frozen=True)
class StepNumbers:
    """What changes from step to step."""

    leaves: list[float]
    """The numbers of all leaves."""
    places: list[list[int]]
    """For each path, which of them are its leaves."""
    free: bool
    """Whether values need not be finite."""


@dataclass(frozen=True)
class PackedTape:
    """A path on its way to a worker, which is known by its digest there."""

    digest: str
    tape: str = field(compare=False)
    keys: Keys = field(compare=False)
    backend: str = field(compare=False)
    threads: int = field(compare=False)

    @classmethod
    def of(cls, keys: Keys, one: Specialization) -> PackedTape:
        """A path with the structure that it is for."""
        text, options = one.tape.to_json(), (one.backend, one.threads)
        digest = sha256(f"{text}{options}".encode()).hexdigest()
        return cls(digest, text, keys, *options)


@lru_cache(maxsize=256)
def _unpack(packed: PackedTape) -> Specialization:
    """The path, with what this worker has made of it until now."""
    recording = Recording(Tape.from_json(packed.tape), (), None)
    return Specialization(recording, packed.backend, packed.threads)


@dataclass
class PartialSums:
    """What the samples of some partitions come to."""

    value: float
    count: int
    by_leaf: Any
    unknown: list[Samples] = field(default_factory=list)
    """A sample of each partition that goes a way which has not been recorded."""
    nonfinite: list[tuple[Samples, Any]] = field(default_factory=list)
    """A sample of each partition whose value is nan or infinite, with this value."""


def pass_on(x: Any) -> Any:
    """Itself: what is to be at the workers as the result of a task."""
    return x


def take_first(*parts: Any) -> Samples | None:
    """The first sample of a partition, if it has any."""
    samples = _collect_samples(parts)
    return None if samples is None else samples.take([0])


def sum_partition(
    step: StepNumbers, tapes: list[PackedTape], *parts: Any
) -> PartialSums:
    """Those of one partition."""
    import numpy as np

    found = PartialSums(0.0, 0, np.zeros(len(step.leaves)))
    samples = _collect_samples(parts)
    if samples is None:
        return found
    here = [i for i, packed in enumerate(tapes) if packed.keys == samples.keys]
    known = [_unpack(tapes[i]) for i in here]
    leaves = [[step.leaves[j] for j in step.places[i]] for i in here]
    values = np.empty(samples.count)
    ways, left = split_by_guards(known, leaves, samples, np.arange(samples.count))
    if len(left):
        found.unknown = [samples.take(left[:1])]
        return found
    for i, which in ways:
        inputs = samples.columns[:, which]
        values[which], _, by_leaf = known[i].batch.gradient(
            inputs, leaves[i], np.ones(inputs.shape[1]), by_inputs=False
        )
        found.by_leaf[step.places[here[i]]] += by_leaf
    found.value, found.count = float(values.sum()), samples.count
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd) and not step.free:
        found.nonfinite = [(samples.take(odd[:1]), values[None, odd[:1]])]
    return found


def _collect_samples(parts: Sequence[Any]) -> Samples | None:
    """The samples of a partition; None if it has none."""
    parts = [part if hasattr(part, "__len__") else list(part) for part in parts]
    return Samples.of(parts) if any(map(len, parts)) else None


def add_sums(*parts: PartialSums) -> PartialSums:
    """All of them together."""
    total, *others = parts
    for part in others:
        total = PartialSums(
            total.value + part.value, total.count + part.count,
            total.by_leaf + part.by_leaf, total.unknown + part.unknown,
            total.nonfinite + part.nonfinite,
        )  # fmt: skip
    return total
