"""One step of a training, and the story of one that would do harm."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.explanation.why_nan import why_nan
from engine.graph.context import extended_arithmetic, record_source
from engine.graph.sweep import adjoints
from engine.graph.value import Value
from engine.nn.training.batch import NOT_A_NUMBER, BatchGradient
from engine.nn.training.optim import Optimizer

__all__ = ["NotFiniteError", "Steps"]


class NotFiniteError(Exception):
    """The loss, a gradient or a parameter is not finite; the message tells why."""


class Steps:
    """Steps of an optimizer along the gradients of batches.

    Args:
        gradient: of a batch.
        optimizer: makes the steps.
    """

    def __init__(self, gradient: BatchGradient, optimizer: Optimizer) -> None:
        self.gradient, self.optimizer = gradient, optimizer

    def __call__(self, batch: list[int]) -> float:
        """Make the step of this batch, and give its loss.

        Raises:
            NotFiniteError: there is no such step; the parameters are as before.
        """
        parameters = self.optimizer.parameters
        self.optimizer.zero_grad()
        loss = self._checked(batch)
        before, rate = [p.data for p in parameters], self.optimizer.rate
        self.optimizer.step()
        if not all(math.isfinite(parameter.data) for parameter in parameters):
            for parameter, x in zip(parameters, before, strict=True):
                parameter.data = x
            raise NotFiniteError(
                f"the step overflows: the learning rate {rate:.4g} is too large"
            )
        return loss

    def _checked(self, batch: list[int]) -> float:
        """The mean loss of a batch, whose gradient is now in the parameters."""
        try:
            loss = self.gradient(batch)
        except NOT_A_NUMBER as error:
            raise NotFiniteError(self._story(batch) or str(error)) from error
        slopes = (parameter.grad for parameter in self.optimizer.parameters)
        if not (math.isfinite(loss) and all(map(math.isfinite, slopes))):
            raise NotFiniteError(
                self._story(batch) or "the sum over the batch overflows"
            )
        return loss

    def _story(self, batch: list[int]) -> str:
        """Why the first sample with a nan or an infinity has it, or the penalty."""
        loss, penalty = self.gradient.loss, self.gradient.penalty
        for i in batch:
            story = _story_of(loss, self.gradient.xs[i], self.gradient.ys[i])
            if story:
                return f"sample {i} is not finite.\n{story}"
        story = "" if penalty is None else _story_of(penalty)
        return story and f"the penalty is not finite.\n{story}"


def _story_of(f: Callable[..., Any], *args: Any) -> str:
    with extended_arithmetic(), record_source():
        out: Value = f(*args)
    if all(map(math.isfinite, (out.data, *adjoints(out).values()))):
        return ""
    return str(why_nan(out))
