"""Special points and extreme arguments, row by row, as `engine.ops` documents them."""

import math
import random
from itertools import chain

import pytest
from mpmath import mp, mpf
from oracle import exact, exact_partials, relative

import engine
from engine import TABLE, Value, derivative
from engine.operation.extended import evaluate_extended
from engine.ops import _cbrt_by_newton

INF, NAN = math.inf, math.nan


def recorded(name, *xs):
    return TABLE[name](*map(Value, xs)).partials


@pytest.mark.parametrize(
    ("name", "xs", "expected"),
    [
        ("relu", (0.0,), (0.0,)),
        ("relu", (-1.0,), (0.0,)),
        ("relu", (5e-324,), (1.0,)),
        ("abs", (0.0,), (0.0,)),
        ("abs", (-0.0,), (0.0,)),
        ("leaky_relu", (0.0, 0.1), (0.1, 0.0)),
        ("leaky_relu", (-2.0, 0.1), (0.1, -2.0)),
        ("max", (2.0, 2.0), (0.5, 0.5)),
        ("min", (2.0, 2.0), (0.5, 0.5)),
        ("max", (INF, INF), (0.5, 0.5)),
        ("max", (3.0, 2.0), (1.0, 0.0)),
        ("min", (3.0, 2.0), (0.0, 1.0)),
        ("hypot", (0.0, 0.0), (0.0, 0.0)),
        ("hypot", (0.0, -2.0), (0.0, -1.0)),
        ("hypot", (3e200, 4e200), (0.6, 0.8)),
        ("hypot", (3e-320, 4e-320), (0.6, 0.8)),
        ("sqrt", (0.0,), (INF,)),
        ("cbrt", (0.0,), (INF,)),
        ("asin", (1.0,), (INF,)),
        ("asin", (-1.0,), (INF,)),
        ("acos", (1.0,), (-INF,)),
        ("acosh", (1.0,), (INF,)),
        ("acosh", (1e200,), (1e-200,)),
        ("asinh", (1e200,), (1e-200,)),
        ("atan2", (0.0, 0.0), (NAN, NAN)),
        ("atan2", (0.0, 2.0), (0.5, 0.0)),
        ("atan2", (2.0, 0.0), (0.0, -0.5)),
        ("atan2", (0.0, -2.0), (-0.5, 0.0)),
        ("atan2", (1e-200, 1e-200), (5e199, -5e199)),
        ("atan2", (1e200, 1e200), (5e-201, -5e-201)),
        ("pow", (0.0, 0.0), (0.0, -INF)),
        ("pow", (5.0, 0.0), (0.0, math.log(5.0))),
        ("pow", (0.0, 0.5), (INF, 0.0)),
        ("pow", (0.0, 1.0), (1.0, 0.0)),
        ("pow", (0.0, 2.0), (0.0, 0.0)),
        ("pow", (0.0, 3.5), (0.0, 0.0)),
        ("pow", (-2.0, 3.0), (12.0, NAN)),
        ("pow", (-2.0, -1.0), (-0.25, NAN)),
        ("floordiv", (7.0, 2.0), (0.0, 0.0)),
        ("mod", (7.0, 2.0), (1.0, -3.0)),
        ("mod", (-7.0, 2.0), (1.0, 4.0)),
        ("truediv", (1.0, 1e-300), (1e300, -INF)),
        ("exp", (-1000.0,), (0.0,)),
        ("sigmoid", (1000.0,), (0.0,)),
        ("sigmoid", (-1000.0,), (0.0,)),
        ("tanh", (1000.0,), (0.0,)),
        ("tanh", (0.0,), (1.0,)),
        ("softplus", (1000.0,), (1.0,)),
        ("softplus", (-1000.0,), (0.0,)),
        ("atan", (1e200,), (0.0,)),
        ("erf", (1e200,), (0.0,)),
        ("relu", (INF,), (1.0,)),
        ("exp", (-INF,), (0.0,)),
        ("exp", (INF,), (INF,)),
        ("exp", (NAN,), (NAN,)),
        ("tanh", (INF,), (0.0,)),
        ("sigmoid", (-INF,), (0.0,)),
        ("log", (INF,), (0.0,)),
        ("mul", (INF, 2.0), (2.0, INF)),
        ("abs", (-INF,), (-1.0,)),
        ("log", (5e-324,), (INF,)),
    ],
)
def test_special_points(name, xs, expected):
    for got, want in zip(recorded(name, *xs), expected, strict=True):
        assert (got != got) if want != want else got == pytest.approx(want, rel=1e-15)


def test_constant_exponents_have_no_derivative_by_the_exponent():
    for x in (-2.0, 0.0, 3.0):
        y = Value(x) ** 3
        assert len(y.parents) == 1
        assert y.partials == (3 * x * x,)
    assert (Value(0.0) ** 0).partials == (0.0,)
    assert (Value(-8.0) ** -1).partials == (-1 / 64,)
    assert (Value(2.0) ** 0.5).op.symbol == "^0.5"
    assert (Value(2.0) ** -1).op.symbol == "^−1"


@pytest.mark.parametrize(
    ("name", "xs"),
    [
        ("sigmoid", [-700.0, -37.0, -1e-10, 1e-300, 40.0, 700.0]),
        ("softplus", [-700.0, -37.0, -1e-10, 1e-300, 40.0, 700.0]),
        ("tanh", [-300.0, -20.0, 1e-8, 1e-300, 5.0, 20.0]),
        ("expm1", [-40.0, -1e-15, 1e-300, 1e-8, 700.0]),
        ("log1p", [-1 + 1e-15, -1e-15, 1e-300, 1e-8, 1e300]),
        ("erf", [-5.0, 1e-300, 3.0, 26.0]),
        ("erfc", [-5.0, 1e-300, 3.0, 26.0]),
        ("asin", [1 - 1e-15, -1 + 1e-15, 1e-300]),
        ("acos", [1 - 1e-15, -1 + 1e-15]),
        ("atanh", [1 - 1e-15, -1 + 1e-15, 1e-300]),
        ("acosh", [1 + 1e-15, 1e150, 1e300]),
        ("asinh", [1e-300, 1e150, -1e300]),
        ("log", [5e-308, 1e308, 1 + 1e-15]),
        ("sqrt", [1e-300, 1e300, 5e-324]),
        ("cbrt", [1e-300, -1e300, 5e-324]),
        ("sinh", [-700.0, 1e-300]),
        ("cosh", [-700.0, 1e-8]),
        ("tan", [1.5, -1.5, 1e-300]),
    ],
)
def test_extreme_arguments_keep_their_digits(name, xs):
    op = TABLE[name]
    for x in xs:
        node = op(Value(x))
        if abs(node.data) > 1e-307 and name != "tan":
            assert relative(node.data, exact(op, mpf(x))) < 1e-15, x
        [true] = exact_partials(op, x)
        if abs(true) < 1e308:
            assert relative(node.partials[0], true) < 3e-13, (x, mp.nstr(true, 17))


def test_newton_for_old_pythons_is_exact_to_an_ulp():
    rng = random.Random(1)
    for _ in range(2000):
        x = rng.choice((-1, 1)) * 10 ** rng.uniform(-300, 300)
        assert relative(_cbrt_by_newton(x), exact(TABLE["cbrt"], mpf(x))) < 3e-16
    assert _cbrt_by_newton(27.0) == 3.0
    assert math.copysign(1, _cbrt_by_newton(-0.0)) == -1
    assert _cbrt_by_newton(-INF) == -INF


def gradient(f, xs):
    values = [Value(x) for x in xs]
    f(values).backward()
    return [v.grad for v in values]


def test_logsumexp():
    xs = [0.3, 2.9, 4.0]
    true = mp.log(sum(mp.exp(mpf(x)) for x in xs))
    assert relative(engine.logsumexp(xs), true) < 1e-15
    for got, x in zip(gradient(engine.logsumexp, xs), xs, strict=True):
        assert relative(got, mp.exp(mpf(x) - true)) < 1e-15
    assert engine.logsumexp([1000.0, -1000.0]) == 1000.0
    assert engine.logsumexp([-1e4, -1e4]) == pytest.approx(-1e4 + math.log(2))
    assert relative(engine.logsumexp([0.0, -40.0]), mp.log1p(mp.exp(-40))) < 1e-15
    assert engine.logsumexp([-INF, -INF]) == -INF
    assert engine.logsumexp([INF, 1.0]) == INF
    assert engine.logsumexp([7.0]) == 7.0


def test_softmax():
    xs = [0.3, 2.9, 4.0]
    total = sum(mp.exp(mpf(x)) for x in xs)
    true = [mp.exp(mpf(x)) / total for x in xs]
    for got, want in zip(engine.softmax(xs), true, strict=True):
        assert relative(got, want) < 1e-15
    slopes = gradient(lambda vs: engine.softmax(vs)[1], xs)
    for j, got in enumerate(slopes):
        assert relative(got, true[1] * ((j == 1) - true[j])) < 1e-14
    assert engine.softmax([1000.0, 1000.0]) == [0.5, 0.5]
    assert sum(v.data for v in engine.softmax([Value(800.0), Value(-800.0)])) == 1.0


def test_cross_entropy_from_logits_has_the_textbook_gradient():
    xs, label = [0.3, 2.9, 4.0], 1
    slopes = gradient(lambda vs: engine.logsumexp(vs) - vs[label], xs)
    for j, (got, p) in enumerate(zip(slopes, engine.softmax(xs), strict=True)):
        assert got == pytest.approx(p - (j == label), rel=1e-14)


def test_mean_silu_gelu():
    assert engine.mean([1.0, 2.0, 6.0]) == 3.0
    assert gradient(engine.mean, [1.0, 2.0, 6.0, 7.0]) == [0.25] * 4
    for x in (-30.0, -10.0, -1.0, 0.5, 8.0):
        m = mpf(x)
        true = m / (1 + mp.exp(-m))
        assert relative(engine.silu(x), true) < 1e-14
        [slope] = gradient(lambda vs: engine.silu(vs[0]), [x])
        assert relative(slope, mp.diff(lambda t: t / (1 + mp.exp(-t)), m)) < 1e-13
        true = m * mp.erfc(-m / mp.sqrt(2)) / 2
        # erfc(−x/√2) is ill conditioned by x² for x ≪ 0
        tolerance = 1e-14 * max(1, x * x)
        assert relative(engine.gelu(x), true) < tolerance
        [slope] = gradient(lambda vs: engine.gelu(vs[0]), [x])
        true = mp.diff(lambda t: t * mp.erfc(-t / mp.sqrt(2)) / 2, m)
        assert relative(slope, true) < tolerance


@pytest.mark.parametrize("name", ["mean", "softmax", "logsumexp"])
def test_nothing_to_combine(name):
    with pytest.raises(ValueError, match=f"{name} of no operands"):
        getattr(engine, name)([])
    with pytest.raises(engine.OperandError, match=rf"write {name}\(\[x, y\]\)"):
        getattr(engine, name)(1.0)


def test_functions_accept_plain_numbers_and_give_floats():
    assert engine.tanh(0.5) == math.tanh(0.5)
    assert type(engine.add(2, 3)) is float
    assert engine.max(2, 3) == 3.0
    assert engine.leaky_relu(-2.0) == -0.02
    assert engine.leaky_relu(-2.0, 0.5) == -1.0
    with pytest.raises(engine.DomainError, match=r"log\(-1\.0\)"):
        engine.log(-1.0)
    with pytest.raises(TypeError, match="takes 1 operand, not 2"):
        engine.tanh(1.0, 2.0)
    with pytest.raises(TypeError, match="takes 2 operands, not 1"):
        engine.hypot(Value(1.0))
    with pytest.raises(AttributeError, match="nosuch"):
        engine.nosuch  # noqa: B018


def test_the_mixed_derivative_of_a_power_at_exponent_0():
    """∂²(x^y)/∂x∂y = 1/x at y = 0, though ∂(x^y)/∂x is 0 there."""
    x, y = Value(4.0), Value(0.0)
    [slope] = engine.gradients(x**y, [x])
    assert slope.data == 0.0
    assert [g.data for g in engine.gradients(slope, [x, y])] == [0.0, 0.25]
    assert (Value(1e-320) ** 0).partials == (0.0,)


@pytest.mark.parametrize(
    ("name", "x", "n", "expected"),
    [
        # limits of the closed forms: tanh″ = −2 tanh sech², asin″ = x/(1 − x²)^1.5, …
        ("tanh", 300.0, 2, -8 * math.exp(-600)),
        ("tanh", 710.0, 2, 0.0),
        ("tanh", -1e300, 2, 0.0),
        ("tanh", INF, 2, 0.0),
        ("tanh", 356.0, 3, 16 * math.exp(-712)),
        ("tanh", 800.0, 3, 0.0),
        ("sigmoid", 1e-20, 2, -1e-20 / 8),
        ("sigmoid", -1000.0, 3, 0.0),
        ("softplus", 1e-20, 3, -1e-20 / 8),
        ("asin", 1e-20, 2, 1e-20),
        ("acos", 1e-20, 2, -1e-20),
        ("atanh", 1e-20, 2, 2e-20),
        ("asin", 1.0, 2, INF),
        ("asin", -1.0, 2, -INF),
        ("acos", 1.0, 2, -INF),
        ("acosh", 1.0, 2, -INF),
        ("acosh", 1e200, 2, 0.0),
        ("sqrt", 0.0, 2, -INF),
        ("erf", 1e200, 3, 0.0),
        ("erf", INF, 2, 0.0),
        ("erfc", INF, 3, 0.0),
        ("gaussian", -INF, 2, 0.0),
        ("silu", -INF, 0, 0.0),
        ("silu", INF, 0, INF),
        ("silu", -INF, 1, 0.0),
        ("silu", INF, 1, 1.0),
        ("silu", -INF, 2, 0.0),
        ("silu", INF, 3, 0.0),
        ("silu", -1e300, 1, 0.0),
        ("gelu", -INF, 0, 0.0),
        ("gelu", INF, 0, INF),
        ("gelu", -INF, 1, 0.0),
        ("gelu", INF, 1, 1.0),
        ("gelu", -INF, 2, 0.0),
        ("gelu", INF, 3, 0.0),
        ("gelu", 1e300, 3, 0.0),
        ("softplus", -INF, 2, 0.0),
        ("softplus", INF, 2, 0.0),
    ],
)
def test_limits_of_higher_derivatives(name, x, n, expected):
    found = engine.derivative(TABLE[name], n=n)(x)
    assert found == pytest.approx(expected, rel=1e-13, abs=0)


SIZES = [1e-150, 1e-9, 1.0, 1 + 1e-9, 3.0, 1e8, 1e100]


@pytest.mark.parametrize("x", SIZES)
@pytest.mark.parametrize("y", SIZES)
def test_lengths_and_angles_keep_the_digits_of_second_derivatives(x, y):
    """Near the axes and the diagonal, by the closed forms at 400 digits."""
    with mp.workdps(400):
        a, b = mpf(x), mpf(y)
        square = a * a + b * b
        length = [b * b, -a * b, -a * b, a * a]
        angle = [2 * a * b, b * b - a * a, b * b - a * a, -2 * a * b]
        closed = [
            (
                lambda v: engine.hypot(v[0], v[1]),
                [t / mp.sqrt(square) ** 3 for t in length],
            ),
            (lambda v: engine.atan2(v[1], v[0]), [t / square**2 for t in angle]),
        ]
        for f, expected in closed:
            found = chain.from_iterable(engine.hessian(f)([x, y]))
            for mine, true in zip(found, expected, strict=True):
                if 1e-290 < abs(true) < 1e290:
                    assert relative(mine, true) < 1e-14
                elif abs(true) <= 1e-290:
                    assert abs(mine) < 1e-285


def test_an_angle_that_does_not_change_has_no_second_derivative():
    for x in (1e-6, 0.1, 3.0, 1e9):
        assert engine.derivative(lambda x: engine.atan2(x, x), n=2)(x) == 0


@pytest.mark.parametrize(
    ("exponent", "at_zero", "at_minus_zero"),
    [
        (-1.0, math.inf, -math.inf),
        (-2.0, math.inf, math.inf),
        (-0.5, math.inf, math.inf),
    ],
)
def test_a_power_with_its_exponent_fixed_has_limits(exponent, at_zero, at_minus_zero):
    """By IEEE 754, as C's pow gives them, where Python's raises ZeroDivisionError."""
    op = (Value(2.0) ** exponent).op
    assert op.made_from is not None
    assert evaluate_extended(op, (0.0,)) == at_zero
    assert evaluate_extended(op, (-0.0,)) == at_minus_zero


def test_the_second_derivative_of_a_root_written_as_a_power():
    """(x^½)″ = −¼ x^−³⁄₂, which is −∞ at 0."""
    assert derivative(lambda x: x**0.5, n=2)(0.0) == -math.inf
