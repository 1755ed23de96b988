"""Replay against eager: bit for bit in Python, a few ulp on arrays."""

import math
import operator
import pickle
import random

import numpy as np
import pytest
from backends import INEXACT, INSTALLED, every_backend, every_inexact, parametrize
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import (
    TABLE,
    EngineError,
    Value,
    gradients,
    nn,
    register,
    topological_order,
    unregister,
)
from engine.graph.sweep import adjoints
from engine.tape import BACKENDS, Tape, jit, record
from engine.tape.backends.python import compile_tape
from engine.tape.ir.passes import ALL, compress
from engine.testing import expressions, operands
from engine.text import say_once


def replay(tape, name):
    return BACKENDS[name].compile_batch(compress(tape), 1)


def bits(x):
    return math.nan if x != x else x.hex()


def eager(f, xs):
    """Value and gradient, or None where floats raise."""
    values = [Value(x) for x in xs]
    try:
        out = f(*values)
    except EngineError:
        return None
    if not isinstance(out, Value):
        out = Value(out)
    found = adjoints(out)
    return out.data, [found.get(v, 0.0) for v in values]


def ulps(a, b):
    """How many floats apart; nan is nan."""
    if a == b or (a != a and b != b):
        return 0
    return abs(a - b) / math.ulp(max(abs(a), abs(b)))


# -- the table -------------------------------------------------------------------

ROWS = list(TABLE.values())
rows = pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)


@rows
@given(data=st.data())
def test_every_row_in_python_bit_for_bit(op, data):
    xs = data.draw(operands(op))
    wanted = eager(op, xs)
    assume(wanted is not None)
    f = jit(op.__call__)
    assert bits(f(*xs)) == bits(wanted[0])
    f = jit(op.__call__, argnums=range(op.arity))
    value, slopes = f.value_and_grad(*xs)
    assert bits(value) == bits(wanted[0])
    assert list(map(bits, slopes)) == list(map(bits, wanted[1]))


@every_inexact
@rows
@settings(max_examples=30)
@given(data=st.data())
def test_every_row_on_arrays_to_4_ulp(op, backend, data):
    samples = [data.draw(operands(op)) for _ in range(5)]
    samples = [(xs, eager(op, xs)) for xs in samples]
    samples = [(xs, found) for xs, found in samples if found is not None]
    assume(samples)
    tape = record(op, samples[0][0]).tape
    columns = np.array([xs for xs, _ in samples], dtype=float).T
    seeds = np.ones(len(samples))
    made = replay(tape, backend)
    [out], slopes, _ = made.gradient(columns, [], seeds, by_inputs=True)
    again = made.values(columns, [])[0]
    for i, (xs, (value, wanted)) in enumerate(samples):
        assert ulps(out[i], value) <= 4
        assert bits(again[i]) == bits(out[i])
        for j, slope in enumerate(wanted):
            if math.isfinite(slope):  # an infinite limit may be nan on arrays
                assert ulps(slopes[j, i], slope) <= 4 or within_the_rule(
                    op, xs, j, slopes[j, i]
                )


def within_the_rule(op, xs, j, found):
    """Whether a local derivative is within 4 ulp an operation of its rule."""
    values = [Value(x) for x in xs]
    slope = gradients(op(*values), [values[j]])[0]
    return abs(found - slope.data) <= allowances(slope)[0]


# -- random expressions ----------------------------------------------------------


@given(expressions())
def test_expressions_in_python_bit_for_bit(expression):
    xs = expression.inputs
    wanted = eager(expression, xs)
    assume(wanted is not None)
    f = jit(expression.__call__, argnums=range(len(xs)))
    assert bits(f(*xs)) == bits(wanted[0])
    value, slopes = f.value_and_grad(*xs)
    assert bits(value) == bits(wanted[0])
    assert list(map(bits, slopes)) == list(map(bits, wanted[1]))


EXACT = {"add", "sub", "mul", "truediv", "neg", "abs", "sqrt", "relu", "max", "min",
         "identity", "leaky_relu"}  # fmt: skip


def allowances(*outputs):
    """How far a replay may be off: 4 ulp an operation, carried on to the outputs.

    A deviation of an operand becomes one of the result by the local derivative.
    """
    allowed = {}
    for node in topological_order(*outputs):
        carried = sum(
            abs(partial) * allowed[parent]
            for partial, parent in zip(node.partials, node.parents, strict=True)
            if allowed[parent]
        )
        allowed[node] = carried + (4 * math.ulp(node.data) if node.op else 0.0)
    # Local derivatives are those at the eager values: first order, so with some room.
    return [1.01 * allowed[output] + 5e-324 for output in outputs]


@every_inexact
@settings(max_examples=60)
@given(expression=expressions(smooth=True))
def test_expressions_on_arrays(backend, expression):
    """Within 4 ulp an operation; to the last bit where IEEE 754 says so."""
    xs = [Value(x) for x in expression.inputs]
    out = expression(*xs)
    assume(isinstance(out, Value) and out.op)
    wanted = gradients(out, xs)
    assume(all(math.isfinite(slope.data) for slope in wanted))
    tape = record(expression, expression.inputs).tape
    columns = np.array([expression.inputs] * 2, dtype=float).T
    made = replay(tape, backend)
    values = made.values(columns, [])[0]
    [again], slopes, _ = made.gradient(columns, [], np.ones(2), by_inputs=True)
    assert values.tolist() == again.tolist() == [values[0]] * 2
    if set(tape.ops) <= EXACT:
        assert bits(values[0]) == bits(out.data)
    allowed, *by_input = allowances(out, *wanted)
    assert abs(values[0] - out.data) <= allowed
    for i, slope in enumerate(wanted):
        assert abs(slopes[i, 0] - slope.data) <= by_input[i]


@given(expressions())
def test_each_pass_keeps_the_bits_of_values(expression):
    xs = expression.inputs
    assume(eager(expression, xs) is not None)
    tape = record(expression, xs).tape
    for one in ALL[:-1]:  # straight-line Python has no instruction "dot"
        shorter = one(tape)
        assert len(shorter.ops) <= len(tape.ops) + tape.ops.count("pow")
        if one.__name__ == "expand_powers":
            continue
        before = compile_tape(tape, gradient=False)(xs, [])
        after = compile_tape(shorter, gradient=False)(xs, [])
        assert list(map(bits, before)) == list(map(bits, after))


@settings(max_examples=50)
@given(
    st.lists(st.tuples(*[st.floats(-10, 10)] * 2), min_size=2, max_size=6),
    st.lists(st.sampled_from("pl"), min_size=6, max_size=6),
)
def test_sums_of_products_keep_their_bits(pairs, kinds):
    def f(*xs):
        terms = [
            xs[2 * i] * xs[2 * i + 1] if kind == "p" else xs[2 * i]
            for i, kind in zip(range(len(pairs)), kinds, strict=False)
        ]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total * total

    xs = [x for pair in pairs for x in pair]
    tape = record(f, xs).tape
    wanted, slopes = eager(f, xs)
    short = compress(tape)
    assert ("dot" in short.ops) == ("p" in kinds[: len(pairs)])
    for backend in set(INEXACT) & set(INSTALLED):
        [out], found, _ = replay(tape, backend).gradient(
            np.array([xs]).T, [], np.ones(1), by_inputs=True
        )
        assert bits(out[0]) == bits(wanted)
        assert np.allclose(found[:, 0], slopes, rtol=1e-14, atol=0)


def test_the_passes_do_what_they_say():
    w = Value(3.0)

    def f(x, y):
        unused = x.exp()
        del unused
        return (x * y + y * x) ** 2 + Value(2.0) * 5 + w * 1

    tape = record(f, (2.0, 3.0)).tape
    folding, powers, common, dead, _ = ALL
    assert tape.ops.count("mul") == 4
    assert folding(tape).ops.count("mul") == 3  # 2 × 5 is 10
    assert 10.0 in folding(tape).constants
    assert "pow" not in powers(tape).ops
    assert common(tape).ops.count("mul") == 3
    assert tape.ops.count("exp") == 1  # which would raise at 1000
    assert dead(tape).ops == tuple(op for op in tape.ops if op != "exp")
    assert len(compress(tape).ops) < len(tape.ops) - 2


# -- networks --------------------------------------------------------------------


cross_entropy = nn.softmax_cross_entropy


def networks():
    rng = random.Random(3)
    mlp = nn.MLP(2, [16, 16, 1], rng=rng)
    digits = nn.Sequential(
        nn.Affine(6, 5, rng=rng), nn.ReLU(), nn.Affine(5, 3, rng=rng)
    )
    smooth = nn.Sequential(
        nn.Affine(6, 4, rng=rng), nn.Tanh(), nn.Affine(4, 2, rng=rng)
    )
    return {
        "hinge": (mlp, nn.hinge, 2, lambda r: r.choice([-1, 1])),
        "cross entropy": (digits, cross_entropy, 6, lambda r: r.randrange(3)),
        "one hot": (digits, cross_entropy, 6, lambda r: nn.one_hot(r.randrange(3), 3)),
        "squares": (smooth, nn.sum_of_squares, 6, lambda r: [r.random(), r.random()]),
    }  # fmt: skip


@every_backend
@pytest.mark.parametrize("name", networks())
def test_networks(name, backend):
    model, loss, width, target = networks()[name]
    rng = random.Random(1)
    xs = [[rng.gauss(0, 1) for _ in range(width)] for _ in range(7)]
    ys = [target(rng) for _ in xs]
    parameters = model.parameters()
    values, allowed = [], []
    for x, y in zip(xs, ys, strict=True):
        # A class that is a number would be a constant here and an input there.
        y = Value(y) if name == "cross entropy" else y
        out = loss(model(x), y)
        out.backward(1 / 7)
        values.append(out.data)
        allowed += allowances(out)
    wanted = [p.grad for p in parameters]
    model.zero_grad()

    f = jit(lambda x, y: loss(model(x), y), backend=backend)
    if BACKENDS[backend].exact:
        assert [f(x, y) for x, y in zip(xs, ys, strict=True)] == values
        return
    batch = f.batch(xs, ys)
    assert all(np.abs(batch - values) <= allowed)
    assert f.backward(xs, ys) == pytest.approx(sum(values) / 7, rel=1e-14)
    assert np.allclose([p.grad for p in parameters], wanted, rtol=1e-12, atol=1e-14)


@every_inexact
def test_products_and_other_sums_of_one_depth_are_told_apart(backend):
    """Four products of inputs with leaves, and two of inputs with one another."""
    w = [Value(i + 0.5) for i in range(6)]

    def f(x, y):
        return 3 * (x * w[1] + x * w[2] + x * w[3] + y * w[4]) + (x * y + y * w[5])

    for order in (f, lambda x, y: f(y, x)):
        batch = jit(order, backend=backend).batch([2.0, 3.0], [5.0, -1.0])
        assert batch.tolist() == [order(2.0, 5.0).data, order(3.0, -1.0).data]


@parametrize(["native"])
def test_loops_give_the_bits_of_a_network(backend):
    """Without a matrix product sums are made in the engine's own order."""
    model, loss, *_ = networks()["hinge"]
    xs, ys = [[0.3, -1.2], [1.7, 0.4]], [1, -1]
    f = jit(lambda x, y: loss(model(x), y), backend=backend)
    eagerly = [loss(model(x), y).data for x, y in zip(xs, ys, strict=True)]
    assert f.batch(xs, ys).tolist() == eagerly
    assert [f(x, y) for x, y in zip(xs, ys, strict=True)] == eagerly


@every_backend
def test_the_next_replay_sees_new_parameters(backend):
    w = nn.parameter(1.0)
    f = jit(lambda x: w * x, backend=backend)
    assert f(3.0) == 3.0
    w.data = 5.0
    assert f(3.0) == 15.0
    assert f.batch([3.0, 1.0]).tolist() == [15.0, 5.0]


def test_backward_adds_to_grad():
    w = nn.parameter(2.0)
    f = jit(lambda x: w * w * x)
    assert f.backward([1.0, 3.0]) == 8.0
    assert w.grad == 8.0
    f.backward([1.0, 3.0])
    assert w.grad == 16.0


# -- operations of one's own -----------------------------------------------------


def collatz_like(x):
    count = 0.0
    while x > 1:
        x, count = x / 3, count + x
    return count


@every_backend
@pytest.mark.parametrize("value", [lambda x: x**3 + 1, collatz_like])
def test_a_row_of_ones_own(backend, value):
    own = register("own_row", "own", value, lambda out, x: (3 * x**2,))
    try:
        f = jit(lambda x: own(x) * 2, backend=backend)
        xs = [0.5, 2.0, 10.0]
        if BACKENDS[backend].exact:
            assert [f(x) for x in xs] == [2 * value(x) for x in xs]
            assert [f.value_and_grad(x)[1] for x in xs] == [6 * x**2 for x in xs]
        else:
            assert f.batch(xs).tolist() == [2 * value(x) for x in xs]
            slopes = f.value_and_grad_batch(xs)[1]
            assert slopes.tolist() == [6 * x**2 for x in xs]
    finally:
        unregister("own_row")


def look_up(x):
    """No formula, as little as SciPy."""
    return {"e": math.e}["e"] * float(repr(x))


@every_backend
@pytest.mark.parametrize("value", [look_up, operator.attrgetter("real")])
def test_a_row_that_cannot_be_compiled_is_replayed_without(backend, value, capsys):
    say_once.cache_clear()
    own = register("own_row", "own", value, lambda out, x: (2 * x,))
    try:
        f = jit(lambda x: own(x) * 2, backend=backend)
        xs = [0.5, 2.0, 10.0]
        for _ in range(2):
            assert f.batch(xs).tolist() == [2 * value(x) for x in xs]
            assert f.value_and_grad_batch(xs)[1].tolist() == [4 * x for x in xs]
            assert f(0.5) == 2 * value(0.5)
    finally:
        unregister("own_row")
    said = capsys.readouterr().err
    assert said.count("the row own_row is no formula") == (backend == "native")


def test_a_row_may_call_scipy():
    special = pytest.importorskip("scipy.special")
    own = register("own_digamma", "ψ", special.digamma, lambda out, x: (x,))
    try:
        for backend in INSTALLED:
            found = jit(lambda x: own(x), backend=backend).batch([1.0, 2.0])
            assert found == pytest.approx([-0.5772156649015329, 0.4227843350984671])
    finally:
        unregister("own_digamma")


@every_inexact
def test_a_rule_may_use_rows_of_ones_own(backend):
    inner = register("inner_row", "inner", collatz_like, lambda out, x: (x,))
    outer = register(
        "outer_row", "outer", lambda x: inner(x) * 3, lambda out, x: (inner(x) + x,)
    )
    try:
        xs = [0.5, 2.0, 10.0]
        f = jit(lambda x: outer(x) * 2, backend=backend)
        values, slopes = f.value_and_grad_batch(xs)
        assert values.tolist() == [2 * (collatz_like(x) * 3) for x in xs]
        assert slopes.tolist() == [2 * (collatz_like(x) + x) for x in xs]
    finally:
        unregister("outer_row")
        unregister("inner_row")


# -- tapes as data ---------------------------------------------------------------


@given(expressions())
def test_tapes_survive_json_and_pickle(expression):
    assume(eager(expression, expression.inputs) is not None)
    tape = record(expression, expression.inputs).tape
    assert Tape.from_json(tape.to_json()) == tape or any(c != c for c in tape.constants)
    assert pickle.loads(pickle.dumps(tape)).ops == tape.ops
