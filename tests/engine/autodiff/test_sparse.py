"""Sparse matrices are the dense ones, in as few sweeps as their colours say."""

import itertools
import math
import random
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import OperandError, exp, grad, hessian, jacobian, sin
from engine.autodiff import sparse
from engine.autodiff.sparse import color_columns, color_star, transpose
from engine.testing import expressions


def broyden(x):
    """The tridiagonal function of Broyden (1965)."""
    n = len(x)
    return [
        (3 - 2 * x[i]) * x[i]
        - (x[i - 1] if i else 0)
        - 2 * (x[i + 1] if i < n - 1 else 0)
        + 1
        for i in range(n)
    ]


def arrowhead(x):
    return sum(x[0] * v * v for v in x[1:]) + x[0] ** 3


@pytest.fixture
def sweeps(monkeypatch):
    """What was swept, one entry for each sweep."""
    done = []
    for name in ("_pull_back", "_push_forward"):
        original = getattr(sparse, name)

        def count(trace, group, original=original, name=name):
            done.append(name)
            return original(trace, group)

        monkeypatch.setattr(sparse, name, count)
    return done


@pytest.mark.parametrize("n", [3, 10, 100, 2000])
def test_a_tridiagonal_jacobian_takes_three_sweeps(n, sweeps):
    x = np.sin(np.arange(n))
    found = jacobian(broyden, sparse=True)(x)
    assert len(sweeps) == 3
    assert found.nnz == 3 * n - 2
    exact = np.diag(3 - 4 * x) - np.eye(n, k=-1) - 2 * np.eye(n, k=1)
    assert np.allclose(found.toarray(), exact, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("n", [3, 10, 500])
def test_an_arrowhead_hessian_takes_two(n, sweeps):
    x = np.linspace(1, 2, n)
    found = hessian(arrowhead, sparse=True)(x).toarray()
    assert sweeps == ["_pull_back"] * 2
    exact = np.diag([6 * x[0], *[2 * x[0]] * (n - 1)])
    exact[0, 1:] = exact[1:, 0] = 2 * x[1:]
    assert np.allclose(found, exact, rtol=1e-14)


def test_a_row_that_is_full_is_pushed_forward_and_a_column_pulled_back(sweeps):
    n = 30

    def wide(x):  # its last row has all columns
        return [v * v for v in x] + [sum(x)]

    def tall(x):  # its first column has all rows
        return [x[0] * v for v in x]

    x = [1.0 + i for i in range(n)]
    assert np.array_equal(jacobian(tall, sparse=True)(x).toarray(), jacobian(tall)(x))
    assert sweeps == ["_push_forward"] * 2
    sweeps.clear()
    assert np.array_equal(jacobian(wide, sparse=True)(x).toarray(), jacobian(wide)(x))
    assert sweeps == ["_pull_back"] * 2


@given(expressions(max_inputs=5, max_steps=12, smooth=True))
def test_random_expressions(expression):
    xs = [*expression.inputs]

    def f(x):
        return expression.all(*x)

    try:
        dense = jacobian(f)(xs)
    except (ArithmeticError, ValueError):
        return
    found = jacobian(f, sparse=True)(xs).toarray()
    for a, b in zip(found.ravel(), np.array(dense).ravel(), strict=True):
        if math.isfinite(b):
            assert a == pytest.approx(b, rel=1e-12, abs=1e-12)


def random_function(seed, n=12):
    """A sum of products of few variables each."""
    rng = random.Random(seed)
    terms = [[*rng.sample(range(n), rng.randint(1, 3))] for _ in range(n + 4)]

    def f(x):
        total = 0.0
        for term in terms:
            product = exp(0.1 * x[term[0]])
            for i in term[1:]:
                product = product * sin(x[i])
            total = total + product
        return total

    return f, [rng.uniform(-1, 1) for _ in range(n)]


@pytest.mark.parametrize("seed", range(40))
def test_random_hessians(seed, sweeps):
    f, x = random_function(seed)
    found = hessian(f, sparse=True)(x)
    count = len(sweeps)
    assert found.toarray() == pytest.approx(
        np.array(hessian(f)(x)), rel=1e-12, abs=1e-14
    )
    assert count < len(x)


@given(st.integers(0, 10**6), st.integers(1, 9), st.floats(0, 0.8))
def test_a_star_colouring_is_one(seed, n, density):
    rng = random.Random(seed)
    near = [{v} for v in range(n)]
    for v, w in itertools.combinations(range(n), 2):
        if rng.random() < density:
            near[v].add(w)
            near[w].add(v)
    colors = color_star([sorted(row) for row in near])
    for v, w in itertools.permutations(range(n), 2):
        if w in near[v]:
            assert colors[v] != colors[w]
    for a, b, c, d in itertools.permutations(range(n), 4):
        if b in near[a] and c in near[b] and d in near[c]:
            assert len({colors[a], colors[b], colors[c], colors[d]}) > 2


@given(st.integers(0, 10**6))
def test_columns_of_one_colour_have_no_row_in_common(seed):
    rng = random.Random(seed)
    rows = [sorted(rng.sample(range(8), rng.randint(0, 4))) for _ in range(6)]
    columns = transpose(rows, 8)
    colors = color_columns(columns, rows)
    assert all(len({colors[j] for j in row}) == len(row) for row in rows)


def test_constants_arrays_and_what_is_beside():
    found, aux = jacobian(lambda x: ([x[0], 3.0], "aux"), has_aux=True, sparse=True)(
        [1.0, 2.0]
    )
    assert (found.toarray().tolist(), aux) == ([[1.0, 0.0], [0.0, 0.0]], "aux")
    assert jacobian(lambda x: x * x, sparse=True)(np.ones((2, 2))).shape == (4, 4)
    assert hessian(lambda x: 3.0, sparse=True)([1.0, 2.0]).nnz == 0
    assert hessian(lambda x, y: x * y, argnums=(0, 1), sparse=True)(
        2.0, 3.0
    ).toarray().tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_errors(monkeypatch):
    with pytest.raises(OperandError, match="inside of another transform"):
        grad(lambda a: jacobian(lambda x: [a * x[0]], sparse=True)([1.0])[0])(1.0)
    with pytest.raises(OperandError, match="inside of another transform"):
        grad(lambda a: hessian(lambda x: a * x[0], sparse=True)([1.0])[0])(1.0)
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'dotgrad\[sparse\]'"):
        jacobian(lambda x: [x[0]], sparse=True)([1.0])
