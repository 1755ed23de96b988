"""`vmap`: a function of one sample as a function of many."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from engine.autodiff.trace import flatten_numbers, is_tracing, require_function
from engine.errors import EscapeError, OptionError, ShapeError, TapeError
from engine.tape.ir.arguments import has_values, stack_samples
from engine.tape.jitted import jit
from engine.tape.samples import require_numpy
from engine.util.arrays import is_array

Axes = int | None | Sequence[int | None]


def vmap(f: Callable[..., Any], in_axes: Axes = 0, *, backend: str = "auto") -> Any:
    """f for many samples at once: its arguments have a row for each of them.

    The samples are replayed as a batch of a tape, see `jit`. What a tape cannot do, and
    arguments with Values in them, are computed one sample after the other; results are
    the same. They have the structure of the result of `f`, with an array of all samples
    in the place of each number: of objects, where they are Values.

    Args:
        f: a function of numbers, or of structures or arrays of them.
        in_axes: along which axis of an argument the samples are: one number for all
            arguments, or one for each. None is for an argument that all samples share.
            An argument that is no array has its samples in its first axis.
        backend: see `jit`.

    >>> vmap(lambda x, y: x * y)([1.0, 2.0], [3.0, 4.0])
    array([3., 8.])
    >>> vmap(lambda x, w: w[0] * x + w[1], in_axes=(0, None))([1.0, 2.0], [10.0, 5.0])
    array([15., 25.])

    Raises:
        ShapeError: the arguments have different numbers of samples, or none at all.
        OptionError: `in_axes` does not fit the arguments.
        ModuleNotFoundError: NumPy is missing.
    """
    require_function(f, "vmap")
    batched = jit(f, backend=backend)

    @functools.wraps(f, updated=())
    def mapped(*args: Any) -> Any:
        require_numpy()
        axes = _list_axes(in_axes, args)
        columns = [_move_axis(x, axis) for x, axis in zip(args, axes, strict=True)]
        count = _count_samples(columns, axes)
        rows = [
            [x] * count if axis is None else x
            for x, axis in zip(columns, axes, strict=True)
        ]
        if not is_tracing() and not has_values(rows):
            try:
                return batched.batch(*rows)
            except (TapeError, EscapeError):
                pass  # one after the other tells what is wrong, or does it
        return _map_one_by_one(f, rows, count)

    return mapped


def _list_axes(in_axes: Axes, args: tuple[Any, ...]) -> list[int | None]:
    alone = in_axes is None or isinstance(in_axes, int)
    axes: list[Any] = [in_axes] * len(args) if alone else list(in_axes)  # type: ignore[arg-type]
    if len(axes) != len(args):
        raise OptionError(
            f"in_axes={in_axes!r} is for {len(axes)} arguments, "
            f"and there are {len(args)}"
        )
    for i, (axis, arg) in enumerate(zip(axes, args, strict=True)):
        most = arg.ndim if is_array(arg) else 1
        if axis is not None and (type(axis) is not int or not -most <= axis < most):
            raise OptionError(
                f"in_axes={in_axes!r}: args[{i}] has no axis {axis!r}, it has {most}"
            )
    return axes


def _move_axis(x: Any, axis: int | None) -> Any:
    """The argument with its samples in the first axis."""
    if not axis or not is_array(x):
        return x
    return require_numpy().moveaxis(require_numpy().asarray(x), axis, 0)


def _count_samples(columns: list[Any], axes: list[int | None]) -> int:
    counts = []
    for i, (x, axis) in enumerate(zip(columns, axes, strict=True)):
        if axis is not None:
            if not hasattr(x, "__len__") or isinstance(x, (dict, str)):
                raise ShapeError(f"args[{i}] is {x!r:.80}: vmap has a row a sample")
            counts.append(len(x))
    if len(set(counts)) != 1:
        raise ShapeError(
            f"the arguments have {counts} samples: give as many of each"
            if counts
            else "vmap needs an argument with samples: in_axes has None alone"
        )
    if not counts[0]:
        raise ShapeError("vmap needs at least one sample, and there is none")
    return counts[0]


def _map_one_by_one(f: Callable[..., Any], rows: list[Any], count: int) -> Any:
    np = require_numpy()
    structures, found = [], []
    for i in range(count):
        output = f(*[row[i] for row in rows])
        structure, numbers = flatten_numbers(output, "the result of f")
        structures.append(structure)
        found.append(numbers)
        if structure != structures[0]:
            raise ShapeError(
                f"sample {i} gives another structure than the first: {output!r:.80}"
            )
    plain = not any(map(has_values, found))
    table = np.array(found, dtype=float if plain else object)
    return stack_samples(structures[0], iter(table.T))
