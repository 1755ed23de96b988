"""The rows of the table as functions, written by docs/make_stubs.py."""

from typing import overload, type_check_only

from engine.graph.value import Value
from engine.operation.op import Op

__all__ = [
    "acos", "acosh", "acosh_slope", "add", "asin", "asinh", "atan", "atan2",
    "atanh", "cbrt", "ceil", "cos", "cosh", "degrees", "direction", "elu",
    "erf", "erfc", "exp", "exp10", "exp2", "expm1", "floor", "floordiv",
    "gaussian", "gelu", "hypot", "identity", "inversion", "leaky_relu", "log",
    "log10", "log1mexp", "log1p", "log2", "logit", "mod", "mul", "neg",
    "radians", "relu", "sech", "semicircle", "sigmoid", "sign", "silu", "sin",
    "sinh", "softplus", "softsign", "sqrt", "square", "sub", "tan", "tanh",
    "truediv", "weigh", "xlog1py", "xlogy",
]  # fmt: skip

@type_check_only
class Unary(Op):
    """Domain: x in (−∞, ∞)."""

    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, /) -> float: ...

@type_check_only
class Binary(Op):
    """Domain: x, y in (−∞, ∞)."""

    @overload
    def __call__(self, x: Value, y: Value | float, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: float, /) -> float: ...

@type_check_only
class Optional(Op):
    @overload
    def __call__(self, x: Value, y: Value | float = ..., /) -> Value: ...
    @overload
    def __call__(self, x: float, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: float = ..., /) -> float: ...

add: Binary
"""add(x, y) = x + y

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = 1
    ∂/∂y = 1
"""

sub: Binary
"""sub(x, y) = x − y

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = 1
    ∂/∂y = −1
"""

mul: Binary
"""mul(x, y) = x × y

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = y
    ∂/∂y = x
"""

@type_check_only
class _truediv(Binary):
    """Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞)."""

truediv: _truediv
"""truediv(x, y) = x ÷ y

Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
Local derivatives:
    ∂/∂x = 1 ÷ y
    ∂/∂y = −out ÷ y
"""

@type_check_only
class _floordiv(Binary):
    """Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞)."""

floordiv: _floordiv
"""floordiv(x, y): the floor of x ÷ y

Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
Local derivatives:
    ∂/∂x = 0
    ∂/∂y = 0
"""

@type_check_only
class _mod(Binary):
    """Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞)."""

mod: _mod
"""mod(x, y) = x − y × (x // y), which has the sign of y

Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
Local derivatives:
    ∂/∂x = 1
    ∂/∂y = −(x // y)
"""

@type_check_only
class _pow(Binary):
    """Domain: x in (0, ∞), y in (−∞, ∞)."""

pow: _pow
"""pow(x, y) = x^y

Domain: x in (0, ∞), y in (−∞, ∞).
Local derivatives:
    ∂/∂x = (0 if x = 0 else out × y ÷ x) if y = 0 else y × x^(y − 1)
    ∂/∂y = 0 if out = 0 else out × log(x)
"""

@type_check_only
class _weigh(Binary):
    """Domain: weight, x in (−∞, ∞)."""

weigh: _weigh
"""weigh(weight, x) = weight × x, and 0 where the weight is 0, though x be infinite

Domain: weight, x in (−∞, ∞).
Local derivatives:
    ∂/∂weight = x
    ∂/∂x = weight
"""

identity: Unary
"""identity(x) = x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1.
"""

neg: Unary
"""neg(x) = −x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = −1.
"""

abs: Unary
"""abs(x) = |x|

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 if x > 0 else −1 if x < 0 else 0.
Kink: where x is 0.
"""

sign: Unary
"""sign(x) = −1, 0 or 1

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 0.
Kink: where x is 0.
"""

floor: Unary
"""floor(x): the largest whole number that is not above x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 0.
"""

ceil: Unary
"""ceil(x): the smallest whole number that is not below x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 0.
"""

square: Unary
"""square(x) = x²

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 2 × x.
"""

exp: Unary
"""exp(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = out.
"""

exp2: Unary
"""exp2(x) = 2^x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = out × 0.693147.
"""

exp10: Unary
"""exp10(x) = 10^x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = out × 2.30259.
"""

expm1: Unary
"""expm1(x) = exp(x) − 1, with all digits for a small x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = exp(x).
"""

@type_check_only
class _log(Unary):
    """Domain: x in (0, ∞)."""

log: _log
"""log(x): natural logarithm

Domain: x in (0, ∞).
Local derivative: ∂/∂x = 1 ÷ x.
"""

@type_check_only
class _log1p(Unary):
    """Domain: x in (−1, ∞)."""

log1p: _log1p
"""log1p(x) = log(1 + x), with all digits for a small x

Domain: x in (−1, ∞).
Local derivative: ∂/∂x = 1 ÷ (1 + x).
"""

@type_check_only
class _log2(Unary):
    """Domain: x in (0, ∞)."""

log2: _log2
"""log2(x)

Domain: x in (0, ∞).
Local derivative: ∂/∂x = 1 ÷ (x × 0.693147).
"""

@type_check_only
class _log10(Unary):
    """Domain: x in (0, ∞)."""

log10: _log10
"""log10(x)

Domain: x in (0, ∞).
Local derivative: ∂/∂x = 1 ÷ (x × 2.30259).
"""

@type_check_only
class _xlogy(Binary):
    """Domain: x in (−∞, ∞), y in (0, ∞)."""

xlogy: _xlogy
"""xlogy(x, y) = x × log(y), and 0 where x is 0

Domain: x in (−∞, ∞), y in (0, ∞).
Local derivatives:
    ∂/∂x = log(y)
    ∂/∂y = 0 if x = 0 else x ÷ y
"""

@type_check_only
class _xlog1py(Binary):
    """Domain: x in (−∞, ∞), y in (−1, ∞)."""

xlog1py: _xlog1py
"""xlog1py(x, y) = x × log(1 + y), and 0 where x is 0

Domain: x in (−∞, ∞), y in (−1, ∞).
Local derivatives:
    ∂/∂x = log1p(y)
    ∂/∂y = 0 if x = 0 else x ÷ (1 + y)
"""

@type_check_only
class _logit(Unary):
    """Domain: x in (0, 1)."""

logit: _logit
"""logit(x) = log(x ÷ (1 − x)), the inverse of sigmoid

Domain: x in (0, 1).
Local derivative: ∂/∂x = 1 ÷ (x × (1 − x)).
"""

@type_check_only
class _log1mexp(Unary):
    """Domain: x in (0, ∞)."""

log1mexp: _log1mexp
"""log1mexp(x) = log(1 − exp(−x)), with all digits for any x

Domain: x in (0, ∞).
Local derivative: ∂/∂x = 1 ÷ expm1(x).
"""

@type_check_only
class _sqrt(Unary):
    """Domain: x in [0, ∞)."""

sqrt: _sqrt
"""sqrt(x): square root

Domain: x in [0, ∞).
Local derivative: ∂/∂x = 1 ÷ (2 × out).
"""

cbrt: Unary
"""cbrt(x): cube root

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 ÷ (3 × out × out).
Kink: where x is 0.
"""

sin: Unary
"""sin(x): x in radians

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = cos(x).
"""

cos: Unary
"""cos(x): x in radians

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = −sin(x).
"""

tan: Unary
"""tan(x): x in radians

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 + out × out.
"""

@type_check_only
class _asin(Unary):
    """Domain: x in [−1, 1]."""

asin: _asin
"""asin(x): in radians, from −π/2 to π/2

Domain: x in [−1, 1].
Local derivative: ∂/∂x = 1 ÷ semicircle(x).
"""

@type_check_only
class _acos(Unary):
    """Domain: x in [−1, 1]."""

acos: _acos
"""acos(x): in radians, from 0 to π

Domain: x in [−1, 1].
Local derivative: ∂/∂x = −1 ÷ semicircle(x).
"""

@type_check_only
class _semicircle(Unary):
    """Domain: x in [−1, 1]."""

semicircle: _semicircle
"""semicircle(x) = √(1 − x²)

Domain: x in [−1, 1].
Local derivative: ∂/∂x = −x ÷ out.
"""

atan: Unary
"""atan(x): in radians, from −π/2 to π/2

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 ÷ (1 + x × x).
"""

@type_check_only
class _atan2(Binary):
    """Domain: y, x in (−∞, ∞)."""

atan2: _atan2
"""atan2(y, x): the angle of the point (x, y) in radians, from −π to π

Domain: y, x in (−∞, ∞).
Local derivatives:
    ∂/∂y = inversion(x, y)
    ∂/∂x = −inversion(y, x)
Kink: where y if x < 0 else hypot(x, y) is 0.
"""

radians: Unary
"""radians(x) = x × π ÷ 180: x in degrees

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 0.0174533.
"""

degrees: Unary
"""degrees(x) = x × 180 ÷ π: x in radians

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 57.2958.
"""

sinh: Unary
"""sinh(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = cosh(x).
"""

cosh: Unary
"""cosh(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = sinh(x).
"""

tanh: Unary
"""tanh(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = sech(x)².
"""

sech: Unary
"""sech(x) = 1 ÷ cosh(x); sech(x)² is 1 − tanh(x)²

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = −out × tanh(x).
"""

asinh: Unary
"""asinh(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 ÷ hypot(1, x).
"""

@type_check_only
class _acosh(Unary):
    """Domain: x in [1, ∞)."""

acosh: _acosh
"""acosh(x)

Domain: x in [1, ∞).
Local derivative: ∂/∂x = acosh_slope(x).
"""

@type_check_only
class _acosh_slope(Unary):
    """Domain: x in (1, ∞)."""

acosh_slope: _acosh_slope
"""acosh_slope(x) = 1 ÷ √(x² − 1)

Domain: x in (1, ∞).
Local derivative: ∂/∂x = −x × out × out × out.
"""

@type_check_only
class _atanh(Unary):
    """Domain: x in (−1, 1)."""

atanh: _atanh
"""atanh(x)

Domain: x in (−1, 1).
Local derivative: ∂/∂x = 1 ÷ semicircle(x)².
"""

hypot: Binary
"""hypot(x, y) = √(x² + y²)

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = 0 if out = 0 else direction(x, y)
    ∂/∂y = 0 if out = 0 else direction(y, x)
Kink: where hypot(x, y) is 0.
"""

direction: Binary
"""direction(x, y) = x ÷ √(x² + y²), the cosine of the angle of the point (x, y)

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = direction(y, x)² ÷ hypot(x, y)
    ∂/∂y = −out × direction(y, x) ÷ hypot(x, y)
Kink: where hypot(x, y) is 0.
"""

inversion: Binary
"""inversion(x, y) = x ÷ (x² + y²)

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = ((y − x) ÷ hypot(x, y) × ((y + x) ÷ hypot(x, y)) if 3 × |direction(x, y) × direction(y, x)| > 1 else direction(y, x) × direction(y, x) − direction(x, y) × direction(x, y)) ÷ hypot(x, y) ÷ hypot(x, y)
    ∂/∂y = −2 × direction(x, y) × direction(y, x) ÷ hypot(x, y) ÷ hypot(x, y)
Kink: where hypot(x, y) is 0.
"""

gaussian: Unary
"""gaussian(x) = exp(−x²)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 0 if out = 0 else −2 × x × out.
"""

erf: Unary
"""erf(x) = 2 ÷ √π × ∫₀ˣ exp(−t²) dt

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1.12838 × gaussian(x).
"""

erfc: Unary
"""erfc(x) = 1 − erf(x), with all digits for a large x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = −1.12838 × gaussian(x).
"""

relu: Unary
"""relu(x) = 0 if x < 0 else x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 if x > 0 else 0.
Kink: where x is 0.
"""

@type_check_only
class _leaky_relu(Optional):
    """Domain: x, slope in (−∞, ∞)."""

leaky_relu: _leaky_relu
"""leaky_relu(x, slope) = slope × x if x < 0 else x

Domain: x, slope in (−∞, ∞).
Local derivatives:
    ∂/∂x = 1 if x > 0 else slope
    ∂/∂slope = x if x < 0 else 0
Kink: where x is 0.
slope is 0.01 when it is left out.
"""

@type_check_only
class _elu(Optional):
    """Domain: x, alpha in (−∞, ∞)."""

elu: _elu
"""elu(x, alpha) = x, or alpha × (exp(x) − 1) where x is negative

Domain: x, alpha in (−∞, ∞).
Local derivatives:
    ∂/∂x = 1 if x > 0 else alpha × exp(x)
    ∂/∂alpha = 0 if x > 0 else expm1(x)
Kink: where x is 0.
alpha is 1 when it is left out.
"""

softsign: Unary
"""softsign(x) = x ÷ (1 + |x|)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 ÷ (1 + |x|)².
"""

sigmoid: Unary
"""sigmoid(x) = 1 ÷ (1 + exp(−x)); its derivative is σ(1 − σ), too

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = sech(x ÷ 2)² ÷ 4.
"""

softplus: Unary
"""softplus(x) = log(1 + exp(x))

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = sigmoid(x).
"""

silu: Unary
"""silu(x) = x × sigmoid(x), also called swish

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 0 if x = −∞ else 1 if x = ∞ else sigmoid(x) × (1 + x × sigmoid(−x)).
"""

gelu: Unary
"""gelu(x) = x × Φ(x), with Φ the normal distribution function

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 0 if x = −∞ else 1 if x = ∞ else erfc(x ÷ (−1.41421)) ÷ 2 + 0.398942 × x × gaussian(x ÷ 1.41421).
"""

max: Binary
"""max(x, y) = y if y > x else x

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = (1 if x = y else 2 if x > y else 0) ÷ 2
    ∂/∂y = (1 if y = x else 2 if y > x else 0) ÷ 2
Kink: where x − y is 0.
"""

min: Binary
"""min(x, y) = y if y < x else x

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = (1 if y = x else 2 if y > x else 0) ÷ 2
    ∂/∂y = (1 if x = y else 2 if x > y else 0) ÷ 2
Kink: where x − y is 0.
"""
