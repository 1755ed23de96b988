"""Checkpoints: all that a training needs to go on as if it had never stopped."""

from __future__ import annotations

import random
from os import PathLike
from pathlib import Path
from typing import Any

from engine.errors import ModelFileError, OptionError
from engine.nn import serialization
from engine.nn.layers import Dropout
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
        "masks": [mask.getstate() for mask in _find_generators(model)],
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
        masks = _find_generators(model)
        states = [_read_generator(x, rng) for rng, x in _pair(masks, body)]
        serialization.match_numbers(body["model"], dict(model.named_parameters()))
        optimizer.load_state_dict(body["optimizer"])
        model.load_state_dict(body["model"])
    for mask, its in zip(masks, states, strict=True):
        mask.setstate(its)
    if rng is not None:
        rng.setstate(state)
    return history


def check(model: Any) -> None:
    """See that a checkpoint can keep a model, before it is trained.

    Raises:
        OptionError: it is no Module, or draws from something else than a Random.
    """
    if not isinstance(model, Module):
        raise OptionError(f"a checkpoint keeps a Module, not {model!r:.80}")
    _find_generators(model)


def _find_generators(model: Module) -> list[Any]:
    """Those that its layers of dropout draw from, each once."""
    layers = [part for part in model.modules() if isinstance(part, Dropout)]
    found = {id(layer.rng): layer.rng for layer in layers}
    for rng in found.values():
        if not isinstance(rng, random.Random):
            raise OptionError(f"a checkpoint keeps a random.Random, not {rng!r}")
    return list(found.values())


def _pair(masks: list[Any], body: Any) -> list[tuple[Any, Any]]:
    """The generators of the model, each with its state in the file."""
    states = body.get("masks", [])  # files that were written before dropout have none
    if not isinstance(states, list) or len(states) != len(masks):
        raise ModelFileError("the model has other layers of Dropout than the saved one")
    return list(zip(masks, states, strict=True))


def _read_history(series: Any) -> History:
    if not isinstance(series, dict) or not all(
        isinstance(row, list) for row in series.values()
    ):
        raise ModelFileError(
            f"a history is lists of numbers by name, not {series!r:.80}"
        )
    history = History(
        {
            name: [serialization.read_number(name, x) for x in row]
            for name, row in series.items()
        }
    )
    if not all(history.series.values()) or len(series.get("loss", ())) != len(history):
        raise ModelFileError("the history lacks numbers: each epoch has its loss")
    return history


def _read_generator(state: Any, rng: random.Random | None) -> Any:
    """What `setstate` wants; it is tried on another generator."""
    if (state is None) != (rng is None):
        raise ModelFileError("the training was shuffled in another way: see rng=")
    if rng is None:
        return None
    try:
        version, numbers, spare = state
        whole = (version, tuple(numbers), spare)
        if not all(type(n) is int and 0 <= n < 1 << 32 for n in numbers):
            raise ValueError("its numbers are whole ones below 2 ** 32")
        if spare is not None and type(spare) is not float:
            raise ValueError(f"{spare!r:.40} is no number in reserve")
        random.Random().setstate(whole)
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelFileError(f"rng is no state of a generator: {error}") from None
    return whole
