"""Metrics: how good a model is, as a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import EngineError, ShapeError
from engine.tape.jitted import Jitted, jit

_MANY = 20
"""For fewer samples a tape is not worth its recording."""


def accuracy(
    model: Callable[[Any], Any], xs: Sequence[Any], labels: Sequence[Any]
) -> float:
    """The share of samples that the model gives the right class, from 0 to 1.

    The class is the place of the largest output; a label is that place, or a row whose
    largest number is there. Of a model with one output it is the sign, and a label is
    1, or else 0 or −1. For many samples the model is recorded on a tape, at each call
    anew; give `jit(model)` to have it recorded once.

    >>> accuracy(lambda x: [x, 1 - x], [0.2, 0.9], [1, 1])
    0.5

    Raises:
        ShapeError: there is not one label for each sample, or no sample.
    """
    if len(xs) != len(labels) or not len(xs):
        raise ShapeError(
            f"{len(xs)} samples and {len(labels)} labels: give one for each"
        )
    right = 0
    for row, label in zip(_compute_outputs(model, xs), labels, strict=True):
        wanted = _find_largest(label) if hasattr(label, "__len__") else int(label)
        if len(row) == 1:
            right += (row[0] > 0) == (wanted > 0)
        else:
            right += _find_largest(row) == wanted
    return right / len(xs)


def _compute_outputs(
    model: Callable[[Any], Any], xs: Sequence[Any]
) -> list[list[float]]:
    """The outputs for each sample; for many samples replayed from a tape."""
    if len(xs) >= _MANY:
        try:
            taped = (
                model if isinstance(model, Jitted) else jit(model, nonfinite="allow")
            )
            found = taped.batch(xs)
            columns = found if isinstance(found, list) else [found]
            return [list(row) for row in zip(*columns, strict=True)]
        except (EngineError, ModuleNotFoundError):
            pass
    outputs = map(model, xs)
    return [list(y) if hasattr(y, "__len__") else [y] for y in outputs]


def _find_largest(row: Sequence[Any]) -> int:
    return max(range(len(row)), key=lambda i: float(row[i]))
