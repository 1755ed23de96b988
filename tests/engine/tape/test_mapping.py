"""`vmap` against a loop over the samples."""

import numpy as np
import pytest
from backends import every_backend

import engine
from engine import OptionError, ShapeError, Value, exp, grad, sin
from engine.tape import jit, vmap

XS = np.array([[0.5, 1.0, -2.0], [3.0, 0.25, 1.5]])


@every_backend
def test_it_is_the_loop(backend):
    def f(x, y):
        return {"a": sin(x) * y, "b": [x + y, 3.0]}

    found = vmap(f, backend=backend)([0.5, 1.0], [2.0, -1.0])
    loop = [f(0.5, 2.0), f(1.0, -1.0)]
    assert found["a"] == pytest.approx([one["a"] for one in loop], rel=1e-15)
    assert found["b"][0].tolist() == [2.5, 0.0]
    assert found["b"][1].tolist() == [3.0, 3.0]


def test_axes():
    total = vmap(lambda row: row.sum())
    assert total(XS).tolist() == XS.sum(axis=1).tolist()
    assert vmap(lambda c: c.sum(), in_axes=1)(XS).tolist() == XS.sum(axis=0).tolist()
    assert vmap(lambda c: c.sum(), in_axes=-1)(XS).tolist() == XS.sum(axis=0).tolist()
    scaled = vmap(lambda x, w: w * x, in_axes=(1, None))
    assert scaled(XS, 2.0).tolist() == (2 * XS.T).tolist()
    assert scaled(XS, np.array([2.0, 3.0])).tolist() == (XS.T * [2, 3]).tolist()
    assert vmap(lambda x, p: x * p["w"], in_axes=(0, None))(
        [1.0, 2.0], {"w": 3.0}
    ).tolist() == [3.0, 6.0]


def test_it_goes_with_the_other_transforms():
    cube = vmap(grad(lambda x: x**3))
    assert cube([1.0, 2.0]).tolist() == [3.0, 12.0]
    assert grad(lambda w: vmap(lambda x: w * x * x)([1.0, 2.0]).sum())(3.0) == 5.0
    assert vmap(vmap(lambda x: x * x))(XS).tolist() == (XS * XS).tolist()
    assert jit(lambda x: vmap(lambda y: y * x)([1.0, 2.0]).sum())(5.0) == 15.0


def test_values_give_values():
    x, y = Value(2.0), Value(3.0)
    found = vmap(lambda v: v * v)([x, y])
    assert found.dtype == object
    found.sum().backward()
    assert (x.grad, y.grad) == (4.0, 6.0)


def test_branches_and_what_a_tape_cannot_do():
    bent = vmap(lambda x: exp(x) if x < 0 else x + 1)
    assert bent([-1.0, 2.0]).tolist() == [np.exp(-1.0), 3.0]
    assert vmap(lambda x: float(x) + 1)([1.0, 2.0]).tolist() == [2.0, 3.0]
    assert vmap(lambda x: x * float("inf"))([1.0, 2.0]).tolist() == [np.inf] * 2
    with pytest.raises(engine.DomainError, match=r"log\(-1"):
        vmap(engine.log)([1.0, -1.0])


def test_it_keeps_the_name_and_refuses_what_does_not_fit():
    def area(r):
        """π r²."""
        return 3.0 * r * r

    assert (vmap(area).__name__, vmap(area).__doc__) == ("area", "π r².")
    with pytest.raises(ShapeError, match=r"\[2, 3\] samples"):
        vmap(lambda x, y: x + y)([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match="None alone"):
        vmap(area, in_axes=None)(1.0)
    with pytest.raises(ShapeError, match="at least one sample"):
        vmap(area)([])
    with pytest.raises(ShapeError, match="a row a sample"):
        vmap(area)(1.0)
    with pytest.raises(ShapeError, match="another structure"):
        vmap(lambda x: [x] if x > 1 else [x, float(x)])([1.0, 2.0])
    with pytest.raises(OptionError, match="for 2 arguments, and there are 1"):
        vmap(area, in_axes=(0, 0))([1.0])
    with pytest.raises(OptionError, match="no axis 2"):
        vmap(area, in_axes=2)(XS)
    with pytest.raises(OptionError, match="no axis '0'"):
        vmap(area, in_axes=("0",))(XS)
    with pytest.raises(engine.OperandError, match="vmap takes a function"):
        vmap(3.0)
