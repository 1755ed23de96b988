"""The rows of the table as operators and methods, written by docs/make_stubs.py."""

from typing import Any, Self, SupportsFloat

__all__ = ["Operators"]

class Operators:
    """The base of every kind of operand other than a plain number."""

    __slots__ = ()
    rank: int
    """Where operands of several kinds meet, the one of the highest rank decides."""

    @staticmethod
    def apply(op: Any, args: tuple[Any, ...]) -> Any:
        """The operation on `args`, of which at least one is of this class."""

    def __add__(self, other: Self | SupportsFloat) -> Self:
        """add(x, y) = x + y. Local derivatives: ∂/∂x = 1, ∂/∂y = 1."""

    def __radd__(self, other: SupportsFloat) -> Self: ...
    def __sub__(self, other: Self | SupportsFloat) -> Self:
        """sub(x, y) = x − y. Local derivatives: ∂/∂x = 1, ∂/∂y = −1."""

    def __rsub__(self, other: SupportsFloat) -> Self: ...
    def __mul__(self, other: Self | SupportsFloat) -> Self:
        """mul(x, y) = x × y. Local derivatives: ∂/∂x = y, ∂/∂y = x."""

    def __rmul__(self, other: SupportsFloat) -> Self: ...
    def __truediv__(self, other: Self | SupportsFloat) -> Self:
        """truediv(x, y) = x ÷ y. Local derivatives: ∂/∂x = 1 ÷ y, ∂/∂y = −out ÷ y."""

    def __rtruediv__(self, other: SupportsFloat) -> Self: ...
    def __floordiv__(self, other: Self | SupportsFloat) -> Self:
        """floordiv(x, y): the floor of x ÷ y. Local derivatives: ∂/∂x = 0, ∂/∂y = 0."""

    def __rfloordiv__(self, other: SupportsFloat) -> Self: ...
    def __mod__(self, other: Self | SupportsFloat) -> Self:
        """mod(x, y) = x − y × (x // y), which has the sign of y. Local derivatives: ∂/∂x = 1, ∂/∂y = −(x // y)."""

    def __rmod__(self, other: SupportsFloat) -> Self: ...
    def __pow__(self, other: Self | SupportsFloat) -> Self:
        """pow(x, y) = x^y. Local derivatives: ∂/∂x = (0 if x = 0 else out × y ÷ x) if y = 0 else y × x^(y − 1), ∂/∂y = 0 if out = 0 else out × log(x)."""

    def __rpow__(self, other: SupportsFloat) -> Self: ...
    def weigh(self, other: Self | SupportsFloat) -> Self:
        """weigh(weight, x) = weight × x, and 0 where the weight is 0, though x be infinite. Local derivatives: ∂/∂weight = x, ∂/∂x = weight."""

    def identity(self) -> Self:
        """identity(x) = x. Local derivative: ∂/∂x = 1."""

    def __neg__(self) -> Self:
        """neg(x) = −x. Local derivative: ∂/∂x = −1."""

    def __abs__(self) -> Self:
        """abs(x) = |x|. Local derivative: ∂/∂x = 1 if x > 0 else −1 if x < 0 else 0."""

    def sign(self) -> Self:
        """sign(x) = −1, 0 or 1. Local derivative: ∂/∂x = 0."""

    def floor(self) -> Self:
        """floor(x): the largest whole number that is not above x. Local derivative: ∂/∂x = 0."""

    def ceil(self) -> Self:
        """ceil(x): the smallest whole number that is not below x. Local derivative: ∂/∂x = 0."""

    def square(self) -> Self:
        """square(x) = x². Local derivative: ∂/∂x = 2 × x."""

    def exp(self) -> Self:
        """exp(x). Local derivative: ∂/∂x = out."""

    def exp2(self) -> Self:
        """exp2(x) = 2^x. Local derivative: ∂/∂x = out × 0.693147."""

    def exp10(self) -> Self:
        """exp10(x) = 10^x. Local derivative: ∂/∂x = out × 2.30259."""

    def expm1(self) -> Self:
        """expm1(x) = exp(x) − 1, with all digits for a small x. Local derivative: ∂/∂x = exp(x)."""

    def log(self) -> Self:
        """log(x): natural logarithm. Local derivative: ∂/∂x = 1 ÷ x."""

    def log1p(self) -> Self:
        """log1p(x) = log(1 + x), with all digits for a small x. Local derivative: ∂/∂x = 1 ÷ (1 + x)."""

    def log2(self) -> Self:
        """log2(x). Local derivative: ∂/∂x = 1 ÷ (x × 0.693147)."""

    def log10(self) -> Self:
        """log10(x). Local derivative: ∂/∂x = 1 ÷ (x × 2.30259)."""

    def xlogy(self, other: Self | SupportsFloat) -> Self:
        """xlogy(x, y) = x × log(y), and 0 where x is 0. Local derivatives: ∂/∂x = log(y), ∂/∂y = 0 if x = 0 else x ÷ y."""

    def xlog1py(self, other: Self | SupportsFloat) -> Self:
        """xlog1py(x, y) = x × log(1 + y), and 0 where x is 0. Local derivatives: ∂/∂x = log1p(y), ∂/∂y = 0 if x = 0 else x ÷ (1 + y)."""

    def logit(self) -> Self:
        """logit(x) = log(x ÷ (1 − x)), the inverse of sigmoid. Local derivative: ∂/∂x = 1 ÷ (x × (1 − x))."""

    def log1mexp(self) -> Self:
        """log1mexp(x) = log(1 − exp(−x)), with all digits for any x. Local derivative: ∂/∂x = 1 ÷ expm1(x)."""

    def sqrt(self) -> Self:
        """sqrt(x): square root. Local derivative: ∂/∂x = 1 ÷ (2 × out)."""

    def cbrt(self) -> Self:
        """cbrt(x): cube root. Local derivative: ∂/∂x = 1 ÷ (3 × out × out)."""

    def sin(self) -> Self:
        """sin(x): x in radians. Local derivative: ∂/∂x = cos(x)."""

    def cos(self) -> Self:
        """cos(x): x in radians. Local derivative: ∂/∂x = −sin(x)."""

    def tan(self) -> Self:
        """tan(x): x in radians. Local derivative: ∂/∂x = 1 + out × out."""

    def asin(self) -> Self:
        """asin(x): in radians, from −π/2 to π/2. Local derivative: ∂/∂x = 1 ÷ semicircle(x)."""

    def acos(self) -> Self:
        """acos(x): in radians, from 0 to π. Local derivative: ∂/∂x = −1 ÷ semicircle(x)."""

    def semicircle(self) -> Self:
        """semicircle(x) = √(1 − x²). Local derivative: ∂/∂x = −x ÷ out."""

    def atan(self) -> Self:
        """atan(x): in radians, from −π/2 to π/2. Local derivative: ∂/∂x = 1 ÷ (1 + x × x)."""

    def atan2(self, other: Self | SupportsFloat) -> Self:
        """atan2(y, x): the angle of the point (x, y) in radians, from −π to π. Local derivatives: ∂/∂y = inversion(x, y), ∂/∂x = −inversion(y, x)."""

    def radians(self) -> Self:
        """radians(x) = x × π ÷ 180: x in degrees. Local derivative: ∂/∂x = 0.0174533."""

    def degrees(self) -> Self:
        """degrees(x) = x × 180 ÷ π: x in radians. Local derivative: ∂/∂x = 57.2958."""

    def sinh(self) -> Self:
        """sinh(x). Local derivative: ∂/∂x = cosh(x)."""

    def cosh(self) -> Self:
        """cosh(x). Local derivative: ∂/∂x = sinh(x)."""

    def tanh(self) -> Self:
        """tanh(x). Local derivative: ∂/∂x = sech(x)²."""

    def sech(self) -> Self:
        """sech(x) = 1 ÷ cosh(x); sech(x)² is 1 − tanh(x)². Local derivative: ∂/∂x = −out × tanh(x)."""

    def asinh(self) -> Self:
        """asinh(x). Local derivative: ∂/∂x = 1 ÷ hypot(1, x)."""

    def acosh(self) -> Self:
        """acosh(x). Local derivative: ∂/∂x = acosh_slope(x)."""

    def acosh_slope(self) -> Self:
        """acosh_slope(x) = 1 ÷ √(x² − 1). Local derivative: ∂/∂x = −x × out × out × out."""

    def atanh(self) -> Self:
        """atanh(x). Local derivative: ∂/∂x = 1 ÷ semicircle(x)²."""

    def hypot(self, other: Self | SupportsFloat) -> Self:
        """hypot(x, y) = √(x² + y²). Local derivatives: ∂/∂x = 0 if out = 0 else direction(x, y), ∂/∂y = 0 if out = 0 else direction(y, x)."""

    def direction(self, other: Self | SupportsFloat) -> Self:
        """direction(x, y) = x ÷ √(x² + y²), the cosine of the angle of the point (x, y). Local derivatives: ∂/∂x = direction(y, x)² ÷ hypot(x, y), ∂/∂y = −out × direction(y, x) ÷ hypot(x, y)."""

    def inversion(self, other: Self | SupportsFloat) -> Self:
        """inversion(x, y) = x ÷ (x² + y²). Local derivatives: ∂/∂x = ((y − x) ÷ hypot(x, y) × ((y + x) ÷ hypot(x, y)) if 3 × |direction(x, y) × direction(y, x)| > 1 else direction(y, x) × direction(y, x) − direction(x, y) × direction(x, y)) ÷ hypot(x, y) ÷ hypot(x, y), ∂/∂y = −2 × direction(x, y) × direction(y, x) ÷ hypot(x, y) ÷ hypot(x, y)."""

    def gaussian(self) -> Self:
        """gaussian(x) = exp(−x²). Local derivative: ∂/∂x = 0 if out = 0 else −2 × x × out."""

    def erf(self) -> Self:
        """erf(x) = 2 ÷ √π × ∫₀ˣ exp(−t²) dt. Local derivative: ∂/∂x = 1.12838 × gaussian(x)."""

    def erfc(self) -> Self:
        """erfc(x) = 1 − erf(x), with all digits for a large x. Local derivative: ∂/∂x = −1.12838 × gaussian(x)."""

    def relu(self) -> Self:
        """relu(x) = 0 if x < 0 else x. Local derivative: ∂/∂x = 1 if x > 0 else 0."""

    def leaky_relu(self, other: Self | SupportsFloat = ...) -> Self:
        """leaky_relu(x, slope) = slope × x if x < 0 else x. Local derivatives: ∂/∂x = 1 if x > 0 else slope, ∂/∂slope = x if x < 0 else 0."""

    def elu(self, other: Self | SupportsFloat = ...) -> Self:
        """elu(x, alpha) = x, or alpha × (exp(x) − 1) where x is negative. Local derivatives: ∂/∂x = 1 if x > 0 else alpha × exp(x), ∂/∂alpha = 0 if x > 0 else expm1(x)."""

    def softsign(self) -> Self:
        """softsign(x) = x ÷ (1 + |x|). Local derivative: ∂/∂x = 1 ÷ (1 + |x|)²."""

    def sigmoid(self) -> Self:
        """sigmoid(x) = 1 ÷ (1 + exp(−x)); its derivative is σ(1 − σ), too. Local derivative: ∂/∂x = sech(x ÷ 2)² ÷ 4."""

    def softplus(self) -> Self:
        """softplus(x) = log(1 + exp(x)). Local derivative: ∂/∂x = sigmoid(x)."""

    def silu(self) -> Self:
        """silu(x) = x × sigmoid(x), also called swish. Local derivative: ∂/∂x = 0 if x = −∞ else 1 if x = ∞ else sigmoid(x) × (1 + x × sigmoid(−x))."""

    def gelu(self) -> Self:
        """gelu(x) = x × Φ(x), with Φ the normal distribution function. Local derivative: ∂/∂x = 0 if x = −∞ else 1 if x = ∞ else erfc(x ÷ (−1.41421)) ÷ 2 + 0.398942 × x × gaussian(x ÷ 1.41421)."""

    def max(self, other: Self | SupportsFloat) -> Self:
        """max(x, y) = y if y > x else x. Local derivatives: ∂/∂x = (1 if x = y else 2 if x > y else 0) ÷ 2, ∂/∂y = (1 if y = x else 2 if y > x else 0) ÷ 2."""

    def min(self, other: Self | SupportsFloat) -> Self:
        """min(x, y) = y if y < x else x. Local derivatives: ∂/∂x = (1 if y = x else 2 if y > x else 0) ÷ 2, ∂/∂y = (1 if x = y else 2 if x > y else 0) ÷ 2."""
