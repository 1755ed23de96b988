"""Numbers that leave the graph while a tape is recorded: right, or an error."""

import copy
import json
import math
import pickle
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from backends import every_backend

import engine
from engine import EscapeError, Value, edges, grad, gradients, nn, recompute
from engine.tape import jit

w = Value(2.0, label="w")
layer = nn.Affine.of([[1.0]], [2.0])
inner = jit(lambda a: a * w)


def sweep(x):
    y = x * w
    y.backward()
    return x * w.grad


def change(attribute):
    def f(x):
        setattr(w, attribute, 3.0)
        return x * w

    return f


def clear(x):
    w.zero_grad()
    return x * w


def compute_again(x):
    y = x * x
    recompute(y)
    return y


def step(x):
    nn.SGD([w], lr=0.1).step()
    return x * w


def write(x):
    out = np.empty(1)
    out[0] = x
    return out[0] * x


ESCAPES = {
    "copy": lambda x: copy.copy(x) * 2,
    "deepcopy": lambda x: copy.deepcopy([x * 2])[0] * x,
    "deepcopy of a model": lambda x: copy.deepcopy(layer)([x])[0],
    "pickle": lambda x: pickle.loads(pickle.dumps(x * 3)),
    "backward": sweep,
    "grad": lambda x: x * w.grad,
    "has_gradient": lambda x: x if w.has_gradient else x * 2,
    "zero_grad": clear,
    "data =": change("data"),
    "grad =": change("grad"),
    "recompute": compute_again,
    "step": step,
    "partials": lambda x: x * (w * x).partials[0],
    "edges": lambda x: x * next(edges(x * x)).partial,
    "state_dict": lambda x: x * sum(layer.state_dict().values()),
    "replay": lambda x: x * float(inner.batch([1.0, 2.0])[0]),
    "copysign": lambda x: x * math.copysign(1.0, x),
    "round": lambda x: x * round(x),
    "int": lambda x: x * int(x),
    "struct": lambda x: x * struct.unpack("d", struct.pack("d", x))[0],
    "json": lambda x: x * json.loads(json.dumps(float(x))),
    "complex": lambda x: x * complex(x).real,
    "np.float64": lambda x: x * np.float64(x),
    "np.asarray": lambda x: x * np.asarray([x], dtype=float)[0],
    "into an array": write,
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_what_a_replay_would_not_do_is_an_error_that_names_the_line(escape):
    before = w.data
    with pytest.raises(EscapeError, match=r" at .*test_escapes\.py:\d+ "):
        jit(escape)(1.5)
    assert (w.data, w.has_gradient) == (before, False)


@pytest.mark.parametrize("run", [lambda f: jit(f)(1.5), lambda f: grad(f)(1.5)])
def test_an_escape_that_the_function_catches_is_an_error_all_the_same(run):
    def f(x):
        try:
            return x * math.sin(x)
        except TypeError:
            return x * 0

    with pytest.raises(EscapeError, match=r"float\(v\) at .*test_escapes\.py:\d+"):
        run(f)


PROGRAMS = {
    "sorted": lambda x: sorted([x, x * x])[0],
    "min": lambda x: min(x, 1.0, w) * x,
    "max": lambda x: max([x, -x]) * 3,
    "np.array": lambda x: np.array([x, x * x])[1],
    "gradients": lambda x: gradients(x * x * x, [x])[0],
    "printing": lambda x: x * 2 if str(x) and repr(x) else x,
}
POINTS = [1.5, -3.0, 0.5, 4.0]


def eagerly(f, point):
    x = Value(point)
    y = f(x)
    return y.data, gradients(y, [x])[0].data


def check(f, backend, points=POINTS):
    """As the engine: one by one, in a batch, and from other first points."""
    right = [eagerly(f, x) for x in points]
    made = jit(f, backend=backend)
    for x, (value, slope) in zip(points, right, strict=True):
        assert made(x) == pytest.approx(value, rel=1e-14, abs=1e-300)
        found = made.value_and_grad(x)
        assert found == pytest.approx((value, slope), rel=1e-13, abs=1e-300)
    values, slopes = jit(f, backend=backend).value_and_grad_batch(points)
    assert values == pytest.approx([y for y, _ in right], rel=1e-14)
    assert slopes == pytest.approx([dy for _, dy in right], rel=1e-13)


@every_backend
@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_what_is_no_escape_is_right(f, backend):
    check(f, backend)


# -- threads -----------------------------------------------------------------------


def in_a_thread(g):
    def f(x):
        out = []
        thread = threading.Thread(target=lambda: out.append(g(x)))
        thread.start()
        thread.join()
        return out[0]

    return f


pool = ThreadPoolExecutor(1)
pool.submit(abs, 1).result()  # its thread is there before any recording


def in_a_pool(g):
    return lambda x: pool.submit(g, x).result()


def guarded(x):
    try:
        1 / (x - 4)
        return x * 2 + 1
    except ZeroDivisionError:
        return x + 7


@every_backend
@pytest.mark.parametrize("elsewhere", [in_a_thread, in_a_pool])
@pytest.mark.parametrize(
    "g", [lambda x: x * 2 if x > 1 else -x, lambda x: x * x + 1, guarded]
)
def test_threads_that_the_function_starts_are_part_of_its_run(g, elsewhere, backend):
    check(elsewhere(g), backend)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("elsewhere", [in_a_thread, in_a_pool])
def test_an_escape_in_a_thread_is_an_error(elsewhere):
    with pytest.raises(EscapeError, match=r"test_escapes\.py"):
        jit(elsewhere(lambda x: x * float(x)))(1.5)


# -- transforms inside -------------------------------------------------------------

v = nn.parameter(1.5, label="v")


def cube(y, x):
    return x * y * y * y + v * y


TRANSFORMS = {
    "grad": lambda g, p: engine.grad(g)(p),
    "value_and_grad": lambda g, p: sum(engine.value_and_grad(g)(p)),
    "derivative": lambda g, p: engine.derivative(g, n=2)(p),
    "jacobian": lambda g, p: engine.jacobian(lambda y: [g(y), g(2 * y)])(p)[1],
    "jacobian forward": lambda g, p: engine.jacobian(g, mode="forward")(p),
    "hessian": lambda g, p: engine.hessian(g)(p),
    "jvp": lambda g, p: engine.jvp(g, (p,), (2.0,))[1],
    "vjp": lambda g, p: engine.vjp(g, p)[1](3.0)[0],
    "hvp": lambda g, p: engine.hvp(g, (p,), (2.0,))[0],
}
EXPECTED = {  # for x y³ + v y, at y = p
    "grad": lambda x, p: 3 * x * p**2 + v.data,
    "value_and_grad": lambda x, p: x * p**3 + v.data * p + 3 * x * p**2 + v.data,
    "derivative": lambda x, p: 6 * x * p,
    "jacobian": lambda x, p: 24 * x * p**2 + 2 * v.data,
    "jacobian forward": lambda x, p: 3 * x * p**2 + v.data,
    "hessian": lambda x, p: 6 * x * p,
    "jvp": lambda x, p: 2 * (3 * x * p**2 + v.data),
    "vjp": lambda x, p: 3 * (3 * x * p**2 + v.data),
    "hvp": lambda x, p: 12 * x * p,
}


@every_backend
@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("where", ["plain", "argument", "leaf", "nested"])
def test_every_transform_at_every_point_stays_on_the_tape(name, where, backend):
    transform, expected = TRANSFORMS[name], EXPECTED[name]
    points = {
        "plain": lambda x: 2.0,
        "argument": lambda x: x,
        "leaf": lambda x: v,
        "nested": lambda x: engine.grad(lambda z: z * z * 0.5)(x),  # x itself
    }

    def f(x):
        return transform(lambda y: cube(y, x), points[where](x))

    made = jit(f, backend=backend)
    try:
        for v.data in (1.5, -0.5):
            at = {"plain": 2.0, "leaf": v.data}
            right = [expected(x, at.get(where, x)) for x in POINTS]
            assert [made(x) for x in POINTS] == pytest.approx(right, rel=1e-13)
            assert made.batch(POINTS) == pytest.approx(right, rel=1e-13)
            h = 2.0**-20
            slopes = [
                (expected(x + h, at.get(where, x + h))
                 - expected(x - h, at.get(where, x - h))) / (2 * h)
                for x in POINTS
            ]  # fmt: skip
            # Polynomials of degree 4: central differences are good to about h².
            found = [made.value_and_grad(x) for x in POINTS]
            assert [y for y, _ in found] == pytest.approx(right, rel=1e-13)
            assert [dy for _, dy in found] == pytest.approx(slopes, rel=1e-7)
            values, rows = made.value_and_grad_batch(POINTS)
            assert values == pytest.approx(right, rel=1e-13)
            assert rows == pytest.approx(slopes, rel=1e-7)
    finally:
        v.data = 1.5


def test_transforms_of_transforms():
    """The inner one gives 2 x y² at z = y, and the outer one 4 x y at 2."""
    f = jit(lambda x: grad(lambda y: grad(lambda z: x * y * z * z)(y))(2.0))
    for x in POINTS:
        assert f(x) == 8 * x
        assert f.value_and_grad(x) == (8 * x, 8.0)
