"""`implicit`: derivatives of what a solver finds, without looking into the solver."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from engine.autodiff.custom import CustomFunction, custom_derivative
from engine.autodiff.trace import flatten_numbers, require_function
from engine.autodiff.transforms import jacobian
from engine.errors import ShapeError, SolutionError
from engine.operation.operators import Operators
from engine.util.arrays import close_array
from engine.util.nested import Structure, unflatten
from engine.util.numbers import add_up

Solver = Callable[..., Any]


def implicit(
    residual: Callable[..., Any], *, tolerance: float = 1e-6
) -> Callable[[Solver], Solver]:
    """Give a solver of residual(x, …) = 0 the derivatives of the solution.

    A decorator for a function of numbers, of structures or of arrays that gives x. The
    solver is called with plain numbers and may be any code. By the theorem of implicit
    functions dx/dp = −(∂residual/∂x)⁻¹ ∂residual/∂p, to any order. A fixed point of g
    is a solution of x − g(x, …) = 0.

    Source: Griewank & Walther, Evaluating Derivatives (2008), section 15.1.

    Args:
        residual: a function of x and of what the solver is given. It computes with the
            functions of engine, and has as many numbers as x.
        tolerance: how far a step of Newton's method may move x, relative to 1 + |x|.

    >>> from engine import cos, grad, implicit
    >>> @implicit(lambda x, a: x - a * cos(x))
    ... def meet(a):
    ...     x = 1.0
    ...     for _ in range(200):
    ...         x -= (x - a * cos(x)) / 2
    ...     return x
    >>> round(meet(1.0), 6), round(grad(meet)(1.0), 6)
    (0.739085, 0.441611)

    Raises:
        SolutionError: what the solver gives is no solution, or not the only one near.
        ShapeError: residual and x have not as many numbers.
    """
    require_function(residual, "implicit")
    return lambda solver: _Solution(solver, residual, tolerance)


class _Solution:
    """What `implicit` makes of a solver."""

    def __init__(
        self, solver: Solver, residual: Callable[..., Any], tolerance: float
    ) -> None:
        require_function(solver, "implicit")
        self.solver, self.residual, self.tolerance = solver, residual, tolerance
        functools.update_wrapper(self, solver)
        self._last: tuple[Any, Structure, list[float]] | None = None
        self._components: dict[tuple[Structure, int], CustomFunction] = {}

    def __call__(self, *args: Any) -> Any:
        """The solution; of Values as soon as there is one among the arguments."""
        parts = [flatten_numbers(arg, f"args[{i}]") for i, arg in enumerate(args)]
        numbers = [x for _, leaves in parts for x in leaves]
        if not any(isinstance(x, Operators) for x in numbers):
            return self.solver(*args)
        plain = iter([float(getattr(x, "_number", x)) for x in numbers])
        given = [unflatten(structure, plain, close_array) for structure, _ in parts]
        structure, found = self._solve(given)
        nodes = (self._find(structure, i)(*args) for i in range(len(found)))
        return unflatten(structure, nodes, close_array)

    def _solve(self, args: Sequence[Any]) -> tuple[Structure, list[float]]:
        """The solution, which is kept for all its components."""
        key = [flatten_numbers(arg, f"args[{i}]") for i, arg in enumerate(args)]
        if self._last is None or self._last[0] != key:
            structure, found = flatten_numbers(self.solver(*args), "the solution")
            self._last = key, structure, [float(x) for x in found]
        return self._last[1:]

    def _find(self, structure: Structure, i: int) -> CustomFunction:
        """The i-th number of the solution as an operation."""
        if (structure, i) not in self._components:

            def rule(_: Any, *args: Any) -> tuple[Any, ...]:
                return self._differentiate(i, args)

            def find(*args: Any) -> float:
                return self._solve(args)[1][i]

            name = getattr(self.solver, "__name__", "solution")
            component = custom_derivative(rule, symbol=name)(find)
            self._components[structure, i] = component
        return self._components[structure, i]

    def _differentiate(self, i: int, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The derivatives of the i-th number: one linear system, its transpose."""
        structure, xs = flatten_numbers(self(*args), "the solution")
        parts = [flatten_numbers(arg, f"args[{k}]") for k, arg in enumerate(args)]

        def flat(xs: Sequence[Any], ps: Sequence[Any]) -> list[Any]:
            left, right = iter(xs), iter(ps)
            x = unflatten(structure, left, close_array)
            given = [unflatten(part, right, close_array) for part, _ in parts]
            return flatten_numbers(self.residual(x, *given), "the residual")[1]

        numbers = [p for _, leaves in parts for p in leaves]
        rest = flat(xs, numbers)
        if len(rest) != len(xs):
            raise ShapeError(
                f"the residual has {len(rest)} numbers, and the solution has {len(xs)}"
            )
        rows = jacobian(flat, argnums=(0, 1))(xs, numbers)
        matrix, by_p = [row[0] for row in rows], [row[1] for row in rows]
        self._check(solve(matrix, rest), xs)
        transposed = [list(column) for column in zip(*matrix, strict=True)]
        weights = solve(transposed, [float(k == i) for k in range(len(xs))])
        slopes = iter(
            [
                -add_up(w * row[j] for w, row in zip(weights, by_p, strict=True))
                for j in range(len(numbers))
            ]
        )
        return tuple([unflatten(part, slopes, close_array) for part, _ in parts])

    def _check(self, steps: Sequence[Any], xs: Sequence[Any]) -> None:
        for i, (step, x) in enumerate(zip(steps, xs, strict=True)):
            step, x = float(step), float(x)
            if not abs(step) <= self.tolerance * (1 + abs(x)):
                raise SolutionError(
                    "what the solver gives is no solution: a step of Newton's method "
                    f"would move number {i}, {x!r}, by {-step:.3g}"
                )


def solve(matrix: Sequence[Sequence[Any]], right: Sequence[Any]) -> list[Any]:
    """The solution of a system of linear equations, of numbers or of Values.

    Gaussian elimination, the largest number of a column first.

    >>> solve([[2.0, 1.0], [4.0, -1.0]], [5.0, 1.0])
    [1.0, 3.0]

    Raises:
        SolutionError: the matrix is singular.
    """
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    count = len(rows)
    for k in range(count):
        best = max(range(k, count), key=lambda i: abs(float(rows[i][k])))
        rows[k], rows[best] = rows[best], rows[k]
        if float(rows[k][k]) == 0:
            raise SolutionError(
                "the derivative of the residual by the unknowns is singular: there is "
                "no solution that moves with the parameters, or more than one"
            )
        for i in range(k + 1, count):
            factor = rows[i][k] / rows[k][k]
            pairs = zip(rows[i][k + 1 :], rows[k][k + 1 :], strict=True)
            rows[i] = [0.0] * (k + 1) + [a - factor * b for a, b in pairs]
    found: list[Any] = []
    for k in reversed(range(count)):
        known = zip(rows[k][k + 1 : count], found, strict=True)
        rest = add_up((-a * x for a, x in known), rows[k][count])
        found.insert(0, rest / rows[k][k])
    return found
