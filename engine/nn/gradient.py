"""The gradient of a batch: replayed from a tape, or computed eagerly, one by one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from engine.errors import EngineError
from engine.tape.jit import jit
from engine.tape.samples import Samples

__all__ = ["BatchGradient", "batch_gradient"]


class BatchGradient(Protocol):
    """Adds the gradient of a batch's mean loss to the parameters."""

    def __call__(self, batch: list[int]) -> float:
        """Give that loss for the samples of these numbers."""


def batch_gradient(
    loss: Callable[[Any, Any], Any],
    penalty: Callable[[], Any] | None,
    xs: Sequence[Any],
    ys: Sequence[Any],
    *,
    tape: bool,
) -> BatchGradient:
    """From a tape where that can be, with a notice where it cannot."""
    if not tape:
        return EagerGradient(loss, penalty, xs, ys)
    try:
        return TapeGradient(loss, penalty, xs, ys)
    except (EngineError, ModuleNotFoundError) as error:
        reason = str(error).splitlines()[0]
        print(f"training without a tape, which is slower: {reason}", file=sys.stderr)
        return EagerGradient(loss, penalty, xs, ys)


class EagerGradient:
    """A graph for each sample."""

    def __init__(
        self, loss: Callable[[Any, Any], Any], penalty: Callable[[], Any] | None,
        xs: Sequence[Any], ys: Sequence[Any],
    ) -> None:  # fmt: skip
        self.loss, self.penalty, self.xs, self.ys = loss, penalty, xs, ys

    def __call__(self, batch: list[int]) -> float:
        share, total = 1 / len(batch), 0.0
        for i in batch:
            out = self.loss(self.xs[i], self.ys[i])
            out.backward(share)
            total += share * out.data
        if self.penalty is not None:
            extra = self.penalty()
            extra.backward()
            total += extra.data
        return total


class TapeGradient:
    """The loss recorded once, and replayed for all samples of the batch together."""

    def __init__(
        self, loss: Callable[[Any, Any], Any], penalty: Callable[[], Any] | None,
        xs: Sequence[Any], ys: Sequence[Any],
    ) -> None:  # fmt: skip
        self.loss = jit(loss, nonfinite="allow")
        self.penalty = None if penalty is None else jit(penalty)
        self.samples = Samples.of((xs, ys))
        # What cannot be recorded shows now, and not in the middle of a training.
        self.loss.batch(xs[:1], ys[:1])
        if self.penalty is not None:
            self.penalty()

    def __call__(self, batch: list[int]) -> float:
        total: float = self.loss.backward(self.samples.take(batch))
        if self.penalty is not None:
            total += self.penalty.backward()
        return total
