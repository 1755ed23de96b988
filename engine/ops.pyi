"""The rows of the table as functions, written by docs/make_stubs.py."""

from typing import overload, type_check_only

from engine.graph.value import Value
from engine.operation.op import Op

__all__ = [
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "floordiv",
    "hypot",
    "identity",
    "leaky_relu",
    "log",
    "log10",
    "log1p",
    "log2",
    "mod",
    "mul",
    "neg",
    "relu",
    "sigmoid",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "sub",
    "tan",
    "tanh",
    "truediv",
]

@type_check_only
class Unary(Op):
    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, /) -> float: ...

@type_check_only
class Binary(Op):
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

@type_check_only
class _add(Binary):
    """add(x, y) = x + y

    Domain: x, y in (−∞, ∞).
    Local derivatives:
        ∂/∂x = 1
        ∂/∂y = 1
    """

add: _add
"""add(x, y) = x + y

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = 1
    ∂/∂y = 1
"""

@type_check_only
class _sub(Binary):
    """sub(x, y) = x − y

    Domain: x, y in (−∞, ∞).
    Local derivatives:
        ∂/∂x = 1
        ∂/∂y = −1
    """

sub: _sub
"""sub(x, y) = x − y

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = 1
    ∂/∂y = −1
"""

@type_check_only
class _mul(Binary):
    """mul(x, y) = x × y

    Domain: x, y in (−∞, ∞).
    Local derivatives:
        ∂/∂x = y
        ∂/∂y = x
    """

mul: _mul
"""mul(x, y) = x × y

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = y
    ∂/∂y = x
"""

@type_check_only
class _truediv(Binary):
    """truediv(x, y) = x ÷ y

    Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
    Local derivatives:
        ∂/∂x = 1 ÷ y
        ∂/∂y = −out ÷ y
    """

truediv: _truediv
"""truediv(x, y) = x ÷ y

Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
Local derivatives:
    ∂/∂x = 1 ÷ y
    ∂/∂y = −out ÷ y
"""

@type_check_only
class _floordiv(Binary):
    """floordiv(x, y): the floor of x ÷ y

    Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
    Local derivatives:
        ∂/∂x = 0
        ∂/∂y = 0
    """

floordiv: _floordiv
"""floordiv(x, y): the floor of x ÷ y

Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
Local derivatives:
    ∂/∂x = 0
    ∂/∂y = 0
"""

@type_check_only
class _mod(Binary):
    """mod(x, y) = x − y × (x // y), which has the sign of y

    Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
    Local derivatives:
        ∂/∂x = 1
        ∂/∂y = −(x // y)
    """

mod: _mod
"""mod(x, y) = x − y × (x // y), which has the sign of y

Domain: x in (−∞, ∞), y in (−∞, 0) ∪ (0, ∞).
Local derivatives:
    ∂/∂x = 1
    ∂/∂y = −(x // y)
"""

@type_check_only
class _pow(Binary):
    """pow(x, y) = x^y

    Domain: x in (0, ∞), y in (−∞, ∞).
    Local derivatives:
        ∂/∂x = (0 if x = 0 else out × y ÷ x) if y = 0 else y × x^(y − 1)
        ∂/∂y = 0 if out = 0 else out × log(x)
    """

pow: _pow
"""pow(x, y) = x^y

Domain: x in (0, ∞), y in (−∞, ∞).
Local derivatives:
    ∂/∂x = (0 if x = 0 else out × y ÷ x) if y = 0 else y × x^(y − 1)
    ∂/∂y = 0 if out = 0 else out × log(x)
"""

@type_check_only
class _identity(Unary):
    """identity(x) = x

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1.
    """

identity: _identity
"""identity(x) = x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1.
"""

@type_check_only
class _neg(Unary):
    """neg(x) = −x

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = −1.
    """

neg: _neg
"""neg(x) = −x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = −1.
"""

@type_check_only
class _abs(Unary):
    """abs(x) = |x|

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1 if x > 0 else −1 if x < 0 else 0.
    Kink: where x is 0.
    """

abs: _abs
"""abs(x) = |x|

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 if x > 0 else −1 if x < 0 else 0.
Kink: where x is 0.
"""

@type_check_only
class _exp(Unary):
    """exp(x)

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = out.
    """

exp: _exp
"""exp(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = out.
"""

@type_check_only
class _expm1(Unary):
    """expm1(x) = exp(x) − 1, with all digits for a small x

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = exp(x).
    """

expm1: _expm1
"""expm1(x) = exp(x) − 1, with all digits for a small x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = exp(x).
"""

@type_check_only
class _log(Unary):
    """log(x): natural logarithm

    Domain: x in (0, ∞).
    Local derivative: ∂/∂x = 1 ÷ x.
    """

log: _log
"""log(x): natural logarithm

Domain: x in (0, ∞).
Local derivative: ∂/∂x = 1 ÷ x.
"""

@type_check_only
class _log1p(Unary):
    """log1p(x) = log(1 + x), with all digits for a small x

    Domain: x in (−1, ∞).
    Local derivative: ∂/∂x = 1 ÷ (1 + x).
    """

log1p: _log1p
"""log1p(x) = log(1 + x), with all digits for a small x

Domain: x in (−1, ∞).
Local derivative: ∂/∂x = 1 ÷ (1 + x).
"""

@type_check_only
class _log2(Unary):
    """log2(x)

    Domain: x in (0, ∞).
    Local derivative: ∂/∂x = 1 ÷ (x × 0.693147).
    """

log2: _log2
"""log2(x)

Domain: x in (0, ∞).
Local derivative: ∂/∂x = 1 ÷ (x × 0.693147).
"""

@type_check_only
class _log10(Unary):
    """log10(x)

    Domain: x in (0, ∞).
    Local derivative: ∂/∂x = 1 ÷ (x × 2.30259).
    """

log10: _log10
"""log10(x)

Domain: x in (0, ∞).
Local derivative: ∂/∂x = 1 ÷ (x × 2.30259).
"""

@type_check_only
class _sqrt(Unary):
    """sqrt(x): square root

    Domain: x in [0, ∞).
    Local derivative: ∂/∂x = 1 ÷ (2 × out).
    """

sqrt: _sqrt
"""sqrt(x): square root

Domain: x in [0, ∞).
Local derivative: ∂/∂x = 1 ÷ (2 × out).
"""

@type_check_only
class _cbrt(Unary):
    """cbrt(x): cube root

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1 ÷ (3 × out × out).
    Kink: where x is 0.
    """

cbrt: _cbrt
"""cbrt(x): cube root

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 ÷ (3 × out × out).
Kink: where x is 0.
"""

@type_check_only
class _sin(Unary):
    """sin(x): x in radians

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = cos(x).
    """

sin: _sin
"""sin(x): x in radians

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = cos(x).
"""

@type_check_only
class _cos(Unary):
    """cos(x): x in radians

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = −sin(x).
    """

cos: _cos
"""cos(x): x in radians

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = −sin(x).
"""

@type_check_only
class _tan(Unary):
    """tan(x): x in radians

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1 + out × out.
    """

tan: _tan
"""tan(x): x in radians

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 + out × out.
"""

@type_check_only
class _asin(Unary):
    """asin(x): in radians, from −π/2 to π/2

    Domain: x in [−1, 1].
    Local derivative: ∂/∂x = 1 ÷ sqrt((1 − x) × (1 + x)).
    """

asin: _asin
"""asin(x): in radians, from −π/2 to π/2

Domain: x in [−1, 1].
Local derivative: ∂/∂x = 1 ÷ sqrt((1 − x) × (1 + x)).
"""

@type_check_only
class _acos(Unary):
    """acos(x): in radians, from 0 to π

    Domain: x in [−1, 1].
    Local derivative: ∂/∂x = −1 ÷ sqrt((1 − x) × (1 + x)).
    """

acos: _acos
"""acos(x): in radians, from 0 to π

Domain: x in [−1, 1].
Local derivative: ∂/∂x = −1 ÷ sqrt((1 − x) × (1 + x)).
"""

@type_check_only
class _atan(Unary):
    """atan(x): in radians, from −π/2 to π/2

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1 ÷ (1 + x × x).
    """

atan: _atan
"""atan(x): in radians, from −π/2 to π/2

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 ÷ (1 + x × x).
"""

@type_check_only
class _atan2(Binary):
    """atan2(y, x): the angle of the point (x, y) in radians, from −π to π

    Domain: y, x in (−∞, ∞).
    Local derivatives:
        ∂/∂y = x ÷ hypot(x, y) ÷ hypot(x, y)
        ∂/∂x = −y ÷ hypot(x, y) ÷ hypot(x, y)
    Kink: where y if x < 0 else hypot(x, y) is 0.
    """

atan2: _atan2
"""atan2(y, x): the angle of the point (x, y) in radians, from −π to π

Domain: y, x in (−∞, ∞).
Local derivatives:
    ∂/∂y = x ÷ hypot(x, y) ÷ hypot(x, y)
    ∂/∂x = −y ÷ hypot(x, y) ÷ hypot(x, y)
Kink: where y if x < 0 else hypot(x, y) is 0.
"""

@type_check_only
class _sinh(Unary):
    """sinh(x)

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = cosh(x).
    """

sinh: _sinh
"""sinh(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = cosh(x).
"""

@type_check_only
class _cosh(Unary):
    """cosh(x)

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = sinh(x).
    """

cosh: _cosh
"""cosh(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = sinh(x).
"""

@type_check_only
class _tanh(Unary):
    """tanh(x)

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1 ÷ cosh(x)².
    """

tanh: _tanh
"""tanh(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 ÷ cosh(x)².
"""

@type_check_only
class _asinh(Unary):
    """asinh(x)

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1 ÷ hypot(1, x).
    """

asinh: _asinh
"""asinh(x)

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 ÷ hypot(1, x).
"""

@type_check_only
class _acosh(Unary):
    """acosh(x)

    Domain: x in [1, ∞).
    Local derivative: ∂/∂x = 1 ÷ (sqrt(x − 1) × sqrt(x + 1)).
    """

acosh: _acosh
"""acosh(x)

Domain: x in [1, ∞).
Local derivative: ∂/∂x = 1 ÷ (sqrt(x − 1) × sqrt(x + 1)).
"""

@type_check_only
class _atanh(Unary):
    """atanh(x)

    Domain: x in (−1, 1).
    Local derivative: ∂/∂x = 1 ÷ ((1 − x) × (1 + x)).
    """

atanh: _atanh
"""atanh(x)

Domain: x in (−1, 1).
Local derivative: ∂/∂x = 1 ÷ ((1 − x) × (1 + x)).
"""

@type_check_only
class _hypot(Binary):
    """hypot(x, y) = √(x² + y²)

    Domain: x, y in (−∞, ∞).
    Local derivatives:
        ∂/∂x = 0 if out = 0 else x ÷ out
        ∂/∂y = 0 if out = 0 else y ÷ out
    Kink: where hypot(x, y) is 0.
    """

hypot: _hypot
"""hypot(x, y) = √(x² + y²)

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = 0 if out = 0 else x ÷ out
    ∂/∂y = 0 if out = 0 else y ÷ out
Kink: where hypot(x, y) is 0.
"""

@type_check_only
class _erf(Unary):
    """erf(x) = 2 ÷ √π × ∫₀ˣ exp(−t²) dt

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1.12838 × exp(−x × x).
    """

erf: _erf
"""erf(x) = 2 ÷ √π × ∫₀ˣ exp(−t²) dt

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1.12838 × exp(−x × x).
"""

@type_check_only
class _erfc(Unary):
    """erfc(x) = 1 − erf(x), with all digits for a large x

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = −1.12838 × exp(−x × x).
    """

erfc: _erfc
"""erfc(x) = 1 − erf(x), with all digits for a large x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = −1.12838 × exp(−x × x).
"""

@type_check_only
class _relu(Unary):
    """relu(x) = 0 if x < 0 else x

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = 1 if x > 0 else 0.
    Kink: where x is 0.
    """

relu: _relu
"""relu(x) = 0 if x < 0 else x

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = 1 if x > 0 else 0.
Kink: where x is 0.
"""

@type_check_only
class _leaky_relu(Optional):
    """leaky_relu(x, slope) = slope × x if x < 0 else x

    Domain: x, slope in (−∞, ∞).
    Local derivatives:
        ∂/∂x = 1 if x > 0 else slope
        ∂/∂slope = x if x < 0 else 0
    Kink: where x is 0.
    slope is 0.01 when it is left out.
    """

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
class _sigmoid(Unary):
    """sigmoid(x) = 1 ÷ (1 + exp(−x))

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = out × sigmoid(−x).
    """

sigmoid: _sigmoid
"""sigmoid(x) = 1 ÷ (1 + exp(−x))

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = out × sigmoid(−x).
"""

@type_check_only
class _softplus(Unary):
    """softplus(x) = log(1 + exp(x))

    Domain: x in (−∞, ∞).
    Local derivative: ∂/∂x = sigmoid(x).
    """

softplus: _softplus
"""softplus(x) = log(1 + exp(x))

Domain: x in (−∞, ∞).
Local derivative: ∂/∂x = sigmoid(x).
"""

@type_check_only
class _max(Binary):
    """max(x, y) = y if y > x else x

    Domain: x, y in (−∞, ∞).
    Local derivatives:
        ∂/∂x = (1 if x = y else 2 if x > y else 0) ÷ 2
        ∂/∂y = (1 if y = x else 2 if y > x else 0) ÷ 2
    Kink: where x − y is 0.
    """

max: _max
"""max(x, y) = y if y > x else x

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = (1 if x = y else 2 if x > y else 0) ÷ 2
    ∂/∂y = (1 if y = x else 2 if y > x else 0) ÷ 2
Kink: where x − y is 0.
"""

@type_check_only
class _min(Binary):
    """min(x, y) = y if y < x else x

    Domain: x, y in (−∞, ∞).
    Local derivatives:
        ∂/∂x = (1 if y = x else 2 if y > x else 0) ÷ 2
        ∂/∂y = (1 if x = y else 2 if x > y else 0) ÷ 2
    Kink: where x − y is 0.
    """

min: _min
"""min(x, y) = y if y < x else x

Domain: x, y in (−∞, ∞).
Local derivatives:
    ∂/∂x = (1 if y = x else 2 if y > x else 0) ÷ 2
    ∂/∂y = (1 if x = y else 2 if x > y else 0) ÷ 2
Kink: where x − y is 0.
"""
