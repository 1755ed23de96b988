"""First weights: random numbers whose spread fits the size of a layer.

Each function gives one weight of a layer with `n_in` inputs and `n_out` outputs, drawn
from `rng`, a `random.Random` (or anything with its `gauss` and `uniform`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol


class Rng(Protocol):
    """What is asked of a random generator; `random.Random` has it."""

    def gauss(self, mu: float, sigma: float, /) -> float:
        """A number of the normal distribution."""

    def uniform(self, a: float, b: float, /) -> float:
        """A number between a and b, all alike."""


Initial = Callable[[int, int, Rng], float]


def xavier(n_in: int, n_out: int, rng: Rng) -> float:
    """Normal, σ = √(2 / (n_in + n_out)): for tanh and sigmoid.

    Glorot & Bengio (2010), Understanding the difficulty of training deep networks.

    >>> import random
    >>> rng = random.Random(0)
    >>> draws = [xavier(100, 100, rng) for _ in range(1000)]
    >>> 0.09 < (sum(w * w for w in draws) / 1000) ** 0.5 < 0.11
    True
    """
    return rng.gauss(0, math.sqrt(2 / (n_in + n_out)))


def xavier_uniform(n_in: int, n_out: int, rng: Rng) -> float:
    """Uniform in ±√(6 / (n_in + n_out)): the same spread as `xavier`."""
    limit = math.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit)


def he(n_in: int, n_out: int, rng: Rng) -> float:
    """Normal, σ = √(2 / n_in): for relu.

    He, Zhang, Ren & Sun (2015), Delving deep into rectifiers.
    """
    return rng.gauss(0, math.sqrt(2 / n_in))


def he_uniform(n_in: int, n_out: int, rng: Rng) -> float:
    """Uniform in ±√(6 / n_in): the same spread as `he`."""
    limit = math.sqrt(6 / n_in)
    return rng.uniform(-limit, limit)


def gaussian(sigma: float) -> Initial:
    """Normal with one σ for layers of every size.

    >>> import random
    >>> abs(gaussian(0.01)(2, 3, random.Random(0))) < 0.1
    True
    """
    return lambda n_in, n_out, rng: rng.gauss(0, sigma)
