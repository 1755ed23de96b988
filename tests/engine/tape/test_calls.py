"""The object that jit gives: methods, keywords, static arguments, copies."""

import copy
import dataclasses
import gc
import inspect
import linecache
import pickle
import weakref
from collections import namedtuple

import numpy as np
import pytest

from engine import (
    OperandError,
    OptionError,
    ShapeError,
    TapeError,
    Value,
    grad,
    hessian,
    nn,
)
from engine.tape import jit

Pair = namedtuple("Pair", ["x", "y"])


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    y: float


class Line:
    def __init__(self, slope):
        self.slope = Value(slope)

    @jit
    def at(self, x, shift=0.0):
        """The height at x."""
        return self.slope * x * x + shift

    @jit
    @classmethod
    def twice(cls, x):
        return 2 * x

    @staticmethod
    @jit
    def thrice(x):
        return 3 * x


@jit
def scaled(x, factor=2.0):
    """x times a factor."""
    return x * factor


# -- methods ---------------------------------------------------------------------


def test_a_method_has_tapes_of_its_own_for_each_object():
    steep, flat = Line(3.0), Line(1.0)
    assert [steep.at(2.0), flat.at(2.0), steep.at(2.0)] == [12.0, 4.0, 12.0]
    assert steep.at.value_and_grad(2.0) == (12.0, 12.0)
    assert steep.at.batch([1.0, 2.0]).tolist() == [3.0, 12.0]
    assert steep.at.value_and_grad_batch([1.0, 2.0])[1].tolist() == [6.0, 12.0]
    assert steep.at.backward([1.0, 2.0]) == 7.5
    assert (steep.slope.grad, flat.slope.grad) == (2.5, 0.0)
    assert steep.at is steep.at
    assert len(steep.at.tapes) == len(flat.at.tapes) == 1


def test_class_methods_and_static_methods_are_taped():
    assert Line.twice(4.0) == Line(1.0).twice(4.0) == 8.0
    assert Line.twice.value_and_grad(4.0) == (8.0, 2.0)
    assert Line.thrice.value_and_grad(4.0) == Line(1.0).thrice.value_and_grad(4.0)


def test_an_object_goes_with_the_tapes_of_its_methods():
    line = Line(1.0)
    line.at(2.0)
    gone = weakref.ref(line)
    del line
    gc.collect()
    assert gone() is None


def test_copies_and_pickles_of_an_object_start_without_its_tapes():
    line = Line(3.0)
    line.at(2.0)
    other = copy.deepcopy(line)
    other.slope.data = 5.0
    assert (other.at(2.0), line.at(2.0)) == (20.0, 12.0)
    assert pickle.loads(pickle.dumps(line)).at(2.0) == 12.0


def test_a_module_may_have_its_call_taped():
    class Model(nn.Module):
        def __init__(self):
            self.w = nn.parameter(3.0)

        @jit
        def __call__(self, x):
            return self.w * x

    model = Model()
    assert model(2.0) == 6.0
    model.w.data = 4.0
    assert model(2.0) == 8.0
    assert [p.data for p in model.parameters()] == [4.0]
    assert list(model.state_dict()) == ["w"]


def test_an_object_without_a_place_for_tapes_is_an_error():
    class Tight:
        __slots__ = ()

        @jit
        def f(self, x):
            return x

    with pytest.raises(OperandError, match="__slots__"):
        Tight().f(1.0)


# -- keywords --------------------------------------------------------------------


def test_keywords_and_positions_share_a_tape_in_every_method():
    f = jit(lambda x, y: x * y, argnums=(0, 1))
    assert f(2.0, y=3.0) == f(y=3.0, x=2.0) == f(2.0, 3.0) == 6.0
    assert f.value_and_grad(y=3.0, x=2.0) == (6.0, (3.0, 2.0))
    assert f.batch(y=[3.0, 4.0], x=[2.0, 5.0]).tolist() == [6.0, 20.0]
    assert f.value_and_grad_batch([2.0], y=[3.0])[1][0].tolist() == [3.0]
    assert f.backward([2.0], y=[3.0]) == 6.0
    f.record([2.0], y=[3.0])
    assert len(f.tapes) == 1


def test_a_default_is_used_where_nothing_is_given():
    assert scaled(3.0) == 6.0
    assert scaled(3.0, factor=5.0) == scaled(3.0, 5.0) == 15.0


def test_arguments_by_keyword_alone_and_collected_ones():
    f = jit(lambda *xs, scale, **more: scale * sum(xs) + more["shift"])
    assert f(1.0, 2.0, scale=3.0, shift=4.0) == 13.0
    assert f(2.0, 2.0, shift=5.0, scale=3.0) == 17.0
    assert f.value_and_grad(1.0, 2.0, scale=3.0, shift=4.0) == (13.0, 3.0)


@pytest.mark.parametrize("call", [(), ("x", "y", "z")])
def test_wrong_arguments_are_the_error_that_python_gives(call):
    def plain(x, factor=2.0):
        return x * factor

    with pytest.raises(TypeError, match=r"plain\(\)"):
        jit(plain)(*range(len(call)))
    with pytest.raises(TypeError, match=r"plain\(\) got an unexpected keyword"):
        jit(plain)(1.0, wrong=2.0)


# -- static arguments ------------------------------------------------------------


def power(n, x, kind="up", *, flip=False):
    out = 1.0
    for _ in range(n):
        out = out * x
    out = out if kind == "up" else 1 / out
    return -out if flip else out


def test_static_arguments_have_a_tape_for_each_value():
    f = jit(power, static=("n", "kind", "flip"), argnums=1)
    assert [f(3, 2.0), f(2, 2.0), f(n=3, x=2.0), f(3, 2.0, "up")] == [8, 4, 8, 8]
    assert f(2, 2.0, kind="down") == 0.25
    assert f(2, 2.0, flip=True) == -4.0
    assert f.value_and_grad(3, 2.0) == (8.0, 12.0)
    assert f.batch(3, [1.0, 2.0]).tolist() == [1.0, 8.0]
    assert f.value_and_grad_batch(3, x=[1.0, 2.0])[1].tolist() == [3.0, 12.0]
    assert f.backward(3, [1.0, 2.0]) == 4.5
    assert len(f.tapes) == 4


def test_static_values_that_are_equal_but_not_the_same_are_told_apart():
    f = jit(lambda x, s: x * (10 if s is True else 1), static="s")
    assert [f(1.0, s) for s in (1, True, 1.0)] == [1.0, 10.0, 1.0]


def test_errors_of_static_arguments_say_what_to_do():
    with pytest.raises(OptionError, match="choose from the arguments x"):
        jit(lambda x: x, static="n")
    f = jit(power, static="n", max_paths=3)
    with pytest.raises(OperandError, match="cannot be hashed"):
        f([1], 2.0)
    with pytest.raises(OptionError, match="argument 0 is static"):
        f.value_and_grad(1, 2.0)
    by_x = jit(power, static="n", argnums=1, max_paths=3)
    with pytest.raises(TapeError, match="more than 3"):
        for n in range(5):
            by_x(n, 2.0)


# -- structures ------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Pair, Point])
def test_named_tuples_and_dataclasses_work_in_every_method(kind):
    f = jit(lambda p: p.x * p.y)
    assert f(kind(2.0, 3.0)) == 6.0
    assert f.value_and_grad(kind(2.0, 3.0)) == (6.0, kind(3.0, 2.0))
    rows = [kind(2.0, 3.0), kind(4.0, 5.0)]
    columns = kind(np.array([2.0, 4.0]), np.array([3.0, 5.0]))
    for samples in (rows, columns):
        assert f.batch(samples).tolist() == [6.0, 20.0]
        _, slopes = f.value_and_grad_batch(samples)
        assert isinstance(slopes, kind)
        assert (slopes.x.tolist(), slopes.y.tolist()) == ([3.0, 5.0], [2.0, 4.0])
        assert f.backward(samples) == 13.0
    nested = jit(lambda tree: kind(tree["a"].x, [tree["a"].y * 2]))
    assert nested({"a": kind(1.0, 2.0)}) == kind(1.0, [4.0])
    assert nested.batch({"a": columns}).y[0].tolist() == [6.0, 10.0]


def test_series_and_tables_of_pandas_are_arrays():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series([1.0, 2.0], index=["a", "b"])
    square = jit(lambda x: x * x)
    assert square.batch(series).tolist() == [1.0, 4.0]
    total = jit(lambda row: row[0] * row[1])
    assert total(series) == 2.0
    value, slope = total.value_and_grad(series)
    assert (value, slope.tolist()) == (2.0, [2.0, 1.0])
    table = pandas.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    assert total.batch(table).tolist() == [3.0, 8.0]
    assert jit(lambda t: t[0][0] * t[1][1])(table) == 4.0


@pytest.mark.parametrize("samples", [[], (), np.empty(0), np.empty((0, 3)), {"a": []}])
@pytest.mark.parametrize(
    "method", ["batch", "value_and_grad_batch", "backward", "record"]
)
def test_a_batch_without_samples_is_an_error(method, samples):
    with pytest.raises(ShapeError, match=r"no samples|there is none"):
        getattr(jit(lambda x: x), method)(samples)


def test_a_single_number_is_no_batch():
    with pytest.raises(ShapeError, match="a row for each sample"):
        jit(lambda x: x).batch(np.array(1.0))


# -- options, names, copies ------------------------------------------------------


@pytest.mark.parametrize("argnums", [1, -2, True, "x", 0.0, None, (0, 5)])
def test_argnums_that_name_no_argument_are_an_error(argnums):
    f = jit(lambda x: x * x, argnums=argnums)
    with pytest.raises(OperandError, match="argnums="):
        f.value_and_grad(2.0)
    with pytest.raises(OperandError, match="argnums="):
        f.value_and_grad_batch([2.0])


def test_functions_that_give_no_numbers_are_errors():
    async def later(x):
        return x

    def several(x):
        yield x

    for f in (later, several):
        with pytest.raises(OperandError, match="coroutine or a generator"):
            jit(f)
    with pytest.raises(OperandError, match="cannot be called"):
        jit(3.0)


def test_name_words_and_signature_stay():
    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "x times a factor."
    assert list(inspect.signature(scaled).parameters) == ["x", "factor"]
    assert "scaled" in repr(scaled)


def test_a_decorated_function_pickles_by_its_name():
    assert pickle.loads(pickle.dumps(scaled)) is scaled
    assert copy.deepcopy(scaled) is scaled


def test_other_functions_pickle_with_their_options():
    f = pickle.loads(pickle.dumps(jit(power, static="n", argnums=1)))
    assert f.value_and_grad(3, 2.0) == (8.0, 12.0)
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(jit(lambda x: x))
    g = copy.deepcopy(jit(lambda x: 2 * x))
    assert g(2.0) == 4.0


# -- results and arguments of every kind -----------------------------------------

METHODS = {  # with samples for it
    "__call__": 2.0,
    "value_and_grad": 2.0,
    "batch": [2.0, 3.0],
    "value_and_grad_batch": [2.0, 3.0],
    "backward": [2.0, 3.0],
    "record": [2.0, 3.0],
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("result", [None, "a", b"x", object(), [None], {"a": "b"}])
def test_a_result_that_is_no_number_is_an_error_everywhere(method, result):
    with pytest.raises(OperandError, match="the result of f"):
        getattr(jit(lambda x: result), method)(METHODS[method])


def test_a_result_may_be_constant():
    f = jit(lambda x: 3.0)
    assert (f(1.0), f.value_and_grad(1.0)) == (3.0, (3.0, 0.0))
    assert f.batch([1.0, 2.0]).tolist() == [3.0, 3.0]
    assert f.value_and_grad_batch([1.0, 2.0])[1].tolist() == [0.0, 0.0]
    assert f.backward([1.0, 2.0]) == 3.0
    table = jit(lambda x: np.array([1.0, x]))
    assert table(2.0).tolist() == [1.0, 2.0]


def test_jit_and_transforms_may_be_nested_in_any_order():
    """x³: 3x², 6x."""
    cube = jit(jit(lambda x: x**3))
    assert (cube(2.0), cube.value_and_grad(2.0)) == (8.0, (8.0, 12.0))
    assert cube.batch([1.0, 2.0]).tolist() == [1.0, 8.0]
    assert grad(cube)(2.0) == 12.0
    assert jit(grad(lambda x: x**3)).value_and_grad(2.0) == (12.0, 12.0)
    assert hessian(jit(lambda x: x[0] ** 2 * x[1]))([2.0, 3.0]) == [[6, 4], [4, 0]]


@pytest.mark.parametrize("kind", ["float32", "float16", "int64", "uint8", "object"])
def test_arrays_of_every_kind_of_number_that_nobody_may_write(kind):
    array = np.array([1, 2], dtype=kind)
    array.flags.writeable = False
    product = jit(lambda x: x[0] * x[1])
    assert product(array) == 2.0
    value, slopes = product.value_and_grad(array)
    assert (value, list(slopes)) == (2.0, [2.0, 1.0])
    assert jit(lambda x: x * 2).batch(array).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("bad", [1j, None, "1", b"1"])
def test_arrays_of_something_else_are_errors(bad):
    for method in ("batch", "value_and_grad_batch", "backward", "record"):
        with pytest.raises(OperandError, match=r"args\[0\] has .* no number"):
            getattr(jit(lambda x: x), method)(np.array([bad]))
    with pytest.raises(OperandError, match=r"args\[0\] has .* no number"):
        jit(lambda x: x[0])(np.array([bad]))


def test_structures_are_recorded_ahead():
    f = jit(lambda p: p["a"] * p["b"][0] if p["a"] > 0 else p["a"])
    f.record({"a": [1.0, -2.0], "b": [[1.0], [2.0]]})
    assert len(f.tapes) == 2
    assert f.batch({"a": [3.0, -3.0], "b": [[2.0], [2.0]]}).tolist() == [6.0, -3.0]
    assert len(f.tapes) == 2


def test_the_number_of_tapes_by_length_is_bounded_and_says_so(capsys):
    f = jit(lambda xs: sum(x * x for x in xs), max_paths=4)
    for n in range(1, 30):
        assert f([1.0] * n) == n
        assert f.value_and_grad([2.0] * n)[0] == 4 * n
    assert len(f.tapes) == 4
    [line] = capsys.readouterr().err.splitlines()
    assert "more than 4 structures" in line
    assert "max_paths" in line


def test_what_was_compiled_goes_with_the_tape(capsys):
    def count():
        gc.collect()
        return sum(name.startswith("<tape") for name in linecache.cache)

    before = count()
    f = jit(lambda xs: sum(xs), max_paths=2)
    for n in range(1, 9):
        f([1.0] * n)
    assert count() - before == 2
    w = [Value(1.0)]
    g = jit(lambda x: w[0] * x)
    for _ in range(3):
        w[0] = Value(2.0)
        assert g(1.0) == 2.0
    del f, g
    assert count() == before
    assert capsys.readouterr().err.count("structures") == 1
