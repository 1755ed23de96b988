"""A straight line through noisy points, by gradient descent.

It needs matplotlib: pip install 'dotgrad[train]'
"""

import random
import sys
from pathlib import Path

import matplotlib.pyplot as plt

from engine.nn import SGD, Affine, fit, sum_of_squares


def linear_regression() -> plt.Figure:
    """The points, and the line before and after training."""
    rng = random.Random(1)
    xs = [[rng.uniform(-2, 2)] for _ in range(40)]
    ys = [[1.5 * x - 0.5 + rng.gauss(0, 0.3)] for [x] in xs]
    line = Affine.of([[0.0]], [0.0])
    weight, bias = line.parameters()
    history = fit(
        line, xs, ys, loss=sum_of_squares, optimizer=SGD(line.parameters(), lr=0.1),
        epochs=30, batch_size=10, rng=rng,
    )  # fmt: skip
    print(f"y = {weight.data:.3f} x {bias.data:+.3f}, loss {history['loss'][-1]:.4f}")

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    left.scatter(*zip(*(x + y for x, y in zip(xs, ys, strict=True)), strict=True), s=14)
    ends = [-2, 2]
    fitted = [weight.data * x + bias.data for x in ends]
    left.plot(ends, [1.5 * x - 0.5 for x in ends], "--", color="0.6", label="the truth")
    left.plot(ends, fitted, color="C1", label="fitted")
    left.legend()
    right.plot(range(1, 31), history["loss"])
    right.set(xlabel="epoch", ylabel="½ Σ (y − t)²", yscale="log")
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    linear_regression().savefig(folder / "linear_regression.png", dpi=120)
    print("drawn:", folder / "linear_regression.png")
