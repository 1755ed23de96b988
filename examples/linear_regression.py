"""A straight line through noisy points, by gradient descent.

It needs matplotlib: pip install 'dotgrad[fast,train]'
"""

import random
import sys
from pathlib import Path

import matplotlib.pyplot as plt

from engine.nn import SGD, Affine, fit, sum_of_squares


def linear_regression(epochs: int = 30) -> plt.Figure:
    """The points, the line after each epoch, and the loss."""
    rng = random.Random(1)
    xs = [[rng.uniform(-2, 2)] for _ in range(40)]
    ys = [[1.5 * x - 0.5 + rng.gauss(0, 0.3)] for [x] in xs]
    line = Affine.of([[0.0]], [0.0])
    weight, bias = line.parameters()
    history = fit(
        line, xs, ys, loss=sum_of_squares, optimizer=SGD(line.parameters(), lr=0.1),
        epochs=epochs, batch_size=10, rng=rng,
        watch={"slope": lambda _: weight.data, "offset": lambda _: bias.data},
    )  # fmt: skip
    print(f"y = {weight.data:.3f} x {bias.data:+.3f}, loss {history['loss'][-1]:.4f}")

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    lines = [(0.0, 0.0), *zip(history["slope"], history["offset"], strict=True)]
    for epoch, (slope, offset) in enumerate(lines):
        last = epoch == epochs
        name = {0: "at first", 1: "after each epoch", epochs: "at last"}.get(epoch)
        look = {"color": "C1" if last else "0.8", "linestyle": "-" if epoch else "--"}
        left.axline((0, offset), slope=slope, label=name, **look)
    left.scatter(xs, ys, s=16, zorder=3)
    left.set(xlim=(-2.2, 2.2), ylim=(-4.2, 3), xlabel="x", ylabel="y")
    left.legend()
    right.plot(range(1, epochs + 1), history["loss"], marker=".")
    right.set(xlabel="epoch", ylabel="loss, ½ (y − t)²", yscale="log")
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    linear_regression().savefig(folder / "linear_regression.png", dpi=120)
    print("drawn:", folder / "linear_regression.png")
