"""Each pass keeps what a tape computes, for operations that are easily taken for one.

The values are those of the same program on plain floats, bit for bit.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import TABLE, EngineError, Value, cos, exp, sin
from engine.tape import BACKENDS, record
from engine.tape.backends.python import compile_tape
from engine.tape.ir.passes import (
    ALL,
    add_check,
    compress,
    expand_powers,
    fold_constants,
    fuse_dot_products,
    remove_dead_code,
    share_subexpressions,
)
from engine.testing import expressions, operands

PASSES = {one.__name__: one for one in (*ALL, compress)}
each_pass = pytest.mark.parametrize("one", PASSES.values(), ids=PASSES)
BINARY = [op for op in TABLE.values() if op.arity == 2]
each_binary = pytest.mark.parametrize("op", BINARY, ids=lambda op: op.name)


def replay(tape, xs):
    """The results of a tape; those with sums of products are for arrays."""
    if "dot" not in tape.ops:
        return list(compile_tape(tape, gradient=False)(xs, []))
    columns = np.array([xs], dtype=float).T
    found = BACKENDS["numpy"].compile_batch(tape, len(tape.outputs)).values(columns, [])
    return [float(np.ravel(one)[0]) for one in found]


def bits(numbers):
    return [math.nan if x != x else float(x).hex() for x in numbers]


def on_floats(f, xs):
    """What plain floats give; programs that raise there are not for these tests."""
    try:
        return [float(x) for x in f(*xs)]
    except EngineError:
        assume(False)


def check(one, f, xs):
    """A pass, on a program whose operations IEEE 754 defines to the last bit."""
    expected, tape = on_floats(f, xs), one(record(f, xs).tape)
    assert bits(replay(tape, xs)) == bits(expected)
    return tape


# -- twins ---------------------------------------------------------------------------


@each_pass
@each_binary
@settings(max_examples=20)
@given(data=st.data())
def test_both_orders_of_one_pair_are_two_operations(op, one, data):
    check(one, lambda x, y: (op(x, y), op(y, x)), data.draw(operands(op, bound=8.0)))


@each_pass
@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x, y: x - y, (-3, 3)),
        (lambda x, y: x / y, (0.4, 2.5)),
        (lambda x, y: x**y, (32, 25)),
        (lambda x, y: x // y, (0, 2)),
        (lambda x, y: x % y, (2, 1)),
    ],
)
def test_both_orders_by_hand(one, f, expected):
    tape = one(record(lambda x, y: (f(x, y), f(y, x)), (2.0, 5.0)).tape)
    assert tuple(replay(tape, (2.0, 5.0))) == expected
    assert len(tape.ops) == 2


def test_only_sums_and_products_are_the_same_in_both_orders():
    for op in BINARY:
        tape = share_subexpressions(
            record(lambda x, y, op=op: (op(x, y), op(y, x)), (1.5, 2.5)).tape
        )
        assert len(tape.ops) == (1 if op.name in ("add", "mul") else 2), op
        again = share_subexpressions(
            record(lambda x, y, op=op: (op(x, y), op(x, y)), (1.5, 2.5)).tape
        )
        assert len(again.ops) == 1, op


@each_pass
def test_zeros_of_both_signs_are_two_constants(one):
    """x + 0 is +0 at −0 and x + (−0) is −0; 1 ÷ (±0) would be ±∞."""

    def f(x):
        return (x + 0.0, x + -0.0, x * 0.0, x * -0.0, x - 0.0, 0.0 - x, -0.0 - x)

    for x in (-0.0, 0.0, 1.5, -2.0):
        check(one, f, (x,))
    tape = one(record(f, (-0.0,)).tape)
    assert sorted(map(str, tape.constants))[:2] == ["-0.0", "0.0"]


@each_pass
def test_constants_of_other_signs_and_neighbours_are_told_apart(one):
    near = math.nextafter(3.0, 4.0)

    def f(x):
        return (x * 3, x * -3, x * near, x - 3, 3 - x, x / 3, 3 / x, -x / -3)

    for x in (0.7, -1.0, 2.0):
        check(one, f, (x,))


@each_pass
def test_the_same_operand_twice(one):
    def f(x, y):
        return (x - x, x / x, x * x, x + x, x * y - y * x, (x - y) - (y - x))

    check(one, f, (3.0, -7.0))
    check(one, lambda x: (x * x + x * x, x * x - x * x), (0.1,))


def some_constant(data, expression):
    """The program with some of its inputs in it as numbers; each step is a result, so
    that a pass that spoils any of them is seen."""
    fixed = [data.draw(st.booleans()) for _ in expression.inputs]

    def f(*given):
        xs = zip(expression.inputs, given, fixed, strict=True)
        return expression.all(*(number if c else value for number, value, c in xs))

    return f


ARITHMETIC = [TABLE[name] for name in ("add", "sub", "mul", "truediv", "neg", "abs")]


@each_pass
@given(data=st.data(), expression=expressions(ops=ARITHMETIC, max_steps=16))
def test_arithmetic_in_which_some_inputs_are_constants(one, data, expression):
    check(one, some_constant(data, expression), expression.inputs)


@pytest.mark.parametrize(
    "one", [fold_constants, share_subexpressions, remove_dead_code]
)
@given(data=st.data(), expression=expressions(max_inputs=4, max_steps=10))
def test_programs_in_which_some_inputs_are_constants(one, data, expression):
    check(one, some_constant(data, expression), expression.inputs)


# -- what each pass is for -----------------------------------------------------------


def ops_after(one, f, *xs):
    return one(record(f, xs).tape).ops


@pytest.mark.parametrize(
    ("power", "ops"),
    [
        (lambda x: x**1, ()),
        (lambda x: x**1.0, ()),
        (lambda x: +x, ()),
        (lambda x: x**2, ("mul",)),
        (lambda x: x**3, ("mul", "mul")),
        (lambda x: x**4, ("pow",)),
        (lambda x: x**0.5, ("pow",)),
        (lambda x: x**-1, ("pow",)),
        (lambda x: x**0, ("pow",)),
        (lambda x: 1**x, ("pow",)),
        (lambda x: 2**x, ("pow",)),
    ],
)
def test_small_powers_are_products_and_the_first_is_the_number_itself(power, ops):
    for x in (1.5, 3.0):
        tape = expand_powers(record(lambda x: power(x) + 1, (x,)).tape)
        assert tape.ops == (*ops, "add")
        assert replay(tape, [x]) == pytest.approx([power(x) + 1], rel=1e-15)


def test_constants_are_folded_and_nothing_else():
    def f(x):
        two = Value(2.0)
        return exp(two * 3) - x * two

    tape = fold_constants(record(f, (5.0,)).tape)
    assert tape.ops == ("mul", "sub")
    assert set(tape.constants) >= {math.exp(6.0), 2.0}
    assert replay(tape, [5.0]) == [math.exp(6.0) - 10.0]


def test_what_no_result_and_no_guard_needs_is_left_out():
    def f(x, y):
        unused = sin(x) * cos(y)
        del unused
        return x * y if exp(x) > 1 else y

    assert ops_after(remove_dead_code, f, 1.0, 2.0) == ("exp", "mul")
    raising = record(lambda x: _guarded(x), (0.0,)).tape
    assert remove_dead_code(raising).raised


def _guarded(x):
    try:
        return 1 / (x * x)
    except ZeroDivisionError:
        return x + 1


def test_sums_of_products_are_one_instruction():
    tape = fuse_dot_products(
        record(lambda a, b, c: a * b + b * c + c, (2.0, 3.0, 5.0)).tape
    )
    assert tape.ops == ("dot",)
    a, b, c, one = 0, 1, 2, 3
    assert tape.operands == ((a, b, b, c, c, one),)
    assert tape.constants == (1.0,)
    assert replay(tape, [2.0, 3.0, 5.0]) == [26.0]


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b, c: (p := a * b, p + b * c, p),  # a product that is used again
        lambda a, b, c: (s := a * b + c, s + a, s),  # so is a sum on the way
        lambda a, b, c: (a + (a * b + c),),  # leans to the right
        lambda a, b, c: (a - b * c, b * c - a),
        lambda a, b, c: ((a * b + b * a) * (a * b + b * a),),
    ],
)
def test_sums_that_share_their_parts(f):
    for xs in itertools.permutations((2.0, 3.0, -5.0)):
        check(fuse_dot_products, f, xs)
        check(compress, f, xs)


def test_a_check_is_not_finite_where_one_of_the_watched_numbers_is_not():
    f = lambda x, y: (x * y * 1.0, x - y, x + y)  # noqa: E731
    tape = record(f, (1.0, 2.0)).tape
    made = add_check(tape, 1)
    assert len(made.outputs) == 2
    assert replay(made, [1.0, 2.0]) == [2.0, 2.0]  # (1 − 2) + (1 + 2)
    assert replay(made, [math.inf, 2.0])[1] == math.inf
    assert math.isnan(replay(made, [math.nan, 2.0])[1])
    bare = add_check(record(lambda x, y: (x * y, x - y, x + y), (1.0, 2.0)).tape, 1)
    assert replay(bare, [1.0, 2.0])[1] == 10.0  # (1 − 2)² + (1 + 2)²
    assert replay(bare, [math.inf, 2.0])[1] == math.inf
    assert math.isnan(replay(bare, [math.nan, 2.0])[1])
    nothing = add_check(record(lambda x, y: (x * y, x), (1.0, 2.0)).tape, 1)
    assert nothing.outputs == (2,)
