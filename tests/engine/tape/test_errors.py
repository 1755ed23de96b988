"""Errors as guards: a program that catches what an operation raises, on tapes."""

import math
from contextlib import suppress

import numpy as np
import pytest
from backends import every_backend

from engine import Value, acos, exp, grad, log, nn, sqrt, tanh
from engine.errors import DivisionByZeroError, TapeError
from engine.registry import TABLE
from engine.tape import Tape, jit, record
from engine.tape.ir.tape import TOTAL, find_error


def reciprocal(x):
    try:
        return 1 / x
    except ZeroDivisionError:
        return x * 0 + 42


def bounded_reciprocal(x):
    try:
        return tanh(1 / x)
    except ZeroDivisionError:
        return x * 0


def unused(x):
    try:
        1 / x
        return x * 2
    except ZeroDivisionError:
        return x * 0 + 7


def logarithm(x):
    try:
        return log(x)
    except ValueError:
        return -x


def root(x):
    with suppress(ValueError):
        return sqrt(x) * x
    return x * 3


def angle(x):
    try:
        return acos(x)
    except ValueError:
        return x / 2


def exponential(x):
    try:
        return tanh(exp(x))
    except OverflowError:
        return x + 1


def remainder(x):
    try:
        return (x + 5) % x
    except ZeroDivisionError:
        return x + 9


def power(x):
    try:
        return tanh(x**-1)
    except ZeroDivisionError:
        return x - 4


def kinds(x):
    try:
        return tanh(x**-1.5)
    except ZeroDivisionError:
        return x + 1
    except OverflowError:
        return x + 2
    except ValueError:
        return x + 3


def nested(x):
    try:
        return log(1 / x)
    except ZeroDivisionError:
        return x + 5
    except ValueError:
        try:
            return sqrt(x + 2) * 2
        except ValueError:
            return x * 10


def square(x):
    try:
        return tanh(x**2)
    except OverflowError:
        return x * 0 + 8


PROGRAMS = [
    (reciprocal, [2.0, 0.0, -4.0]),
    (bounded_reciprocal, [2.0, 0.0, -4.0]),
    (unused, [2.0, 0.0, -4.0]),
    (logarithm, [2.0, -3.0, 0.0, 0.5]),
    (root, [2.0, -3.0, 0.25]),
    (angle, [0.5, 2.0, -0.5, -7.0]),
    (exponential, [0.5, 1000.0, -1000.0]),
    (remainder, [3.0, 0.0, 4.0]),
    (power, [2.0, 0.0, -4.0]),
    (kinds, [2.0, 0.0, 1e-300, -1.0]),
    (nested, [0.5, 0.0, -1.0, -3.0]),
    (square, [0.5, 1e200, 1.0]),
]


def eagerly(f, x):
    x = Value(x)
    y = f(x)
    y.backward()
    return y.data, x.grad


@every_backend
@pytest.mark.parametrize(("f", "points"), PROGRAMS)
@pytest.mark.parametrize("first", [0, 1])
def test_what_is_caught_chooses_the_way(f, points, first, backend):
    made = jit(f, backend=backend)
    made(points[first])
    right = [eagerly(f, x) for x in points]
    tolerance = 0 if backend == "python" else 1e-14
    for x, (value, slope) in zip(points, right, strict=True):
        assert made(x) == pytest.approx(value, rel=tolerance, abs=0)
        assert made.value_and_grad(x) == pytest.approx(
            (value, slope), rel=tolerance, abs=0
        )
    fresh = jit(f, backend=backend)
    values, slopes = fresh.value_and_grad_batch(points * 2)
    assert fresh.batch(points * 2) == pytest.approx(values, rel=1e-14, abs=0)
    assert values == pytest.approx([y for y, _ in right * 2], rel=1e-14, abs=0)
    assert slopes == pytest.approx([dy for _, dy in right * 2], rel=1e-14, abs=0)
    assert len(fresh.tapes) <= len(points)


@every_backend
def test_a_leaf_that_comes_to_raise(backend):
    w = Value(2.0)

    @jit(backend=backend)
    def f(x):
        try:
            return x / w
        except ZeroDivisionError:
            return x * 5

    assert f.batch([1.0, 3.0]).tolist() == [0.5, 1.5]
    w.data = 0.0
    assert f.batch([1.0, 3.0]).tolist() == [5.0, 15.0]
    assert f(3.0) == 15.0
    w.data = 4.0
    assert f.batch([1.0, 3.0]).tolist() == [0.25, 0.75]
    assert f(3.0) == 0.75


@every_backend
def test_what_nobody_catches_is_raised(backend):
    f = jit(lambda x: tanh(1 / x), backend=backend)
    assert f.batch([1.0, 2.0]).tolist() == pytest.approx([math.tanh(1), math.tanh(0.5)])
    for call in (f.batch, f.value_and_grad_batch, f.backward):
        with pytest.raises(DivisionByZeroError, match=r"truediv\(1.0, 0.0\)"):
            call([1.0, 0.0, 2.0])
    with pytest.raises(ZeroDivisionError):
        f(0.0)
    allowed = jit(lambda x: tanh(1 / x), backend=backend, nonfinite="allow")
    assert allowed.batch([1.0, 0.0])[1] == 1.0


@every_backend
@pytest.mark.parametrize("nonfinite", ["error", "allow"])
def test_caught_or_not_is_asked_of_each_sample(backend, nonfinite):
    @jit(backend=backend, nonfinite=nonfinite)
    def f(x, caught):
        try:
            return tanh(1 / x)
        except ZeroDivisionError:
            if caught > 0:
                return x + 6
            raise

    assert f.batch([1.0, 0.0], [0.0, 1.0])[1] == 6.0
    samples = ([1.0, 0.0, 0.0], [1.0, 0.0, 1.0])
    if nonfinite == "error":
        with pytest.raises(ZeroDivisionError):
            f.batch(*samples)
    else:
        assert f.batch(*samples).tolist() == [math.tanh(1), 1.0, 6.0]


def test_a_model_with_a_guarded_logarithm_learns():
    model = GuardedModel()
    xs, ys = [-1.0, 1.0, 2.0], [2.0, 0.5, math.log(2) + 0.5]
    nn.fit(
        model, xs, ys, loss=lambda out, y: (out - y) ** 2, epochs=200, progress=False,
        optimizer=nn.SGD(model.parameters(), lr=0.2),
    )  # fmt: skip
    assert model.shift.data == pytest.approx(0.5, abs=1e-6)
    assert model.low.data == pytest.approx(2.0, abs=1e-6)


class GuardedModel(nn.Module):
    """log x + shift, and a number of its own where there is no logarithm."""

    def __init__(self):
        self.shift, self.low = nn.parameter(0.0), nn.parameter(0.0)

    def __call__(self, x):
        try:
            return log(x) + self.shift
        except ValueError:
            return self.low


@every_backend
def test_gradients_are_checked_as_values_are(backend):
    w = nn.parameter(1.0, label="w")

    def length(x):
        return sqrt(w * w * x * x)  # 0 at 0, and its derivative is ∞ × 0

    made = jit(length, backend=backend)
    for call in (made.value_and_grad_batch, made.backward):
        with pytest.raises(TapeError, match="the gradient of sample 2 is nan"):
            call([1.0, 2.0, 0.0, 3.0])
    assert not w.has_gradient
    told = jit(length, backend=backend, nonfinite="explain")
    for call in (told.value_and_grad_batch, told.backward):
        with pytest.raises(
            TapeError, match=r"(?s)sample 1 is nan.*back through .*sqrt"
        ):
            call([1.0, 0.0])
    allowed = jit(length, backend=backend, nonfinite="allow")
    assert np.isnan(allowed.value_and_grad_batch([0.0])[1]).all()
    logistic = jit(lambda x: 1 / (1 + exp(-w * x)), backend=backend)
    for call in (logistic.value_and_grad_batch, logistic.backward):
        with pytest.raises(OverflowError, match=r"exp\(800"):
            call([1.0, -800.0])


@every_backend
def test_gradients_that_nobody_asked_for_are_not_checked(backend):
    def f(pair, y):
        return pair[0] * pair[1] + sqrt(y)  # ∂/∂y = ∞ at 0

    samples = ([[1.0, 2.0], [3.0, 4.0]], [1.0, 0.0])
    for argnums in (0, [0], [0, 0]):
        made = jit(f, backend=backend, argnums=argnums)
        assert made.value_and_grad_batch(*samples)[0].tolist() == [3.0, 12.0]
    for argnums in (1, -1, [0, 1]):
        made = jit(f, backend=backend, argnums=argnums)
        with pytest.raises(TapeError, match="the gradient of sample 1 is inf"):
            made.value_and_grad_batch(*samples)


def test_tapes_say_and_keep_what_raised():
    tape = record(logarithm, (-3.0,)).tape
    assert "guard log(v0) raises ValueError" in str(tape)
    assert Tape.from_json(tape.to_json()) == tape


@pytest.mark.parametrize("name", sorted(TOTAL - {"stop", "dot"}))
def test_rows_that_never_raise(name):
    numbers = [0.0, -0.0, 1.0, -2.5, 1e308, -1e308, 5e-324, -745.0, 710.0]
    numbers += [math.inf, -math.inf, math.nan]
    row = TABLE[name]
    grid = np.array(np.meshgrid(*[numbers] * row.arity)).reshape(row.arity, -1).T
    assert not any(find_error(row, xs) for xs in grid.tolist())


@every_backend
def test_samples_whose_replay_raises_where_the_engine_takes_a_limit(backend):
    """The slope of acos is −∞ at 1, which floats compute as 1 ÷ 0."""

    def f(x):
        return x * 2 if grad(acos)(x) < -2 else x * 3

    points = [1.0, 0.5, 0.0, 1.0, 0.99, 1.0]
    wanted = [2.0, 1.5, 0.0, 2.0, 1.98, 2.0]
    g = jit(f, backend=backend)
    assert [g(x) for x in points] == wanted
    values, slopes = g.value_and_grad_batch(np.array(points))
    assert values.tolist() == wanted
    assert slopes.tolist() == [2.0, 3.0, 3.0, 2.0, 2.0, 2.0]
    again = jit(f, backend=backend)
    assert again.batch(np.array(points[::-1])).tolist() == wanted[::-1]
    assert len(again.tapes) <= 3
