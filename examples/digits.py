"""Handwritten digits, 8 × 8 pixels: the chapter's two-layer network, 64-50-10.

    python examples/digits.py [folder] [samples epochs]

It needs scikit-learn and matplotlib: pip install 'dotgrad[fast,train]'
"""

import random
import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from engine import nn
from engine.tape import jit


def digits(samples: int = 1437, epochs: int = 20) -> plt.Figure:
    """Loss and accuracy by epoch, of a fixed split: 1437 to train, 360 to test."""
    xs, ys = load_digits(return_X_y=True)
    parts = train_test_split(xs / 16, ys, test_size=360, stratify=ys, random_state=0)
    train_x, test_x, train_y, test_y = (part.tolist()[:samples] for part in parts)
    rng = random.Random(0)
    hidden = nn.Affine(64, 50, rng=rng, initial=nn.he)
    model = nn.Sequential(hidden, nn.ReLU(), nn.Affine(50, 10, rng=rng))
    taped = jit(model)
    history = nn.fit(
        model, train_x, [nn.one_hot(y, 10) for y in train_y],
        loss=nn.softmax_cross_entropy, epochs=epochs, rng=rng,
        optimizer=nn.Adam(model.parameters(), lr=0.005),
        watch={
            "training": lambda _: nn.accuracy(taped, train_x, train_y),
            "test": lambda _: nn.accuracy(taped, test_x, test_y),
        },
    )  # fmt: skip
    print(history)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    numbers = range(1, epochs + 1)
    left.plot(numbers, history["loss"], marker=".")
    left.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    for name in ("training", "test"):
        right.plot(numbers, history[name], marker=".", label=name)
    right.set(xlabel="epoch", ylabel="accuracy", ylim=(None, 1.002))
    right.legend(title=f"at last {history['test'][-1]:.1%} of test")
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    digits(*map(int, sys.argv[2:4])).savefig(folder / "digits.png", dpi=120)
    print("drawn:", folder / "digits.png")
