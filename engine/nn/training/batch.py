"""The gradient of a batch: replayed from a tape, or computed eagerly, one by one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from engine.autodiff.trace import tracing
from engine.errors import (
    DivisionByZeroError,
    DomainError,
    EngineError,
    EscapeError,
    OperandError,
    RangeError,
    TapeError,
)
from engine.graph.value import Value
from engine.tape.ir.draws import Draws, drawing
from engine.tape.jitted import Jitted, jit
from engine.tape.samples import Samples
from engine.text import say
from engine.util.numbers import add_up

NOT_A_NUMBER = (DivisionByZeroError, DomainError, RangeError)
"""What floats raise where IEEE arithmetic would go on with nan or ∞."""

Loss = Callable[[Any, Any], Any]
Penalty = Callable[[], Any]


class BatchGradient:
    """Adds the gradient of a batch's mean loss, and of a penalty, to the parameters.

    Args:
        loss: of one sample and its target.
        penalty: what is added to the mean loss of each batch.
        xs, ys: all samples and their targets.
        tape: record both once, and replay them for all samples of a batch together.
            Where that cannot be, a line on standard error says why.
    """

    def __init__(
        self, loss: Loss, penalty: Penalty | None, xs: Sequence[Any],
        ys: Sequence[Any], *, tape: bool,
    ) -> None:  # fmt: skip
        self.loss, self.penalty, self.xs, self.ys = loss, penalty, xs, ys
        self.draws = Draws(0)
        """The random numbers of the last batch, from which its errors are explained."""
        self.tape: Jitted | None = None
        self.penalty_tape: Jitted | None = None
        if tape:
            self._record()

    def _record(self) -> None:
        """Most of what cannot be recorded shows now, before any training."""
        taped: Jitted = jit(self.loss, nonfinite="allow")
        try:
            self.samples = Samples.of((self.xs, self.ys))
            # The training's generators stay where they are: copies of them draw.
            rehearsal = Draws(1, lambda rng, _: copy.deepcopy(rng))
            taped.record(self.samples.take([0]).drawing_from(rehearsal))
        except (EngineError, ModuleNotFoundError) as error:
            with suppress(*NOT_A_NUMBER):  # is it wrong without a tape, too?
                self.loss(self.xs[0], self.ys[0])
            _report(error)
        else:
            self.tape = taped
            self.penalty_tape = self.penalty and _record_penalty(self.penalty)

    def __call__(self, batch: list[int]) -> float:
        """Give the batch's loss, for the samples of these numbers."""
        self.draws = Draws(len(batch))
        total = self._differentiate_loss(batch)
        if self.penalty_tape is not None:
            total += self.penalty_tape.backward()
        elif self.penalty is not None:
            total += _sweep(self.penalty(), 1.0, "the penalty")
        return total

    def _differentiate_loss(self, batch: list[int]) -> float:
        if self.tape is not None:
            try:
                samples = self.samples.take(batch).drawing_from(self.draws)
                return self.tape.backward(samples)
            except (EscapeError, TapeError) as error:  # on a way not gone until now
                _report(error)
                self.tape = None
        share = 1 / len(batch)
        return add_up(
            _sweep(self.compute_loss(batch, k), share, f"the loss of sample {i}")
            for k, i in enumerate(batch)
        )

    def compute_loss(self, batch: list[int], k: int) -> Any:
        """The loss of the k-th sample of the batch, without a tape."""
        with drawing(self.draws, k), tracing():
            return self.loss(self.xs[batch[k]], self.ys[batch[k]])


def _record_penalty(penalty: Penalty) -> Jitted | None:
    taped: Jitted = jit(lambda: _require_value(penalty(), "the penalty"))
    try:
        taped.specializations.record((), [], 0, None)
    except (EscapeError, TapeError):
        return None
    return taped


def _sweep(out: Any, share: float, what: str) -> float:
    value = _require_value(out, what)
    value.backward(share)
    return share * value.data


def _require_value(out: Any, what: str) -> Value:
    if not isinstance(out, Value):
        raise OperandError(
            f"{what} is {out!r:.80} and no Value: it does not depend on the model's "
            "parameters by operations of engine"
        )
    return out


def _report(error: Exception) -> None:
    reason = str(error).splitlines()[0]
    say(f"training without a tape, which is slower: {reason}")
