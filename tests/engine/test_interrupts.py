"""Ctrl-C at any moment leaves the engine as it was."""

import gc
import math
import os
import random

import pytest
from interrupts import count_places, look, run_until

import engine
from engine import Value, nn, scope
from engine.graph import context
from engine.tape import jit

MOST = 10**9 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 400
"""So many places of each program are tried."""


def build():
    x, y = Value(0.5, label="x"), Value(-1.5)
    with scope("a"), scope("b"):
        out = engine.tanh(x * y + 2.0) / (x - y) ** 2
    return x, y, out


def run_backward():
    x, y, out = build()
    out.backward()
    return x.grad, y.grad


def run_transforms():
    f = lambda x: engine.sin(x) * x * x  # noqa: E731
    h = lambda x: engine.exp(x[0]) * x[1] ** 2  # noqa: E731
    return (
        engine.grad(f)(0.3),
        engine.derivative(f, n=3)(0.3) if hasattr(engine, "derivative") else 0.0,
        engine.jvp(f, (0.3,), (1.0,)),
        engine.hessian(h)([0.1, 0.2]),
        engine.jacobian(lambda x: [x[0] * x[1], x[0]])([2.0, 3.0]),
    )


def run_blocks():
    x = Value(2.0)
    with engine.no_grad():
        a = x * x
    with engine.record_source():
        b = x * 3
    try:
        with engine.extended_arithmetic():
            c = x / 0.0
    except AttributeError:
        c = Value(math.inf)
    return a.parents, b.source is not None, c.data


def run_check():
    return engine.gradient_table(lambda x: x * engine.tanh(x), 0.7).ok


def run_jit():
    f = jit(lambda x, y: x * y if x < y else engine.sin(x))
    return f(1.0, 2.0), f(3.0, 2.0), f.value_and_grad(1.0, 2.0), f(1.5, 2.5)


def run_batch():
    f = jit(lambda x: x * x if x < 2 else engine.log(x), backend="numpy")
    values, slopes = f.value_and_grad_batch([1.0, 3.0])
    return values.tolist(), slopes.tolist()


def run_step():
    model = nn.Linear(2, 1, rng=random.Random(0))
    rule = nn.SGD(model.parameters(), lr=0.1)
    loss = model([1.0, 2.0])[0] ** 2
    loss.backward()
    rule.step()
    rule.zero_grad()
    return [p.data for p in model.parameters()], [p.grad for p in model.parameters()]


PROGRAMS = [run_backward, run_transforms, run_blocks, run_check, run_jit, run_batch,
            run_step]  # fmt: skip


@pytest.mark.parametrize("run", PROGRAMS, ids=lambda run: run.__name__)
def test_ctrl_c_anywhere_leaves_the_engine_as_it_was(run):
    expected = run()
    gc.collect()
    before = look()
    places = count_places(run)
    assert places > 30
    step = max(1, places // MOST)
    for place in range(1, places + 1, step):
        assert run_until(place, run)
        if look() != before:  # what lies in circles goes later
            gc.collect()
        assert look() == before, place
    assert run() == expected


def test_ctrl_c_leaves_all_gradients_or_none():
    leaves = [Value(i / 10) for i in range(1, 8)]
    out = sum(leaf * leaf for leaf in leaves)
    out.backward()
    whole = [leaf.grad for leaf in leaves]

    def run():
        out.backward()

    places = count_places(run)
    for place in range(1, places + 1):
        out.zero_grad()
        assert run_until(place, run)
        assert [leaf.grad for leaf in leaves] in (whole, [0.0] * len(leaves)), place


def test_the_harness_finds_what_is_left_undone(monkeypatch):
    """An engine that does not mend a block whose end was cut off."""

    def forget(self):
        before = context.variable.get()
        context.variable.set(self._change(before))
        yield
        context.variable.set(before)

    monkeypatch.setattr(scope, "_run", forget)
    before = look()

    def run():
        with scope("a"):
            return Value(1.0) * 2

    found = []
    for place in range(1, count_places(run) + 1):
        run_until(place, run)
        found.append(look())
        context.variable.set(before["contexts"])
        context.active.clear()
    assert before in found
    assert any(seen["contexts"] != before["contexts"] for seen in found)
