"""The chapter's networks: an epoch of the digits, and a batch at full size."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from engine import nn
from engine.tape import jit
from engine.tape.samples import Samples

__all__ = ["digits", "textbook"]

Cases = dict[str, Callable[[], Any] | None]
BATCH, HIDDEN = 100, 50


def digits() -> Cases:
    """1,500 of scikit-learn's handwritten digits, in batches of 100, with Adam."""
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        return {}
    xs, ys = load_digits(return_X_y=True)
    return _cases((xs / 16)[:1500], ys[:1500], adam=True)


def textbook() -> Cases:
    """A batch of noise of the size of MNIST's pictures."""
    rng = np.random.default_rng(0)
    xs, labels = rng.uniform(size=(BATCH, 784)), rng.integers(0, 10, BATCH)
    return _cases(xs, labels, adam=False)


def _cases(xs: Any, labels: Any, *, adam: bool) -> Cases:
    return {"dotgrad": _ours(xs, labels, adam=adam), **_torch(xs, labels, adam=adam)}


def _ours(xs: Any, labels: Any, *, adam: bool) -> Callable[[], Any]:
    rng = random.Random(0)
    model = nn.Sequential(
        nn.Affine(xs.shape[1], HIDDEN, rng=rng, initial=nn.he), nn.ReLU(),
        nn.Affine(HIDDEN, 10, rng=rng),
    )  # fmt: skip
    optimizer = (nn.Adam if adam else nn.SGD)(model.parameters(), lr=0.001)
    loss = jit(lambda x, y: nn.softmax_cross_entropy(model(x), y))
    samples = Samples.of((xs, np.eye(10)[labels]))

    def epoch() -> None:
        for start in range(0, len(xs), BATCH):
            optimizer.zero_grad()
            loss.backward(samples.take(slice(start, start + BATCH)))
            optimizer.step()

    return epoch


def _torch(xs: Any, labels: Any, *, adam: bool) -> Cases:
    try:
        import torch
    except ModuleNotFoundError:
        return {}
    torch.set_num_threads(1)

    def case(kind: Any) -> Callable[[], None]:
        net = torch.nn.Sequential(
            torch.nn.Linear(xs.shape[1], HIDDEN, dtype=kind), torch.nn.ReLU(),
            torch.nn.Linear(HIDDEN, 10, dtype=kind),
        )  # fmt: skip
        rule = torch.optim.Adam if adam else torch.optim.SGD
        optimizer = rule(net.parameters(), lr=0.001)
        x, y = torch.tensor(xs, dtype=kind), torch.tensor(labels)

        def epoch() -> None:
            for start in range(0, len(xs), BATCH):
                optimizer.zero_grad()
                scores = net(x[start : start + BATCH])
                torch.nn.functional.cross_entropy(
                    scores, y[start : start + BATCH]
                ).backward()
                optimizer.step()

        return epoch

    return {
        "PyTorch, float64": case(torch.float64),
        "PyTorch, float32": case(torch.float32),
    }
