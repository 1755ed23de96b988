"""Gradient descent in Rosenbrock's curved valley, drawn as paths.

It needs matplotlib: pip install 'dotgrad[fast,train]'
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
    """The paths of three optimizers from the same point, side by side."""
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.9), layout="constrained")
    ticks = [-2 + i / 50 for i in range(211)]
    heights = [[valley(x, y) for x in ticks] for y in ticks]
    levels = [0.1, 0.5, 2, 8, 30, 100, 300, 1000, 2500]
    for axes, (name, make) in zip(panels, OPTIMIZERS.items(), strict=True):
        p = [parameter(-1.4), parameter(1.6)]
        optimizer, path = make(p), [(-1.4, 1.6)]
        for _ in range(steps):
            optimizer.zero_grad()
            valley(*p).backward()
            optimizer.step()
            path.append((p[0].data, p[1].data))
        print(f"{name}: f = {valley(*path[-1]):.2e} after {steps} steps")
        axes.contour(ticks, ticks, heights, levels, colors="0.82", linewidths=0.8)
        axes.plot(*zip(*path, strict=True), "C0.-", linewidth=0.8, markersize=3)
        axes.plot(*path[0], "C0o", label="start")
        axes.plot(*path[-1], "C3o", label=f"after {steps} steps")
        axes.plot(1, 1, "*", color="gold", mec="k", markersize=11, label="f = 0")
        axes.set(xlim=(-2, 2), ylim=(-0.7, 2.2), xlabel="x", ylabel="y")
        axes.set_title(f"{name}: f = {valley(*path[-1]):.2g}")
    panels[0].legend(loc="lower right", fontsize="small")
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    rosenbrock().savefig(folder / "rosenbrock.png", dpi=120)
    print("drawn:", folder / "rosenbrock.png")
