"""The loops of tapes in C: what the tests of all back ends do not say of them."""

import math
import os
from array import array
from itertools import pairwise

import numpy as np
import pytest
from backends import parametrize
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import TABLE, Value, max, nn, register, sin, tanh, unregister, where
from engine.native.core import load_replay
from engine.tape import jit
from engine.tape.backends.native import pack

pytestmark = pytest.mark.skipif(load_replay() is None, reason="no compiled core here")
native = parametrize(["native"])
FINITE = st.floats(-3, 3)


@pytest.fixture(scope="module")
def softsign():
    """A row of the program's own that is a formula, and one that uses it."""
    own = register(
        "own_softsign", "softsign", lambda x: x / (1 + abs(x)),
        lambda out, x: (1 / (1 + abs(x)) ** 2,),
    )  # fmt: skip
    yield register(
        "own_gate", "gate", lambda x, y: where(x > 0.5, own(x) * y, y - x),
        lambda out, x, y: (where(x > 0.5, y / (1 + abs(x)) ** 2, -1),
                           where(x > 0.5, own(x), 1)),
    )  # fmt: skip
    unregister("own_gate")
    unregister("own_softsign")


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=150))
def test_formulas_of_ones_own_are_written_out_in_rows_of_the_table(softsign, pairs):
    xs, ys = map(list, zip(*pairs, strict=True))
    w = nn.parameter(0.75)

    def f(x, y):
        return softsign(x * w, y) * sin(softsign(y, x)) + w

    f_native = jit(f, backend="native", argnums=(0, 1), max_paths=1)
    values, (by_x, by_y) = f_native.value_and_grad_batch(xs, ys)
    for i, (a, b) in enumerate(pairs):
        x, y = Value(a), Value(b)
        out = f(x, y)
        found = engine.gradients(out, [x, y])
        assert values[i] == pytest.approx(out.data, rel=1e-14, abs=1e-14)
        assert by_x[i] == pytest.approx(found[0], rel=1e-14, abs=1e-14)
        assert by_y[i] == pytest.approx(found[1], rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 63, 64, 65, 130])
@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_samples_gives_what_each_gives_alone(count, threads, monkeypatch):
    monkeypatch.setattr("engine.tape.backends.native.LARGE", 1)
    ws = [nn.parameter(0.1 * i - 0.2) for i in range(5)]

    def f(x, y):
        hidden = [tanh(w * x + v * y) for w, v in pairwise(ws)]
        return sum(h * w for h, w in zip(hidden, ws, strict=False)) + max(x, y) ** 2

    rng = np.random.default_rng(0)
    xs, ys = rng.normal(size=(2, count))
    together = jit(f, backend="native", argnums=(0, 1), threads=threads)
    values, slopes = together.value_and_grad_batch(xs, ys)
    for w in ws:
        w.zero_grad()
    together.backward(xs, ys)
    sums = [w.grad for w in ws]
    for w in ws:
        w.zero_grad()
    for i in range(count):
        x, y = Value(xs[i]), Value(ys[i])
        out = f(x, y)
        out.backward(1 / count)
        assert values[i] == out.data
        assert [s[i] / count for s in slopes] == pytest.approx(
            [x.grad, y.grad], rel=1e-14
        )
    assert sums == pytest.approx([w.grad for w in ws], rel=1e-13, abs=1e-16)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_that_forks_has_threads_of_its_own(monkeypatch):
    monkeypatch.setattr("engine.tape.backends.native.LARGE", 1)
    f = jit(lambda x: x * x, backend="native", threads=3)
    xs = np.arange(10.0)
    assert f.batch(xs).tolist() == (xs * xs).tolist()
    child = os.fork()
    if not child:
        done = f.batch(xs + 1).tolist() == ((xs + 1) ** 2).tolist()
        os._exit(0 if done else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert f.batch(xs + 2).tolist() == ((xs + 2) ** 2).tolist()


def test_the_same_samples_give_the_same_bits():
    w = nn.parameter(0.3)
    f = jit(lambda x: (w * x).exp() * w, backend="native")
    xs = np.linspace(-2, 2, 1001)
    found = []
    for _ in range(3):
        w.zero_grad()
        found.append((f.backward(xs), w.grad, f.batch(xs).tobytes()))
    assert found[0] == found[1] == found[2]


@native
@pytest.mark.parametrize(
    "name", ["floordiv", "mod", "pow", "truediv", "atan2", "hypot"]
)
def test_rows_of_two_operands_where_python_is_particular(backend, name):
    op = TABLE[name]
    numbers = [-3.5, -2.0, -0.0, 0.0, 0.5, 1.0, 2.0, 7.25, 1e300, -1e-300]
    pairs = [(1.0, 1.0)] + [(x, y) for x in numbers for y in numbers]
    f = jit(lambda x, y: op(x, y), backend=backend, nonfinite="allow")
    found = f.batch([x for x, _ in pairs], [y for _, y in pairs])
    for (x, y), number in zip(pairs, found.tolist(), strict=True):
        try:
            wanted = op(x, y)
        except (ArithmeticError, ValueError):
            assert not math.isfinite(number), (x, y)
        else:
            assert number == pytest.approx(wanted, rel=1e-15), (x, y)
            assert math.copysign(1, number) == math.copysign(1, wanted), (x, y)


def program(**changes):
    """A program of one product, x · y, of which parts may be other."""
    return load_replay().Program(pack_product(**changes))


def pack_product(**changes):
    parts = {
        "codes": [load_replay().CODES["mul"]], "starts": [0, 2], "places": [2],
        "args": [0, 1], "outputs": [2], "spread": [], "needed": b"\1\1\1",
        "inputs": 2, "numbers": 0,
    }  # fmt: skip
    return pack(**(parts | changes))


def test_a_program_multiplies():
    out, sums, slopes = np.empty(3), np.empty(0), np.empty((2, 3))
    inputs = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    program().run(inputs, out, np.empty(0), np.ones(3), slopes, sums, 3, 0, 3)
    assert out.tolist() == [4.0, 10.0, 18.0]
    assert slopes.tolist() == inputs[::-1].tolist()


@pytest.mark.parametrize(
    "damage",
    [
        {"codes": [10_000]}, {"codes": [-1]}, {"codes": [0, 0]}, {"starts": [0, 3]},
        {"starts": [2, 0]}, {"starts": [0, 1]}, {"starts": [1, 2]}, {"starts": []},
        {"places": [3]}, {"places": [1]}, {"places": [-2]}, {"args": [0, 2]},
        {"args": [0, 3]}, {"args": [0, -1]}, {"args": [0]}, {"outputs": [3]},
        {"outputs": []}, {"spread": [0]}, {"needed": b"\1"}, {"inputs": 4},
        {"inputs": -1}, {"numbers": -1},
    ],
    ids=repr,
)  # fmt: skip
def test_a_damaged_program_is_refused(damage):
    with pytest.raises(ValueError, match="damaged"):
        program(**damage)


@pytest.mark.parametrize("place", range(7))
@pytest.mark.parametrize("change", [-(2**31), -5, -1, 1, 2**31 - 100])
def test_a_count_that_does_not_fit_is_refused(place, change):
    words = array("i", pack_product())
    words[place] = int(np.clip(words[place] + change, -(2**31), 2**31 - 1))
    if (place, change) == (4, -1) or (place == 6 and change > 0):
        return  # one input less, or more numbers than are read, are a program, too
    with pytest.raises(ValueError, match="damaged"):
        load_replay().Program(words.tobytes())


@pytest.mark.parametrize("length", [*range(0, 68, 3), 67, 69, 72])
def test_a_program_that_is_cut_off_is_refused(length):
    whole = pack_product()
    assert len(whole) == 68
    with pytest.raises(ValueError, match="damaged"):
        load_replay().Program((whole + bytes(4))[:length])


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": np.zeros(5)}, {"results": np.zeros(2)}, {"seeds": np.zeros(4)},
        {"slopes": np.zeros(3)}, {"sums": np.zeros(1)}, {"columns": -1},
        {"start": 4}, {"stop": 4}, {"results": bytes(24)},
    ],
    ids=repr,
)  # fmt: skip
def test_arrays_of_another_size_are_refused(change):
    parts = {
        "inputs": np.zeros(6), "results": np.zeros(3), "numbers": np.empty(0),
        "seeds": np.ones(3), "slopes": np.zeros(6), "sums": np.empty(0),
        "columns": 3, "start": 0, "stop": 3,
    }  # fmt: skip
    with pytest.raises((ValueError, BufferError)):
        program().run(*(parts | change).values())
