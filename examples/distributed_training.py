"""A network learns a ring from points that lie in two other processes.

    python examples/distributed_training.py [folder] [points steps [scheduler]]

The scheduler's address, such as tcp://10.0.0.1:8786, is the only thing to change for a
cluster: without it Dask starts two worker processes on this machine. It needs Dask and
matplotlib: pip install 'dotgrad[distributed,train]'
"""

import random
import sys

import dask
import dask.array as da
import matplotlib.pyplot as plt
from dask.distributed import Client

from engine import nn
from engine.tape import jit
from engine.tape.distributed import distributed


def distributed_training(points: int = 40_000, steps: int = 200) -> plt.Figure:
    """The network's opinion after some steps on all points."""
    xs = da.random.default_rng(0).uniform(-1, 1, (points, 2), chunks=(points // 8, 2))
    radius = (xs**2).sum(axis=1) ** 0.5
    ys = da.where((radius > 0.4) & (radius < 0.8), 1.0, 0.0)
    xs, ys = dask.persist(xs, ys)  # made by the workers, and kept there

    rng = random.Random(0)
    hidden, output = nn.Affine(2, 16, rng=rng), nn.Affine(16, 1, rng=rng)
    model = nn.Sequential(hidden, nn.Tanh(), output)
    optimizer = nn.Adam(model.parameters(), lr=0.1)
    loss = distributed(lambda x, y: nn.binary_cross_entropy(model(x), [y]))
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        value = loss.backward(xs, ys)
        optimizer.step()
        if step % max(1, steps // 5) == 0:
            print(f"step {step}: loss {value:.4f}")

    across = [-1 + i / 25 for i in range(51)]
    score = jit(lambda x, y: model([x, y])[0])
    height = [score.batch(across, [y] * 51) for y in across]
    figure, axes = plt.subplots(figsize=(4.8, 4.5), layout="constrained")
    axes.contourf(across, across, height, [-99, 0, 99], colors=["#cfe0f0", "#f7d9c8"])
    axes.add_patch(plt.Circle((0, 0), 0.4, fill=False, linestyle="--"))
    axes.add_patch(plt.Circle((0, 0), 0.8, fill=False, linestyle="--"))
    axes.set(title=f"{points:,} points, {steps} steps, loss {value:.3f}")
    return figure


if __name__ == "__main__":
    folder, *rest = sys.argv[1:] or ["."]
    address = (rest[2:] or [None])[0]
    path = f"{folder}/distributed_training.png"
    here = {} if address else {"n_workers": 2, "dashboard_address": ":0"}
    with Client(address, **here):
        distributed_training(*map(int, rest[:2])).savefig(path, dpi=120)
    print("drawn:", path)
