"""Random numbers on tapes: a sample draws each once, whichever way it goes.

A mask of dropout is an input of the tape, which each replay draws anew. All ways
through a function, their guards, and a run without a tape have to see the same mask of
a sample: so what is drawn is kept for as long as the call lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Draw:
    """A number that is drawn: 0 with probability p, else 1 / (1 − p)."""

    rng: Any
    """The generator."""
    p: float

    @property
    def kept(self) -> float:
        """1 / (1 − p)."""
        return 1 / (1 - self.p)

    def convert(self, uniform: float) -> float:
        """What a number from [0, 1) becomes.

        >>> draw = Draw(None, 0.25)
        >>> draw.convert(0.2), draw.convert(0.25)
        (0.0, 1.3333333333333333)
        """
        return 0.0 if uniform < self.p else self.kept


Generators = Callable[[Any, int], Any]
"""The generator that a sample, by its number, draws from in the place of another."""


class Draws:
    """The numbers from [0, 1) that samples have drawn, by generator.

    Args:
        count: how many samples there are.
        find_generator: see `Generators`; by default they draw from the same one.
    """

    __slots__ = ("_find_generator", "_places", "_streams")

    def __init__(
        self, count: int, find_generator: Generators = lambda rng, _: rng
    ) -> None:
        self._find_generator = find_generator
        self._places: Sequence[int] = range(count)
        self._streams: dict[int, tuple[Any, dict[int, _Stream]]] = {}

    def take(self, which: Sequence[int]) -> Draws:
        """Those of some of the samples; what these draw is drawn for all."""
        some = Draws(0, self._find_generator)
        some._places = [self._places[i] for i in which]
        some._streams = self._streams
        return some

    def has_drawn(self, rng: Any) -> bool:
        """Whether one of the samples has drawn from this generator."""
        return id(rng) in self._streams

    def read(self, rng: Any, i: int, count: int) -> list[float]:
        """The first numbers, at least `count`, that sample i draws from a generator."""
        _, streams = self._streams.setdefault(id(rng), (rng, {}))
        place = self._places[i]
        if place not in streams:
            streams[place] = _Stream(self._find_generator(rng, place))
        return streams[place].read(count)

    def convert(self, draws: Sequence[Draw], i: int) -> list[float]:
        """What sample i draws, in the order of a tape."""
        source = _Source(self, i)
        return [source.draw(draw) for draw in draws]

    def gather(self, draws: Sequence[Draw], which: Sequence[int]) -> Any:
        """What some samples draw: a row for each number, a column for each sample."""
        import numpy as np

        factors = np.empty((len(draws), len(which)))
        for rng in {id(draw.rng): draw.rng for draw in draws}.values():
            rows = [j for j, draw in enumerate(draws) if draw.rng is rng]
            count = len(rows)
            drawn = np.array([self.read(rng, i, count)[:count] for i in which]).T
            limits = np.array([[draws[j].p] for j in rows])
            kept = np.array([[draws[j].kept] for j in rows])
            factors[rows] = np.where(drawn < limits, 0.0, kept)
        return factors


class _Stream:
    """What one sample draws from one generator."""

    __slots__ = ("_drawn", "_generator")

    def __init__(self, generator: Any) -> None:
        self._generator = generator
        self._drawn: list[float] = []

    def read(self, count: int) -> list[float]:
        drawn = self._drawn
        while len(drawn) < count:
            drawn.append(self._generator.uniform(0.0, 1.0))
        return drawn


class _Source:
    """What one run of a function draws for a sample."""

    def __init__(
        self, draws: Draws, i: int, note: Callable[[Draw, float], Any] | None = None
    ) -> None:
        self._draws, self._i, self._note = draws, i, note
        self._counts: dict[int, int] = {}

    def draw(self, draw: Draw) -> Any:
        k = self._counts.get(id(draw.rng), 0)
        self._counts[id(draw.rng)] = k + 1
        factor = draw.convert(self._draws.read(draw.rng, self._i, k + 1)[k])
        return self._note(draw, factor) if self._note else factor


_source: ContextVar[_Source | None] = ContextVar("draws", default=None)


@contextmanager
def drawing(
    draws: Draws, i: int, note: Callable[[Draw, float], Any] | None = None
) -> Iterator[None]:
    """Let a run of a function in the block draw what sample i draws, from the first.

    Args:
        note: makes of each number what the function gets; without it, the number.
    """
    before = _source.get()
    try:
        _source.set(_Source(draws, i, note))
        yield
    finally:
        _source.set(before)


def draw_factor(draw: Draw) -> Any:
    """The next number: of the sample that is computed here, or of the generator."""
    source = _source.get()
    if source is not None:
        return source.draw(draw)
    return draw.convert(draw.rng.uniform(0.0, 1.0))
