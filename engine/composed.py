"""Functions of one number, composed of rows of the table.

Like the rows they accept Values and plain numbers, and give a plain number when all
operands are plain.
"""

from __future__ import annotations

import math
from typing import Any

from engine import ops
from engine.errors import OptionError

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


def reciprocal(x: Any) -> Any:
    """1 ÷ x.

    >>> reciprocal(4.0)
    0.25

    Raises:
        DivisionByZeroError: x is 0.
    """
    return ops.truediv(1.0, x)


def sec(x: Any) -> Any:
    """1 ÷ cos x, x in radians.

    >>> sec(0.0)
    1.0
    """
    return reciprocal(ops.cos(x))


def csc(x: Any) -> Any:
    """1 ÷ sin x, x in radians.

    >>> round(csc(1.5707963267948966), 12)
    1.0

    Raises:
        DivisionByZeroError: x is 0.
    """
    return reciprocal(ops.sin(x))


def cot(x: Any) -> Any:
    """1 ÷ tan x, x in radians.

    >>> round(cot(0.7853981633974483), 12)
    1.0

    Raises:
        DivisionByZeroError: x is 0.
    """
    return reciprocal(ops.tan(x))


def clamp(x: Any, low: Any = -math.inf, high: Any = math.inf) -> Any:
    """x, but not below `low` and not above `high`; at a limit the derivative is ½.

    >>> clamp(7.0, 0.0, 5.0), clamp(-1.0, low=0.0)
    (5.0, 0.0)

    Raises:
        OptionError: `low` is above `high`.
    """
    if low > high:
        raise OptionError(f"clamp from {low!r} to {high!r}: low is above high")
    if not _is_infinite(low):
        x = ops.max(x, low)
    return x if _is_infinite(high) else ops.min(x, high)


def _is_infinite(x: Any) -> bool:
    return isinstance(x, float) and math.isinf(x)


def hardtanh(x: Any) -> Any:
    """x, clamped from −1 to 1.

    >>> hardtanh(3.0)
    1.0
    """
    return clamp(x, -1.0, 1.0)


def hardsigmoid(x: Any) -> Any:
    """x ÷ 6 + ½, clamped from 0 to 1.

    >>> hardsigmoid(0.0)
    0.5
    """
    return clamp(ops.add(ops.truediv(x, 6.0), 0.5), 0.0, 1.0)


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)) = −softplus(−x), with all digits for any x.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    return ops.neg(ops.softplus(ops.neg(x)))


def selu(x: Any) -> Any:
    """1.0507 × elu(x, 1.6733): Klambauer et al., Self-Normalizing Networks (2017).

    >>> round(selu(1.0), 4)
    1.0507
    """
    return ops.mul(_SELU_SCALE, ops.elu(x, _SELU_ALPHA))


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x, or α (exp(x ÷ α) − 1) where x is negative: its derivative is continuous.

    Barron, Continuously Differentiable Exponential Linear Units (2017).

    >>> celu(2.0), round(celu(-2.0, 2.0), 4)
    (2.0, -1.2642)

    Raises:
        OptionError: `alpha` is not positive.
    """
    if not alpha > 0:
        raise OptionError(f"alpha={alpha!r}: a positive number")
    return ops.mul(alpha, ops.elu(ops.truediv(x, alpha)))


def mish(x: Any) -> Any:
    """x × tanh(softplus(x)): Misra, Mish (2019).

    >>> round(mish(1.0), 4)
    0.8651
    """
    return ops.mul(x, ops.tanh(ops.softplus(x)))


def huber(x: Any, delta: float = 1.0) -> Any:
    """½ x² for |x| ≤ δ, and δ (|x| − ½ δ) beyond: Huber (1964).

    >>> huber(0.5), huber(-3.0)
    (0.125, 2.5)

    Raises:
        OptionError: `delta` is not positive.
    """
    if not delta > 0:
        raise OptionError(f"delta={delta!r}: a positive number")
    near = clamp(x, -delta, delta)  # near × (x − near ÷ 2) is both
    return ops.mul(near, ops.sub(x, ops.truediv(near, 2.0)))
