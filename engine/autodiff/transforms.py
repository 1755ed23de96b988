"""Functions of functions: gradients, Jacobians, Hessians and products with them.

They take functions of plain numbers, or of nested lists, tuples and dicts of them,
and give plain numbers in the same structure. They nest in any order: inside a
transform, or when an argument is a Value, results are Values that can be
differentiated again. An inner variable is never confused with an outer one, since
each call makes its own nodes (Siskind & Pearlmutter, 2005). Values that `f` closes
over are constants to a transform that is not inside another one.

The vocabulary is JAX's: `argnums` says by which arguments, `jvp` is the product of the
Jacobian with a vector (forward mode), `vjp` of a vector with the Jacobian (reverse).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from engine.autodiff.reverse import gradients
from engine.autodiff.sparse import compute_sparse_jacobian
from engine.autodiff.trace import (
    Function,
    Trace,
    flatten_like,
    flatten_numbers,
    require_function,
    require_number,
    select_arguments,
    unwrap,
)
from engine.graph.value import Value
from engine.util.arrays import close_array
from engine.util.nested import unflatten


def like(f: Function, transform: str) -> Callable[[Function], Function]:
    """Give the result of a transform the name, documentation and signature of `f`.

    What else `f` carries, such as the parameters of a model, stays with `f`.
    """
    require_function(f, transform)
    return functools.wraps(f, updated=())


def grad(
    f: Function, argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Function:
    """The gradient of a function with one number as its result.

    The result has the structure of the argument; with several `argnums` it is a
    tuple with one entry for each. Keyword arguments are passed on as they are.

    Args:
        f: a function of numbers, or of structures or arrays of them.
        argnums: by which arguments.
        has_aux: `f` gives a pair, its result and anything else that is not
            differentiated; so does the gradient then.

    `f` may compare Values, loop, print, and catch what operations raise. A number that
    depends on the argument may not leave the graph on the way to the result
    (`float(v)`, `math.sin(v)`, `v.data`, a copy): the derivative would miss it, so that
    is an `EscapeError` with its line. `v.detach()` says that a constant is meant.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(lambda p: p["w"] * p["b"])({"w": 2.0, "b": 5.0})
    {'w': 5.0, 'b': 2.0}
    >>> grad(lambda x: (x**3, {"twice": 2 * x}), has_aux=True)(2.0)
    (12.0, {'twice': 4.0})
    >>> grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0)
    6.0

    Raises:
        OperandError: an argument is no structure of numbers, or the result of `f` is
            not one number (use `jacobian` then).
        EscapeError: a number leaves the graph inside of `f`.
    """
    require_function(f, "grad")
    both = value_and_grad(f, argnums, has_aux=has_aux)

    @like(f, "grad")
    def differentiate(*args: Any, **kwargs: Any) -> Any:
        value, slopes = both(*args, **kwargs)
        return (slopes, value[1]) if has_aux else slopes

    return differentiate


def value_and_grad(
    f: Function, argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Function:
    """The value of `f` and its gradient, from one run: see `grad`.

    With `has_aux` the value is the pair that `f` gives.

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """

    @like(f, "value_and_grad")
    def differentiate(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        selected = select_arguments(argnums, args)
        trace = Trace(f, args, selected, kwargs, has_aux=has_aux)
        output = require_number(trace)
        slopes = trace.unflatten_inputs(map(trace.as_plain, trace.pull_back(output)))
        value = trace.with_aux(trace.as_plain(output), has_aux=has_aux)
        return value, unwrap(argnums, slopes)

    return differentiate


def derivative(f: Function, n: int = 1) -> Function:
    """The n-th derivative of a function of one number.

    >>> derivative(lambda x: x**5, n=3)(1.0)
    60.0

    Raises:
        ValueError: `n` is negative or no whole number.
    """
    if not (isinstance(n, int) and n >= 0):
        raise ValueError(f"n={n!r}: the order of a derivative is 0, 1, 2, ...")

    @like(f, "derivative")
    def differentiate(x: Any) -> Any:
        trace = Trace(f, (x,), [0], {})
        output = require_number(trace)
        for left in range(n, 0, -1):
            if not isinstance(output, Value):
                return 0.0
            if left == 1 and not trace.nested:
                [output] = trace.pull_back(output)
            else:
                [output] = gradients(output, trace.variables)
        return trace.as_plain(output)

    return differentiate


def jvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """The value of `f` at `primals` and its derivative along `tangents`: J · t.

    One forward pass, however many inputs. Both results have the structure of the
    result of `f`.

    >>> jvp(lambda x, y: [x * y, x + y], (2.0, 3.0), (1.0, 0.0))
    ([6.0, 5.0], [3.0, 1.0])

    Raises:
        OperandError: primals and tangents have different structures.
    """
    require_function(f, "jvp")
    args = tuple(primals)
    trace = Trace(f, args, range(len(args)), {})
    moved = trace.push_forward(flatten_like(args, tuple(tangents), "tangents"))
    value = trace.unflatten_output(map(trace.as_plain, trace.outputs))
    return value, trace.unflatten_output(map(trace.as_plain, moved))


def vjp(f: Function, *args: Any) -> tuple[Any, Function]:
    """The value of `f`, and the function that pulls a cotangent back: c · J.

    That function takes a structure like the result of `f` and gives a tuple with
    one structure per argument.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 2.0, 3.0)
    >>> value, pullback([1.0, 10.0])
    ([6.0, 5.0], (13.0, 12.0))

    Raises:
        OperandError: the cotangent has another structure than the result.
    """
    require_function(f, "vjp")
    trace = Trace(f, args, range(len(args)), {})

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        weights = flatten_like(trace.output, cotangent, "the cotangents")
        sums: list[Any] = [0.0] * len(trace.variables)
        for output, weight in zip(trace.outputs, weights, strict=True):
            if not isinstance(weight, Value) and weight == 0:
                continue  # asks for nothing, also where a derivative is infinite
            shares = trace.pull_back(output, weight)
            sums = [a + b for a, b in zip(sums, shares, strict=True)]
        return tuple(trace.unflatten_inputs(map(trace.as_plain, sums)))

    return trace.unflatten_output(map(trace.as_plain, trace.outputs)), pullback


def jacobian(
    f: Function,
    argnums: int | Sequence[int] = 0,
    *,
    mode: str = "auto",
    has_aux: bool = False,
    sparse: bool = False,
) -> Function:
    """The derivatives of all results by all numbers of an argument.

    The result has the structure of the result of `f`, in which every number is
    replaced by a structure like the argument: for lists, `J[i][j]` is ∂fᵢ/∂xⱼ; for
    arrays it is an array, its shape that of the result and then that of the argument.

    Args:
        f: a function of numbers, or of structures or arrays of them.
        argnums: by which arguments.
        mode: "reverse" (a sweep per result), "forward" (a pass per input), or
            "auto": the one that takes fewer.
        has_aux: see `grad`.
        sparse: give a SciPy CSR array with a row for each number of the result and a
            column for each of the argument. Which entries can differ from 0 is seen
            from the graph, and columns or rows that do not touch share a sweep: a
            tridiagonal matrix takes three, whatever its size. `mode` is "auto" then.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0]]
    >>> jacobian(lambda x: [x[0] ** 2, x[1] ** 3], sparse=True)([2.0, 3.0]).toarray()
    array([[ 4.,  0.],
           [ 0., 27.]])

    Raises:
        ValueError: there is no such mode.
        OperandError: it is sparse and inside of another transform.
        ModuleNotFoundError: it is sparse, and SciPy is missing.
    """
    if mode not in ("auto", "forward", "reverse"):
        raise ValueError(f"mode={mode!r}: choose auto, forward or reverse")

    @like(f, "jacobian")
    def differentiate(*args: Any, **kwargs: Any) -> Any:
        selected = select_arguments(argnums, args)
        trace = Trace(f, args, selected, kwargs, has_aux=has_aux)
        if sparse:
            return trace.with_aux(compute_sparse_jacobian(trace), has_aux=has_aux)
        rows = [
            trace.unflatten_inputs(map(trace.as_plain, row))
            for row in compute_rows(trace, mode)
        ]
        found = trace.unflatten_output(unwrap(argnums, row) for row in rows)
        return trace.with_aux(found, has_aux=has_aux)

    return differentiate


def jacfwd(
    f: Function, argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Function:
    """`jacobian` in forward mode: a pass per input.

    >>> jacfwd(lambda x: [x, x**2, x**3])(2.0)
    [1.0, 4.0, 12.0]
    """
    require_function(f, "jacfwd")
    return jacobian(f, argnums, mode="forward", has_aux=has_aux)


def jacrev(
    f: Function, argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Function:
    """`jacobian` in reverse mode: a sweep per result.

    >>> jacrev(lambda x: [x[0] * x[1]])([2.0, 3.0])
    [[3.0, 2.0]]
    """
    require_function(f, "jacrev")
    return jacobian(f, argnums, mode="reverse", has_aux=has_aux)


def compute_rows(trace: Trace, mode: str) -> list[list[Any]]:
    """The Jacobian: for each output the derivatives by every variable."""
    n = len(trace.variables)
    if mode == "reverse" or (mode == "auto" and len(trace.outputs) <= n):
        return [trace.pull_back(output) for output in trace.outputs]
    units = [[float(i == j) for j in range(n)] for i in range(n)]
    columns = [trace.push_forward(unit) for unit in units]
    return [list(row) for row in zip(*columns, strict=True)] or [[]] * len(
        trace.outputs
    )


def stop_gradient(tree: Any) -> Any:
    """The same numbers, as constants to every derivative, in the same structure.

    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    >>> stop_gradient({"w": [1.0, 2.0]})
    {'w': [1.0, 2.0]}

    Raises:
        OperandError: there is something else than numbers in it.
    """
    structure, leaves = flatten_numbers(tree, "the argument")
    stopped = (x.detach() if isinstance(x, Value) else x for x in leaves)
    return unflatten(structure, stopped, close_array)
