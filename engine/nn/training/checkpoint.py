"""Checkpoints: all that a training needs to go on as if it had never stopped."""

from __future__ import annotations

import random
from os import PathLike
from pathlib import Path
from typing import Any

from engine.errors import ModelFileError
from engine.nn import serialization
from engine.nn.module import Module
from engine.nn.training.history import History
from engine.nn.training.optim import Optimizer

_FIELDS = ("model", "optimizer", "history", "rng")


def store(
    path: str | PathLike[str], model: Module, optimizer: Optimizer, history: History,
    rng: random.Random | None,
) -> None:  # fmt: skip
    """Write where the training stands; the file is whole at every moment."""
    body = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "history": history.series,
        "rng": rng.getstate() if rng else None,
    }
    serialization.write(
        path, "checkpoint", body, f"{model!r} after {len(history)} epochs"
    )


def restore(
    path: str | PathLike[str], model: Module, optimizer: Optimizer,
    rng: random.Random | None,
) -> History:  # fmt: skip
    """Go on where `store` was called; a new history where there is no file.

    Raises:
        ModelFileError: the file is damaged, or of another training; nothing is changed.
    """
    if not Path(path).exists():
        return History()
    with serialization.name_file(path):
        body = serialization.read(path, "checkpoint", _FIELDS)
        history = _read_history(body["history"])
        state = _read_generator(body["rng"], rng)
        serialization.match_numbers(body["model"], dict(model.named_parameters()))
        optimizer.load_state_dict(body["optimizer"])
        model.load_state_dict(body["model"])
    if rng is not None:
        rng.setstate(state)
    return history


def _read_history(series: Any) -> History:
    if not isinstance(series, dict) or not all(
        isinstance(row, list) for row in series.values()
    ):
        raise ModelFileError(
            f"a history is lists of numbers by name, not {series!r:.80}"
        )
    return History(
        {
            name: [serialization.read_number(name, x) for x in row]
            for name, row in series.items()
        }
    )


def _read_generator(state: Any, rng: random.Random | None) -> Any:
    """What `setstate` wants; it is tried on another generator."""
    if (state is None) != (rng is None):
        raise ModelFileError("the training was shuffled in another way: see rng=")
    if rng is None:
        return None
    try:
        version, numbers, spare = state
        whole = (version, tuple(numbers), spare)
        random.Random().setstate(whole)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"rng is no state of a generator: {error}") from None
    return whole
