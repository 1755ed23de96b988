"""Second derivatives: Hessians, products with them, and what stands in for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.autodiff.sparse import compute_sparse_hessian
from engine.autodiff.trace import (
    Function,
    Trace,
    require_function,
    select_arguments,
    unwrap,
)
from engine.autodiff.transforms import compute_rows, grad, jacobian, jvp, like
from engine.util.numbers import add_up


def hessian(
    f: Function, argnums: int | Sequence[int] = 0, *, sparse: bool = False
) -> Function:
    """The second derivatives of a function with one number as its result.

    Forward over reverse: a forward pass per input through the graph of the gradient.
    For lists, `H[i][j]` is ∂²f/∂xᵢ∂xⱼ.

    With `sparse` it is a SciPy CSR array over all numbers of the argument, see
    `jacobian`; an arrowhead takes two sweeps.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    require_function(f, "hessian")
    if sparse:
        return _make_sparse_hessian(f, argnums)
    return jacobian(grad(f, argnums), argnums, mode="forward")


def _make_sparse_hessian(f: Function, argnums: int | Sequence[int]) -> Function:
    @like(f, "hessian")
    def differentiate(*args: Any, **kwargs: Any) -> Any:
        selected = select_arguments(argnums, args)
        return compute_sparse_hessian(Trace(grad(f, argnums), args, selected, kwargs))

    return differentiate


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of `f` times a vector, without the Hessian: a jvp of the gradient.

    The result is a tuple with one structure per argument.

    >>> hvp(lambda x: x[0] ** 2 * x[1], ([3.0, 5.0],), ([1.0, 0.0],))
    ([10.0, 6.0],)
    """
    require_function(f, "hvp")
    everything = tuple(range(len(primals)))
    return jvp(grad(f, everything), primals, tangents)[1]


def hessian_diagonal(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """∂²f/∂xᵢ² for each number of an argument, in its structure: see `hessian`.

    A forward pass per input through the graph of the gradient, and no matrix.

    >>> hessian_diagonal(lambda x: x[0] ** 2 * x[1] ** 3)([3.0, 1.0])
    [2.0, 54.0]
    """
    require_function(f, "hessian_diagonal")

    @like(f, "hessian_diagonal")
    def differentiate(*args: Any, **kwargs: Any) -> Any:
        trace = Trace(grad(f, argnums), args, select_arguments(argnums, args), kwargs)
        n = len(trace.variables)
        found = [
            trace.push_forward([float(i == j) for j in range(n)])[i] for i in range(n)
        ]
        slopes = trace.unflatten_inputs(map(trace.as_plain, found))
        return unwrap(argnums, slopes)

    return differentiate


def gauss_newton(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """JᵀJ of residuals f: the Hessian of ½ Σ fᵢ², but for the share of f″.

    It is never negative, exact where the residuals are 0 or linear, and takes first
    derivatives alone. The result has the structure of that of `hessian`.

    Source: Nocedal & Wright, Numerical Optimization (2006), section 10.3.

    >>> gauss_newton(lambda x: [x[0] * x[1], x[0] - 1])([3.0, 2.0])
    [[5.0, 6.0], [6.0, 9.0]]
    """
    require_function(f, "gauss_newton")

    @like(f, "gauss_newton")
    def differentiate(*args: Any, **kwargs: Any) -> Any:
        trace = Trace(f, args, select_arguments(argnums, args), kwargs)
        columns = list(zip(*compute_rows(trace, "auto"), strict=True))
        columns = columns or [()] * len(trace.variables)
        products = [[_multiply(one, other) for other in columns] for one in columns]
        rows = [
            unwrap(argnums, trace.unflatten_inputs(map(trace.as_plain, row)))
            for row in products
        ]
        return unwrap(argnums, trace.unflatten_inputs(rows))

    return differentiate


def _multiply(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
    """Σ xᵢyᵢ."""
    return add_up(x * y for x, y in zip(xs, ys, strict=True))
