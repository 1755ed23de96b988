"""THE TABLE: every elementary operation, one row each.

A row has a name, a symbol, its value and its local derivatives. All else comes from
the row: the operator or method of Value, the function on numbers, higher
derivatives, formulas, generated code and the tests. To add an operation, add a row.

Rules are written to be accurate to the last few bits over the whole domain, so
they differ from the textbook's where that one cancels: tanh′ is 1/cosh² and not
1 − tanh², which has no correct digit left at x = 20.

Where there is no derivative, this is recorded:

- a kink gives the subgradient 0: abs, relu and hypot at 0; leaky_relu gives `slope`;
- a tie of max or min gives each side ½;
- a jump (floordiv, mod, floor, ceil, sign) gives the derivative of the piece that the
  point is on;
- an infinite limit gives ±∞: sqrt and cbrt at 0, asin, acos and atanh at ±1, acosh
  at 1, x**y by x at 0 for 0 < y < 1, and 0**y by y at y = 0, which is −∞;
- no limit at all gives nan: atan2 at (0, 0), and x**y by y for a negative x, since
  there is no real power next to it. (-2)**3 has no such parent and no nan.
- inf and nan operands go through the rule as IEEE 754 has it;
- x**0 is the constant 1, also at 0, and has the derivative 0; 0**y is 0 for y > 0
  and so is its derivative by y.
"""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

from engine.operation.op import Op
from engine.operation.symbol import where
from engine.registry import TABLE, add_help, add_row

_SQRT2 = math.sqrt(2)
_LN2 = math.log(2)
_LN10 = math.log(10)
_ERF = 2 / math.sqrt(math.pi)  # erf′(0)
_NORMAL = 1 / math.sqrt(2 * math.pi)  # the density of the normal distribution at 0
_REAL = "(-inf, inf)"
_NONZERO = "(-inf, 0) | (0, inf)"


def _sign(x: Any) -> Any:
    return where(x > 0, 1, where(x < 0, -1, 0))


def _share(x: Any, y: Any) -> Any:
    """1 where x is the larger, 0 where y is, ½ at a tie."""
    return where(x == y, 1, where(x > y, 2, 0)) / 2


def _slope_at_exponent_0(out: Any, x: Any, y: Any) -> Any:
    """0, in a form that still has the derivative 1/x by the exponent."""
    return where(x == 0, 0, lambda: out * y / x)


def _with_limits(x: Any, low: Any, high: Any, inner: Any) -> Any:
    """`inner` for a finite x; `low` at −∞ and `high` at ∞, where it is 0 × ∞."""
    return where(x == -math.inf, low, where(x == math.inf, high, inner))


def _slope_of_silu(x: Any) -> Any:
    return sigmoid(x) * (1 + x * sigmoid(-x))


def _slope_of_gelu(x: Any) -> Any:
    return erfc(x / -_SQRT2) / 2 + _NORMAL * x * gaussian(x / _SQRT2)


def _run(row: Op, x: Any) -> Any:
    """`row(x)` in the rules and values that run most: fast where x is a number."""
    return row.value(x) if x.__class__ is float else row(x)


def _sech(x: Any) -> Any:
    e = _run(exp, -operator.abs(x))  # never overflows
    return 2 * e / (1 + e * e)


def _cosine(out: Any, x: Any, y: Any) -> Any:
    """The row `direction`, whose value is at hand for a number."""
    return x / out if out.__class__ is float else direction(x, y)


def _gaussian(x: Any) -> Any:
    """exp(−x²) without the error of the rounded x², which it would multiply by x².

    The square of h, which is x cut to a few bits, is exact, and x² − h² is small.
    """
    h = 16 * x // 1 / 16
    return _run(exp, -h * h) * _run(exp, -(x - h) * (x + h))


def _sigmoid(x: Any) -> Any:
    e = exp(-operator.abs(x))
    return where(x < 0, e, 1) / (1 + e)


def _slope_of_inversion(x: Any, y: Any) -> Any:
    """(y² − x²) ÷ (x² + y²)², which keeps its digits beside the diagonals and axes."""
    h, c, s = hypot(x, y), direction(x, y), direction(y, x)
    squares = where(
        3 * operator.abs(c * s) > 1,
        lambda: (y - x) / h * ((y + x) / h),
        lambda: s * s - c * c,
    )
    return squares / h / h


def _leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    return where(x < 0, slope * x, x)


def _elu(x: Any, alpha: Any = 1) -> Any:
    return where(x > 0, x, lambda: alpha * expm1(x))


def _floor(x: Any) -> Any:
    """x // 1, which is nan at ±∞; from 2⁵² on all floats are whole."""
    return where(operator.abs(x) < 2**52, lambda: x // 1, x)


def _logit(x: Any) -> Any:
    """The first form has all digits near ½, where the value is 0, the other elsewhere."""
    return where(
        operator.abs(x - 1 / 2) < 1 / 4,
        lambda: 2 * atanh(2 * x - 1),
        lambda: log(x) - log1p(-x),
    )


def _log1mexp(x: Any) -> Any:
    """Mächler, Accurately Computing log(1 − exp(−|a|)) (2012)."""
    return where(x < _LN2, lambda: log(-expm1(-x)), lambda: log1p(-exp(-x)))


def _cbrt_by_newton(x: float) -> float:
    """The power, and a step of Newton's method for its last bit."""
    root = math.copysign(math.fabs(x) ** (1 / 3), x)
    if root == 0 or not math.isfinite(root):
        return root
    return root - (root - x / root / root) / 3


_cbrt = getattr(math, "cbrt", _cbrt_by_newton)  # math has it from Python 3.11 on

# fmt: off
add = Op("add", "+", operator.add, (1, 1))
sub = Op("sub", "−", operator.sub, (1, -1))
mul = Op("mul", "×", operator.mul, lambda out, x, y: (y, x))
truediv = Op("truediv", "÷", operator.truediv, lambda out, x, y: (1 / y, -out / y),
    domain=(_REAL, _NONZERO))
floordiv = Op("floordiv", "//", operator.floordiv, (0, 0),
    domain=(_REAL, _NONZERO), kinks=lambda x, y: x / y - round(x / y),
    about="the floor of x ÷ y")
mod = Op("mod", "mod", operator.mod, lambda out, x, y: (1, -(x // y)),
    domain=(_REAL, _NONZERO), kinks=lambda x, y: x / y - round(x / y),
    about="= x − y × (x // y), which has the sign of y")
pow = Op("pow", "^", operator.pow, (
        lambda out, x, y: where(y == 0, lambda: _slope_at_exponent_0(out, x, y),
                                lambda: y * x ** (y - 1)),
        lambda out, x, y: where(out == 0, 0, lambda: out * log(x))),
    domain=("(0, inf)", _REAL), folds="^{}")
weigh = Op("weigh", "×", lambda weight, x: where(weight == 0, 0, lambda: weight * x),
    lambda out, weight, x: (x, weight),
    about="= weight × x, and 0 where the weight is 0, though x be infinite")
identity = Op("identity", "=", lambda x: x, (1,))
neg = Op("neg", "neg", operator.neg, (-1,))
abs = Op("abs", "abs", operator.abs, lambda out, x: (_sign(x),), kinks=lambda x: x)

sign = Op("sign", "sign",
    lambda x: where(x > 0, 1, where(x < 0, -1, where(x == 0, 0, x))), (0,),
    kinks=lambda x: x, about="= −1, 0 or 1")
floor = Op("floor", "floor", _floor, (0,), kinks=lambda x: x - round(x),
    about="the largest whole number that is not above x")
ceil = Op("ceil", "ceil", lambda x: -_floor(-x), (0,), kinks=lambda x: x - round(x),
    about="the smallest whole number that is not below x")
square = Op("square", "square", lambda x: x * x, lambda out, x: (2 * x,), about="= x²")

exp = Op("exp", "exp", math.exp, lambda out, x: (out,))
exp2 = Op("exp2", "exp2", lambda x: 2**x, lambda out, x: (out * _LN2,), about="= 2^x")
exp10 = Op("exp10", "exp10", lambda x: 10**x, lambda out, x: (out * _LN10,),
    about="= 10^x")
expm1 = Op("expm1", "expm1", math.expm1, lambda out, x: (exp(x),),
    about="= exp(x) − 1, with all digits for a small x")
log: Op = Op("log", "log", math.log, lambda out, x: (1 / x,),
    domain="(0, inf)", limits={0: -math.inf}, about="natural logarithm")
log1p = Op("log1p", "log1p", math.log1p, lambda out, x: (1 / (1 + x),),
    domain="(-1, inf)", limits={-1: -math.inf},
    about="= log(1 + x), with all digits for a small x")
log2 = Op("log2", "log₂", math.log2, lambda out, x: (1 / (x * _LN2),),
    domain="(0, inf)", limits={0: -math.inf})
log10 = Op("log10", "log₁₀", math.log10, lambda out, x: (1 / (x * _LN10),),
    domain="(0, inf)", limits={0: -math.inf})
xlogy = Op("xlogy", "xlogy", lambda x, y: where(x == 0, 0, lambda: x * log(y)),
    lambda out, x, y: (log(y), where(x == 0, 0, lambda: x / y)),
    domain=(_REAL, "(0, inf)"), about="= x × log(y), and 0 where x is 0")
xlog1py = Op("xlog1py", "xlog1py", lambda x, y: where(x == 0, 0, lambda: x * log1p(y)),
    lambda out, x, y: (log1p(y), where(x == 0, 0, lambda: x / (1 + y))),
    domain=(_REAL, "(-1, inf)"), about="= x × log(1 + y), and 0 where x is 0")
logit = Op("logit", "logit", _logit, lambda out, x: (1 / (x * (1 - x)),),
    domain="(0, 1)", limits={0: -math.inf, 1: math.inf},
    about="= log(x ÷ (1 − x)), the inverse of sigmoid")
log1mexp = Op("log1mexp", "log1mexp", _log1mexp, lambda out, x: (1 / expm1(x),),
    domain="(0, inf)", limits={0: -math.inf},
    about="= log(1 − exp(−x)), with all digits for any x")
sqrt = Op("sqrt", "√", math.sqrt, lambda out, x: (1 / (2 * out),), domain="[0, inf)",
    about="square root")
cbrt = Op("cbrt", "cbrt", _cbrt, lambda out, x: (1 / (3 * out * out),), kinks=lambda x: x,
    about="cube root")

sin = Op("sin", "sin", math.sin, lambda out, x: (cos(x),), about="x in radians")
cos: Op = Op("cos", "cos", math.cos, lambda out, x: (-sin(x),), about="x in radians")
tan = Op("tan", "tan", math.tan, lambda out, x: (1 + out * out,), about="x in radians")
asin = Op("asin", "asin", math.asin, lambda out, x: (1 / _run(semicircle, x),),
    domain="[-1, 1]", about="in radians, from −π/2 to π/2")
acos = Op("acos", "acos", math.acos, lambda out, x: (-1 / _run(semicircle, x),),
    domain="[-1, 1]", about="in radians, from 0 to π")
semicircle: Op = Op("semicircle", "semicircle", lambda x: sqrt((1 - x) * (1 + x)),
    lambda out, x: (-x / out,), domain="[-1, 1]", about="= √(1 − x²)")
atan = Op("atan", "atan", math.atan, lambda out, x: (1 / (1 + x * x),),
    about="in radians, from −π/2 to π/2")
atan2 = Op("atan2", "atan2", math.atan2,
    lambda out, y, x: (inversion(x, y), -inversion(y, x)),
    kinks=lambda y, x: where(x < 0, y, hypot(x, y)),
    about="the angle of the point (x, y) in radians, from −π to π")
radians = Op("radians", "radians", lambda x: x * (math.pi / 180), (math.pi / 180,),
    about="= x × π ÷ 180: x in degrees")
degrees = Op("degrees", "degrees", lambda x: x * (180 / math.pi), (180 / math.pi,),
    about="= x × 180 ÷ π: x in radians")
sinh = Op("sinh", "sinh", math.sinh, lambda out, x: (cosh(x),))
cosh: Op = Op("cosh", "cosh", math.cosh, lambda out, x: (sinh(x),))
tanh = Op("tanh", "tanh", math.tanh, lambda out, x: (_run(sech, x) ** 2,))
sech: Op = Op("sech", "sech", _sech, lambda out, x: (-out * tanh(x),),
    about="= 1 ÷ cosh(x); sech(x)² is 1 − tanh(x)²")
asinh = Op("asinh", "asinh", math.asinh, lambda out, x: (1 / hypot(1, x),))
acosh = Op("acosh", "acosh", math.acosh, lambda out, x: (_run(acosh_slope, x),),
    domain="[1, inf)")
acosh_slope: Op = Op("acosh_slope", "acosh′",
    lambda x: 1 / (sqrt(x - 1) * sqrt(x + 1)), lambda out, x: (-x * out * out * out,),
    domain="(1, inf)", limits={1: math.inf}, about="= 1 ÷ √(x² − 1)")
atanh = Op("atanh", "atanh", math.atanh, lambda out, x: (1 / _run(semicircle, x) ** 2,),
    domain="(-1, 1)", limits={-1: -math.inf, 1: math.inf})
hypot: Op = Op("hypot", "hypot", math.hypot, lambda out, x, y: (
        where(out == 0, 0, lambda: _cosine(out, x, y)),
        where(out == 0, 0, lambda: _cosine(out, y, x))),
    kinks=lambda x, y: hypot(x, y), about="= √(x² + y²)")
direction: Op = Op("direction", "direction", lambda x, y: x / hypot(x, y),
    lambda out, x, y: (direction(y, x) ** 2 / hypot(x, y),
                       -out * direction(y, x) / hypot(x, y)),
    kinks=lambda x, y: hypot(x, y),
    about="= x ÷ √(x² + y²), the cosine of the angle of the point (x, y)")
inversion: Op = Op("inversion", "inversion", lambda x, y: x / hypot(x, y) / hypot(x, y),
    lambda out, x, y: (
        _slope_of_inversion(x, y),
        -2 * direction(x, y) * direction(y, x) / hypot(x, y) / hypot(x, y)),
    kinks=lambda x, y: hypot(x, y),
    about="= x ÷ (x² + y²)")
gaussian: Op = Op("gaussian", "gaussian",
    lambda x: where(operator.abs(x) > 30, 0, lambda: _gaussian(x)),
    lambda out, x: (where(out == 0, 0, lambda: -2 * x * out),), about="= exp(−x²)")
erf = Op("erf", "erf", math.erf, lambda out, x: (_ERF * _run(gaussian, x),),
    about="= 2 ÷ √π × ∫₀ˣ exp(−t²) dt")
erfc = Op("erfc", "erfc", math.erfc, lambda out, x: (-_ERF * _run(gaussian, x),),
    about="= 1 − erf(x), with all digits for a large x")

relu = Op("relu", "relu", lambda x: where(x < 0, 0, x),
    lambda out, x: (where(x > 0, 1, 0),), kinks=lambda x: x)
leaky_relu = Op("leaky_relu", "leaky_relu", _leaky_relu,
    lambda out, x, slope: (where(x > 0, 1, slope), where(x < 0, x, 0)),
    kinks=lambda x, slope: x, folds="leaky_relu")
elu = Op("elu", "elu", _elu,
    lambda out, x, alpha: (where(x > 0, 1, lambda: alpha * exp(x)),
                           where(x > 0, 0, lambda: expm1(x))),
    kinks=lambda x, alpha: x, folds="elu {}",
    about="= x, or alpha × (exp(x) − 1) where x is negative")
softsign = Op("softsign", "softsign",
    lambda x: _with_limits(x, -1, 1, lambda: x / (1 + operator.abs(x))),
    lambda out, x: (1 / (1 + operator.abs(x)) ** 2,), about="= x ÷ (1 + |x|)")
sigmoid: Op = Op("sigmoid", "sigmoid", _sigmoid, lambda out, x: (sech(x / 2) ** 2 / 4,),
    about="= 1 ÷ (1 + exp(−x)); its derivative is σ(1 − σ), too")
softplus = Op("softplus", "softplus",
    lambda x: where(x > 0, x, 0) + log1p(exp(-operator.abs(x))),
    lambda out, x: (sigmoid(x),),
    about="= log(1 + exp(x))")
silu = Op("silu", "silu",
    lambda x: _with_limits(x, 0, x, lambda: x * sigmoid(x)),
    lambda out, x: (_with_limits(x, 0, 1, lambda: _slope_of_silu(x)),),
    about="= x × sigmoid(x), also called swish")
gelu = Op("gelu", "gelu",
    lambda x: _with_limits(x, 0, x, lambda: x / 2 * erfc(x / -_SQRT2)),
    lambda out, x: (_with_limits(x, 0, 1, lambda: _slope_of_gelu(x)),),
    about="= x × Φ(x), with Φ the normal distribution function")
max = Op("max", "max", lambda x, y: where(y > x, y, x),
    lambda out, x, y: (_share(x, y), _share(y, x)), kinks=lambda x, y: x - y)
min = Op("min", "min", lambda x, y: where(y < x, y, x),
    lambda out, x, y: (_share(y, x), _share(x, y)), kinks=lambda x, y: x - y)
# fmt: on

for _row in [row for row in globals().values() if isinstance(row, Op)]:
    add_row(_row)
for _row in TABLE.values():  # now that they can all be called
    add_help(_row)

# A star import does not hide a builtin of the same name.
__all__ = [name for name in TABLE if not hasattr(builtins, name)]
