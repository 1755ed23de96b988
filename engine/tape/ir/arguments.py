"""Arguments of a taped function: flattened to their numbers, and made of them again.

The containers are those of `engine.util.nested`; here arrays are opened as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from engine.errors import OperandError
from engine.graph.value import Value
from engine.operation.operators import Operators
from engine.util.arrays import close_array, is_array
from engine.util.nested import Structure, flatten, unflatten
from engine.util.numbers import is_number


def flatten_argument(arg: Any, path: str = "args") -> tuple[Structure, list[float]]:
    """The structure of an argument, and its numbers in order.

    >>> flatten_argument({"w": [1.0, 2.0], "b": 3})
    ((<class 'dict'>, ('w', 'b'), ((<class 'list'>, 2, None), None)), [1.0, 2.0, 3])

    Raises:
        OperandError: there is something else than numbers in it.
    """

    def open_leaf(leaf: Any) -> tuple[Structure, list[float]]:
        if is_number(leaf):
            return None, [leaf]
        if is_array(leaf):
            return ("array", leaf.shape), _list_numbers(leaf, path)
        raise OperandError(f"{path} has {leaf!r:.80} in it, which is no number")

    return flatten(arg, open_leaf)


def _list_numbers(array: Any, path: str) -> list[Any]:
    """The numbers of an array, or of a Series or table of pandas."""
    import numpy as np

    numbers: list[Any] = np.asarray(array).ravel().tolist()
    for number in numbers:
        if not is_number(number):
            raise OperandError(f"{path} has {number!r:.80} in it, which is no number")
    return numbers


def make_float_array(array: Any, path: str) -> Any:
    """An array, or a Series or table of pandas, as an array of floats.

    Raises:
        OperandError: there is something else than real numbers in it.
    """
    import numpy as np

    found = np.asarray(array)
    if found.dtype.kind in "fiub":
        return found.astype(float, copy=False)
    return np.array(_list_numbers(found, path), dtype=float).reshape(found.shape)


def unflatten_argument(structure: Structure, numbers: Iterator[Any]) -> Any:
    """An argument of this structure, with the next of the numbers at each place.

    >>> structure, _ = flatten_argument({"w": [1.0, 2.0], "b": 3.0})
    >>> unflatten_argument(structure, iter([4.0, 5.0, 6.0]))
    {'w': [4.0, 5.0], 'b': 6.0}
    """
    return unflatten(structure, numbers, close_array)


def flatten_arguments(
    args: tuple[Any, ...],
) -> tuple[tuple[Structure, ...], list[float]]:
    """The structures of several arguments, and all their numbers."""
    parts = [flatten_argument(arg, f"args[{i}]") for i, arg in enumerate(args)]
    return tuple([key for key, _ in parts]), [x for _, part in parts for x in part]


def are_arrays(args: tuple[Any, ...]) -> bool:
    """Whether all arguments are arrays of numbers."""
    for arg in args:
        if not hasattr(arg, "dtype") or arg.dtype.kind not in "fiub":
            return False
    return bool(args)


def join_arrays(args: tuple[Any, ...]) -> tuple[tuple[Structure, ...], Any]:
    """The same for arrays, without a walk through their numbers."""
    import numpy as np

    keys = tuple([("array", arg.shape) for arg in args])
    flat = [arg if arg.ndim == 1 else np.ravel(arg) for arg in args]
    return keys, np.concatenate(flat, dtype=float)


def split_arrays(keys: Sequence[Structure], flat: Any) -> list[Any]:
    """The arrays that `join_arrays` has joined."""
    import numpy as np

    flat, parts, start = np.asarray(flat), [], 0
    for _, shape in keys:
        stop = start + math.prod(shape)
        part = flat[start:stop]
        parts.append(part if len(shape) == 1 else part.reshape(shape))
        start = stop
    return parts


def stack_samples(structure: Structure, rows: Iterator[Any]) -> Any:
    """The structure with an array of all samples in the place of each number."""
    return unflatten(structure, rows, _stack_array)


def _stack_array(structure: Structure, rows: Iterator[Any]) -> Any:
    import numpy as np

    _, shape = structure
    stacked = np.stack([next(rows) for _ in range(math.prod(shape))], axis=-1)
    return stacked.reshape(-1, *shape)


def has_values(tree: Any) -> bool:
    """Whether there is a Value in it, or another operand that is no number."""
    return any(isinstance(leaf, Operators) for leaf in flatten(tree)[1])


def make_values(
    keys: Sequence[Structure], numbers: Sequence[float]
) -> tuple[list[Any], list[Value]]:
    """The arguments with a new Value for each number, and these Values."""
    values = [Value(x) for x in numbers]
    left = iter(values)
    return [unflatten_argument(key, left) for key in keys], values
