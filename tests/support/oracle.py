"""What is true, worked out without the engine's rules: mpmath at 50 digits.

The value of a row is computed in mpmath from what the row's function is (math.exp is
mpmath.exp; a composed one is taken apart by symbols), its local derivatives by
numerical differentiation of that at 50 digits. A new row needs nothing here as long
as mpmath knows the function by the same name.
"""

import operator
import random
from dataclasses import replace
from functools import partial

import mpmath
from mpmath import mp, mpf

from engine import TABLE, Value
from engine.operation.symbol import Symbol

mp.dps = 50

_SPECIAL = {
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "_cbrt_by_newton": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "floordiv": lambda x, y: mpmath.floor(x / y),
    "mod": lambda x, y: x - y * mpmath.floor(x / y),
    "log2": lambda x: mpmath.log(x, 2),
    "expm1": lambda x: mpmath.expm1(x) if abs(x) > 1e-40 else x,
    "pow": lambda x, y: mpf(1) if y == 0 else mpmath.power(x, y),
}
_COMPARE = {
    "<": operator.lt,
    "≤": operator.le,
    ">": operator.gt,
    "≥": operator.ge,
    "=": operator.eq,
}


def exact(op, *xs):
    """The value of a row at `xs`, to 50 digits."""
    function = op.value
    name = function.__name__
    if name in _SPECIAL:
        return _SPECIAL[name](*xs)
    if function.__module__ == "_operator":
        return function(*xs)
    if function.__module__ == "math":
        return getattr(mpmath, name)(*xs)
    names = [f"x{i}" for i in range(len(xs))]
    return _evaluate(function(*map(Symbol, names)), dict(zip(names, xs, strict=True)))


def _evaluate(tree, known):
    if not isinstance(tree, Symbol):
        return mpf(tree)
    if not isinstance(tree.head, str):
        return exact(tree.head, *(_evaluate(arg, known) for arg in tree.args))
    if tree.head == "where":
        condition, x, y = tree.args
        return _evaluate(x if _evaluate(condition, known) else y, known)
    if tree.args:
        return _COMPARE[tree.head](*(_evaluate(arg, known) for arg in tree.args))
    return known[tree.head]


def exact_partials(op, *xs):
    """The local derivatives of a row at `xs`, to about 25 digits.

    Central differences of order 4 with a step far below anything of interest, at so
    many digits that 1 − 1e-300 is not 1 (tanh and erf come that near).
    """
    return tuple(_slope(op, xs, place) for place in range(len(xs)))


def _slope(op, xs, place):
    """A slope that shrinks with the step is the error of the differences: it is 0."""
    with mp.workdps(max(mp.dps, 450)):
        slope = _difference(op, xs, place, mpf(10) ** -40)
        if 0 < abs(slope) < mpf(10) ** -100:
            closer = _difference(op, xs, place, mpf(10) ** -45)
            return slope if abs(closer) > abs(slope) / 2 else mpf(0)
        return slope


def _difference(op, xs, place, step):
    xs = [mpf(x) for x in xs]
    step *= abs(xs[place]) or 1

    def f(steps):
        moved = [x + (i == place) * steps * step for i, x in enumerate(xs)]
        return exact(op, *moved)

    near, far = f(1) - f(-1), f(2) - f(-2)
    return (8 * near - far) / (12 * step)


def exact_second(op, xs, i, j):
    """∂²out/∂xᵢ∂xⱼ of a row, by differences of its exact local derivatives."""
    smallest = min(abs(x) or 1 for x in xs)
    with mp.workdps(450 - 4 * min(0, int(mp.log10(smallest)))):  # 1 + x² is not 1
        xs = [mpf(x) for x in xs]
        step = (abs(xs[j]) or 1) * mpf(10) ** -30

        def slope(steps):
            moved = [x + (k == j) * steps * step for k, x in enumerate(xs)]
            return _slope(op, moved, i)

        return (8 * (slope(1) - slope(-1)) - (slope(2) - slope(-2))) / (12 * step)


def condition_of_second(op, xs, i, j):
    """By how much ∂²out/∂xᵢ∂xⱼ amplifies relative errors of the operands."""
    true, total = exact_second(op, xs, i, j), 0
    for k, x in enumerate(xs):
        moved = [*xs]
        moved[k] = mpf(x) * (1 + mpf(10) ** -12)
        total += abs(exact_second(op, moved, i, j) / true - 1) * mpf(10) ** 12
    return total


class Twin:
    """A naive engine: recursion, no sharing of work but a memo, mpmath numbers.

    `noise` perturbs every intermediate result relatively: see `amplification`.
    """

    def __init__(self, expression, noise=lambda: 0):
        self.noise = noise
        self.steps = expression.steps
        self.count = len(expression.inputs)
        self.values = [mpf(x) for x in expression.inputs]
        self.partials = []
        for name, places in self.steps:
            xs = [self.values[place] for place in places]
            op = TABLE[name]
            self.values.append(self._rounded(exact(op, *xs)))
            self.partials.append([self._rounded(d) for d in exact_partials(op, *xs)])
        self.memo = {}

    def _rounded(self, x):
        return x * (1 + self.noise())

    def adjoint(self, place):
        """The derivative of the last value by the value at `place`."""
        if place == len(self.values) - 1:
            return mpf(1)
        if place not in self.memo:
            total = mpf(0)
            for k, (_, places) in enumerate(self.steps):
                for used, partial in zip(places, self.partials[k], strict=True):
                    if used == place:
                        share = self.adjoint(self.count + k) * partial
                        total = self._rounded(total + self._rounded(share))
            self.memo[place] = total
        return self.memo[place]

    def gradient(self):
        """The derivative of the last value by each input."""
        return [self.adjoint(place) for place in range(self.count)]


NOISE = mpf(10) ** -25


def amplification(compute, seeds=(1, 2, 3)):
    """The exact results, and how much larger errors leave them than steps make them.

    `compute` takes a function that makes sources of noise, and gives a list of
    numbers. For each of them the largest relative change in runs with noise is found,
    over the size of the noise: a measured condition number with respect to the
    rounding of intermediate results. A seed makes the same noise in every source.
    """
    truth = compute(lambda: lambda: 0)
    worst = [mpf(1)] * len(truth)
    for seed in seeds:
        noisy = compute(partial(_source, seed))
        for i, (a, b) in enumerate(zip(truth, noisy, strict=True)):
            change = abs(a - b) / abs(a) if a else (mpf(0) if a == b else mpf("inf"))
            worst[i] = max(worst[i], change / NOISE)
    return truth, worst


def _source(seed):
    rng = random.Random(seed)
    return lambda: mpf(rng.uniform(-1, 1)) * NOISE


def gradient(expression):
    """The gradient of an expression as a function of the noise."""
    return lambda source: Twin(expression, source()).gradient()


def curvature(expression, direction):
    """The derivative of the gradient along a direction, as a function of the noise.

    Central differences of order 4 of 50-digit gradients.
    """
    step = mpf(10) ** -18

    def at(steps, source):
        moved = [
            mpf(x) + steps * step * d
            for x, d in zip(expression.inputs, direction, strict=True)
        ]
        return Twin(replace(expression, inputs=tuple(moved)), source()).gradient()

    def compute(source):
        near = zip(at(1, source), at(-1, source), strict=True)
        far = zip(at(2, source), at(-2, source), strict=True)
        return [
            (8 * (a - b) - (c - d)) / (12 * step)
            for (a, b), (c, d) in zip(near, far, strict=True)
        ]

    return compute


def magnitudes(expression, direction):
    """What the derivatives of the gradient along a direction are sums of.

    For each input the sum of the magnitudes of all terms of forward over reverse. A
    second local derivative counts at least as much as the first over the operand:
    that is the size of what cancels in ∂²hypot/∂x² = 1/r − x²/r³.
    """
    twin = Twin(expression)
    count, last = twin.count, len(twin.values) - 1
    moved = [abs(mpf(d)) for d in direction]
    for partials, (_, places) in zip(twin.partials, twin.steps, strict=True):
        moved.append(
            sum(abs(p) * moved[i] for p, i in zip(partials, places, strict=True))
        )
    adjoint, curved = [mpf(0)] * (last + 1), [mpf(0)] * (last + 1)
    adjoint[last] = mpf(1)
    for k in range(len(twin.steps) - 1, -1, -1):
        name, places = twin.steps[k]
        xs = [twin.values[place] for place in places]
        for i, place in enumerate(places):
            first = abs(twin.partials[k][i])
            adjoint[place] += adjoint[count + k] * first
            curved[place] += curved[count + k] * first
            for j, other in enumerate(places):
                second = abs(exact_second(TABLE[name], xs, i, j))
                if second > mpf(10) ** -30:
                    second = max(second, first / abs(xs[j])) if xs[j] else second
                    curved[place] += adjoint[count + k] * second * moved[other]
    return curved[:count]


def relative(found, true):
    """|found − true| / |true|, or |found| where the truth is 0."""
    return abs(mpf(found) - true) / abs(true) if true else abs(mpf(found))


def by_central_difference(f, x, step=1e-6):
    return (f(x + step) - f(x - step)) / (2 * step)


def leaves_of(root):
    """The leaves of a graph by plain recursion, for small graphs."""
    found = []

    def visit(node: Value) -> None:
        if not node.parents and all(node is not other for other in found):
            found.append(node)
        for parent in node.parents:
            visit(parent)

    visit(root)
    return found
