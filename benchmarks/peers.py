"""How each peer computes the network's mean loss and all its gradients.

Each function gives another one without arguments, which does the whole work once and
gives the loss and the gradient; None where the peer is not installed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from network import SIZES, hinge

__all__ = ["Work", "casadi_map", "casadi_one", "jax_unrolled", "micrograd", "torch_net"]

Work = Callable[[], tuple[float, Any]]


def micrograd(numbers: list[float], xs: Any, ys: Any) -> Work | None:
    """A new graph of all samples, as in its demo."""
    try:
        from micrograd.engine import Value
    except ModuleNotFoundError:
        return None
    samples = list(zip(xs.tolist(), ys.tolist(), strict=True))

    def work() -> tuple[float, Any]:
        params = [Value(x) for x in numbers]
        loss = sum(hinge(params, list(map(Value, x)), y) for x, y in samples)
        loss = loss * (1 / len(samples))
        loss.backward()
        return loss.data, [p.grad for p in params]

    return work


def _casadi() -> Any:
    """Loss and gradient of one sample as a function of parameters and sample."""
    import casadi

    count = sum(m * (n + 1) for n, m in pairwise(SIZES))
    p, x, y = (casadi.SX.sym(name, n) for name, n in [("p", count), ("x", 2), ("y", 1)])
    hidden, place = [x[0], x[1]], 0
    for layer, width in enumerate(SIZES[1:], 1):
        sums = []
        for _ in range(width):
            total = p[place]
            for i, h in enumerate(hidden):
                total += p[place + 1 + i] * h
            place += 1 + len(hidden)
            sums.append(total if layer == len(SIZES) - 1 else casadi.fmax(total, 0))
        hidden = sums
    loss = casadi.fmax(1 - y * hidden[0], 0)
    return casadi.Function("f", [p, x, y], [loss, casadi.gradient(loss, p)])


def casadi_one(numbers: list[float], xs: Any, ys: Any) -> Work | None:
    """A call with arrays, for one sample."""
    try:
        f = _casadi()
    except ModuleNotFoundError:
        return None
    p, x, y = np.array(numbers), xs[0], ys[:1]

    def work() -> tuple[float, Any]:
        value, gradient = f(p, x, y)
        return float(value), gradient

    return work


def casadi_map(numbers: list[float], xs: Any, ys: Any) -> Work | None:
    """The mapped function; its gradients are those of each sample, not yet added."""
    try:
        mapped = _casadi().map(len(xs))
    except ModuleNotFoundError:
        return None
    import casadi

    p, x, y = casadi.DM(numbers), casadi.DM(xs.T), casadi.DM(ys[None])

    def work() -> tuple[float, Any]:
        values, gradients = mapped(p, x, y)
        return values, gradients

    return work


def torch_net(
    numbers: list[float], xs: Any, ys: Any, dtype: str, threads: int = 1
) -> Work | None:
    """nn.Sequential on the whole batch."""
    try:
        import torch
    except ModuleNotFoundError:
        return None
    torch.set_num_threads(threads)
    kind, layers, place = getattr(torch, dtype), [], 0
    for n, m in pairwise(SIZES):
        rows = np.array(numbers[place : place + m * (n + 1)]).reshape(m, n + 1)
        place += m * (n + 1)
        linear = torch.nn.Linear(n, m, dtype=kind)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(rows[:, 1:]))
            linear.bias.copy_(torch.tensor(rows[:, 0]))
        layers += [linear, torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    x, y = torch.tensor(xs, dtype=kind), torch.tensor(ys, dtype=kind)

    def work() -> tuple[float, Any]:
        net.zero_grad()
        loss = (1 - y * net(x)[:, 0]).relu().mean()
        loss.backward()
        return loss.item(), [p.grad for p in net.parameters()]

    return work


def jax_unrolled(numbers: list[float], xs: Any, ys: Any) -> Work | None:
    """The same scalars, compiled by XLA; the first call compiles."""
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    try:
        import jax
    except ModuleNotFoundError:
        return None
    jax.config.update("jax_enable_x64", True)

    class Scalar:
        """What the network needs of a number: JAX's have no method relu."""

        def __init__(self, x: Any) -> None:
            self.x = x

        def __add__(self, other: Any) -> Scalar:
            return Scalar(self.x + getattr(other, "x", other))

        def __mul__(self, other: Any) -> Scalar:
            return Scalar(self.x * getattr(other, "x", other))

        __radd__, __rmul__ = __add__, __mul__

        def relu(self) -> Scalar:
            return Scalar(jax.nn.relu(self.x))

    def one(params: Any, x: Any, y: Any) -> Any:
        scalars = [Scalar(params[i]) for i in range(len(numbers))]
        return hinge(scalars, [Scalar(x[0]), Scalar(x[1])], y).x

    def mean(params: Any, xs: Any, ys: Any) -> Any:
        return jax.vmap(one, (None, 0, 0))(params, xs, ys).mean()

    compiled = jax.jit(jax.value_and_grad(mean))
    p, x, y = (jax.numpy.asarray(a) for a in (numbers, xs, ys))

    def work() -> tuple[float, Any]:
        value, gradient = compiled(p, x, y)
        return float(value), gradient.block_until_ready()

    return work
