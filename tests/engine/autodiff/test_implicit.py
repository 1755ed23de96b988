"""Derivatives of solutions against closed forms, NumPy's linear algebra and checks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import engine
from engine import (
    OperandError,
    ShapeError,
    SolutionError,
    Value,
    check_gradients,
    cos,
    derivative,
    exp,
    grad,
    implicit,
    jacobian,
)
from engine.autodiff.implicit import solve
from engine.tape import jit


@implicit(lambda x, a: x * x - a)
def root(a):
    """√a, by bisection."""
    low, high = 0.0, max(1.0, a)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * middle < a else (low, middle)
    return low


@implicit(lambda x, a, b: [x[0] ** 2 + a * x[1] - 1, x[0] * x[1] - b])
def meet(a, b):
    def residual(x):
        return [x[0] ** 2 + a * x[1] - 1, x[0] * x[1] - b]

    return optimize.root(residual, [1.0, 0.5], tol=1e-14).x.tolist()


@given(st.floats(0.01, 100))
def test_a_root_has_the_derivatives_of_its_closed_form(a):
    assert grad(root)(a) == pytest.approx(0.5 / math.sqrt(a), rel=1e-12)
    assert derivative(root, 2)(a) == pytest.approx(-0.25 * a**-1.5, rel=1e-11)
    assert derivative(root, 3)(a) == pytest.approx(0.375 * a**-2.5, rel=1e-10)


def test_plain_numbers_call_the_solver_alone():
    assert root(4.0) == pytest.approx(2.0, rel=1e-15)
    assert root.__doc__ == "√a, by bisection."
    y = root(Value(4.0, "a")) * 3
    y.backward()
    assert y.parents[0].op.symbol == "root"


def test_several_unknowns_and_parameters():
    check_gradients(meet, 0.3, 0.2)
    check_gradients(lambda a, b: meet(a, b)[0] * b, 0.3, 0.2, order=2)
    assert jacobian(lambda a: meet(a, 0.2))(0.3) == pytest.approx(
        jacobian(lambda a: meet(a, 0.2), mode="forward")(0.3), rel=1e-14
    )


def test_a_linear_system_in_arrays():
    """x = A⁻¹ b: ∂x/∂b = A⁻¹, ∂xᵢ/∂Aⱼₖ = −(A⁻¹)ᵢⱼ xₖ."""
    system = implicit(lambda x, a, b: a @ x - b)(np.linalg.solve)
    a, b = np.array([[2.0, 1.0], [0.5, 3.0]]), np.array([1.0, -2.0])
    found = jacobian(lambda b: system(a, b))(b)
    inverse = np.linalg.inv(a)
    assert found == pytest.approx(inverse, rel=1e-13)
    by_a = jacobian(lambda a: system(a, b))(a)
    x = inverse @ b
    assert by_a == pytest.approx(-np.einsum("ij,k->ijk", inverse, x), rel=1e-13)


def test_a_fixed_point():
    @implicit(lambda x, a: x - a * cos(x))
    def fixed(a):
        x = 1.0
        for _ in range(500):
            x = (x + a * math.cos(x)) / 2
        return x

    x = fixed(0.8)
    wanted = math.cos(x) / (1 + 0.8 * math.sin(x))
    assert grad(fixed)(0.8) == pytest.approx(wanted, rel=1e-12)


def test_on_tapes():
    f = jit(lambda a: root(a) * a)
    for a in (2.0, 9.0):
        value, slope = f.value_and_grad(a)
        assert value == pytest.approx(a**1.5, rel=1e-14)
        assert slope == pytest.approx(1.5 * math.sqrt(a), rel=1e-12)
    assert f.batch([4.0, 9.0]) == pytest.approx([8.0, 27.0])


def test_what_is_no_solution_is_refused():
    lazy = implicit(lambda x, a: x * x - a)(lambda a: 1.0)
    assert lazy(4.0) == 1.0
    with pytest.raises(SolutionError, match=r"would move number 0, 1\.0, by 1\.5"):
        grad(lazy)(4.0)
    flat = implicit(lambda x, a: (x - a) ** 2)(lambda a: a)
    with pytest.raises(SolutionError, match="singular"):
        grad(flat)(4.0)
    odd = implicit(lambda x, a: [x - a, x])(lambda a: a)
    with pytest.raises(ShapeError, match="2 numbers, and the solution has 1"):
        grad(odd)(4.0)
    with pytest.raises(OperandError, match="implicit takes a function"):
        implicit(3.0)
    with pytest.raises(OperandError, match="implicit takes a function"):
        implicit(lambda x, a: x - a)(3.0)
    assert (
        grad(implicit(lambda x, a: x * x - a, tolerance=10)(lambda a: 1.0))(4.0) == 0.5
    )


@given(st.integers(1, 5), st.integers(0, 10**6))
def test_systems_of_equations_are_solved(n, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, n)) + 3 * np.eye(n), rng.normal(size=n)
    found = solve(a.tolist(), b.tolist())
    residual = np.abs(a @ found - b).max()
    assert residual <= 1e-12 * np.abs(a).sum() * max(1.0, np.abs(found).max())


def test_a_system_of_values_is_differentiated_through():
    def f(t):
        return solve([[2.0, t], [t, 3.0]], [1.0, exp(t)])[0]

    assert grad(f)(0.5) == pytest.approx(
        (f(0.5 + 1e-6) - f(0.5 - 1e-6)) / 2e-6, rel=1e-8
    )
    assert isinstance(f(Value(0.5)), engine.Value)
