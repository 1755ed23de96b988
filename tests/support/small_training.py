"""A training that takes a moment, and programs in processes of their own."""

import random
import subprocess
import sys

from engine import nn


def small():
    rng = random.Random(5)
    affine = nn.Affine(2, 3, rng=rng)
    model = nn.Sequential(affine, nn.Tanh(), nn.Affine(3, 2, rng=rng))
    xs = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(12)]
    return model, xs, [int(a * b > 0) for a, b in xs]


def trained(epochs, optimizer=nn.Adam, seed=1, **options):
    model, xs, ys = small()
    rule = optimizer(model.parameters(), lr=0.05)
    history = nn.fit(
        model, xs, ys, loss=nn.softmax_cross_entropy, optimizer=rule, epochs=epochs,
        batch_size=5, rng=random.Random(seed), **options,
    )  # fmt: skip
    return model, history


def in_a_process(program, *args, check=True):
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, args)], capture_output=True,
        text=True, check=check,
    )  # fmt: skip
