"""An autograd of its own, to be compared with: numbers that carry one derivative.

Forward mode by the rules of a textbook, with nothing of the engine. A number raises
what floats raise. Beside its derivative it carries how large the contributions to it
are, and whether it has met a kink, a tie or a pole, where conventions differ.
"""

import itertools
import math
import operator

_tags = itertools.count(1)


class Trouble:
    """What a run has met that makes its derivative a matter of convention."""

    def __init__(self):
        self.singular = False
        self.near_tie = False
        self.escaped = False


trouble = Trouble()


class Dual:
    """A value, its derivative, and the sum of the sizes of what that is made of."""

    __slots__ = ("size", "slope", "tag", "value")

    def __init__(self, value, slope=0.0, size=0.0, tag=0):
        self.value, self.slope, self.size, self.tag = value, slope, size, tag

    def __add__(self, other):
        return combine(operator.add, lambda x, y: (1.0, 1.0), self, other)

    def __radd__(self, other):
        return combine(operator.add, lambda x, y: (1.0, 1.0), other, self)

    def __sub__(self, other):
        return combine(operator.sub, lambda x, y: (1.0, -1.0), self, other)

    def __rsub__(self, other):
        return combine(operator.sub, lambda x, y: (1.0, -1.0), other, self)

    def __mul__(self, other):
        return combine(operator.mul, lambda x, y: (y, x), self, other)

    def __rmul__(self, other):
        return combine(operator.mul, lambda x, y: (y, x), other, self)

    def __truediv__(self, other):
        return divide(self, other)

    def __rtruediv__(self, other):
        return divide(other, self)

    def __floordiv__(self, other):
        return combine(operator.floordiv, lambda x, y: (0.0, 0.0), self, other)

    def __rfloordiv__(self, other):
        return combine(operator.floordiv, lambda x, y: (0.0, 0.0), other, self)

    def __mod__(self, other):
        return remainder(self, other)

    def __rmod__(self, other):
        return remainder(other, self)

    def __pow__(self, other):
        return power(self, other)

    def __rpow__(self, other):
        return power(other, self)

    def __neg__(self):
        return combine(operator.neg, lambda x: (-1.0,), self)

    def __pos__(self):
        return self

    def __abs__(self):
        def rule(x):
            note_kink(number(x))
            return (math.copysign(1.0, number(x)),)

        return combine(abs, rule, self)

    def __bool__(self):
        return bool(number(self))

    def __lt__(self, other):
        return compare(operator.lt, self, other)

    def __le__(self, other):
        return compare(operator.le, self, other)

    def __gt__(self, other):
        return compare(operator.gt, self, other)

    def __ge__(self, other):
        return compare(operator.ge, self, other)

    def __eq__(self, other):
        return compare(operator.eq, self, other)

    def __ne__(self, other):
        return compare(operator.ne, self, other)

    __hash__ = None


def number(x):
    """The float in the middle of it."""
    while isinstance(x, Dual):
        x = x.value
    return float(x)


def compare(relation, x, y):
    """The outcome; numbers that differ by rounding alone are noted."""
    x, y = number(x), number(y)
    if abs(x - y) <= 1e-9 * (abs(x) + abs(y)):
        trouble.near_tie = True
    return relation(x, y)


def note_kink(x):
    if abs(x) < 1e-12:
        trouble.singular = True


def split(x, tag):
    """Value, derivative and size by the derivative with this tag."""
    if isinstance(x, Dual) and x.tag == tag:
        return x.value, x.slope, x.size
    return x, 0.0, 0.0


def combine(function, rule, *xs):
    """function(*xs), whose local derivatives `rule` gives."""
    tag = max((x.tag for x in xs if isinstance(x, Dual)), default=0)
    if not any(isinstance(x, Dual) for x in xs):
        return function(*xs)
    values, slopes, sizes = zip(*(split(x, tag) for x in xs), strict=True)
    value = (
        combine(function, rule, *values)
        if any(isinstance(x, Dual) for x in values)
        else function(*values)
    )
    try:
        partials = rule(*values)
        slope = sum_up(p * s for p, s in zip(partials, slopes, strict=True))
        size = sum(abs(number(p)) * s for p, s in zip(partials, sizes, strict=True))
    except (ArithmeticError, ValueError):
        trouble.singular = True
        slope, size = 0.0, 0.0
    if number(slope) - number(slope) != 0 or size - size != 0:
        trouble.singular = True
    return Dual(value, slope, size, tag)


def sum_up(terms):
    total = 0.0
    for term in terms:
        total = total + term
    return total


def divide(x, y):
    return combine(operator.truediv, lambda x, y: (1.0 / y, -(x / y) / y), x, y)


def remainder(x, y):
    def rule(x, y):
        ratio = number(x) / number(y)
        note_kink(ratio - round(ratio))
        return 1.0, -float(math.floor(ratio))

    return combine(operator.mod, rule, x, y)


def power(x, y):
    def raise_to(x, y):
        found = x**y
        if isinstance(found, complex):
            raise ValueError("the result is complex")
        return found

    def rule(x, y):
        by_base = y * power(x, y - 1.0)
        if number(x) <= 0:
            # there is no power beside it to differentiate the exponent by
            trouble.singular |= isinstance(y, Dual) or number(x) == 0
            return by_base, 0.0
        return by_base, power(x, y) * log(x)

    if isinstance(y, Dual) and number(x) <= 0:
        trouble.singular = True
    return combine(raise_to, rule, x, y)


def function_of_math(function, rule):
    def apply(x):
        return combine(function, lambda x: (rule(x),), x)

    return apply


exp = function_of_math(math.exp, lambda x: exp(x))
log = function_of_math(math.log, lambda x: 1.0 / x)
sqrt = function_of_math(math.sqrt, lambda x: 0.5 / sqrt(x))
sin = function_of_math(math.sin, lambda x: cos(x))
cos = function_of_math(math.cos, lambda x: -sin(x))
tan = function_of_math(math.tan, lambda x: 1.0 + tan(x) * tan(x))
tanh = function_of_math(math.tanh, lambda x: 1.0 / (cosh(x) * cosh(x)))
sinh = function_of_math(math.sinh, lambda x: cosh(x))
cosh = function_of_math(math.cosh, lambda x: sinh(x))
atan = function_of_math(math.atan, lambda x: 1.0 / (1.0 + x * x))
asin = function_of_math(math.asin, lambda x: 1.0 / sqrt(1.0 - x * x))
acos = function_of_math(math.acos, lambda x: -1.0 / sqrt(1.0 - x * x))


def relu(x):
    def rule(x):
        note_kink(number(x))
        return (1.0 if number(x) > 0 else 0.0,)

    return combine(lambda x: 0.0 if x < 0 else x, rule, x)


def detach(x):
    """The number, without its derivative."""
    return Dual(number(x)) if isinstance(x, Dual) else x


def differentiate(f, x):
    """f′(x), for any x: f is run on a new number of this kind."""
    tag = next(_tags)
    found = f(Dual(x, 1.0, 1.0, tag))
    return split(found, tag)[1]


FUNCTIONS = {
    "exp": exp, "log": log, "sqrt": sqrt, "sin": sin, "cos": cos, "tan": tan,
    "tanh": tanh, "sinh": sinh, "cosh": cosh, "atan": atan, "asin": asin, "acos": acos,
    "relu": relu,
}  # fmt: skip


def run(make, xs, by=None):
    """What a program gives, its derivative by one input, and the trouble it met.

    Args:
        make: gives the program, for some numbers to read.
        by: the number of the input; None for the value alone.
    """
    global trouble
    trouble = Trouble()
    tag = next(_tags)
    inputs = [Dual(x, float(i == by), float(i == by), tag) for i, x in enumerate(xs)]
    out = make(*inputs)
    value, slope, size = split(out, tag)
    return number(value), number(slope), size, trouble
