"""What a worker does: replay tapes on a partition, and add up what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from engine.tape.batch import Samples
from engine.tape.ir.arguments import Key
from engine.tape.ir.recording import Recording
from engine.tape.ir.tape import Tape
from engine.tape.specialization import Path
from engine.tape.specializations import by_path

__all__ = ["Packed", "Step", "Sums", "added", "first", "same", "sums"]


@dataclass(frozen=True)
class Step:
    """What changes from step to step."""

    leaves: list[float]
    """The numbers of all leaves."""
    places: list[list[int]]
    """For each path, which of them are its leaves."""
    free: bool
    """Whether values need not be finite."""


@dataclass(frozen=True)
class Packed:
    """A path on its way to a worker, which is known by its digest there."""

    digest: str
    tape: str = field(compare=False)
    keys: tuple[Key, ...] = field(compare=False)
    backend: str = field(compare=False)
    threads: int = field(compare=False)

    @classmethod
    def of(cls, keys: tuple[Key, ...], path: Path) -> Packed:
        """A path with the structure that it is for."""
        text, options = path.tape.to_json(), (path.backend, path.threads)
        digest = sha256(f"{text}{options}".encode()).hexdigest()
        return cls(digest, text, keys, *options)


@lru_cache(maxsize=256)
def _unpacked(packed: Packed) -> Path:
    """The path, with what this worker has made of it until now."""
    recording = Recording(Tape.from_json(packed.tape), (), None)
    return Path(recording, packed.backend, packed.threads)


@dataclass
class Sums:
    """What the samples of some partitions come to."""

    value: float
    count: int
    by_leaf: Any
    unknown: list[Samples] = field(default_factory=list)
    """A sample of each partition that goes a way which has not been recorded."""
    nonfinite: list[tuple[Samples, Any]] = field(default_factory=list)
    """A sample of each partition whose value is nan or infinite, with this value."""


def same(x: Any) -> Any:
    """Itself: what is to be at the workers as the result of a task."""
    return x


def first(*parts: Any) -> Samples | None:
    """The first sample of a partition, if it has any."""
    samples = _samples(parts)
    return None if samples is None else samples.take([0])


def sums(step: Step, tapes: list[Packed], *parts: Any) -> Sums:
    """Those of one partition."""
    import numpy as np

    found = Sums(0.0, 0, np.zeros(len(step.leaves)))
    samples = _samples(parts)
    if samples is None:
        return found
    here = [i for i, packed in enumerate(tapes) if packed.keys == samples.keys]
    paths = [_unpacked(tapes[i]) for i in here]
    leaves = [[step.leaves[j] for j in step.places[i]] for i in here]
    values = np.empty(samples.count)
    ways, left = by_path(paths, leaves, samples, np.arange(samples.count))
    if len(left):
        found.unknown = [samples.take(left[:1])]
        return found
    for i, which in ways:
        inputs = samples.columns[:, which]
        values[which], _, by_leaf = paths[i].program.gradient(
            inputs, leaves[i], np.ones(inputs.shape[1]), by_inputs=False
        )
        found.by_leaf[step.places[here[i]]] += by_leaf
    found.value, found.count = float(values.sum()), samples.count
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd) and not step.free:
        found.nonfinite = [(samples.take(odd[:1]), values[None, odd[:1]])]
    return found


def _samples(parts: Sequence[Any]) -> Samples | None:
    """The samples of a partition; None if it has none."""
    parts = [part if hasattr(part, "__len__") else list(part) for part in parts]
    return Samples.of(parts) if any(map(len, parts)) else None


def added(*parts: Sums) -> Sums:
    """All of them together."""
    total, *others = parts
    for part in others:
        total = Sums(
            total.value + part.value, total.count + part.count,
            total.by_leaf + part.by_leaf, total.unknown + part.unknown,
            total.nonfinite + part.nonfinite,
        )  # fmt: skip
    return total
