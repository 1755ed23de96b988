"""Train a GPT in scalars: dotgrad, and a minimal engine that is written here.

    python benchmarks/gpt.py [--steps 20]

It is the workload of the well-known GPT of 200 lines: a transformer of one layer (16
numbers a token, 4 heads, 4,192 parameters or so) that learns names letter by letter,
with Adam, one name a step. Both engines run the same program in turn in this one
process. Printed are medians of a step, and how far the losses are apart: the engines
divide and add up gradients in another order.

Vaswani et al., Attention Is All You Need (2017); RMSNorm: Zhang & Sennrich (2019).
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import statistics
import sys
import threading
import time
from typing import Any

import engine
from engine.native import describe_core

WIDTH, BLOCK, HEADS = 16, 16, 4
Vector = list[Any]


class Minimal:
    """The smallest scalar engine: operands and local derivatives in tuples."""

    __slots__ = ("data", "grad", "operands", "partials")

    def __init__(
        self,
        data: float,
        operands: tuple[Minimal, ...] = (),
        partials: tuple[float, ...] = (),
    ) -> None:
        self.data, self.grad = data, 0.0
        self.operands, self.partials = operands, partials

    def __add__(self, other: Any) -> Minimal:
        other = other if isinstance(other, Minimal) else Minimal(other)
        return Minimal(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> Minimal:
        other = other if isinstance(other, Minimal) else Minimal(other)
        return Minimal(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, k: float) -> Minimal:
        return Minimal(self.data**k, (self,), (k * self.data ** (k - 1),))

    def exp(self) -> Minimal:
        """e ** self."""
        out = math.exp(self.data)
        return Minimal(out, (self,), (out,))

    def log(self) -> Minimal:
        """The natural logarithm."""
        return Minimal(math.log(self.data), (self,), (1 / self.data,))

    def relu(self) -> Minimal:
        """max(self, 0)."""
        return Minimal(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self) -> Minimal:
        return self * -1

    def __sub__(self, other: Any) -> Minimal:
        return self + -other

    def __truediv__(self, other: Any) -> Minimal:
        return self * other**-1

    __radd__, __rmul__ = __add__, __mul__

    def backward(self) -> None:
        """Reverse mode, over the nodes in topological order."""
        order, seen = [], set()

        def visit(node: Minimal) -> None:
            if node not in seen:
                seen.add(node)
                for operand in node.operands:
                    visit(operand)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for operand, partial in zip(node.operands, node.partials, strict=True):
                operand.grad += partial * node.grad


class Gpt:
    """The model; `value` makes its parameters."""

    def __init__(self, value: Any, letters: int) -> None:
        rng = random.Random(42)

        def make(rows: int, columns: int) -> list[Vector]:
            return [
                [value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)
            ]

        self.tokens, self.places = make(letters, WIDTH), make(BLOCK, WIDTH)
        self.query, self.key, self.value = (make(WIDTH, WIDTH) for _ in "qkv")
        self.join = make(WIDTH, WIDTH)
        self.widen, self.narrow = make(4 * WIDTH, WIDTH), make(WIDTH, 4 * WIDTH)
        self.head = make(letters, WIDTH)
        self.params = [
            p for matrix in vars(self).values() for row in matrix for p in row
        ]

    def loss(self, name: list[int]) -> Any:
        """The mean cross-entropy of each letter after those before it."""
        keys: list[Vector] = []
        values: list[Vector] = []
        losses = []
        for place, (token, following) in enumerate(itertools.pairwise(name)):
            if place == BLOCK:
                break
            scores = self.score(token, place, keys, values)
            losses.append(-softmax(scores)[following].log())
        return sum(losses) * (1 / len(losses))

    def score(
        self, token: int, place: int, keys: list[Vector], values: list[Vector]
    ) -> Vector:
        """What speaks for each letter as the next one."""
        x = normalize(add(self.tokens[token], self.places[place]))
        before, x = x, normalize(x)
        query = multiply(self.query, x)
        keys.append(multiply(self.key, x))
        values.append(multiply(self.value, x))
        x = add(multiply(self.join, attend(query, keys, values)), before)
        before, x = x, normalize(x)
        x = multiply(self.narrow, [h.relu() for h in multiply(self.widen, x)])
        return multiply(self.head, add(x, before))


def attend(query: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
    """Each head's mean of the values, weighted by how keys fit the query."""
    out, size = [], WIDTH // HEADS
    for start in range(0, WIDTH, size):
        part = slice(start, start + size)
        fits = [dot(query[part], key[part]) * size**-0.5 for key in keys]
        weights = softmax(fits)
        columns = zip(*(value[part] for value in values), strict=True)
        out += [dot(weights, column) for column in columns]
    return out


def dot(xs: Any, ys: Any) -> Any:
    """Σ xᵢyᵢ."""
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def add(xs: Vector, ys: Vector) -> Vector:
    """The sum of two vectors."""
    return [x + y for x, y in zip(xs, ys, strict=True)]


def multiply(matrix: list[Vector], x: Vector) -> Vector:
    """A matrix times a vector."""
    return [dot(row, x) for row in matrix]


def softmax(xs: Vector) -> Vector:
    """exp(xᵢ − max) / Σ."""
    top = max(x.data for x in xs)
    powers = [(x + -top).exp() for x in xs]
    total = sum(powers)
    return [p / total for p in powers]


def normalize(x: Vector) -> Vector:
    """RMSNorm: divided by the root of the mean square."""
    scale = (dot(x, x) * (1 / len(x)) + 1e-5) ** -0.5
    return [a * scale for a in x]


def make_names(count: int) -> list[list[int]]:
    """Names of two to four syllables as numbers of letters, between two stops."""
    rng = random.Random(1)
    names = []
    for _ in range(count):
        letters = "".join(
            rng.choice("bdfgjklmnprstvz") + rng.choice("aeiouy")
            for _ in range(rng.randint(2, 4))
        )
        names.append([26, *(ord(letter) - ord("a") for letter in letters), 26])
    return names


class Training:
    """One engine's model, trained a name at a time."""

    def __init__(self, value: Any) -> None:
        self.model = Gpt(value, letters=27)
        self.means = [0.0] * len(self.model.params)
        self.squares = [0.0] * len(self.model.params)
        self.losses: list[float] = []
        self.seconds: list[tuple[float, float]] = []
        """Of forward and backward, and of the whole step."""

    def take_step(self, name: list[int]) -> None:
        """One step of Adam."""
        start = time.perf_counter()
        loss = self.model.loss(name)
        loss.backward()
        differentiated = time.perf_counter()
        step = len(self.losses) + 1
        means, squares = self.means, self.squares
        for i, p in enumerate(self.model.params):
            g = p.grad
            means[i] = 0.85 * means[i] + 0.15 * g
            squares[i] = 0.99 * squares[i] + 0.01 * g * g
            mean, square = means[i] / (1 - 0.85**step), squares[i] / (1 - 0.99**step)
            p.data -= 0.01 * mean / (math.sqrt(square) + 1e-8)
            p.grad = 0.0
        self.losses.append(loss.data)
        end = time.perf_counter()
        self.seconds.append((differentiated - start, end - start))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=20)
    steps = parser.parse_args().steps
    runs = {"dotgrad": Training(engine.Value), "minimal": Training(Minimal)}
    sizes = []
    for name in make_names(steps):
        for run in runs.values():
            run.take_step(name)
        sizes.append(len(engine.topological_order(runs["dotgrad"].model.loss(name))))
    ours, theirs = runs["dotgrad"], runs["minimal"]
    pairs = zip(ours.losses, theirs.losses, strict=True)
    worst = max(abs(a - b) / b for a, b in pairs)
    assert worst < 1e-10, worst
    print(
        f"GPT in scalars, {len(ours.means)} parameters, {statistics.median(sizes):.0f} "
        f"nodes a step; medians of {steps} steps, {describe_core()}\n"
        f"loss {ours.losses[0]:.6f} in the first step, {ours.losses[-1]:.6f} in the "
        f"last; relative difference of the two engines at most {worst:.0e}\n"
    )
    print(f"{'':24}{'dotgrad':>12}{'minimal engine':>18}{'ratio':>10}")
    for place, title in enumerate(["forward and backward", "the whole step"]):
        a, b = (
            statistics.median(second[place] for second in run.seconds)
            for run in (ours, theirs)
        )
        print(f"{title:24}{a * 1e3:9.2f} ms{b * 1e3:15.1f} ms{b / a:9.1f}×")


if __name__ == "__main__":
    sys.setrecursionlimit(10**6)  # the minimal engine recurses
    threading.stack_size(512 * 2**20)
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
