"""A program in the way of micrograd's demo, with nothing but its imports changed."""

import random

import numpy as np
import pytest

PROGRAM = """
from {package}.engine import Value
from {package}.nn import Neuron, Layer, MLP

np.random.seed(1337)
random.seed(1337)
X, y = make_moons(n_samples=100, noise=0.1)
y = y * 2 - 1
model = MLP(2, [16, 16, 1])


def loss():
    inputs = [list(map(Value, row)) for row in X]
    scores = list(map(model, inputs))
    losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = 1e-4 * sum((p * p for p in model.parameters()))
    hits = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores)]
    return data_loss + reg_loss, sum(hits) / len(hits)


history = []
for k in range(steps):
    total, acc = loss()
    model.zero_grad()
    total.backward()
    rate = 1.0 - 0.9 * k / 100
    for p in model.parameters():
        p.data -= rate * p.grad
    history.append((total.data, acc))
    if acc == 1:
        break
"""
OURS = PROGRAM.replace("{package}.engine", "engine").replace(
    "{package}.nn", "engine.nn"
)


def run(program, steps):
    datasets = pytest.importorskip("sklearn.datasets")
    names = {
        "np": np, "random": random, "steps": steps, "make_moons": datasets.make_moons,
    }  # fmt: skip
    exec(compile(program, "demo", "exec"), names)
    return names["history"]


def test_the_demo_reaches_100_percent():
    history = run(OURS, 100)
    assert history[-1][1] == 1
    assert history[-1][0] < 0.1 < history[0][0]


def test_the_first_steps_are_those_of_micrograd():
    pytest.importorskip("micrograd", reason="the extra bench is not installed")
    theirs = run(PROGRAM.replace("{package}", "micrograd"), 3)
    for ours, other in zip(run(OURS, 3), theirs, strict=True):
        assert ours == pytest.approx(other, rel=1e-9)
