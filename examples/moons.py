"""Two moons that a network 2-16-16-1 learns to tell apart.

It needs scikit-learn and matplotlib: pip install 'dotgrad[fast,train]'
"""

import random
import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons

from engine.nn import MLP, Adam, accuracy, fit, hinge
from engine.tape import jit


def moons(epochs: int = 30) -> plt.Figure:
    """The points, and the line where the network changes its mind."""
    xs, ys = make_moons(100, noise=0.1, random_state=1)
    points, labels = xs.tolist(), [2 * int(y) - 1 for y in ys]
    model = MLP(2, [16, 16, 1], rng=random.Random(1))
    history = fit(
        model, points, labels, loss=hinge, epochs=epochs, batch_size=20,
        optimizer=Adam(model.parameters(), lr=0.02), rng=random.Random(1),
        penalty=lambda model: 1e-4 * sum(p * p for p in model.parameters()),
    )  # fmt: skip
    right = accuracy(model, points, labels)
    print(f"loss {history['loss'][-1]:.4f}, accuracy {right:.0%}")

    across = [-1.5 + i / 40 for i in range(165)]
    up = [-1.2 + i / 40 for i in range(121)]
    score = jit(lambda x, y: model([x, y]))
    scores = [score.batch(across, [y] * len(across)) for y in up]
    figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
    axes.contourf(across, up, scores, [-99, 0, 99], colors=["#cfe0f0", "#f7d9c8"])
    axes.contour(across, up, scores, [0], colors="0.3")
    axes.scatter(*xs.T, c=ys, cmap="coolwarm", edgecolors="white")
    axes.set(title=f"2-16-16-1, {right:.0%} of 100 points right")
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    moons().savefig(folder / "moons.png", dpi=120)
    print("drawn:", folder / "moons.png")
