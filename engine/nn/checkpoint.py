"""Checkpoints: all that a training needs to go on as if it had never stopped."""

from __future__ import annotations

import random
from os import PathLike
from pathlib import Path

from engine.errors import ModelFileError
from engine.nn import storage
from engine.nn.history import History
from engine.nn.module import Module
from engine.nn.optim import Optimizer

__all__ = ["restore", "store"]


def store(
    path: str | PathLike[str],
    model: Module,
    optimizer: Optimizer,
    history: History,
    rng: random.Random | None,
) -> None:
    """Write where the training stands; the file is whole at every moment."""
    body = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "history": history.series,
        "rng": rng.getstate() if rng else None,
    }
    storage.write(path, "checkpoint", body, f"{model!r} after {len(history)} epochs")


def restore(
    path: str | PathLike[str],
    model: Module,
    optimizer: Optimizer,
    rng: random.Random | None,
) -> History:
    """Go on where `store` was called; a new history where there is no file.

    Raises:
        ModelFileError: the file is damaged, or of another training; nothing is changed.
    """
    if not Path(path).exists():
        return History()
    with storage.naming(path):
        body = storage.read(path, "checkpoint")
        if (body["rng"] is None) != (rng is None):
            raise ModelFileError("the training was shuffled in another way: see rng=")
        storage.matching(body["model"], dict(model.named_parameters()))
        optimizer.load_state_dict(body["optimizer"])
        model.load_state_dict(body["model"])
    if rng is not None:
        version, numbers, spare = body["rng"]
        rng.setstate((version, tuple(numbers), spare))
    history = History()
    for name, row in body["history"].items():
        history.series[name] = [storage.number(name, x) for x in row]
    return history
