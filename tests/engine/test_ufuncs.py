"""NumPy on Values: what NumPy gives on floats, and derivatives from mpmath."""

import math
import operator
import subprocess
import sys
from functools import reduce
from operator import add

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import EscapeError, OperandError, Value, grad
from engine.tape import jit

UFUNCS = {
    u.__name__: u for u in vars(np).values() if isinstance(u, np.ufunc)
} | {"clip": np.clip}  # fmt: skip

REAL = (-2.7, -0.4, 0.3, 1.6, 2.5, 40.2)
UNIT, POSITIVE, LARGE = (-0.9, -1e-3, 0.4), (1e-3, 0.7, 31.0), (1.5, 20.0)
UNARY = {
    "absolute": (REAL, mpmath.fabs),
    "arccos": (UNIT, mpmath.acos),
    "arccosh": (LARGE, mpmath.acosh),
    "arcsin": (UNIT, mpmath.asin),
    "arcsinh": (REAL, mpmath.asinh),
    "arctan": (REAL, mpmath.atan),
    "arctanh": (UNIT, mpmath.atanh),
    "cbrt": (POSITIVE, mpmath.cbrt),
    "ceil": (REAL, mpmath.ceil),
    "conjugate": (REAL, lambda x: x),
    "cos": (REAL, mpmath.cos),
    "cosh": (REAL, mpmath.cosh),
    "deg2rad": (REAL, lambda x: x * mpmath.pi / 180),
    "degrees": (REAL, lambda x: x * 180 / mpmath.pi),
    "exp": (REAL, mpmath.exp),
    "exp2": (REAL, lambda x: 2**x),
    "expm1": (REAL, mpmath.expm1),
    "fabs": (REAL, mpmath.fabs),
    "floor": (REAL, mpmath.floor),
    "log": (POSITIVE, mpmath.log),
    "log10": (POSITIVE, mpmath.log10),
    "log1p": (POSITIVE, mpmath.log1p),
    "log2": (POSITIVE, lambda x: mpmath.log(x, 2)),
    "negative": (REAL, operator.neg),
    "positive": (REAL, lambda x: x),
    "rad2deg": (REAL, lambda x: x * 180 / mpmath.pi),
    "radians": (REAL, lambda x: x * mpmath.pi / 180),
    "reciprocal": (REAL, lambda x: 1 / x),
    "rint": ((-2.7, -0.4, 0.3, 1.6, 40.2), mpmath.nint),
    "sign": (REAL, mpmath.sign),
    "sin": (REAL, mpmath.sin),
    "sinh": (REAL, mpmath.sinh),
    "sqrt": (POSITIVE, mpmath.sqrt),
    "square": (REAL, lambda x: x * x),
    "tan": (REAL, mpmath.tan),
    "tanh": (REAL, mpmath.tanh),
    "trunc": (REAL, lambda x: mpmath.sign(x) * mpmath.floor(abs(x))),
}
PAIRS = [(-2.5, 1.75), (3.5, -0.75), (0.25, 0.5), (7.25, 2.0)]
BASES = [(2.5, 1.75), (0.5, -3.0), (4.0, 0.5)]
BINARY = {
    "add": (PAIRS, operator.add),
    "arctan2": (PAIRS, mpmath.atan2),
    "divide": (PAIRS, operator.truediv),
    "float_power": (BASES, operator.pow),
    "floor_divide": (PAIRS, lambda x, y: mpmath.floor(x / y)),
    "fmax": (PAIRS, lambda x, y: x if x > y else y),
    "fmin": (PAIRS, lambda x, y: x if x < y else y),
    "fmod": (PAIRS, lambda x, y: x - y * mpmath.sign(x / y) * mpmath.floor(abs(x / y))),
    "heaviside": (PAIRS, lambda x, _: mpmath.mpf(x > 0)),
    "hypot": (PAIRS, mpmath.hypot),
    "logaddexp": (PAIRS, lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y))),
    "logaddexp2": (PAIRS, lambda x, y: mpmath.log(2**x + 2**y, 2)),
    "maximum": (PAIRS, lambda x, y: x if x > y else y),
    "minimum": (PAIRS, lambda x, y: x if x < y else y),
    "multiply": (PAIRS, operator.mul),
    "power": (BASES, operator.pow),
    "remainder": (PAIRS, lambda x, y: x - y * mpmath.floor(x / y)),
    "subtract": (PAIRS, operator.sub),
}
PREDICATES = {
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isfinite",
    "isinf", "isnan", "logical_and", "logical_or", "logical_xor", "logical_not",
}  # fmt: skip
REFUSED = {
    "bitwise_and", "bitwise_count", "bitwise_or", "bitwise_xor", "copysign", "frexp",
    "gcd", "invert", "isnat", "lcm", "ldexp", "left_shift", "matmul", "matvec", "modf",
    "nextafter", "right_shift", "signbit", "spacing", "vecdot", "vecmat",
}  # fmt: skip
NO_OBJECTS = {
    "divmod", "float_power", "heaviside", "isfinite", "isinf", "isnan", "logaddexp",
    "logaddexp2",
}  # fmt: skip
"""For arrays of objects NumPy has these not; with a Value as an operand they work."""

TWO = ((1.5, 2.5), (2.0, 2.0), (0.0, 3.0), (-1.0, math.inf))


def box(*numbers):
    """An array of Values, as objects."""
    return np.array([Value(x) for x in numbers], dtype=object)


def numbers_of(result):
    return np.vectorize(float, otypes=[float])(result)


def differentiate(f, *point):
    """∂f/∂xᵢ at 50 digits; one-sided nowhere, for no point here is a kink."""
    with mpmath.workdps(50):
        found = []
        for i in range(len(point)):
            args = list(map(mpmath.mpf, point))

            def along(x, i=i, args=args):
                return f(*args[:i], x, *args[i + 1 :])

            found.append(float(mpmath.diff(along, args[i])))
        return found


def close(x, rel=1e-14):
    return pytest.approx(x, rel=rel, abs=1e-300, nan_ok=True)


def test_every_ufunc_of_numpy_is_one_of_these():
    known = {*UNARY, *BINARY, *PREDICATES, *REFUSED, "divmod", "clip"}
    # Names of newer versions of NumPy may come; those of this one are all tested.
    assert set(UFUNCS) <= known


CASES = [
    *((name, (x,), f) for name, (points, f) in UNARY.items() for x in points),
    *((name, point, f) for name, (points, f) in BINARY.items() for point in points),
]


@pytest.mark.parametrize(("name", "point", "f"), CASES)
@pytest.mark.parametrize("kind", ["value", "array", "grad", "jit"])
def test_value_and_derivatives(name, point, f, kind):
    if kind == "array" and name in NO_OBJECTS:
        with pytest.raises(TypeError, match=name):
            UFUNCS[name](*[box(x) for x in point])
        return
    expected, slopes = float(UFUNCS[name](*point)), differentiate(f, *point)
    ufunc = UFUNCS[name]
    if kind == "grad":
        direct = name in NO_OBJECTS | {"ceil", "floor", "trunc"}
        compute = engine.value_and_grad(
            lambda xs: ufunc(*xs) if direct else ufunc(*np.array([xs]).T)[0]
        )
        value, found = compute(list(point))
    elif kind == "jit":
        compute = jit(lambda *xs: ufunc(*xs) + 0 * xs[0], argnums=range(len(point)))
        compute(*[x + 0.01 for x in point])
        value, found = compute.value_and_grad(*point)
    else:
        leaves = [Value(x) for x in point]
        args = leaves if kind == "value" else [np.array([v]) for v in leaves]
        out = ufunc(*args) if kind == "value" else ufunc(*args)[0]
        if isinstance(out, Value):
            out.backward()
        value, found = float(out), [v.grad for v in leaves]
    assert value == close(expected)
    assert list(found) == [close(slope) for slope in slopes]


@pytest.mark.parametrize("name", sorted(PREDICATES))
@pytest.mark.parametrize(("x", "y"), [*TWO, (math.nan, 1.0)])
def test_predicates_give_booleans(name, x, y):
    ufunc = UFUNCS[name]
    if ufunc.nin == 1:
        assert ufunc(Value(x)) is bool(ufunc(x))
        return
    assert ufunc(Value(x), Value(y)) is bool(ufunc(x, y))
    assert ufunc(np.float64(x), Value(y)) is bool(ufunc(x, y))
    mask = ufunc(np.array([x, y, 0.0]), Value(y))
    assert mask.dtype == bool
    assert mask.tolist() == ufunc(np.array([x, y, 0.0]), y).tolist()


@pytest.mark.parametrize("name", sorted(REFUSED & set(UFUNCS)))
def test_others_are_an_error_that_names_them(name):
    ufunc = UFUNCS[name]
    with pytest.raises(OperandError, match=rf"np\.{name} is not defined for a Value"):
        ufunc(*[Value(2.0)] * ufunc.nin)
    if name not in {"matmul", "matvec", "vecdot", "vecmat", "gcd", "lcm"}:
        with pytest.raises(TypeError):
            ufunc(*[box(2.0)] * ufunc.nin)


SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.5, -2.5, 0.5, 1e300, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin", "fmod",
                                  "logaddexp", "heaviside"])  # fmt: skip
@pytest.mark.parametrize("x", SPECIAL)
@pytest.mark.parametrize("y", SPECIAL)
def test_limits_of_two(name, x, y):
    with np.errstate(all="ignore"):
        expected = float(UFUNCS[name](x, y))
    if name == "fmod" and (y == 0 or math.isinf(x)):
        return  # Python raises where NumPy gives nan
    assert float(UFUNCS[name](Value(x), Value(y))) == close(expected, 1e-15)
    assert float(UFUNCS[name](x, Value(y))) == close(expected, 1e-15)


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "rint", "sign"])
@pytest.mark.parametrize("x", [*SPECIAL, 0.49999999999999994, -0.49999999999999994,
                               4503599627370497.5, 1.5, 3.5, -0.5])  # fmt: skip
def test_limits_of_rounding(name, x):
    assert float(UFUNCS[name](Value(x))) == close(float(UFUNCS[name](x)))


def test_a_tie_is_shared_and_no_derivative_flows_through_a_step():
    x, y = Value(2.0), Value(2.0)
    np.maximum(x, y).backward()
    assert (x.grad, y.grad) == (0.5, 0.5)
    assert grad(lambda x: np.sign(x) * x + np.floor(x) * x + np.rint(x))(-2.5) == -4.0


OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
    operator.mod, operator.pow, divmod, operator.lt, operator.le, operator.gt,
    operator.ge, operator.eq, operator.ne,
]  # fmt: skip


@pytest.mark.parametrize("apply", OPERATORS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "array",
    [
        np.array([1.5, 2.0]),
        np.array([[1, 3], [2, 5]]),
        np.array([1.5, 2.0], dtype=np.float32),
        np.array([1.5, 2.0], dtype=np.longdouble),
        np.array([np.longdouble(2), 1], dtype=object),
        np.array(2.0),
        np.float64(2.0),
        np.longdouble(2.0),
        np.int64(3),
        np.uint8(3),
        np.bool_(True),
    ],
    ids=lambda a: f"{a.dtype}{a.ndim}",
)
def test_operators_are_those_of_arrays_of_floats(apply, array):
    v = Value(2.5)
    floats = array.astype(float)
    for found, expected in (
        (apply(array, v), apply(floats, 2.5)),
        (apply(v, array), apply(2.5, floats)),
    ):
        assert np.shape(found) == np.shape(expected)
        assert np.all(numbers_of(found) == expected)
        if apply in OPERATORS[:7]:
            assert all(isinstance(x, Value) for x in np.ravel(np.asarray(found)))
        elif apply is not divmod and np.ndim(array):
            assert found.dtype == bool


def test_arrays_of_values_are_objects_and_broadcast():
    x = box(1.0, 2.0, 3.0)
    assert x.dtype == object
    out = x[:, None] * np.array([1.0, 10.0]) + Value(0.5)
    assert numbers_of(out).tolist() == [[1.5, 10.5], [2.5, 20.5], [3.5, 30.5]]
    out.sum().backward()
    assert [v.grad for v in x] == [11.0, 11.0, 11.0]


REDUCTIONS = {
    "sum": np.sum,
    "sum of a matrix": lambda x: np.sum(np.outer(x, x), axis=0)[1],
    "list": lambda x: np.sum([x[0], x[1] * x[2]]),
    "add.reduce": np.add.reduce,
    "prod": np.prod,
    "mean": np.mean,
    "var": np.var,
    "std": lambda x: np.std(x, ddof=1),
    "median": np.median,
    "cumsum": lambda x: np.cumsum(x * x)[1],
    "cumprod": lambda x: np.cumprod(x)[2],
    "diff": lambda x: np.sum(np.diff(x) ** 2),
    "dot": lambda x: np.dot(x, x),
    "@": lambda x: (np.array([1.0, 2.0, 3.0]) @ x) * x[0],
    "matrix @": lambda x: np.sum(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) @ x),
    "inner": lambda x: np.inner(x, [1.0, 2.0, 3.0]),
    "outer": lambda x: np.multiply.outer(x, x[1])[0],
    "einsum": lambda x: np.einsum("i,i->", x, np.arange(3.0)),
    "norm": np.linalg.norm,
    "norm 1": lambda x: np.linalg.norm(x, 1),
    "norm inf": lambda x: np.linalg.norm(x, np.inf),
    "max": np.max,
    "amin": np.amin,
    "where": lambda x: np.sum(np.where(x > 1.0, x**2, -x)),
    "where of one": lambda x: np.where(x[0] > 1.0, x[0] * 2, x[0] * 3),
    "clip": lambda x: np.sum(np.clip(x, -1.0, 2.0) * x),
    "polyval": lambda x: np.polyval(x, 3.0),
    "trapezoid": lambda x: np.trapezoid(x, [0.0, 1.0, 3.0]),
    "cross": lambda x: np.cross(x, [1.0, 2.0, 3.0])[0],
    "sort": lambda x: np.sort(x)[0] * np.sort(x)[2],
    "roll": lambda x: np.sum(x * np.roll(x, 1)),
    "mask": lambda x: np.sum(x[x > 0.0]),
    "out": lambda x: np.multiply(x, x[0], out=np.empty(3, dtype=object))[1],
    "where=": lambda x: np.add.reduce(x, initial=0, where=[True, False, True]),
    "where= of a call": lambda x: np.multiply(
        x, x[0], out=np.array(x), where=[True, False, True]
    ).sum(),
    "in place": lambda x: np.sum(operator.imul(np.array(x), x[1])),
    "column": lambda x: np.exp(x.reshape(3, 1) / 10).T.sum(axis=1)[0],
    "hypot": lambda x: np.hypot(x[0], x[1:])[1],
    "arctan2": lambda x: np.arctan2(x[1:], x[0])[1],
    "radians": lambda x: np.sin(np.radians(x * 30)).sum(),
    "exp2": lambda x: np.exp2(x).sum(),
}
POINT = [1.75, -0.5, 2.5]


def differentiate_numerically(f, point, h=2.0**-12):
    """Ridders' extrapolation of central differences, on floats."""
    found = []
    for i in range(len(point)):
        step = np.eye(len(point))[i]
        d = [
            (float(f(point + step * h / 2**k)) - float(f(point - step * h / 2**k)))
            / (2 * h / 2**k)
            for k in range(2)
        ]
        found.append((4 * d[1] - d[0]) / 3)
    return found


@pytest.mark.parametrize("f", REDUCTIONS.values(), ids=REDUCTIONS)
def test_functions_of_arrays(f):
    array = np.array(POINT)
    expected, slopes = float(f(array)), differentiate_numerically(f, array)
    value, found = engine.value_and_grad(lambda x: f(np.array(x)))(POINT)
    assert value == close(expected)
    assert found == pytest.approx(slopes, rel=1e-9, abs=1e-9)
    taped = jit(f)
    taped(array)
    value, found = taped.value_and_grad(array)
    assert value == close(expected)
    assert list(found) == pytest.approx(slopes, rel=1e-9, abs=1e-9)
    assert taped.batch(np.array([array, array])) == pytest.approx(expected, rel=1e-13)


def test_floats_are_never_written_silently():
    a, v = np.array([1.0, 2.0]), Value(3.0)
    with pytest.raises(
        OperandError, match=r"np\.multiply cannot write Values .*float64"
    ):
        a *= v
    with pytest.raises(OperandError, match=r"np\.multiply cannot write"):
        np.multiply(a, v, out=a, casting="unsafe")
    with pytest.raises(OperandError, match=r"np\.add cannot write"):
        np.add.at(a, 0, v)
    with pytest.raises(TypeError):
        a += box(1.0, 2.0)
    assert a.tolist() == [1.0, 2.0]
    objects = np.array([1.0, 2.0], dtype=object)
    objects *= v
    np.add.at(objects, 0, v)
    assert numbers_of(objects).tolist() == [6.0, 6.0]


ESCAPES = {
    "interp": lambda x: float(np.interp(x, [0.0, 2.0], [0.0, 1.0])) * x,
    "float64": lambda x: np.float64(x) * x,
    "asarray": lambda x: np.asarray([x], dtype=float)[0] * x,
    "astype": lambda x: np.array([x]).astype(float)[0] * x,
    "written": lambda x: (lambda a: (a.__setitem__(0, x), a)[1])(np.empty(2))[0] * x,
    "initial": lambda x: np.add.reduce(np.ones(2), initial=x) * x,
    "gradient": lambda x: np.gradient([x, x * x])[0] * x,
    "floor of objects": lambda x: np.floor([x])[0] * x,
}


@pytest.mark.parametrize("f", ESCAPES.values(), ids=ESCAPES)
@pytest.mark.parametrize("run", [grad, jit], ids=["grad", "jit"])
def test_a_number_that_numpy_reads_is_an_escape_with_its_line(run, f):
    with pytest.raises(EscapeError, match=r"test_ufuncs\.py:\d+ takes the number"):
        run(f)(1.0)


MASKED = np.ma.masked_array([1.0, 2.0], [False, True])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: MASKED * x,
        lambda x: x * MASKED,
        lambda x: MASKED / x,
        lambda x: MASKED**x,
        lambda x: x > MASKED,
        lambda x: operator.imul(MASKED.copy(), x),
        lambda x: MASKED.copy().__setitem__(0, x),
        lambda x: np.ma.getdata(x),
        lambda x: np.ma.median(x),
        lambda x: np.ma.exp(x),
        lambda x: np.ma.log(x),
        lambda x: np.ma.power(x, 2),
        lambda x: np.ma.maximum(MASKED, x),
    ],
)
def test_masked_arrays_would_read_the_number_and_are_refused(f):
    with pytest.raises(OperandError, match=r"numpy\.ma would take the number out"):
        f(Value(3.0))


def test_things_that_are_no_numbers_are_refused():
    v = Value(3.0)
    for thing in (np.array([1j]), np.array(["a"]), np.array([None])):
        for apply in (operator.mul, lambda x, y: y * x):
            with pytest.raises(TypeError):
                apply(v, thing)


@pytest.mark.parametrize("name", ["spacing", "rint"])
def test_a_row_of_ones_own_may_have_a_name_of_numpy(name):
    engine.register(name, name, lambda x: 2 * x, (2,))
    try:
        assert UFUNCS[name](Value(5.0)).data == 10.0
        if name == "rint":
            assert UFUNCS[name](box(5.0))[0].data == 10.0
    finally:
        engine.unregister(name)
    assert np.rint(box(5.4))[0].data == np.rint(Value(5.4)).data == 5.0


def test_the_engine_does_not_import_numpy():
    program = (
        "import sys, engine; v = engine.Value(2.0); v * 3; assert v.arctan() > 1; "
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=5), st.floats(-1e3, 1e3))
def test_sums_and_products_are_those_of_objects(xs, y):
    """NumPy adds floats in pairs, and objects one after the other."""
    values, v = box(*xs), Value(y)
    assert float(np.sum(values * v)) == reduce(add, [x * y for x in xs])
