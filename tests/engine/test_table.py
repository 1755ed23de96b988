"""Every row of the table, checked without a list of rows."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp, mpf
from oracle import (
    amplification,
    condition_of_second,
    exact,
    exact_partials,
    exact_second,
    gradient,
    relative,
)

from engine import TABLE, EngineError, Value, gradients
from engine.graph.build import build_node, local_derivatives
from engine.operation.op import Op
from engine.testing import expressions, operands

ROWS = list(TABLE.values())
rows = pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)


def smooth(op, xs):
    return op.kinks is None or abs(op.kinks(*xs)) > 1e-6


@rows
@given(data=st.data())
def test_value_is_right_to_the_last_bits(op, data):
    xs = [x + 0.0 for x in data.draw(operands(op))]  # mpmath knows no −0
    try:
        out = op(*xs)
    except EngineError:
        assume(False)
    assume(math.isfinite(out) and abs(out) > 1e-300)
    if op.name in {"floordiv", "mod"}:  # a rounded quotient may reach the next integer
        assume(smooth(op, xs))
    # pow, softplus and tan of large operands lose some bits in libm; sub is exact.
    # gelu takes erfc of a rounded x/√2, whose error grows by x².
    tolerance = 1e-14 * (max(1, xs[0] ** 2 / 50) if op.name == "gelu" else 1)
    assert relative(out, exact(op, *map(mpf, xs))) < tolerance


@rows
@given(data=st.data())
def test_local_derivatives_agree_with_mpmath(op, data):
    xs = data.draw(operands(op))
    assume(smooth(op, xs))
    try:
        out = op(*xs)
    except EngineError:
        assume(False)
    inner = all(x not in (0, 1, -1) for x in xs)  # the ends of domains: see numerics
    assume(inner and abs(out) > 1e-300)
    found = local_derivatives(op, out, xs)
    for mine, true in zip(found, exact_partials(op, *xs), strict=True):
        if 1e-300 < abs(true) < 1e300:
            assert relative(mine, true) < 1e-13, (xs, mine, mp.nstr(true, 17))


@rows
@given(data=st.data())
def test_recorded_derivatives_are_those_of_the_rule(op, data):
    xs = data.draw(operands(op))
    try:
        expected = local_derivatives(op, op(*xs), xs)
    except EngineError:
        assume(False)
    leaves = [Value(x) for x in xs]
    node = op(*leaves)
    slow = build_node(op, tuple(leaves))
    for made in (node, slow):
        assert made.data == op(*xs)
        assert made.op is op
        assert made.parents == tuple(leaves)
        assert all(p is q for p, q in zip(made.parents, leaves, strict=True))
        assert list(map(repr, made.partials)) == list(map(repr, expected))
        assert all(type(d) is float for d in made.partials)


@rows
@given(data=st.data())
def test_second_derivative_is_the_derivative_of_the_first(op, data):
    """The rule, run on Values, against mpmath's derivative of mpmath's derivative."""
    xs = data.draw(operands(op, bound=20.0))
    # No second derivative where the first one jumps; ends of domains: see numerics.
    assume(smooth(op, xs) and all(x not in (0, 1, -1) for x in xs))
    leaves = [Value(x) for x in xs]
    try:
        y = op(*leaves)
    except EngineError:
        assume(False)
    for i, first in enumerate(gradients(y, leaves)):
        for j, second in enumerate(gradients(first, leaves)):
            true = exact_second(op, xs, i, j)
            if 1e-280 < abs(true) < 1e280 and relative(second.data, true) >= 1e-13:
                # A few roundings of the operands must explain it.
                condition = condition_of_second(op, xs, i, j)
                assert relative(second.data, true) < 1e-15 * condition, (xs, i, j)


@rows
def test_formulas_are_written_from_the_rule(op):
    assert len(op.formulas) == op.arity
    for formula in op.formulas:
        assert formula
        assert "Symbol" not in formula


@rows
def test_it_is_a_function_of_the_package(op):
    import engine

    assert getattr(engine, op.name) is op
    assert op.name in dir(engine)


RATIONAL = ("add", "sub", "mul", "truediv", "floordiv", "mod", "neg", "abs", "relu")
fractions = st.fractions(-50, 50, max_denominator=100)


@pytest.mark.parametrize("name", [*RATIONAL, "max", "min"])
@given(data=st.data())
def test_rational_rows_are_exact_on_fractions(name, data):
    op = TABLE[name]
    xs = data.draw(st.tuples(*[fractions] * op.arity))
    assume(name not in {"truediv", "floordiv", "mod"} or xs[1])
    out = op(*xs)
    assert isinstance(out, (Fraction, int))
    assert out == exact_rational(name, xs)
    if op.kinks is None:  # the rule too: the difference quotient in its exact form
        for mine, true in zip(
            op.partials(out, *xs), rational_partials(name, xs), strict=True
        ):
            assert mine == true


def exact_rational(name, xs):
    return {
        "add": lambda x, y: x + y,
        "sub": lambda x, y: x - y,
        "mul": lambda x, y: x * y,
        "truediv": lambda x, y: x / y,
        "floordiv": lambda x, y: Fraction((x / y).__floor__()),
        "mod": lambda x, y: x - y * (x / y).__floor__(),
        "neg": lambda x: -x,
        "abs": lambda x: x if x >= 0 else -x,
        "relu": lambda x: x if x >= 0 else 0,
        "max": lambda x, y: x if x >= y else y,
        "min": lambda x, y: x if x <= y else y,
    }[name](*xs)


def rational_partials(name, xs):
    if name in {"add", "sub", "neg"}:
        return {"add": (1, 1), "sub": (1, -1), "neg": (-1,)}[name]
    x, y = xs
    return (y, x) if name == "mul" else (1 / y, -x / (y * y))


@given(expressions(smooth=True, max_steps=6))
def test_random_expressions_agree_with_mpmath(expression):
    """Reverse sweep to 1e-12 relative wherever the derivative is well conditioned.

    A derivative that amplifies relative errors of single steps by more than 500, as
    measured on the 50-digit twin, is ill conditioned: 500 × 2⁻⁵³ × a few steps is
    what 1e-12 leaves room for.
    """
    truth, amplified = amplification(gradient(expression))
    xs = [Value(x) for x in expression.inputs]
    output = expression(*xs)
    output.backward()
    for x, true, factor in zip(xs, truth, amplified, strict=True):
        if factor < 500 and 1e-290 < abs(true) < 1e290:
            assert relative(x.grad, true) < 1e-12, f"\n{expression}"
        elif true == 0 and factor == 1:
            assert x.grad == 0


@given(expressions())
def test_random_expressions_agree_with_floats(expression):
    """Bit for bit: the same program on floats and on Values."""
    floats = expression.all(*expression.inputs)
    values = expression.all(*map(Value, expression.inputs))
    assert [repr(float(x)) for x in floats] == [repr(float(v)) for v in values]


anything = st.floats() | st.integers(-5, 5).map(float)


@rows
@given(data=st.data())
def test_same_exceptions_as_on_floats(op, data):
    """Any operands at all: the same number, or the same kind of exception.

    The row's plain function is what Python does on floats (math.log, operator.pow).
    """
    xs = data.draw(st.tuples(*[anything] * op.arity))
    try:
        expected = op.value(*xs)
    except (ArithmeticError, ValueError) as error:
        with pytest.raises(type(error)) as caught:
            op(*map(Value, xs))
        assert isinstance(caught.value, EngineError)
        assert op.name in str(caught.value)
        return
    if isinstance(expected, complex):
        with pytest.raises(ValueError, match="complex"):
            op(*map(Value, xs))
        return
    node = op(*map(Value, xs))
    assert repr(node.data) == repr(float(expected))
    assert all(type(d) is float for d in node.partials)


places = st.tuples(st.integers(0, 5), st.integers(0, 5))
programs = st.lists(st.tuples(st.sampled_from(ROWS), places), min_size=1, max_size=6)


@given(programs, st.lists(anything, min_size=1, max_size=3))
def test_random_programs_fail_as_floats_do(program, inputs):
    """Wild expressions: at every step the same number or the same kind of exception."""
    floats, values = list(inputs), list(map(Value, inputs))
    for op, places in program:
        chosen = [place % len(floats) for place in places[: op.arity]]
        expected = outcome(op.value, [floats[i] for i in chosen])
        assert outcome(op, [values[i] for i in chosen]) == expected
        if isinstance(expected, str):
            values.append(op(*(values[i] for i in chosen)))
            floats.append(values[-1].data)


def outcome(function, xs):
    try:
        out = function(*xs)
    except (ArithmeticError, ValueError) as error:
        kinds = (ZeroDivisionError, OverflowError, ValueError)
        return next(kind for kind in kinds if isinstance(error, kind))
    return ValueError if isinstance(out, complex) else repr(float(out))


WRONG = {
    "factor": lambda out, x, y: (2.001 * y, x),
    "swapped": lambda out, x, y: (x, y),
    "sign": lambda out, x, y: (y, -x),
}


@pytest.mark.parametrize("rule", WRONG.values(), ids=WRONG)
def test_a_wrong_rule_is_caught(rule):
    """The tester is tested: the comparison above fails on planted errors."""
    wrong = Op("mul", "×", TABLE["mul"].value, rule)
    found = local_derivatives(wrong, 6.0, (2.0, 3.0))
    true = exact_partials(wrong, 2.0, 3.0)
    assert any(relative(a, b) > 1e-13 for a, b in zip(found, true, strict=True))
