"""A Value is a float that remembers: the semantics, a line each."""

import copy
import math
import operator
import pickle
import random
import statistics
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import engine
from engine import (
    TABLE,
    DivisionByZeroError,
    DomainError,
    EngineError,
    EscapeError,
    OperandError,
    RangeError,
    Value,
    no_grad,
    scope,
    topological_order,
)
from engine.tape import jit

floats = st.floats()
operands = floats | st.integers() | st.booleans() | st.fractions()
BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
    operator.mod, operator.pow, divmod,
]  # fmt: skip
UNARY = [
    operator.neg, operator.pos, operator.abs, float, int, round, math.floor, math.ceil,
    math.trunc, bool, str.format,
]  # fmt: skip
COMPARE = [
    operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
]  # fmt: skip


def outcome(function, *args):
    """What a call gives, in a form that tells nan, −0 and kinds of exceptions apart."""
    try:
        result = function(*args)
    except (ArithmeticError, ValueError) as error:
        kinds = (ZeroDivisionError, OverflowError, ValueError)
        return next(kind for kind in kinds if isinstance(error, kind))
    if isinstance(result, complex):
        return ValueError  # where floats turn complex, Values say so in an error
    if isinstance(result, tuple):
        return tuple(repr(float(x)) for x in result)
    return repr(float(result)) if not isinstance(result, bool) else result


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@given(x=floats, y=operands)
def test_operators_are_those_of_floats(function, x, y):
    expected = outcome(function, x, y)
    assert outcome(function, Value(x), y) == expected
    if not isinstance(y, int) or abs(y) < 2**1000:
        assert outcome(function, Value(x), Value(y)) == outcome(function, x, float(y))


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@given(x=operands, y=floats)
def test_reflected_operators_are_those_of_floats(function, x, y):
    assert outcome(function, x, Value(y)) == outcome(function, x, y)


@pytest.mark.parametrize("function", UNARY, ids=lambda f: f.__name__)
@given(x=floats)
def test_conversions_are_those_of_floats(function, x):
    if function is str.format:
        assert f"{Value(x):+.3e}" == f"{x:+.3e}"
    else:
        assert outcome(function, Value(x)) == outcome(function, x)


@given(x=st.floats(-1e6, 1e6), digits=st.integers(-3, 6))
def test_round_to_digits(x, digits):
    assert round(Value(x), digits) == round(x, digits)
    assert type(round(Value(x))) is int


@pytest.mark.parametrize("compare", COMPARE, ids=lambda f: f.__name__)
@given(x=floats, y=operands)
def test_comparisons_are_those_of_floats(compare, x, y):
    assert compare(Value(x), y) is compare(x, y)
    assert compare(y, Value(x)) is compare(y, x)


METHODS = {
    "is_integer": lambda x: x.is_integer(),
    "as_integer_ratio": lambda x: x.as_integer_ratio(),
    "hex": lambda x: x.hex(),
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
    "conjugate": lambda x: x.conjugate(),
    "complex": complex,
    "isclose": lambda x: math.isclose(x, 1.0, rel_tol=0.5),
    "divmod": lambda x: divmod(x, 3.0),
    "sum": lambda x: sum([x, 1.0]),  # of more floats, Python 3.12 rounds only once
    "max": lambda x: max(x, 1.0),
    "uniform": lambda x: random.Random(3).uniform(x, 2.0),
    "formats": lambda x: f"{x:.3f} {x:10.2e} {x:g} {x:+.1%}",
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@given(x=floats)
@example(x=-0.5)
@example(x=2.0)
@example(x=math.inf)
def test_what_floats_answer_values_answer(method, x):
    def ask(x):
        try:
            answer = method(x)
        except (OverflowError, ValueError) as error:
            return type(error), str(error)
        numbers = answer if isinstance(answer, tuple) else (answer,)
        return [repr(y.data if isinstance(y, Value) else y) for y in numbers]

    assert ask(Value(x)) == ask(x)


def test_the_parts_of_a_value_keep_its_graph():
    x = Value(3.0)
    y = x * x
    assert y.real is y
    assert y.conjugate() is y


@pytest.mark.parametrize(
    ("name", "slope"),  # of the result by the first number, where the graph is kept
    [
        ("median", 0.5),
        ("median_high", 1.0),
        ("mean", None),
        ("fmean", None),
        ("stdev", None),
        ("pvariance", None),
        ("geometric_mean", None),
    ],
)
def test_statistics_are_right_and_keep_the_graph_or_say_that_they_do_not(name, slope):
    function, numbers = getattr(statistics, name), [4.0, 1.0, 2.5, 8.0]
    result = function([Value(x) for x in numbers])
    assert float(result) == function(numbers)
    if slope is not None:
        assert engine.grad(function)(numbers)[0] == slope
        return
    with pytest.raises(EscapeError, match=r"test_value\.py:\d+ takes"):
        engine.grad(lambda xs: function(xs) * xs[0])(numbers)


def test_whether_a_number_is_whole_is_a_comparison():
    @jit
    def f(x):
        return x * x if x.is_integer() else -x

    assert [f(x) for x in (2.0, 2.5, 3.0)] == [4.0, -2.5, 9.0]
    assert f.batch([2.0, 2.5, 3.0]).tolist() == [4.0, -2.5, 9.0]
    assert engine.grad(lambda x: x * x if x.is_integer() else -x)(3.0) == 6.0


@pytest.mark.parametrize("read", ["as_integer_ratio", "hex"])
@pytest.mark.parametrize("run", [engine.grad, jit], ids=["grad", "jit"])
def test_reading_the_number_is_an_escape(read, run):
    with pytest.raises(EscapeError, match=rf"v\.{read}\(\) at .*test_value\.py:\d+"):
        run(lambda x: (getattr(x, read)(), x)[1])(1.0)


def test_large_ints_compare_exactly():
    assert Value(2.0**53) != 2**53 + 1


def test_equality_compares_numbers_and_hash_identity():
    x, y = Value(1.0), Value(1.0)
    assert x == y
    assert len({x, y}) == 2
    assert {x: "a"}[x] == "a"
    assert (x == "1") is False
    assert x != None  # noqa: E711


def test_builtins_work_as_on_floats():
    values = [Value(3.0), Value(1.0), Value(2.0)]
    assert max(values) is values[0]
    assert sorted(values)[0] is values[1]
    assert sum(values).data == 6.0
    assert math.isclose(math.fsum(values), 6.0)


def test_errors_name_operation_numbers_and_labels():
    x, zero = Value(1.0, label="speed"), Value(0.0, label="time")
    with pytest.raises(ZeroDivisionError) as caught:
        x / zero
    assert isinstance(caught.value, DivisionByZeroError)
    for part in ("truediv", "'speed' = 1.0", "'time' = 0.0", "division by zero"):
        assert part in str(caught.value)
    with pytest.raises(OverflowError, match=r"exp\(1000\.0\)") as caught:
        Value(1000).exp()
    assert isinstance(caught.value, RangeError)
    with pytest.raises(ValueError, match=r"log\('p' = 0\.0\)") as caught:
        Value(0, label="p").log()
    assert isinstance(caught.value, DomainError)


def test_a_complex_result_is_a_clear_error():
    with pytest.raises(DomainError, match="complex"):
        Value(-8) ** (1 / 3)
    with pytest.raises(DomainError, match="complex"):
        Value(-8.0) ** Value(0.5)
    with pytest.raises(DomainError, match="complex"):
        (-8) ** Value(1 / 3)


@pytest.mark.parametrize(
    "number",
    [
        True,
        3,
        Fraction(1, 2),
        np.float64(2),
        np.float32(2),
        np.int64(2),
        np.bool_(True),
    ],
    ids=lambda x: type(x).__name__,
)
def test_numbers_are_accepted_on_either_side(number):
    v = Value(3.0)
    for function in (operator.add, operator.sub, operator.mul, operator.truediv):
        for result, expected in (
            (function(v, number), function(3.0, float(number))),
            (function(number, v), function(float(number), 3.0)),
        ):
            assert type(result) is Value
            assert result.data == expected
            assert type(result.data) is float
    assert (number < v) is (float(number) < 3.0)
    assert Value(number).data == float(number)


@pytest.mark.parametrize(
    "thing",
    ["2", None, 1j, [1.0], Decimal(2), b"2"],
    ids=lambda x: type(x).__name__,
)
def test_other_things_are_a_type_error_that_says_what_was_given(thing):
    v = Value(3.0)
    given_kind = type(thing).__name__
    for attempt in (
        lambda: v + thing, lambda: thing + v, lambda: thing - v, lambda: v / thing,
        lambda: v**thing, lambda: Value(thing), lambda: v.hypot(thing),
        lambda: TABLE["tanh"](thing),
    ):  # fmt: skip
        with pytest.raises(TypeError) as caught:
            attempt()
        assert given_kind in str(caught.value) or "str" in str(caught.value)
    with pytest.raises(OperandError, match="Value wants a real number"):
        Value(thing)


class Tensor(list):
    """What has numbers for NumPy, but is no operand of its functions."""

    def __array__(self, dtype=None, copy=None):
        return np.array(list(self))

    def __radd__(self, other):
        return "never asked"


@pytest.mark.parametrize("array", [np.array([1.0, 2.0]), np.array(2.0), Tensor([2.0])])
def test_an_array_is_no_number(array):
    v, kind = Value(3.0), type(array).__name__
    attempts = [
        lambda: Value(array),
        lambda: v.hypot(array),
        lambda: engine.tanh(array),
    ]
    if isinstance(array, Tensor):
        attempts.append(lambda: v + array)
    for attempt in attempts:
        with pytest.raises(OperandError, match=f"not the {kind} "):
            attempt()


def test_a_value_is_not_wrapped_twice():
    with pytest.raises(OperandError, match="detach"):
        Value(Value(1.0))


def test_foreign_classes_may_answer():
    class Unit:
        def __rmul__(self, other):
            return ("unit", other)

    v = Value(2.0)
    assert v * Unit() == ("unit", v)


def test_parents_keep_order_and_repeats():
    x, y = Value(3.0), Value(5.0)
    assert (x * x).parents == (x, x)
    assert all(p is x for p in (x * x).parents)
    difference = x - y
    assert difference.op is TABLE["sub"]
    assert difference.parents[0] is x
    assert difference.parents[1] is y
    quotient = 1 / x
    assert quotient.op is TABLE["truediv"]
    assert quotient.parents[0].kind == "constant"


def test_recorded_derivatives_do_not_follow_later_changes():
    x = Value(3.0)
    y = x * x
    x.data = 100.0
    y.backward()
    assert y.partials == (3.0, 3.0)
    assert x.grad == 6.0


def test_kinds_and_labels():
    x = Value(2.0, label="x")
    y = x * 3
    assert (x.kind, y.kind, y.parents[1].kind) == ("leaf", "operation", "constant")
    y.label = "y"
    assert (x.label, y.label, y.parents[1].label) == ("x", "y", None)
    with pytest.raises(TypeError, match="a label is a string"):
        y.label = 3


def test_repr_helps():
    x = Value(2.0, label="x")
    y = x * 3.0
    assert repr(x) == "Value(2.0, label='x')"
    y.backward()
    assert repr(y) == "Value(6.0, op='×', grad=1.0)"
    assert f"{y}" == repr(y)
    assert f"{y:.2f}" == "6.00"


def test_detach_item_and_no_grad():
    x = Value(2.0, label="x")
    y = x * x
    cut = y.detach()
    assert (cut.data, cut.parents, cut.op) == (4.0, (), None)
    assert y.item() == 4.0
    assert type(y.item()) is float
    with no_grad():
        z = x.exp()
        with no_grad():
            w = 2 / x
    assert z.parents == w.parents == ()
    assert z.data == math.exp(2.0)
    assert (x * 2).parents[0] is x

    @no_grad()
    def plain(v):
        return v * v

    assert plain(x).parents == ()
    with pytest.raises(ZeroDivisionError), no_grad():
        x / 0


def test_scopes_nest_and_are_remembered():
    x = Value(1.0)
    with scope("layer 1"):
        y = x * 2
        with scope("neuron 3"):
            z = y + Value(1.0)
    w = z * 2
    assert x.scope == w.scope == ()
    assert y.scope == y.parents[1].scope == ("layer 1",)
    assert z.scope == z.parents[1].scope == ("layer 1", "neuron 3")
    assert y.parents[1].kind == "constant"
    with pytest.raises(TypeError, match="a string"), scope(3):
        pass
    with pytest.raises(ValueError, match="empty"), scope(""):
        pass
    assert (x * 2).scope == ()


def test_scope_ends_with_its_block_even_on_errors():
    with pytest.raises(ZeroDivisionError), scope("a"):
        Value(1.0) / 0
    assert (Value(1.0) + 1).scope == ()


def same_graph(a, b):
    pairs = list(zip(topological_order(a), topological_order(b), strict=True))
    twins = dict(pairs)
    for x, y in pairs:
        assert (repr(x), x.partials, x.scope, x.kind) == (
            repr(y), y.partials, y.scope, y.kind,
        )  # fmt: skip
        assert x.has_gradient is y.has_gradient
        assert all(twins[p] is q for p, q in zip(x.parents, y.parents, strict=True))
    return True


def example():
    with scope("s"):
        x = Value(2.0, label="x")
        y = (x**3 + x.tanh()).hypot(x) * x.leaky_relu(0.2)
    y.backward()
    return y


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_keeps_the_graph(protocol):
    y = example()
    back = pickle.loads(pickle.dumps(y, protocol))
    assert same_graph(y, back)
    back.backward()
    leaf = next(v for v in topological_order(back) if v.label == "x")
    original = next(v for v in topological_order(y) if v.label == "x")
    assert leaf.grad == 2 * original.grad


def test_pickled_together_keeps_identity():
    x = Value(2.0)
    y = x.exp() * x
    z = (y + y) * x.exp()
    x2, y2, z2 = pickle.loads(pickle.dumps((x, y, z)))
    assert y2.parents[1] is x2
    assert z2.parents[0].parents[0] is y2
    assert same_graph(z, z2)


def test_copies():
    y = example()
    assert same_graph(y, copy.deepcopy(y))
    shallow = copy.copy(y)
    assert shallow is not y
    assert shallow.parents == y.parents
    assert all(p is q for p, q in zip(shallow.parents, y.parents, strict=True))


def test_long_chains_pickle_and_copy():
    v = Value(1.0)
    for _ in range(50_000):
        v = v + 1
    copy.copy(v)  # announces ancestors that nobody visits
    for back in (pickle.loads(pickle.dumps(v)), copy.deepcopy(v)):
        assert back.data == v.data
        assert len(topological_order(back)) == len(topological_order(v))


def test_pickling_survives_an_attempt_that_broke_off():
    v = Value(1.0)
    for _ in range(5_000):
        v = v * 1.0001
    middle = topological_order(v)[5_000]

    class Unpicklable:
        def __reduce__(self):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        pickle.dumps((v, Unpicklable()))
    assert pickle.loads(pickle.dumps(middle)).data == middle.data
    assert pickle.loads(pickle.dumps(v)).data == v.data


def test_every_error_of_the_engine_has_one_base():
    with pytest.raises(EngineError):
        Value("x")
    with pytest.raises(EngineError):
        Value(1) / 0


def test_three_argument_pow_is_refused():
    with pytest.raises(TypeError):
        pow(Value(2.0), 2, 3)


@pytest.mark.parametrize(
    ("name", "xs", "advice"),
    [
        ("log", (-1.0,), "x in (0, ∞)"),
        ("log", (0.0,), "x in (0, ∞)"),
        ("log1p", (-2.0,), "x in (−1, ∞)"),
        ("log2", (-1.0,), "x in (0, ∞)"),
        ("log10", (-1.0,), "x in (0, ∞)"),
        ("sqrt", (-1.0,), "x in [0, ∞)"),
        ("asin", (2.0,), "x in [−1, 1]"),
        ("acos", (-2.0,), "x in [−1, 1]"),
        ("acosh", (0.5,), "x in [1, ∞)"),
        ("atanh", (1.0,), "x in (−1, 1)"),
        ("sin", (math.inf,), ""),
    ],
)
def test_a_domain_error_says_where_an_operation_is_defined(name, xs, advice):
    """On floats and on Values alike; where every number will do, nothing is said."""
    ending = f"; it is defined for {advice}" if advice else "domain error"
    for kind in (float, Value):
        with pytest.raises(DomainError) as caught:
            TABLE[name](*map(kind, xs))
        assert str(caught.value).endswith(ending)
        assert str(caught.value).startswith(f"{name}({xs[0]!r}): ")
