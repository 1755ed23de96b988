"""A function with a rule of its own: one node, in every mode, on every back end."""

import copy
import gc
import math
import pickle

import numpy as np
import pytest
from backends import every_backend
from scipy import special

import engine
from engine import (
    TABLE,
    EscapeError,
    OperandError,
    RowError,
    Value,
    check_gradients,
    cos,
    custom_derivative,
    derivative,
    explain,
    grad,
    hessian,
    jvp,
    sin,
    taylor,
)
from engine.gradcheck.check import GradientTable
from engine.tape import jit
from viz import draw


@custom_derivative(lambda out, x: cos(x), symbol="sine")
def sine(x):
    """sin x, by the C library."""
    return math.sin(x)


@custom_derivative(lambda out, n, x: (0, special.jvp(1, x)))
def bessel(n, x):  # noqa: ARG001
    """J₁, which is SciPy's."""
    return special.jv(1, x)


@custom_derivative(lambda out, p, q: ({"a": q, "b": [2 * p["b"][0]]}, p["a"]))
def mixed(p, q):
    return p["a"] * q + p["b"][0] ** 2


def test_it_is_one_node_with_the_derivative_of_the_rule():
    x = Value(0.5, "x")
    y = sine(x)
    assert (y.data, y.parents, y.op.symbol) == (math.sin(0.5), (x,), "sine")
    y.backward()
    assert x.grad == math.cos(0.5)
    assert sine(0.5) == math.sin(0.5)
    assert sine.__doc__ == "sin x, by the C library."
    assert "sine" not in TABLE
    assert not hasattr(x, "sine")


def test_higher_orders_and_other_modes():
    assert derivative(sine, 3)(0.5) == pytest.approx(-math.cos(0.5), rel=1e-15)
    assert jvp(lambda x: sine(x) * x, (0.5,), (2.0,)) == pytest.approx(
        (0.5 * math.sin(0.5), 2 * (math.sin(0.5) + 0.5 * math.cos(0.5)))
    )
    assert hessian(sine)(0.5) == pytest.approx(-math.sin(0.5))
    assert taylor(sine, 0.0, 5) == pytest.approx(taylor(sin, 0.0, 5))


def test_structures_as_arguments():
    by_p, by_q = grad(mixed, argnums=(0, 1))({"a": 3.0, "b": [4.0]}, 5.0)
    assert (by_p, by_q) == ({"a": 5.0, "b": [8.0]}, 3.0)
    assert mixed({"a": 3.0, "b": [4.0]}, 5.0) == 31.0

    @custom_derivative(lambda out, x: 2 * x)
    def norm2(x):
        return float(np.dot(x, x))

    assert grad(norm2)(np.array([1.0, -3.0])).tolist() == [2.0, -6.0]


@every_backend
def test_on_tapes(backend):
    f = jit(lambda x: bessel(1, x) * x, backend=backend)

    def wanted(x):  # J₁′ = J₀ − J₁ / x
        return x * special.j1(x), special.j1(x) + x * (
            special.j0(x) - special.j1(x) / x
        )

    xs = [0.5, 1.0, 2.5]
    for x in xs:
        assert f.value_and_grad(x) == pytest.approx(wanted(x), rel=1e-14)
    values, slopes = f.value_and_grad_batch(xs)
    assert values == pytest.approx([wanted(x)[0] for x in xs], rel=1e-14)
    assert slopes == pytest.approx([wanted(x)[1] for x in xs], rel=1e-13)
    assert "bessel(" in str(f.tapes[0])


def test_what_it_reads_may_change_between_replays():
    scale = 2.0

    @custom_derivative(lambda out, x: scale)
    def scaled(x):
        return scale * x

    f = jit(lambda x: scaled(x) + 1)
    assert f.value_and_grad(3.0) == (7.0, 2.0)
    scale = 5.0
    assert f.value_and_grad(3.0) == (16.0, 5.0)
    assert f.value_and_grad_batch([3.0])[1].tolist() == [5.0]


def test_the_check_believes_nothing():
    assert check_gradients(sine, 0.7) is None
    wrong = custom_derivative(lambda out, x: 1.1 * cos(x))(math.sin)
    with pytest.raises(engine.GradientError, match="WRONG"):
        check_gradients(wrong, 0.7)
    assert isinstance(engine.gradient_table(wrong, 0.7), GradientTable)


def test_a_rule_for_floats_alone_gives_first_derivatives_and_no_wrong_second_ones():
    flat = custom_derivative(lambda out, x: math.cos(x))(math.sin)
    assert grad(flat)(0.5) == math.cos(0.5)
    with pytest.raises(EscapeError, match=r"test_custom.py:\d+"):
        derivative(flat, 2)(0.5)
    with pytest.raises(EscapeError):
        taylor(flat, 0.5, 2)


def test_a_straight_through_estimator():
    rounded = custom_derivative(lambda out, x: 1)(lambda x: float(round(x)))
    assert grad(lambda x: rounded(x) * x)(2.6) == 3.0 + 2.6


def test_pictures_and_stories_name_it():
    x = Value(0.5, "x")
    y = sine(x) * 2
    y.backward()
    assert "sine′(0.479426, x)" in str(explain(x, y))
    assert "sine" in draw(y).source
    assert "∂mixed/∂q" in mixed({"a": x, "b": [x]}, x).op.formulas[2]


def test_errors():
    with pytest.raises(RowError, match="takes a rule"):
        custom_derivative(3)
    with pytest.raises(RowError, match="decorates a function"):
        custom_derivative(lambda out, x: 1)(3)
    with pytest.raises(OperandError, match=r"args\[0\] is 'a'"):
        sine("a")
    two = custom_derivative(lambda out, x, y: (1,))(lambda x, y: x + y)
    with pytest.raises(RowError, match="one derivative for each of x, y"):
        two(Value(1.0), 2.0)
    text = custom_derivative(lambda out, x: "1")(lambda x: x)
    with pytest.raises(RowError, match="gives"):
        text(Value(1.0))
    broken = custom_derivative(lambda out, x: 1)(lambda x: 1 / (x - 1))
    with pytest.raises(engine.DivisionByZeroError, match=r"f\(1\.0\)"):
        broken(Value(1.0))
    with pytest.raises(OperandError, match="in a class"):
        getattr(type("Model", (), {"f": sine})(), "f")  # noqa: B009


def test_it_is_pickled_by_its_name_and_copied():
    y = sine(Value(0.5, "x")) * 3
    for copied in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        assert copied.data == y.data
        copied.backward()
        assert copied.parents[0].parents[0].grad == 3 * math.cos(0.5)
    assert pickle.loads(pickle.dumps(sine)) is sine


def test_a_name_is_never_given_twice():
    """A tape must not meet another function under the name of one that has gone."""
    names = set()
    for k in range(3):
        own = custom_derivative(lambda out, x, k=k: k)(lambda x, k=k: k * x)
        names.add(own(Value(1.0)).op.name)
        del own
        gc.collect()
    assert len(names) == 3
