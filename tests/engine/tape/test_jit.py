"""jit: branches, escapes, structures, batches, errors."""

import dataclasses
import gc
import inspect
import json
import linecache
import math
import random
import threading

import numpy as np
import pytest
from backends import every_backend, parametrize
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import (
    DomainError,
    EscapeError,
    OperandError,
    OptionError,
    ShapeError,
    TapeError,
    Value,
    grad,
    log,
    nn,
    no_grad,
    sin,
    sqrt,
    value_and_grad,
)
from engine.tape import BACKENDS, Tape, jit, record

# -- control flow ----------------------------------------------------------------


@st.composite
def programs(draw):
    """Straight lines with branches and loops in between, on a few variables."""
    places = st.integers(0, 3)
    kinds = st.sampled_from(["add", "mul", "relu", "max", "sin"])
    ways = st.sampled_from(["if", "while", "sorted", "pick", "truth"])
    steps = st.recursive(
        st.tuples(kinds, places, places, places),
        lambda inner: st.tuples(
            ways, places, places, st.lists(inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    )
    return draw(st.lists(steps, min_size=2, max_size=6))


def run(program, xs):
    v = [*xs, xs[0] * xs[1], xs[0] - xs[1]]
    for step in program:
        _step(v, step)
    return v[0] + 2 * v[1] + v[2] * v[3]


def _step(v, step):
    kind, i, j, k = step
    if kind == "add":
        v[i] = v[j] + v[k]
    elif kind == "mul":
        v[i] = v[j] * v[k] * 0.5
    elif kind in ("relu", "sin"):
        v[i] = getattr(engine, kind)(v[j])
    elif kind == "max":
        v[i] = engine.max(v[j], v[k])
    elif kind == "if":
        if v[i] > v[j]:
            for inner in k:
                _step(v, inner)
        else:
            v[i] = v[j] - 1
    elif kind == "while":
        for _ in range(3):
            if not v[i] < 1.5:
                break
            v[i] = v[i] + 0.75
            for inner in k:
                _step(v, inner)
    elif kind == "sorted":
        v[:] = sorted(v)
    elif kind == "pick":
        v[i] = max(v, key=abs)
    elif kind == "truth":
        v[i] = v[j] if v[i] else v[i] + 1


inputs = st.tuples(*[st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0])] * 2)


@given(programs(), st.lists(inputs, min_size=1, max_size=6))
def test_branches_stay_correct_one_by_one(program, points):
    def f(x, y):
        return run(program, (x, y))

    jitted = jit(f, argnums=(0, 1), max_paths=1000)
    for point in points * 2:
        wanted = value_and_grad(f, (0, 1))(*point)
        assert jitted(*point) == wanted[0]
        assert jitted.value_and_grad(*point) == wanted


@pytest.mark.parametrize("backend", ["numpy", "auto"])
@given(programs(), st.lists(inputs, min_size=1, max_size=8))
def test_branches_stay_correct_in_a_batch(backend, program, points):
    def f(x, y):
        return run(program, (x, y))

    jitted = jit(f, backend=backend, argnums=(0, 1), max_paths=1000)
    xs, ys = zip(*points, strict=True)
    values, slopes = jitted.value_and_grad_batch(xs, ys)
    for i, point in enumerate(points):
        value, found = value_and_grad(f, (0, 1))(*point)
        assert values[i] == pytest.approx(value, rel=1e-13, abs=1e-13)
        assert [s[i] for s in slopes] == pytest.approx(found, rel=1e-12, abs=1e-12)


def test_too_many_paths_name_the_comparison():
    def halvings(n):
        while n > 1:  # this line
            n = n / 2
        return n

    f = jit(halvings, max_paths=3)
    assert [f(2.0**i) for i in range(3)] == [1.0] * 3
    with pytest.raises(TapeError, match=r"halvings .* 3 ways .*test_jit.py:\d+"):
        f(8.0)
    assert f(2.0) == 1.0


def test_a_comparison_with_a_leaf_is_a_guard():
    w = nn.parameter(1.0)
    f = jit(lambda x: x * w if w > 0 else -x)
    assert f(2.0) == 2.0
    w.data = -3.0
    assert f(2.0) == -2.0
    assert len(f.tapes) == 2


def test_a_branch_is_not_computed_where_it_is_not_taken():
    f = jit(lambda x: log(x) if x > 0 else x)
    assert f(1.0) == 0.0
    assert f(-1.0) == -1.0
    assert f.batch([1.0, -1.0, math.e]).tolist() == [0.0, -1.0, 1.0]


# -- escapes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "escape",
    [
        lambda v: float(v),
        lambda v: v.data,
        lambda v: v.item(),
        lambda v: int(v),
        lambda v: round(v),
        lambda v: math.floor(v),
        lambda v: math.sin(v),
        lambda v: f"{v}",
        lambda v: f"{v:.2f}",
    ],
)
def test_escapes_are_errors_that_name_the_line(escape):
    w = nn.parameter(2.0)
    with pytest.raises(EscapeError, match=r"test_jit.py:\d+ takes the number 1.5"):
        jit(lambda x: x * (escape(x) is None))(1.5)
    getter = inspect.getattr_static(Value, "data")
    with pytest.raises(EscapeError, match=r"takes the number 2.0"):
        jit(lambda x: x * (escape(w) is None))(1.5)
    escape(Value(1.0))  # and all is as before
    assert inspect.getattr_static(Value, "data") is getter


def test_an_escape_leaves_no_trace():
    f = jit(lambda x: x * float(x))
    for _ in range(2):
        with pytest.raises(EscapeError):
            f(1.0)
    assert f.tapes == []


def test_repr_is_no_escape():
    f = jit(lambda x: x * len(repr(x) and "ab"))
    assert f(2.0) == 4.0


def test_detach_and_no_grad_are_recorded():
    def f(x):
        with no_grad():
            y = x * x
        return x * x.detach() + y

    jitted = jit(f)
    assert jitted.value_and_grad(3.0) == (18.0, 3.0)
    assert jitted.value_and_grad(5.0) == (50.0, 5.0)


def test_transforms_inside():
    def f(x):
        return grad(lambda y: y**3 * x)(x) + sin(x)

    assert jit(f)(2.0) == f(2.0)
    assert jit(f)(0.3) == f(0.3)
    jitted = jit(f)
    jitted(1.0)
    assert jitted.value_and_grad(2.0)[1] == pytest.approx(36 + math.cos(2.0))


def test_jit_inside_transforms_and_jit():
    f = jit(lambda x: x**3)
    assert f(2.0) == 8.0
    assert grad(f)(2.0) == 12.0
    assert jit(lambda x: f(x) + 1)(2.0) == 9.0


# -- structures ------------------------------------------------------------------


def test_structures_keep_their_shape():
    def f(p, xs):
        a, b = xs["pair"]
        return {"sum": a + b * p[0], "list": [p[1][0], (a, 2.0)]}

    jitted = jit(f)
    assert jitted([3.0, [4.0]], {"pair": (1.0, 2.0)}) == {
        "sum": 7.0, "list": [4.0, (1.0, 2.0)],
    }  # fmt: skip
    ps = [[3.0, [4.0]], [1.0, [0.0]]]
    many = jitted.batch(ps, [{"pair": (1.0, 2.0)}, {"pair": (2.0, 3.0)}])
    assert many["sum"].tolist() == [7.0, 5.0]
    assert many["list"][1][1].tolist() == [2.0, 2.0]


def test_gradients_have_the_structure_of_the_argument():
    f = jit(lambda p: p["w"][0] * p["w"][1] + p["b"])
    assert f.value_and_grad({"w": [2.0, 3.0], "b": 1.0}) == (
        7.0, {"w": [3.0, 2.0], "b": 1.0},
    )  # fmt: skip
    values, slopes = f.value_and_grad_batch({"w": np.ones((4, 2)), "b": np.zeros(4)})
    assert values.tolist() == [1.0] * 4
    assert slopes["w"].shape == (4, 2)


@parametrize(["python", "native"])
def test_arrays_in_arrays_out(backend):
    f = jit(lambda x: ((x[1:] - x[:-1]) ** 2).sum(), backend=backend)
    value, slope = f.value_and_grad(np.array([1.0, 2.0, 5.0]))
    assert value == 10.0
    assert isinstance(slope, np.ndarray)
    assert slope.tolist() == [-2.0, -4.0, 6.0]
    values, slopes = jit(lambda x: (x * x).sum()).value_and_grad_batch(np.eye(3))
    assert values.tolist() == [1.0] * 3
    assert slopes.tolist() == (2 * np.eye(3)).tolist()


def test_other_shapes_are_recorded_anew():
    f = jit(lambda xs: sum(xs[1:], xs[0]))
    assert [f([1.0]), f([1.0, 2.0]), f([1.0] * 5)] == [1.0, 3.0, 5.0]
    assert len(f.tapes) == 3


# -- options and errors ----------------------------------------------------------


def test_wrong_shapes():
    f = jit(lambda x, y: x[0] * y)
    with pytest.raises(ShapeError, match=r"\[2, 3\] samples"):
        f.batch(np.ones((2, 1)), np.ones(3))
    with pytest.raises(ShapeError, match=r"args\[0\]\[1\] has not the structure"):
        f.batch([[1.0], [1.0, 2.0]], [1.0, 2.0])
    with pytest.raises(ShapeError, match="a row for each sample"):
        f.batch(1.0, [1.0])
    with pytest.raises(ShapeError, match="no samples"):
        f.batch([], [])
    with pytest.raises(OperandError, match="no number"):
        f(["a"], 1.0)
    with pytest.raises(TapeError, match="one number"):
        jit(lambda x: [x, x]).value_and_grad(1.0)
    known = ", ".join(["auto", *BACKENDS])
    with pytest.raises(OptionError, match=f"backend='gpu': choose from {known}"):
        jit(sin, backend="gpu")
    with pytest.raises(OptionError, match="nonfinite="):
        jit(sin, nonfinite="maybe")


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_docstring_of_jit_tells_of_every_back_end(backend):
    assert f'"{backend}"' in jit.__doc__


@parametrize(["native"])
def test_auto_compiles_what_it_takes_and_nothing_else(monkeypatch, backend):
    """Loops over lanes; arrays for large matrix products."""
    compiled = []
    for name, one in BACKENDS.items():

        def compile_batch(tape, threads, one=one, name=name):
            compiled.append(name)
            return one.compile_batch(tape, threads)

        spied = dataclasses.replace(one, compile_batch=compile_batch)
        monkeypatch.setitem(BACKENDS, name, spied)
    small, large = ([nn.parameter(1.0) for _ in range(n)] for n in (3, 110 * 100))

    def multiply(weights, xs):
        rows = [weights[i : i + len(xs)] for i in range(0, len(weights), len(xs))]
        return sum(sum(w * x for w, x in zip(row, xs, strict=True)) for row in rows)

    regular = jit(lambda xs: multiply(large, xs))
    assert regular.batch(np.ones((2, 110))).tolist() == [11000.0] * 2
    assert compiled == ["numpy"]
    irregular = jit(lambda xs: multiply(small, xs))
    assert irregular.batch(np.ones((2, 3))).tolist() == [3.0] * 2
    assert compiled == ["numpy", backend]

    def recur(x, y):  # 12,000 weights, two by two
        for _ in range(3000):
            x, y = 0.5 * x + 0.25 * y, 0.25 * x - 0.5 * y
        return x

    assert jit(recur).batch(np.ones(2), np.ones(2)).tolist() == [recur(1.0, 1.0)] * 2
    assert compiled == ["numpy", backend, backend]
    risky = jit(lambda x: sum((x + i).sin() for i in range(11_000)))  # all are checked
    assert risky.batch(np.ones(2))[0] == sum(math.sin(1.0 + i) for i in range(11_000))
    assert compiled == ["numpy", backend, backend, backend]


def test_what_raises_on_floats_raises_in_a_replay():
    f = jit(lambda x: log(x) * 2)
    assert f(1.0) == 0.0
    with pytest.raises(DomainError, match=r"log\(-1.0\)"):
        f(-1.0)
    with pytest.raises(DomainError, match="log"):
        f.value_and_grad(-1.0)
    g = jit(lambda x: sqrt(x))
    assert g.value_and_grad(4.0) == (2.0, 0.25)
    assert g.value_and_grad(0.0) == (0.0, math.inf)


def test_a_gradient_that_is_no_float_reaches_the_leaves():
    """√ has no finite slope at 0: a replay on floats raises, and Values go on."""
    w = nn.parameter(0.0)
    f = jit(lambda: (w * w).sqrt())
    assert f.backward() == 0.0
    assert math.isnan(w.grad)
    w.data, w.grad = 3.0, 0.0
    assert f.backward() == 3.0
    assert w.grad == 1.0


def test_a_batch_with_a_result_that_is_not_finite():
    xs = [1.0, -1.0, 0.0, 2.0]
    with pytest.raises(TapeError, match=r"sample 1 is nan, and 1 more"):
        jit(log).batch(xs)
    with pytest.raises(TapeError, match=r"log\(−1\)"):
        jit(lambda x: log(x), nonfinite="explain").batch(xs)
    found = jit(log, nonfinite="allow").batch(xs)
    assert np.isnan(found[1])
    assert found[2] == -math.inf


def test_missing_extras_are_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(ModuleNotFoundError, match=r"dotgrad\[fast\]"):
        jit(sin).batch([1.0])
    assert jit(sin)(0.0) == 0.0  # one sample needs no extra
    monkeypatch.undo()
    monkeypatch.setattr("engine.tape.backends.backend.load_replay", lambda: None)
    with pytest.raises(ModuleNotFoundError, match="is part of the compiled core"):
        jit(lambda x: sin(x) * 3, backend="native").batch([1.0])
    assert jit(sin).batch([0.0]).tolist() == [0.0]


def test_threads_may_share_a_jitted_function():
    f = jit(lambda x: x * 2 if x > 0 else -x)
    wrong = []

    def work(seed):
        rng = random.Random(seed)
        for _ in range(300):
            x = rng.uniform(-1, 1)
            if f(x) != (x * 2 if x > 0 else -x):
                wrong.append(x)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(f.tapes) <= 4


def test_other_threads_compute_while_one_records():
    seen = []

    def slow(x):
        thread = threading.Thread(target=lambda: seen.append(float(Value(2.0) * 3)))
        thread.start()
        thread.join()
        return x * x

    assert jit(slow)(3.0) == 9.0
    assert seen == [6.0, 6.0]  # a function is run twice, to see that the runs agree


def test_the_source_of_a_tape_is_shown_in_tracebacks():
    import linecache

    f = jit(lambda x: x * x + 1)
    f(1.0)
    replay = f.specializations.items()[0][1].value
    lines = linecache.getlines(replay.__code__.co_filename)
    assert any("v0 * v0" in line for line in lines)


# -- tapes as text ---------------------------------------------------------------


def test_a_tape_prints_one_line_an_instruction():
    w = Value(2.0, label="w")
    tape = record(lambda x: sin(x * w) if x > 1 else x, (3.0,)).tape
    text = str(tape).splitlines()
    assert text[:5] == [
        "inputs v0",
        "v1 = leaf w",
        "v2 = 1",
        "v3 = v0 × v1",
        "v4 = sin(v3)",
    ]
    assert text[5].startswith("guard v0 > v2  ")
    assert text[5].rpartition(":")[2].isdigit()
    assert text[6] == "outputs v4"


def broken(tape):
    good = tape.to_json()
    yield "{", "not the JSON"
    yield "[]", "not the JSON of a tape that"
    yield good.replace('"version": 2', '"version": 7'), "version 7"
    yield good.replace('"mul"', '"mull"'), "no operation 'mull'"
    yield good.replace("[[0, 0]", "[[0, 9]"), "v1 = mul"
    yield good.replace("[[0, 0]", "[[0]"), "v1 = mul"
    yield good.replace('"outputs": [2]', '"outputs": [99]'), "slots that it does not"
    yield good.replace('"inputs": 1', '"inputs": "x"'), "damaged"


@pytest.mark.parametrize(
    ("entry", "forged"),
    [
        ("outcome", "open('forged', 'w')"), ("outcome", 1), ("outcome", None),
        ("left", "0) or open('forged', 'w'"), ("left", 0.0), ("right", True),
        ("relation", ["gt"]), ("relation", "gt) or ("), ("where", 5), ("more", 0),
    ],
)  # fmt: skip
def test_a_forged_guard_never_becomes_code(entry, forged):
    body = json.loads(record(lambda x: x * x if x > 0 else x, (1.0,)).tape.to_json())
    body["guards"][0][entry] = forged
    if entry == "more":  # what nobody asks for changes nothing
        assert Tape.from_json(json.dumps(body)).guards[0].outcome is True
        return
    with pytest.raises(TapeError, match="damaged"):
        Tape.from_json(json.dumps(body))


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": -1, "ops": [], "operands": [], "outputs": []}, {"inputs": True},
        {"outputs": [0.5]}, {"ops": [["mul"]]}, {"operands": [[0, "0"]]},
        {"leaves": [7]}, {"constants": ["0x1p9999"]}, {"guards": [[]]},
    ],
)  # fmt: skip
def test_entries_of_another_type_are_refused(change):
    body = json.loads(record(lambda x: x * x if x > 0 else x, (1.0,)).tape.to_json())
    with pytest.raises(TapeError):
        Tape.from_json(json.dumps(body | change))


def test_damaged_tapes_are_refused():
    tape = record(lambda x: sin(x * x), (1.0,)).tape
    for text, message in broken(tape):
        assert text != tape.to_json()
        with pytest.raises(TapeError, match=message):
            Tape.from_json(text)
    assert Tape.from_json(tape.to_json()) == tape


def test_the_source_of_a_replay_goes_with_it():
    f = jit(lambda x: x * 3)
    before = set(linecache.cache)
    assert f(2.0) == 6.0
    [name] = set(linecache.cache) - before
    assert name.startswith("<tape ")
    del f
    gc.collect()
    assert name not in linecache.cache


@every_backend
def test_what_carries_no_gradient_spoils_none(backend):
    """Behind a stop or in a comparison slopes may be infinite: 0 · ∞ is not added."""

    def f(x, y):
        return detach(sqrt(x)) * 3 + x * y

    def detach(x):
        return x.detach() if isinstance(x, Value) else x

    g = jit(f, backend=backend, argnums=(0, 1))
    assert g.value_and_grad(0.0, 2.0) == (0.0, (2.0, 0.0))
    values, (by_x, by_y) = g.value_and_grad_batch(np.zeros(4), np.full(4, 2.0))
    assert (values == 0.0).all()
    assert (by_x == 2.0).all()
    assert (by_y == 0.0).all()
    asked = jit(lambda x: x * 2 if sqrt(x) < 1 else x, backend=backend)
    assert asked.value_and_grad_batch(np.zeros(3))[1].tolist() == [2.0] * 3
    only = jit(lambda x: detach(x * x), backend=backend)
    assert only.value_and_grad(3.0) == (9.0, 0.0)
    w = Value(0.0)
    by_leaf = jit(lambda x: detach(sqrt(w)) * x + w * x, backend=backend)
    by_leaf.backward(np.array([2.0, 4.0]))
    assert w.grad == 3.0


def test_what_floats_cannot_differentiate_is_differentiated_by_the_engine():
    """1 ÷ (2 √x) at 0 divides by zero with floats; its limit is ∞."""
    assert jit(sqrt).value_and_grad(0.0) == (0.0, math.inf)

    def plain_there(x):
        return 5.0 if x == 0 else sqrt(x) if x > 0 else sqrt(-x)

    f = jit(plain_there)
    assert f.value_and_grad(4.0) == (2.0, 0.25)
    assert f.value_and_grad(0.0) == (5.0, 0.0)
    with pytest.raises(TapeError, match="gives 2 in a structure"):
        jit(lambda x: [sqrt(x), x]).value_and_grad(0.0)
