"""A number that leaves the graph inside a transform is an error that names the line."""

import copy
import math

import numpy as np
import pytest

import engine
from engine import EscapeError, OperandError, Value, check_gradients
from engine.tape import jit

TRANSFORMS = {
    "grad": lambda f: engine.grad(f)(1.0),
    "value_and_grad": lambda f: engine.value_and_grad(f)(1.0),
    "derivative": lambda f: engine.derivative(f)(1.0),
    "jacobian": lambda f: engine.jacobian(f)(1.0),
    "hessian": lambda f: engine.hessian(f)(1.0),
    "jvp": lambda f: engine.jvp(f, (1.0,), (1.0,)),
    "vjp": lambda f: engine.vjp(f, 1.0),
    "hvp": lambda f: engine.hvp(f, (1.0,), (1.0,)),
    "check_gradients": lambda f: check_gradients(f, 1.0),
}
ESCAPES = {
    "math.sin": lambda x: math.sin(x) * x,
    "math.fsum": lambda x: math.fsum([x, x]) * x,
    "math.hypot": lambda x: math.hypot(x, 1.0) * x,
    "float": lambda x: float(x) * x,
    "data": lambda x: x.data * x,
    "item": lambda x: x.item() * x,
    "int": lambda x: int(x) * x,
    "round": lambda x: round(x) * x,
    "floor": lambda x: math.floor(x) * x,
    "interior": lambda x: (x * 2).data * x,
    "partials": lambda x: (x * x).partials[0] * x,
    "copy": lambda x: copy.deepcopy(x) * x,
    "np.float64": lambda x: np.float64(x) * x,
    "np.interp": lambda x: float(np.interp(x, [0.0, 2.0], [0.0, 1.0])) * x,
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_an_escape_is_an_error_that_names_the_line(transform, escape):
    with pytest.raises(EscapeError, match=r"test_escapes\.py:\d+ takes the number"):
        transform(escape)
    escape(Value(1.0))  # elsewhere it is what it always was


def test_numbers_written_into_an_array_are_an_error():
    def f(x):
        out = np.empty(2)
        out[0] = x[0] * x[1]
        return list(out)

    with pytest.raises(EscapeError, match=r"test_escapes\.py"):
        engine.jacobian(f)([2.0, 3.0])


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "derivative", "jvp"])
def test_a_comparison_has_no_derivative(transform):
    with pytest.raises(OperandError, match="comparison"):
        TRANSFORMS[transform](lambda x: x > 0)


def test_what_is_meant_as_a_constant_is_detached():
    assert engine.grad(lambda x: x.detach().data * x)(3.0) == 3.0
    assert engine.grad(lambda x: x.detach().item() * x)(3.0) == 3.0
    assert engine.grad(lambda x: math.sin(x.detach()) * x)(3.0) == math.sin(3.0)


def test_what_does_not_depend_on_the_variables_is_free():
    w = Value(2.0)
    assert engine.grad(lambda x: x * w.data + x * float(w * w))(3.0) == 2.0 + 4.0


def test_printing_comparing_and_choosing_stay_possible(capsys):
    def f(x):
        print(x, repr(x), f"{x:.3f} {x}")
        y = sorted([x * x, x], key=lambda v: v)[0]
        while y < 10:
            y = y * 2 if x > 0 else y
        return y if x else x

    assert engine.grad(f)(3.0) == 4.0  # 3 · 4 = 12
    assert "3.000" in capsys.readouterr().out


def test_an_inner_transform_may_read_what_an_outer_one_may_not():
    def inner(x):
        return engine.grad(lambda y: y * float(x))(1.0)

    with pytest.raises(EscapeError):
        engine.grad(inner)(2.0)


def test_nothing_is_watched_after_an_error():
    with pytest.raises(EscapeError):
        engine.grad(lambda x: float(x))(1.0)
    x = Value(2.0)
    assert float(x * x) == 4.0


@pytest.mark.parametrize("point", [1.0, 3.0])
def test_a_transform_at_a_plain_point_stays_on_the_tape(point):
    """∂/∂y (x y²) = 2 x y, which is 4 x at y = 2."""
    f = jit(lambda x: engine.grad(lambda y: x * y * y)(2.0))
    f(1.0)
    assert f(point) == 4 * point
    assert f.value_and_grad(point) == (4 * point, 4.0)
