"""Gradient descent in Rosenbrock's curved valley, drawn as paths.

It needs matplotlib: pip install 'dotgrad[train]'
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

from engine.nn import SGD, Adam, Momentum, parameter

OPTIMIZERS = {
    "SGD": lambda p: SGD(p, lr=1e-3),
    "Momentum": lambda p: Momentum(p, lr=1e-3),
    "Adam": lambda p: Adam(p, lr=0.05),
}


def valley(x: float, y: float) -> float:
    """f(x, y) = (1 − x)² + 100 (y − x²)², smallest at (1, 1)."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock(steps: int = 1000) -> plt.Figure:
    """The paths of three optimizers from the same point."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    ticks = [-2 + i / 50 for i in range(201)]
    heights = [[valley(x, y) for x in ticks] for y in ticks]
    levels = [0.1, 0.5, 2, 8, 30, 100, 300, 1000, 2500]
    axes.contour(ticks, ticks, heights, levels, colors="0.8", linewidths=0.8)
    for name, make in OPTIMIZERS.items():
        x, y = parameter(-1.4), parameter(1.6)
        optimizer, path = make([x, y]), [(x.data, y.data)]
        for _ in range(steps):
            optimizer.zero_grad()
            valley(x, y).backward()
            optimizer.step()
            path.append((x.data, y.data))
        print(f"{name}: f = {valley(x.data, y.data):.2e} after {steps} steps")
        axes.plot(*zip(*path, strict=True), label=name, linewidth=1.5)
    axes.plot(1, 1, "k*", markersize=10)
    axes.set(xlim=(-2, 2), ylim=(-0.7, 2), xlabel="x", ylabel="y")
    axes.legend(loc="lower left")
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    rosenbrock().savefig(folder / "rosenbrock.png", dpi=120)
    print("drawn:", folder / "rosenbrock.png")
