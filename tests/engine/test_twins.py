"""Operations, values and leaves that are easily taken for one another.

Both orders of one pair, equal and nearly equal parts, shared and copied ones, zeros of
both signs, a leaf used twice: through every walk over a graph and every transform. The
right numbers are mpmath's at 50 digits, or worked out by hand.
"""

import copy
import math
import pickle

import pytest
from mpmath import mpf
from oracle import exact, exact_partials, exact_second

from engine import (
    TABLE,
    Value,
    atan2,
    check_gradients,
    edges,
    explain,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    recompute,
    topological_order,
    value_and_grad,
    vjp,
    why_nan,
    why_zero,
)
from engine.explanation.contributions import find_explanation
from engine.tape import BACKENDS, jit
from viz import Diagram

X, Y = 2.75, 1.25  # no quotient of these is a whole number
A, B = 3.0, -7.0
BINARY = [op for op in TABLE.values() if op.arity == 2 and op.operands[-1] in "xy"]
each_binary = pytest.mark.parametrize("op", BINARY, ids=lambda op: op.name)


def both_orders(op):
    """A op(x, y) + B op(y, x): A ≠ B, so that one is not taken for the other."""
    return lambda x, y: A * op(x, y) + B * op(y, x)


def true_gradient(op, x=X, y=Y):
    (dx, dy), (ey, ex) = exact_partials(op, x, y), exact_partials(op, y, x)
    return [float(A * dx + B * ex), float(A * dy + B * ey)]


def true_value(op, x=X, y=Y):
    return float(A * exact(op, mpf(x), mpf(y)) + B * exact(op, mpf(y), mpf(x)))


def close(expected):
    return pytest.approx(expected, rel=1e-13, abs=1e-13)


# -- transforms ----------------------------------------------------------------------


@each_binary
def test_first_order(op):
    f, expected = both_orders(op), true_gradient(op)
    assert grad(f, (0, 1))(X, Y) == close(tuple(expected))
    assert value_and_grad(f, (0, 1))(X, Y) == (
        close(true_value(op)),
        close(tuple(expected)),
    )
    assert jacobian(f, (0, 1))(X, Y) == close(tuple(expected))
    assert [jvp(f, (X, Y), t)[1] for t in ((1.0, 0.0), (0.0, 1.0))] == close(expected)
    assert vjp(f, X, Y)[1](1.0) == close(tuple(expected))


@each_binary
def test_second_order(op):
    f = both_orders(op)
    expected = [
        [
            float(A * exact_second(op, (X, Y), i, j))
            + float(B * exact_second(op, (Y, X), 1 - i, 1 - j))
            for j in (0, 1)
        ]
        for i in (0, 1)
    ]
    found = hessian(lambda v: f(*v))([X, Y])
    for mine, true in zip(found, expected, strict=True):
        assert mine == pytest.approx(true, rel=1e-12, abs=1e-12)
    for i, direction in enumerate(([1.0, 0.0], [0.0, 1.0])):
        [column] = hvp(lambda v: f(*v), ([X, Y],), (direction,))
        assert column == pytest.approx(
            [row[i] for row in expected], rel=1e-12, abs=1e-12
        )


@each_binary
def test_the_gradient_check_takes_none_for_the_other(op):
    check_gradients(both_orders(op), X, Y)


@each_binary
def test_a_leaf_twice_is_two_operands(op):
    """d/dx op(x, x) is the sum of both local derivatives."""
    x = 1.75
    expected = float(sum(exact_partials(op, x, x))) if op.name not in KINKS else None
    if expected is not None:
        assert grad(lambda x: op(x, x))(x) == pytest.approx(
            expected, rel=1e-13, abs=1e-13
        )
    v = Value(x)
    y = op(v, v)
    assert y.parents == (v, v) and y.parents[0] is y.parents[1]
    assert [edge.position for edge in edges(y)] == [0, 1]
    y.backward()
    assert v.grad == sum(y.partials)


KINKS = ("max", "min", "mod", "floordiv")


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x - x, 0),
        (lambda x: x / x, 0),
        (lambda x: x * x, 6),
        (lambda x: x**x, 27 * (math.log(3) + 1)),
        (lambda x: x + x, 2),
        (lambda x: atan2(x, x), 0),
        (lambda x: (x * x) * (x * x), 108),
        (lambda x: (x - 1) * (1 - x), -4),
        (lambda x: (x - 1) / (1 - x), 0),
    ],
)
def test_one_leaf_by_hand(f, expected):
    assert grad(f)(3.0) == close(expected)
    assert jvp(f, (3.0,), (1.0,))[1] == close(expected)
    assert jit(f).value_and_grad(3.0)[1] == close(expected)


def test_equal_numbers_are_not_one_variable():
    """Leaves that compare equal, as Values and as keys, stay apart."""
    x, y = Value(2.0), Value(2.0)
    z = x * x * y - y / x
    assert [slope.data for slope in gradients(z, [x, y])] == [8.5, 3.5]
    z.backward()
    assert (x.grad, y.grad) == (8.5, 3.5)
    assert grad(lambda x, y: x * x * y - y / x, (0, 1))(2.0, 2.0) == (8.5, 3.5)
    z = x * y + copy.copy(x) * 5
    assert gradients(z, [x])[0].data == 2.0


def test_neighbours_are_not_one_number():
    near = math.nextafter(1.0, 2.0)
    assert grad(lambda x: x * near - x)(3.0) == near - 1
    assert jit(lambda x: (x * near) - (x * 1.0))(1.0) == near - 1


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_zeros_of_both_signs(zero):
    """atan2(±0, −1) is ±π, x · (±0) and 1 ÷ (±∞) keep their sign; also on a tape."""

    def f(x):
        return atan2(x * 0.0, x - 2.0), atan2(x * -0.0, x - 2.0), x * zero

    expected = (math.pi, -math.pi, zero)
    for found in (f(Value(1.0)), jit(f)(1.0)):
        assert [repr(float(x)) for x in found] == list(map(repr, expected))
    for name, backend in BACKENDS.items():
        if backend.is_installed and not backend.exact:
            g = jit(lambda x: f(x)[0] - f(x)[1] + f(x)[2], backend=name)
            assert g.batch([1.0, 1.0]).tolist() == [2 * math.pi] * 2


# -- walks ---------------------------------------------------------------------------


@each_binary
def test_walks_take_none_for_the_other(op):
    x, y = Value(X, "x"), Value(Y, "y")
    a, b = op(x, y), op(y, x)
    z = A * a + B * b
    order = topological_order(z)
    place = {node: i for i, node in enumerate(order)}  # by identity; == is of numbers
    assert len(place) == len(order) == 9
    assert all(place[edge.parent] < place[edge.child] for edge in edges(z))
    z.backward()
    expected = true_gradient(op)
    assert [x.grad, y.grad] == close(expected)
    assert (a.grad, b.grad) == (A, B)
    for leaf, slope in zip((x, y), expected, strict=True):
        uses = find_explanation(leaf, z).uses
        assert [use.edge.child for use in uses] == [a, b]
        assert [use.upstream for use in uses] == [A, B]
        assert sum(use.contribution for use in uses) == close(slope)
    diagram = Diagram.of(z)
    drawn = [n for n in diagram.nodes if n.operation == op.name and n.operation]
    ways = [[diagram[e.source].label for e in diagram.into(n.id)] for n in drawn]
    assert [w for w in ways if w[0] in ("x", "y") and w[1]] == [["x", "y"], ["y", "x"]]


@each_binary
@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda z: pickle.loads(pickle.dumps(z))]
)
def test_copies_and_other_points(op, duplicate):
    x, y = Value(X, "x"), Value(Y, "y")
    z = duplicate(both_orders(op)(x, y))
    z.backward()
    leaves = {v.label: v for v in topological_order(z) if v.label}
    assert [leaves["x"].grad, leaves["y"].grad] == close(true_gradient(op))
    recompute(z, {leaves["x"]: Y + 0.5, leaves["y"]: X})
    z.zero_grad()
    z.backward()
    assert z.data == close(true_value(op, Y + 0.5, X))
    expected = true_gradient(op, Y + 0.5, X)
    assert [leaves["x"].grad, leaves["y"].grad] == close(expected)
    assert (x.grad, y.grad) == (0.0, 0.0)


@each_binary
@pytest.mark.parametrize("name", BACKENDS)
def test_tapes(op, name):
    if not BACKENDS[name].is_installed:
        pytest.skip("the extra fast is not installed")
    f = jit(both_orders(op), argnums=(0, 1), backend=name)
    points = [(X, Y), (Y, X), (X, X), (1.5, 4.0)]
    xs, ys = map(list, zip(*points, strict=True))
    assert list(f.batch(xs, ys)) == close([true_value(op, *p) for p in points])
    smooth = [p for p in points if p[0] != p[1]]
    xs, ys = map(list, zip(*smooth, strict=True))
    _, slopes = f.value_and_grad_batch(xs, ys)
    expected = [true_gradient(op, *p) for p in smooth]
    assert [list(s) for s in zip(*slopes, strict=True)] == [close(e) for e in expected]


def test_stories_name_the_right_one_of_two():
    x, y = Value(0.0, "x"), Value(2.0, "y")
    a, b = x * y, y * x
    assert "x × y  3 × 2 (y) = 6" in explain(x, 3 * a + 5 * b)
    assert "y × x  5 × 2 (y) = 10" in explain(x, 3 * a + 5 * b)
    assert "3 − 5 = −2" in explain(x, 3 * (x - y) + 5 * (y - x))
    assert "contributions cancel at x: 1 − 1 = 0" in why_zero(x, (x - y) + (y - x))
    assert "passes nothing back to y = 2" in why_zero(y, x * y)
    inf = Value(math.inf, "big")
    assert "big − big = nan" in why_nan(inf - inf).replace("∞", "big")
