"""Derivatives of whole expressions against oracles that share nothing with the engine.

mpmath (a naive recursive twin at 50 digits, first and second order), central
differences, the complex step, SymPy, and PyTorch where it is installed.
"""

import cmath
import math
import operator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mpf
from oracle import (
    Twin,
    amplification,
    by_central_difference,
    curvature,
    exact_partials,
    gradient,
    magnitudes,
    relative,
)

import engine
from engine import TABLE, grad, hvp, topological_order
from engine.autodiff import trace
from engine.testing import Expression, expressions

directions = st.lists(st.floats(-2, 2).filter(lambda x: abs(x) > 0.01), min_size=3)


@given(expressions(smooth=True, max_steps=5, bound=20.0), directions)
def test_second_order_agrees_with_mpmath(expression, direction):
    """Forward over reverse to 1e-10 relative wherever that is well conditioned.

    A derivative that amplifies relative errors of single steps by more than 10⁵, as
    measured on the twin, or that is a sum of terms 10⁵ times larger, is ill
    conditioned: 10⁵ × 2⁻⁵³ × a few steps is what 1e-10 leaves room for.
    """
    direction = direction[: len(expression.inputs)]
    xs = list(expression.inputs)
    truth, worst = amplification(curvature(expression, direction), seeds=(1, 2))
    sizes = magnitudes(expression, direction)
    [found] = hvp(lambda xs: expression(*xs), (xs,), (direction,))
    for mine, true, factor, size in zip(found, truth, worst, sizes, strict=True):
        condition = max(factor, size / abs(true)) if true else mpf("inf")
        if condition < 1e5 and 1e-100 < abs(true) < 1e100:
            assert relative(mine, true) < 1e-10, f"\n{expression}\n{direction}"


COMPLEX = [
    "add", "sub", "mul", "truediv", "neg", "exp", "log", "log10", "sqrt", "sin", "cos",
    "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
]  # fmt: skip
analytic = expressions(
    ops=[TABLE[name] for name in COMPLEX], smooth=True, max_steps=6, max_inputs=1
)


@given(analytic)
def test_complex_step(expression):
    """f′(x) = Im f(x + ih) / h, without any cancellation (Squire & Trapp, 1998)."""
    [x] = expression.inputs
    step = 1e-150
    known = [complex(x, step)]
    for name, places in expression.steps:
        function = getattr(cmath, name, TABLE[name].value)
        known.append(function(*(known[place] for place in places)))
    [true], [factor] = amplification(gradient(expression))
    slope = known[-1].imag / step
    if factor < 500 and 1e-100 < abs(true) < 1e100:
        assert grad(expression)(x) == pytest.approx(slope, rel=3e-12)


@given(expressions(smooth=True, max_inputs=1, max_steps=4, bound=5.0))
def test_central_differences(expression):
    """The textbook's check; its own error is estimated from a second step size."""
    [x] = expression.inputs
    assume(abs(x) > 1e-2)
    try:
        fine = by_central_difference(expression, x, 1e-5)
        coarse = by_central_difference(expression, x, 2e-5)
    except (ArithmeticError, ValueError):
        assume(False)
    slack = 10 * abs(fine - coarse) + 1e-8 * max(1, abs(expression(x)))
    assert abs(grad(expression)(x) - fine) <= slack or abs(fine - coarse) > 1e-3


SYMPY = [*COMPLEX, "pow", "erf", "erfc", "atan2"]


@settings(max_examples=60)
@given(expressions(ops=[TABLE[n] for n in SYMPY], smooth=True, max_steps=4, bound=10.0))
def test_sympy(expression):
    sympy = pytest.importorskip("sympy", reason="SymPy is not installed")
    functions = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "truediv": lambda a, b: a / b,
        "neg": lambda a: -a,
        "pow": lambda a, b: a**b,
        "log10": lambda a: sympy.log(a) / sympy.log(10),
    } | {n: getattr(sympy, n) for n in SYMPY if hasattr(sympy, n)}
    functions["log10"] = lambda a: sympy.log(a) / sympy.log(10)
    symbols = sympy.symbols(f"x:{len(expression.inputs)}", real=True)
    known = list(symbols)
    for name, places in expression.steps:
        known.append(functions[name](*(known[place] for place in places)))
    at = {
        s: sympy.Float(x, 60) for s, x in zip(symbols, expression.inputs, strict=True)
    }
    _, factors = amplification(gradient(expression))
    slopes = grad(lambda xs: expression(*xs))(list(expression.inputs))
    for mine, symbol, factor in zip(slopes, symbols, factors, strict=True):
        true = sympy.diff(known[-1], symbol).subs(at).evalf(40)
        if factor < 500 and true.is_Float and 1e-100 < abs(true) < 1e100:
            assert relative(mine, mpf(str(true))) < 1e-12, f"\n{expression}"


TORCH = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "true_divide", "neg": "neg",
    "abs": "abs", "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p",
    "log2": "log2", "log10": "log10", "sqrt": "sqrt", "sin": "sin", "cos": "cos",
    "tan": "tan", "asin": "asin", "acos": "acos", "atan": "atan", "atan2": "atan2",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "asinh", "acosh": "acosh",
    "atanh": "atanh", "hypot": "hypot", "erf": "erf", "erfc": "erfc", "relu": "relu",
    "sigmoid": "sigmoid", "max": "maximum", "min": "minimum", "pow": "pow",
}  # fmt: skip


@given(expressions(ops=[TABLE[name] for name in TORCH], smooth=True))
def test_pytorch(expression):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    xs = [
        torch.tensor(x, dtype=torch.float64, requires_grad=True)
        for x in expression.inputs
    ]
    known = list(xs)
    for name, places in expression.steps:
        known.append(getattr(torch, TORCH[name])(*(known[place] for place in places)))
    if known[-1].requires_grad:
        known[-1].backward()
    truth, factors = amplification(gradient(expression))
    slopes = grad(lambda xs: expression(*xs))(list(expression.inputs))
    for mine, x, true, factor in zip(slopes, xs, truth, factors, strict=True):
        theirs = 0.0 if x.grad is None else x.grad.item()
        if (
            factor < 500
            and 1e-100 < abs(true) < 1e100
            and relative(theirs, true) < 1e-9
        ):
            assert mine == pytest.approx(theirs, rel=1e-8)


def errors(expression):
    """The relative errors of `grad` on this expression, by the twin."""
    truth = Twin(expression).gradient()
    slopes = grad(lambda xs: expression(*xs))(list(expression.inputs))
    return [float(relative(a, b)) for a, b in zip(slopes, truth, strict=True)]


def shared(name):
    """x·y + x, so that x is used twice and y once."""
    return Expression((2.0, 3.0), ((name, (0, 1)), ("add", (2, 0))))


RULES = {
    "right": (lambda out, x, y: (y, x), False),
    "factor": (lambda out, x, y: (2.001 * y / 2, x), True),
    "swapped": (lambda out, x, y: (x, y), True),
    "missing": (lambda out, x, y: (y, 0), True),
    "sign": (lambda out, x, y: (y, -x), True),
}


@pytest.mark.parametrize("name", RULES)
def test_a_planted_wrong_rule_is_caught(name):
    rule, wrong = RULES[name]
    engine.register("planted", "×", operator.mul, rule)
    try:
        assert (max(errors(shared("planted"))) > 1e-12) is wrong
    finally:
        engine.unregister("planted")


def test_a_planted_sweep_that_overwrites_is_caught(monkeypatch):
    """Gradients of a value that is used twice have to be added."""

    def careless(output, seed=1.0):
        found = {output: seed}
        for node in reversed(topological_order(output)):
            for parent, partial in zip(node.parents, node.partials, strict=True):
                found[parent] = found[node] * partial
        return found

    assert max(errors(shared("mul"))) == 0
    monkeypatch.setattr(trace, "adjoints", careless)
    assert max(errors(shared("mul"))) > 0.1


def test_the_oracle_knows_a_derivative_by_heart():
    """The oracle itself, against closed forms."""
    [slope] = exact_partials(TABLE["tanh"], 0.5)
    assert relative(math.cosh(0.5) ** -2, slope) < 1e-15
    dx, dy = exact_partials(TABLE["truediv"], 3.0, 4.0)
    assert (dx, dy) == (pytest.approx(mpf(1) / 4), pytest.approx(mpf(-3) / 16))
