"""One step of a training: it is made whole, or it is not made at all.

Not, where its numbers are not finite; and Ctrl-C waits for its end.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.explanation.why_nan import why_nan
from engine.graph.context import extended_arithmetic, record_source
from engine.graph.sweep import adjoints
from engine.graph.value import Value
from engine.nn.training.batch import NOT_A_NUMBER, BatchGradient
from engine.nn.training.optim import Optimizer


class NotFiniteError(Exception):
    """The loss, a gradient or a parameter is not finite; the message says why."""


class TrainingStep:
    """A step of an optimizer along the gradient of a batch.

    Args:
        gradient: computes the gradient.
        optimizer: makes the step.
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
        loss = self._differentiate(batch)
        before, rate = [p.data for p in parameters], self.optimizer.rate
        self.optimizer.step()
        if not all(math.isfinite(parameter.data) for parameter in parameters):
            for parameter, x in zip(parameters, before, strict=True):
                parameter.data = x
            raise NotFiniteError(
                f"the step overflows: the learning rate {rate:.4g} is too large"
            )
        return loss

    def _differentiate(self, batch: list[int]) -> float:
        """The mean loss of a batch, whose gradient is now in the parameters."""
        try:
            loss = self.gradient(batch)
        except NOT_A_NUMBER as error:
            raise NotFiniteError(self._explain(batch) or str(error)) from error
        slopes = (parameter.grad for parameter in self.optimizer.parameters)
        if not (math.isfinite(loss) and all(map(math.isfinite, slopes))):
            raise NotFiniteError(
                self._explain(batch) or "the sum over the batch overflows"
            )
        return loss

    def _explain(self, batch: list[int]) -> str:
        """Where the first nan or infinity comes from: a sample, or the penalty."""
        penalty = self.gradient.penalty
        for k, i in enumerate(batch):
            story = _explain_function(self.gradient.compute_loss, batch, k)
            if story:
                return f"sample {i} is not finite.\n{story}"
        story = "" if penalty is None else _explain_function(penalty)
        return story and f"the penalty is not finite.\n{story}"


def _explain_function(f: Callable[..., Any], *args: Any) -> str:
    with extended_arithmetic(), record_source():
        out: Value = f(*args)
    if all(map(math.isfinite, (out.data, *adjoints(out).values()))):
        return ""
    return str(why_nan(out))


@contextmanager
def delay_interrupts() -> Iterator[Callable[[], None]]:
    """Give a function `pause`; a first Ctrl-C in the block waits for its next call.

    So a step of an optimizer is not left half made. A second Ctrl-C stops at once.
    Where the program handles the signal itself nothing is changed.

    >>> with delay_interrupts() as pause:
    ...     for _ in range(3):
    ...         pass  # work that is not to be left half done
    ...         pause()
    """
    came = False

    def wait(number: int, frame: Any) -> None:
        nonlocal came
        if came:
            raise KeyboardInterrupt
        came = True

    def pause() -> None:
        nonlocal came
        if came:
            came = False
            raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pause
        return
    signal.signal(signal.SIGINT, wait)
    try:
        yield pause
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    pause()  # for one that came after the last call
