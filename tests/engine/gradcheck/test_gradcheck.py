"""The gradient check: right gradients pass, wrong ones do not, kinks are told."""

import math
import operator
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import (
    TABLE,
    GradientError,
    OperandError,
    OptionError,
    Value,
    check_gradients,
    gradient_table,
)
from engine.gradcheck.differences import estimate_slopes
from engine.testing import assert_gradients, expressions, operands

ROWS = list(TABLE.values())


@settings(max_examples=300)
@given(expressions(smooth=True))
def test_random_smooth_expressions_pass(expression):
    table = gradient_table(expression, *expression.inputs)
    for row in table.rows:
        # small steps, beside the end of a domain, cannot see that 0 is 0
        hidden = row.analytic == 0 and row.slope.value == 0 and row.slope.error < 1e-6
        assert row.ok or (hidden and row.verdict == "inconclusive"), f"{table}"


@settings(max_examples=60)
@given(expressions(smooth=True, max_steps=4, bound=10.0))
def test_second_order_passes(expression):
    check_gradients(expression, *expression.inputs, order=2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
@settings(max_examples=25)
@given(data=st.data())
def test_every_row_passes_anywhere_in_its_domain(op, data):
    """Kinks and ends of domains included."""
    xs = data.draw(operands(op, bound=20.0))
    try:
        value = op(*xs)
    except engine.EngineError:
        return
    table = gradient_table(op, *xs)
    for row in table.rows:
        undefined = (
            math.isnan(row.analytic) or row.slope.note == "not defined around here"
        )
        # nothing can be seen between a number and the end of a domain beside it
        near_an_end = any(0 < abs(abs(x) - 1) < 1e-12 for x in xs)
        # nor whether 0 is 0 where values are large
        hidden = row.analytic == 0 and abs(value) > 100
        jumps = op.name in {"mod", "floordiv", "sign", "floor", "ceil"}
        hopeless = undefined or near_an_end or hidden or jumps
        assert row.ok or (hopeless and row.verdict == "inconclusive"), f"{xs}\n{table}"


WRONG = {
    "factor": lambda out, x, y: (1.001 * y, x),
    "swapped": lambda out, x, y: (x, y),
    "sign": lambda out, x, y: (y, -x),
    "missing": lambda out, x, y: (y, 0),
}


@pytest.fixture(params=WRONG)
def wrong(request):
    op = engine.register("wrong", "×", operator.mul, WRONG[request.param])
    yield op
    engine.unregister("wrong")


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_wrong_rules_are_caught(wrong, mode):
    with pytest.raises(GradientError) as caught:
        check_gradients(lambda x, y: wrong(x, y) + x, 2.0, 3.0, modes=[mode])
    text = str(caught.value)
    assert "WRONG" in text
    assert mode in text
    assert "analytic" in text
    assert caught.value.table.wrong
    assert isinstance(caught.value, AssertionError)
    assert isinstance(caught.value.graph, Value)


@pytest.mark.parametrize("method", ["richardson", "central"])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(
    ("relative", "absolute", "options", "verdict"),
    [
        (3e-7, 0, {}, "right"),
        (3e-6, 0, {}, "wrong"),
        (5e-5, 0, {}, "wrong"),
        (3e-6, 0, {"rtol": 1e-5}, "right"),
        (3e-5, 0, {"rtol": 1e-5}, "wrong"),
        (0, 3e-10, {}, "wrong"),
        (0, 3e-10, {"atol": 1e-9}, "right"),
        (0, 3e-9, {"atol": 1e-9}, "wrong"),
        (0, 5e-8, {}, "wrong"),
        (0, 5e-8, {"atol": 1e-7}, "right"),
        (0, 5e-7, {"atol": 1e-7}, "wrong"),
    ],
)
def test_as_much_is_allowed_as_was_said(
    relative, absolute, options, verdict, mode, method
):
    """Of 3x, the derivative 3; of 0 x, the derivative 0: both have no other error."""
    slope = 3 * bool(relative)
    found = slope * (1 + relative) + absolute
    line = engine.Op("line", "l", lambda x: slope * x, lambda out, x: (found,))
    [row] = gradient_table(line, 2.0, modes=[mode], method=method, **options).rows
    assert row.verdict == verdict


@pytest.mark.parametrize(("times", "is_wrong"), [(0.5, False), (20, True), (100, True)])
def test_the_error_of_the_differences_counts_a_few_times_and_no_more(times, is_wrong):
    """Central differences of x³ are off by h², as they say."""
    options = {"modes": ["reverse"], "method": "central", "rtol": 0, "atol": 0}
    [row] = gradient_table(lambda x: x**3, 2.0, **options).rows
    off = times * row.slope.error
    assert 0 < row.slope.error < 1e-3
    cube = engine.Op("cube", "c", lambda x: x**3, lambda out, x: (3 * x**2 + off,))
    assert bool(gradient_table(cube, 2.0, **options).wrong) is is_wrong


def test_a_detached_part_and_a_lost_accumulation_are_caught(monkeypatch):
    with pytest.raises(GradientError):
        check_gradients(lambda x: x * x.detach(), 3.0)

    def careless(output, seed=1.0):
        found = {output: seed}
        for node in reversed(engine.topological_order(output)):
            for parent, partial in zip(node.parents, node.partials, strict=True):
                found[parent] = found[node] * partial
        return found

    monkeypatch.setattr(engine.gradcheck.function, "adjoints", careless)
    with pytest.raises(GradientError, match="reverse"):
        check_gradients(lambda x: x * x + x, 3.0)


@pytest.mark.parametrize(
    ("f", "at", "low", "high"),
    [
        (engine.relu, 0.0, 0, 1),
        (lambda x: abs(x), 0.0, -1, 1),
        (lambda x: engine.max(x, 2 * x - 3), 3.0, 1, 2),
        (lambda x: engine.min(x, 2 * x - 3), 3.0, 1, 2),
        (lambda x: engine.leaky_relu(x, 0.1), 0.0, 0.1, 1),
        (lambda x: engine.hypot(x, 0.0), 0.0, -1, 1),
        (lambda x: 5 * engine.relu(x) - x, 0.0, -1, 4),
    ],
)
def test_kinks_are_told_and_do_not_fail(f, at, low, high):
    check_gradients(f, at)
    [row] = gradient_table(f, at, modes=["reverse"]).rows
    assert row.slope.note == "kink"
    assert row.slope.low == pytest.approx(low, abs=1e-9)
    assert row.slope.high == pytest.approx(high, abs=1e-9)
    assert "kink" in str(gradient_table(f, at))


def test_a_subgradient_outside_the_interval_is_wrong():
    engine.register("bad_relu", "relu", lambda x: engine.where(x < 0, 0, x),
                    lambda out, x: (engine.where(x == 0, 2, 1),))  # fmt: skip
    try:
        with pytest.raises(GradientError, match="kink"):
            check_gradients(engine.bad_relu, 0.0)
    finally:
        engine.unregister("bad_relu")


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x**2, 1e8),
        (lambda x: x**2, 1e-8),
        (lambda x: 1 / x, 1e-5),
        (lambda x: engine.log(x), 1e-6),
        (lambda x: engine.exp(x), 300.0),
        (lambda x: engine.sin(1 / x), 0.05),
        (lambda x: x * 1e12 + 1, 1.0),
        (lambda x: x * 1e-12, 1.0),
    ],
)
def test_tiny_and_huge(f, x):
    check_gradients(f, x)
    with pytest.raises(GradientError):
        check_gradients(lambda v: f(v) + 1e-3 * f(v.detach()), x, atol=0)


def test_edges_of_domains():
    [row] = gradient_table(engine.acosh, 1.0, modes=["reverse"]).rows
    assert row.analytic == math.inf
    assert row.ok
    check_gradients(lambda x: engine.sqrt(x) ** 3, 1e-4)
    [row] = gradient_table(lambda x: x * math.inf, 1.0, modes=["reverse"]).rows
    assert row.slope.note == "the value is not finite"
    assert not row.ok


def test_structures_and_their_paths():
    def f(p, x):
        return {"y": p["w"][0] * x + p["b"], "z": [p["w"][1] * x]}

    args = ({"w": [2.0, 3.0], "b": 1.0}, 5.0)
    check_gradients(f, *args)
    table = gradient_table(f, *args, modes=["forward"])
    names = {(row.input, row.output) for row in table.rows}
    assert ("args[0]['w'][1]", "output['z'][0]") in names
    assert ("args[1]", "output['y']") in names
    assert len(table.rows) == 8
    assert table.ok
    assert table.mean_difference < 1e-9


def test_parameters_are_checked_in_place_and_put_back():
    w, b = Value(0.5, label="w"), Value(-0.25)

    def loss():
        return engine.tanh(w * 3 + b) ** 2

    check_gradients(loss, parameters=[w, b])
    assert (w.data, b.data, w.grad) == (0.5, -0.25, 0.0)
    table = gradient_table(loss, parameters=[w, b])
    assert {row.input for row in table.rows} == {"w", "parameters[1]"}

    def fails():
        if w != 0.5:
            raise KeyboardInterrupt
        return w * 2

    with pytest.raises(KeyboardInterrupt):
        check_gradients(fails, parameters=[w])
    assert w.data == 0.5


def test_the_textbooks_central_difference():
    check_gradients(lambda x: engine.exp(engine.sin(x)), 0.7, method="central")
    table = gradient_table(lambda x: x**2, 0.5, method="central")
    assert table.mean_difference < 1e-9
    with pytest.raises(GradientError):
        check_gradients(lambda x: x * x.detach(), 3.0, method="central")


@pytest.mark.parametrize("method", ["richardson", "central"])
def test_the_estimated_error_covers_the_true_one(method):
    for x in (-3.0, 0.1, 1.0, 20.0):
        for f, df in ((math.sin, math.cos), (math.exp, math.exp), (math.atan,
                      lambda x: 1 / (1 + x * x))):  # fmt: skip
            [slope] = estimate_slopes(lambda t, f=f: [f(t)], x, method=method)
            assert abs(slope.value - df(x)) <= 4 * slope.error + 1e-12 * abs(df(x))
            assert slope.error < (1e-7 if method == "richardson" else 1e-3) * max(
                1, abs(df(x))
            )


def test_a_model_with_a_bar(monkeypatch, capsys):
    leaves = [Value(math.sin(i), label=f"w{i}") for i in range(60)]

    def loss():
        return engine.mean(w.tanh() * (i % 7) for i, w in enumerate(leaves)) ** 2

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    check_gradients(loss, parameters=leaves, modes=["reverse"], progress=True)
    assert "gradient check: 100%" in capsys.readouterr().err


def test_progress_names_the_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    check_gradients(lambda x: x, 1.0, progress=True)
    [line] = capsys.readouterr().err.splitlines()
    assert "pip install 'dotgrad[progress]'" in line


def test_no_bar_without_a_terminal(capsys):
    check_gradients(lambda x: x, 1.0, progress=True)
    assert capsys.readouterr().err == ""


def test_errors():
    with pytest.raises(OptionError, match="order=3"):
        check_gradients(lambda x: x, 1.0, order=3)
    with pytest.raises(OptionError, match="modes="):
        check_gradients(lambda x: x, 1.0, modes=["sideways"])
    with pytest.raises(OptionError, match="modes="):
        check_gradients(lambda x: x, 1.0, modes=[])
    with pytest.raises(OptionError, match="method='euler'"):
        check_gradients(lambda x: x, 1.0, method="euler")
    with pytest.raises(OptionError, match="parameters"):
        check_gradients(lambda: Value(1.0), parameters=[Value(1.0)], order=2)
    with pytest.raises(OperandError, match="arguments for f"):
        check_gradients(lambda: 1.0)
    with pytest.raises(OperandError, match="leaf Values"):
        check_gradients(lambda: 1.0, parameters=[Value(1.0) * 2])
    with pytest.raises(OperandError, match="the result of f is 'a'"):
        check_gradients(lambda _: "a", 1.0)


def test_long_tables_are_cut():
    xs = [float(i) for i in range(1, 30)]
    text = str(gradient_table(sum, xs, modes=["reverse"]))
    assert "... 9 more rows" in text
    assert len(text.splitlines()) == 22


def test_assert_gradients_is_an_assertion():
    assert_gradients(lambda x: x**3, 2.0)
    with pytest.raises(AssertionError, match="derivatives are wrong"):
        assert_gradients(lambda x: x * x.detach(), 2.0)
