"""An operation of one's own: one call, and everything a built-in row has."""

import math
import pickle

import numpy as np
import pytest
from backends import INSTALLED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine
from engine import RowError, UnknownOperationError, Value, gradients, register
from engine.tape import jit
from engine.testing import expressions


@pytest.fixture
def square_sine():
    """sin(x)², with a rule that uses other rows."""
    yield register(
        "square_sine",
        "sin²",
        lambda x: engine.sin(x) ** 2,
        lambda out, x: (2 * engine.sin(x) * engine.cos(x),),
    )
    engine.unregister("square_sine")


def test_it_is_like_a_built_in_row(square_sine):
    x = Value(0.7, label="x")
    y = x.square_sine()
    assert y.data == square_sine(0.7) == math.sin(0.7) ** 2
    y.backward()
    assert x.grad == pytest.approx(math.sin(1.4), rel=1e-15)
    [first] = gradients(engine.square_sine(x), [x])
    [second] = gradients(first, [x])
    assert second.data == pytest.approx(2 * math.cos(1.4), rel=1e-14)
    assert y.op.symbol == "sin²"
    assert square_sine.formulas == ("2 × sin(x) × cos(x)",)
    assert engine.TABLE["square_sine"] is square_sine
    assert pickle.loads(pickle.dumps(y)).op is square_sine
    with pytest.raises(engine.OperandError):
        square_sine("x")


@settings(suppress_health_check=list(HealthCheck))
@given(st.data())
def test_it_is_drawn_by_the_strategies(square_sine, data):
    expression = data.draw(expressions(ops=[square_sine], max_inputs=1, max_steps=1))
    assert expression.steps == (("square_sine", (0,)),)


def test_unregistering_takes_everything_back():
    register("thrice", "3·", lambda x: 3 * x, (3,))
    node = Value(1.0).thrice()
    stored = pickle.dumps(node)
    engine.unregister("thrice")
    assert "thrice" not in engine.TABLE
    assert not hasattr(Value, "thrice")
    with pytest.raises(AttributeError):
        engine.thrice  # noqa: B018
    with pytest.raises(UnknownOperationError, match=r"'thrice'.*registered"):
        pickle.loads(stored)
    node.backward()  # graphs that use it go on working
    assert node.parents[0].grad == 3.0


@pytest.mark.parametrize(
    ("name", "partials", "message"),
    [
        ("two words", (1,), "Python name"),
        ("lambda", (1,), "Python name"),
        ("tanh", (1,), "taken"),
        ("backward", (1,), "taken"),
        ("data", (1,), "taken"),
        ("lost", lambda out, x: 2 * x, "tuple"),
        ("pair", lambda out, x: (x, x), "one derivative for each of x"),
        ("nothing", (), "0 operands"),
    ],
)
def test_a_bad_row_is_refused_and_leaves_no_trace(name, partials, message):
    before = dict(engine.TABLE)
    with pytest.raises(RowError, match=message):
        register(name, "?", lambda x: x, partials)
    assert dict(engine.TABLE) == before
    if name in {"lost", "pair", "nothing"}:
        assert not hasattr(Value, name)


def test_built_in_rows_stay():
    with pytest.raises(RowError, match="mul is part of the table"):
        engine.unregister("mul")
    with pytest.raises(UnknownOperationError, match="nosuch"):
        engine.unregister("nosuch")
    assert Value(2.0) * 3 == 6


def test_a_rule_that_branches_on_symbols_is_told_about_where():
    with pytest.raises(TypeError, match="where"):
        register("step", "?", lambda x: x, lambda out, x: (1 if x > 0 else 0,))
    assert "step" not in engine.TABLE


def register_here(factor, partials=()):
    return register("again", "·", lambda x: factor * x, partials or (factor,))


@pytest.fixture(name="again")
def registered_again():
    yield register_here(2)
    engine.unregister("again")


@pytest.mark.usefixtures("again")
def test_registering_again_at_the_same_place_replaces():
    x, names = Value(5.0), set(engine.TABLE)
    old = x.again()
    new = register_here(3)
    assert engine.TABLE["again"] is new
    assert set(engine.TABLE) == names
    assert (x.again().data, new(5.0), old.data) == (15.0, 15.0, 10.0)
    old.backward()  # a graph keeps the row that it was built with
    assert x.grad == 2.0
    assert "3" in Value.again.__doc__


@pytest.mark.usefixtures("again")
@pytest.mark.parametrize("backend", ["auto", *INSTALLED])
def test_a_tape_made_with_a_row_that_was_replaced_is_recorded_anew(backend):
    f = jit(lambda x: x.again() * x, backend=backend)
    assert f(5.0) == 2 * 25.0
    assert f.batch([5.0]).tolist() == [2 * 25.0]
    register_here(3)
    assert f(5.0) == 3 * 25.0
    assert f.value_and_grad(5.0) == (3 * 25.0, 3 * 10.0)
    assert f.batch([5.0]).tolist() == [3 * 25.0]
    values, slopes = f.value_and_grad_batch([5.0])
    assert (values.tolist(), np.ravel(slopes).tolist()) == ([3 * 25.0], [3 * 10.0])
    assert len(f.tapes) == 1
    engine.unregister("again")
    with pytest.raises(AttributeError, match="again"):
        f(5.0)  # as without jit
    register_here(2)


def test_registering_again_elsewhere_names_both_places(again):
    places = r"test_registry\.py:\d+, and now at .*test_registry\.py:\d+"
    with pytest.raises(RowError, match=rf"'again' is taken: .*{places}; choose"):
        register("again", "·", lambda x: 3 * x, (3,))
    assert engine.TABLE["again"] is again


def test_a_bad_row_leaves_the_one_that_it_would_replace(again):
    with pytest.raises(RowError, match="one derivative"):
        register_here(3, lambda out, x: (3, 3))
    assert engine.TABLE["again"] is again
    assert Value(5.0).again().data == 10.0
    register_here(3)


@pytest.mark.usefixtures("again")
def test_a_named_function_may_move_in_its_file():
    def value(x):
        return 2 * x

    engine.unregister("again")
    register("again", "·", value, (2,))
    moved = register("again", "·", value, (2,))
    assert engine.TABLE["again"] is moved


@pytest.mark.parametrize("file", ["<stdin>", "/tmp/ipykernel_{}/1.py", "<cell {}>"])
@pytest.mark.usefixtures("again")
def test_at_a_prompt_each_cell_is_a_file_and_may_be_run_again(file):
    engine.unregister("again")
    for run in (1, 2):
        line = f"\nregister('again', '·', lambda x: {run} * x, ({run},))"
        exec(compile(line, file.format(run), "exec"), {"register": register})
        assert Value(5.0).again().data == 5.0 * run


@pytest.mark.usefixtures("again")
def test_a_cell_may_not_take_the_name_of_a_file():
    line = "register('again', '·', lambda x: x, (1,))"
    with pytest.raises(RowError, match=r"'again' is taken: .*<stdin>:1; choose"):
        exec(compile(line, "<stdin>", "exec"), {"register": register})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"name": 3}, "Python name of at most 60 characters, not 3"),
        ({"symbol": ""}, "symbol is a text of 1 to 60 characters, not ''"),
        ({"symbol": "  "}, "symbol is a text"),
        ({"symbol": None}, "symbol is a text .* not None"),
        ({"symbol": "s" * 61}, "symbol is a text"),
        ({"symbol": "a\x1b[2J"}, r"control character: 'a\\x1b\[2J'"),
        ({"symbol": "two\nlines"}, "control character"),
        ({"symbol": "\u202eevil"}, r"control character: '\\u202eevil'"),
        ({"folds": "{0.__class__}"}, "folds has one {}"),
        ({"folds": "{!r}"}, "folds has one {}"),
        ({"folds": "{:999999999}"}, "folds has one {}"),
        ({"folds": "no place"}, "folds has one {}"),
        ({"folds": "{} {}"}, "folds has one {}"),
        ({"folds": "{"}, "folds has one {}"),
        ({"name": "ﬁ"}, "Python name"),  # which Python reads as fi
        ({"operands": ("out",)}, "none of them out"),  # that is the result
        ({"operands": ("x y",)}, "different Python names"),
        ({"operands": ("lambda",)}, "different Python names"),
    ],
)
def test_texts_of_a_row_are_checked(changes, message):
    """Nothing that a terminal, a picture or generated code would stumble over."""
    row = {"name": "odd_row", "symbol": "odd", **changes}
    with pytest.raises(RowError, match=message) as caught:
        register(value=lambda x: x * x, partials=lambda out, x: (2 * x,), **row)
    assert len(str(caught.value)) < 200
    assert "odd_row" not in engine.TABLE


@pytest.mark.parametrize("backend", INSTALLED)
@pytest.mark.parametrize("operand", ["where", "exp_", "np", "new", "x0", "V"])
def test_operands_of_any_name_are_no_others_in_generated_code(operand, backend):
    """x eˣ, by (1 + x) eˣ: names of operands hide none of those that the code uses."""
    row = register(
        "times_exp", "x eˣ", lambda x: x * engine.exp(x),
        lambda out, x: (engine.where(x > -99, (1 + x) * engine.exp(x), out),),
        operands=(operand,),
    )  # fmt: skip
    try:
        f = jit(lambda x: row(x) * 2, backend=backend)
        values, slopes = f.value_and_grad_batch(np.array([1.0, 2.0]))
    finally:
        engine.unregister("times_exp")
    assert values == pytest.approx([2 * math.e, 4 * math.e**2], rel=1e-15)
    assert slopes == pytest.approx([4 * math.e, 6 * math.e**2], rel=1e-15)
