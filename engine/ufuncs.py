"""NumPy's elementwise functions on Values: `np.sin(v)`, `array * v`, `np.exp(values)`.

NumPy asks a Value for `__array_ufunc__` where one stands among the operands. In an
array of objects it calls methods by NumPy's names on each element, as `v.arctan()`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine import ops
from engine.errors import OperandError
from engine.graph.aliases import Aliases
from engine.graph.value import Value
from engine.operation.op import rows
from engine.util.numbers import is_number

Function = Callable[..., Any]


def _reciprocal(x: Any) -> Any:
    return ops.truediv(1, x)


def _divmod(x: Any, y: Any) -> Any:
    return ops.floordiv(x, y), ops.mod(x, y)


def _fmod(x: Any, y: Any) -> Any:
    """The remainder with the sign of x, as in C; that of Python has the sign of y."""
    rest = ops.mod(ops.abs(x), ops.abs(y))
    return rest if x >= 0 else ops.neg(rest)


def _maximum(x: Any, y: Any) -> Any:
    """The larger one; nan where one is nan."""
    return x if x != x else y if y != y else ops.max(x, y)


def _minimum(x: Any, y: Any) -> Any:
    return x if x != x else y if y != y else ops.min(x, y)


def _fmax(x: Any, y: Any) -> Any:
    """The larger one; the other where one is nan."""
    return y if x != x else x if y != y else ops.max(x, y)


def _fmin(x: Any, y: Any) -> Any:
    return y if x != x else x if y != y else ops.min(x, y)


def _clip(x: Any, low: Any, high: Any) -> Any:
    return _minimum(_maximum(x, low), high)


def _trunc(x: Any) -> Any:
    return ops.floor(x) if x >= 0 else ops.ceil(x)


def _rint(x: Any) -> Any:
    """The nearest whole number, the even one of two."""
    below = ops.floor(x)
    rest = x - below
    up = rest > 0.5 or (rest == 0.5 and below % 2 == 1)
    return below + 1 if up else below


def _heaviside(x: Any, middle: Any) -> Any:
    return middle if x == 0 else x if x != x else float(x > 0)


def _logaddexp(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)), without overflow."""
    return x + math.log(2) if x == y else _maximum(x, y) + _log_rest(x, y)


def _log_rest(x: Any, y: Any) -> Any:
    return ops.log1p(ops.exp(ops.neg(ops.abs(ops.sub(x, y)))))


def _logaddexp2(x: Any, y: Any) -> Any:
    ln2 = math.log(2)
    return ops.truediv(_logaddexp(ops.mul(x, ln2), ops.mul(y, ln2)), ln2)


def _is_finite(x: Any) -> bool:
    return bool(abs(x) < math.inf)


def _is_infinite(x: Any) -> bool:
    return bool(abs(x) == math.inf)


def _is_nan(x: Any) -> bool:
    return bool(x != x)


def _both(x: Any, y: Any) -> bool:
    return bool(x) and bool(y)


def _either(x: Any, y: Any) -> bool:
    return bool(x) or bool(y)


def _only_one(x: Any, y: Any) -> bool:
    return bool(x) != bool(y)


_PREDICATES: dict[str, Function] = {
    "equal": operator.eq, "not_equal": operator.ne, "less": operator.lt,
    "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "isfinite": _is_finite, "isinf": _is_infinite, "isnan": _is_nan,
    "logical_and": _both, "logical_or": _either, "logical_xor": _only_one,
    "logical_not": operator.not_,
}  # fmt: skip
"""Those that give booleans."""

_METHODS: dict[str, Function] = {
    "arccos": ops.acos, "arccosh": ops.acosh, "arcsin": ops.asin,
    "arcsinh": ops.asinh, "arctan": ops.atan, "arctan2": ops.atan2,
    "arctanh": ops.atanh, "deg2rad": ops.radians, "fabs": ops.abs,
    "fmod": _fmod, "rad2deg": ops.degrees, "rint": _rint,
}  # fmt: skip
"""Those that NumPy looks for as methods of the elements of an array of objects."""

_FUNCTIONS: dict[str, Function] = _PREDICATES | _METHODS | {
    "absolute": ops.abs, "add": ops.add, "clip": _clip,
    "conjugate": operator.pos, "divide": ops.truediv, "divmod": _divmod,
    "float_power": ops.pow, "floor_divide": ops.floordiv,
    "fmax": _fmax, "fmin": _fmin, "heaviside": _heaviside, "logaddexp": _logaddexp,
    "logaddexp2": _logaddexp2, "maximum": _maximum, "minimum": _minimum,
    "multiply": ops.mul, "negative": ops.neg, "positive": operator.pos,
    "power": ops.pow, "reciprocal": _reciprocal, "remainder": ops.mod,
    "subtract": ops.sub, "trunc": _trunc,
}  # fmt: skip
"""By NumPy's name what a row has under another name, or what rows are composed to."""


def _apply_ufunc(
    _: Value, ufunc: Any, method: str, *inputs: Any, **options: Any
) -> Any:
    """What NumPy calls where a Value is among the operands of a ufunc.

    Raises:
        OperandError: it is no function of real numbers that Values have, or the result
            was to be written into an array that cannot hold Values.
    """
    function = _find_function(ufunc)
    if method == "__call__" and not options and all(map(_is_scalar, inputs)):
        return function(*map(_as_python, inputs))
    _check_target(ufunc, options.get("out", inputs[: method == "at"]))
    import numpy as np

    boxed = [np.array(x, dtype=object) if isinstance(x, Value) else x for x in inputs]
    # A loop of Python's functions, for those that NumPy has for objects know no nan.
    loop = _make_loop(function, ufunc.nin, ufunc.nout)
    with np.errstate(all="ignore"):  # Python's arithmetic raises where it is wrong
        result = getattr(loop, method)(*boxed, **options)
    if ufunc.__name__ in _PREDICATES and isinstance(result, np.ndarray):
        return result.astype(bool)
    return result


def _find_function(ufunc: Any) -> Function:
    name = ufunc.__name__
    function = rows.get(name) or _FUNCTIONS.get(name)
    if function is None or ufunc.signature:
        raise OperandError(
            f"np.{name} is not defined for a Value: use the functions of engine, or "
            f"np.{name}(v.detach().item()) where a constant is meant"
        )
    return function


def _is_scalar(x: Any) -> bool:
    return isinstance(x, Value) or is_number(x)


def _as_python(x: Any) -> Any:
    """Without NumPy's scalars, whose operators would ask the Value again."""
    if isinstance(x, Value) or not hasattr(x, "dtype"):
        return x
    return int(x) if x.dtype.kind in "iu" else float(x)


def _check_target(ufunc: Any, targets: Any) -> None:
    """See that Values are not turned into floats by being written into an array."""
    for target in targets:
        kind = getattr(target, "dtype", type(target).__name__)
        if target is not None and kind != "object":
            raise OperandError(
                f"np.{ufunc.__name__} cannot write Values into an array of {kind}: "
                "use array.astype(object), or make a new array, array * v"
            )


def _make_method(name: str, function: Function) -> Function:
    def method(*operands: Any) -> Any:
        return function(*operands)

    method.__name__, method.__qualname__ = name, f"Value.{name}"
    method.__doc__ = f"np.{name}: arrays of objects ask for this name."
    return method


def _refuse_masks(_: Value) -> Any:
    """What numpy.ma asks of each operand, and would compute with as a plain number."""
    raise OperandError(
        "numpy.ma would take the number out of a Value and lose the graph: use an "
        "array of objects, or v.detach().item() where a constant is meant"
    )


@lru_cache(maxsize=128)
def _make_loop(function: Function, inputs: int, outputs: int) -> Any:
    import numpy as np

    def compute(*operands: Any) -> Any:
        return function(*map(_as_python, operands))

    return np.frompyfunc(compute, inputs, outputs)


# `Value` lies below this module and cannot import from it. NumPy's names go into a base
# of it, where a program's own rows may take their names. (`__getattr__` would do
# as well, but makes every access to an attribute slower.)
Value.__array_ufunc__ = _apply_ufunc  # type: ignore[attr-defined]
for _name in ("_data", "_mask"):
    setattr(Value, _name, property(_refuse_masks))
for _name, _function in _METHODS.items():
    setattr(Aliases, _name, _make_method(_name, _function))
