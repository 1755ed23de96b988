"""`fit`: the plain training loop, with a history, checkpoints and a clean stop."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any

from engine.errors import OptionError, ShapeError
from engine.nn.module import Module, evaluating
from engine.nn.training import checkpoint as checkpoints
from engine.nn.training.batch import BatchGradient
from engine.nn.training.history import History
from engine.nn.training.optim import Optimizer
from engine.nn.training.step import NotFiniteError, TrainingStep, delay_interrupts
from engine.util.progress import Progress


class TrainingWarning(UserWarning):
    """A training ended before its time; the message is the history's `stopped`."""


def fit(
    model: Module,
    xs: Sequence[Any],
    ys: Sequence[Any],
    *,
    loss: Callable[[Any, Any], Any],
    optimizer: Optimizer,
    epochs: int = 10,
    batch_size: int = 32,
    rng: random.Random | None = None,
    penalty: Callable[[Module], Any] | None = None,
    watch: Mapping[str, Callable[[Module], float]] | None = None,
    checkpoint: str | PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = True,
    tape: bool = True,
) -> History:
    """Train a model on samples: gradients of the mean loss of a batch, then a step.

    Args:
        model: takes one sample.
        xs, ys: the samples and their targets.
        loss: a function of the model's outputs and the target of one sample.
        optimizer: has the model's parameters.
        epochs: how many times all samples are used, those of a checkpoint included.
        batch_size: how many samples are used for one step.
        rng: shuffles the samples in each epoch; without it they stay in order.
        penalty: a function of the model that is added to the loss of each batch, such
            as the sum of the squares of all weights.
        watch: functions of the model that are called after each epoch, by name, while
            it is as after `model.eval()`; the history keeps what they give.
        checkpoint: a file that is written after each epoch.
        resume: go on where the checkpoint was written, if there is one.
        progress: show a bar on a terminal or in a notebook (extra `progress`).
        tape: record the loss once and replay it (extra `fast`), which is much faster;
            where that cannot be, a line on standard error says why. Model and loss may
            then compare, loop, and catch what operations raise, as for `jit`.

    Returns:
        History: the mean loss by epoch, and what was watched. Where the loss, a
        gradient or a parameter is not finite the training stops before the step, with a
        warning that says what `why_nan` says. Ctrl-C stops it between two steps (a
        second Ctrl-C at once), with a warning, too. The model keeps what it has learned
        until then, and `stopped` says why.

    >>> from engine.nn import SGD, Affine, fit, sum_of_squares
    >>> model = Affine.of([[0.0]], [0.0])
    >>> xs = [[0.0], [1.0], [2.0]]
    >>> history = fit(model, xs, [[1.0], [3.0], [5.0]], loss=sum_of_squares, epochs=100,
    ...               optimizer=SGD(model.parameters(), lr=0.3), batch_size=3)
    >>> [round(w.data, 3) for w in model.parameters()], round(history["loss"][-1], 6)
    ([2.0, 1.0], 0.0)

    Raises:
        ShapeError: there is not one target for each sample, or no sample.
        OptionError: an option is wrong.
        ModelFileError: the checkpoint is damaged, or of another training.
    """
    _check(xs, ys, epochs, batch_size, checkpoint, resume)
    if watch and "loss" in watch:
        raise OptionError("watch: the history keeps the loss as 'loss', so rename this")
    if checkpoint is not None:
        checkpoints.check(model)
    history = History()
    if resume and checkpoint is not None:
        history = checkpoints.restore(checkpoint, model, optimizer, rng)
    left = range(len(history), epochs)
    extra = None if penalty is None else partial(penalty, model)
    bar = Progress(
        len(left) * math.ceil(len(xs) / batch_size), "training", "step", show=progress
    )
    with delay_interrupts() as pause, bar:
        try:
            gradient = BatchGradient(
                lambda x, y: loss(model(x), y), extra, xs, ys, tape=tape
            )
            step = TrainingStep(gradient, optimizer)
            for _ in left:
                losses = []
                for batch in _split_batches(len(xs), batch_size, rng):
                    losses.append(step(batch) * len(batch))
                    bar.advance(history.last)
                    pause()
                with evaluating(model):
                    watched = {name: f(model) for name, f in (watch or {}).items()}
                history.append({"loss": math.fsum(losses) / len(xs), **watched})
                if checkpoint is not None:
                    checkpoints.store(checkpoint, model, optimizer, history, rng)
                pause()
        except NotFiniteError as error:
            history.stopped = f"epoch {len(history) + 1}, {error}"
        except KeyboardInterrupt:
            history.stopped = f"interrupted after {len(history)} of {epochs} epochs"
    if history.stopped:
        warnings.warn(history.stopped, TrainingWarning, stacklevel=2)
    return history


def _check(
    xs: Sequence[Any], ys: Sequence[Any], epochs: int, batch_size: int,
    checkpoint: Any, resume: bool,
) -> None:  # fmt: skip
    if len(xs) != len(ys) or not len(xs):
        raise ShapeError(f"{len(xs)} samples and {len(ys)} targets: give one for each")
    if not isinstance(epochs, int) or epochs < 0:
        raise OptionError(f"epochs={epochs!r}: a whole number, 0 or more")
    if not isinstance(batch_size, int) or batch_size < 1:
        raise OptionError(f"batch_size={batch_size!r}: a whole number, 1 or more")
    if resume and checkpoint is None:
        raise OptionError("resume=True needs checkpoint=, the file to go on from")


def _split_batches(
    count: int, size: int, rng: random.Random | None
) -> Iterator[list[int]]:
    order = list(range(count))
    if rng is not None:
        rng.shuffle(order)
    for start in range(0, count, size):
        yield order[start : start + size]
