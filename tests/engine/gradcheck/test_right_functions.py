"""Functions whose derivatives are right, at points where differences of values have a
hard time: none may be called wrong, and what can be decided has to pass."""

import math
import random
from functools import reduce
from itertools import pairwise

import pytest

import engine
from engine import (
    GradientError,
    check_gradients,
    erf,
    exp,
    gradient_table,
    log,
    relu,
    sin,
    sqrt,
    where,
)


def rosenbrock(*xs):
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(xs))


def call_price(spot, strike, years, rate, sigma):
    """Black & Scholes (1973)."""
    root = sigma * sqrt(years)
    d1 = (log(spot / strike) + (rate + sigma * sigma / 2) * years) / root
    normal = lambda z: (1 + erf(z / math.sqrt(2))) / 2  # noqa: E731
    return spot * normal(d1) - strike * exp(-rate * years) * normal(d1 - root)


def newton(a):
    return reduce(lambda y, _: (y + a / y) / 2, range(30), a / 2 + 0.5)


def newton_until(a):
    y = a / 2 + 0.5
    while abs(y * y - a) > 1e-10 * a:
        y = (y + a / y) / 2
    return y


def logistic_map(x):
    return reduce(lambda a, _: 3.9 * a * (1 - a), range(25), x)


def softmax(a, b):
    return [exp(a) / (exp(a) + exp(b)), exp(b) / (exp(a) + exp(b))]


def ackley(x, y):
    waves = (engine.cos(2 * math.pi * x) + engine.cos(2 * math.pi * y)) / 2
    return 20 - 20 * exp(-0.2 * sqrt((x * x + y * y) / 2)) - exp(waves) + math.e


def beale(x, y):
    parts = zip((1.5, 2.25, 2.625), (1, 2, 3), strict=True)
    return sum((c - x + x * y**k) ** 2 for c, k in parts)


def uniform(*ranges):
    return lambda rng: [rng.uniform(low, high) for low, high in ranges]


def beside(at, low, high):
    """A point at a distance of 10**low to 10**high from `at`, on either side."""
    return lambda rng: [at + rng.choice([-1, 1]) * 10 ** rng.uniform(low, high)]


def sized(low, high):
    return lambda rng: [10 ** rng.uniform(low, high)]


DECIDED = {
    "Rosenbrock": (rosenbrock, uniform(*[(-3, 3)] * 4)),
    "Newton": (newton, uniform((0.1, 50))),
    "Newton until": (newton_until, uniform((0.1, 50))),
    "1 − cos": (lambda x: 1 - engine.cos(x), sized(-9, 1)),
    "lost digits": (lambda x: (1e6 + x * x) - 1e6, sized(-4, 1)),
    "waves": (lambda x: sin(7 * x * x), uniform((-300, 300))),
    "fast waves": (lambda x: sin(1e6 * x), uniform((-3, 3))),
    "stationary": (lambda x: x * x - 2 * x, beside(1, -12, 0)),
    "|x| beside 0": (abs, beside(0, -12, -3)),
    "√ beside 0": (sqrt, sized(-15, -1)),
    "log beside 0": (log, sized(-15, -1)),
    "acos beside 1": (lambda d: engine.acos(1 - d), sized(-9, -1)),
    "1e300": (lambda x: x * 1e300, uniform((-3, 3))),
    "1e−300": (lambda x: x * 1e-300, uniform((-3, 3))),
    "x² everywhere": (lambda x: x * x, sized(-100, 100)),
    "1/x everywhere": (lambda x: 1 / x, sized(-100, 100)),
    "exp everywhere": (exp, uniform((-700, 709))),
    "logsumexp": (lambda *x: log(sum(map(exp, x))), uniform(*[(-30, 30)] * 3)),
    "softmax": (softmax, uniform((-20, 20), (-20, 20))),
    "Ackley": (ackley, uniform((-5, 5), (-5, 5))),
    "Beale": (beale, uniform((-4, 4), (-4, 4))),
    "a branch": (lambda x: x * x if x < 1 else 2 * x - 1, beside(1, -12, 0)),
}
OPTIONS = uniform((30, 120), (30, 120), (0.1, 3), (0, 0.1), (0.05, 0.6))
HARD = {
    "an option": (call_price, OPTIONS),
    "relu and 5": (lambda x: relu(x - 1) + 5, beside(1, -13, -3)),
    "relu": (lambda x: relu(x - 3), beside(3, -13, -3)),
    "x % sin(x)": (lambda x: x % sin(x), uniform((-40, 40))),
    "a sawtooth": (lambda x: x - x // 1, beside(2, -12, -2)),
    "steps": (lambda x: x // 1e-5, beside(0, -8, -2)),
    "chaos": (logistic_map, uniform((0.05, 0.95))),
    "far waves": (lambda x: sin(1e10 + x), uniform((-3, 3))),
    "saturated": (lambda x: engine.tanh(x) + erf(x / 2), uniform((5, 30))),
}


@pytest.mark.parametrize("name", [*DECIDED, *HARD])
def test_right_derivatives_are_not_wrong(name):
    f, draw = (DECIDED | HARD)[name]
    rng = random.Random(name)
    for _ in range(25):
        xs = draw(rng)
        table = gradient_table(f, *xs, modes=["reverse"])
        assert not table.wrong, (xs, str(table))
        if name in DECIDED:
            assert table.ok, (xs, str(table))


half_relu = engine.Op(
    "half_relu",
    "r",
    lambda x: max(x, 0.0),
    lambda out, x: (where(x > 0, 0.5, 0.0),),
)


@pytest.mark.parametrize("kink", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("exponent", range(-13, 0, 2))
def test_a_kink_beside_the_point_does_not_excuse_what_lies_between(exponent, kink):
    """½ is between the slopes of relu on both sides of its kink, and wrong beside."""
    [row] = gradient_table(
        lambda x: half_relu(x - kink), kink + 10.0**exponent, modes=["reverse"]
    ).rows
    assert row.verdict in ("wrong", "inconclusive")
    if kink == 0 or exponent > -8:
        assert row.verdict == "wrong"


@pytest.mark.parametrize("factor", [0, 0.5, 0.9, 1.01, 1.5, 2, -1])
def test_a_small_derivative_is_no_excuse(factor):
    """The derivative of a price by the volatility, 1.35e−9: far from any chance."""
    price = lambda sigma: call_price(50, 90.51398654575928, 1.9, 0.061, sigma)  # noqa: E731
    small = lambda x: 1e-12 * sin(x)  # noqa: E731
    for f, x, seen in ((price, 0.05, False), (small, 1.0, True)):
        check_gradients(f, x)
        wrong = lambda x: f(x) * factor + (f(x) * (1 - factor)).detach()  # noqa: B023, E731
        table = gradient_table(wrong, x)
        if seen:
            assert {row.verdict for row in table.rows} == {"wrong"}


def test_a_state_that_changes_late_is_found():
    calls = []

    def f(x):
        calls.append(x)
        return x * x + (len(calls) > 20)

    with pytest.raises(GradientError, match="not deterministic"):
        check_gradients(f, 1.0)
