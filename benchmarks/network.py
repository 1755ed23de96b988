"""The network that is measured: 2-16-16-1 on points of the plane, as in micrograd."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

__all__ = ["SAMPLES", "SIZES", "Params", "data", "hinge", "initial", "score"]

SIZES = (2, 16, 16, 1)
SAMPLES = 50
Params = Sequence[Any]
Relu = Callable[[Any], Any]


def call_relu(x: Any) -> Any:
    """ReLU where it is a method."""
    return x.relu()


def hinge(params: Params, x: list[Any], y: Any, relu: Relu = call_relu) -> Any:
    """The loss of one sample."""
    return relu(1 + -y * score(params, x, relu))


def initial(rng: random.Random) -> list[float]:
    """One weight per connection and one bias per neuron."""
    return [rng.uniform(-1, 1) for n, m in pairwise(SIZES) for _ in range(m * (n + 1))]


def data(rng: random.Random, count: int = SAMPLES) -> list[tuple[list[float], int]]:
    """Points of the plane and a class, −1 or 1, for each."""
    points = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(count)]
    return [(point, 1 if point[0] * point[1] > 0 else -1) for point in points]


def score(params: Params, x: list[Any], relu: Relu = call_relu) -> Any:
    """The network as micrograd's MLP builds it: Σ wᵢxᵢ + b, ReLU between layers."""
    place = 0
    for layer, width in enumerate(SIZES[1:], 1):
        out = []
        for _ in range(width):
            bias, weights = params[place], params[place + 1 : place + 1 + len(x)]
            place += 1 + len(x)
            activation = sum((w * v for w, v in zip(weights, x, strict=True)), bias)
            out.append(activation if layer == len(SIZES) - 1 else relu(activation))
        x = out
    return x[0]
