"""Arguments taken apart into their structure and their numbers, and put together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from engine.errors import OperandError
from engine.graph.value import Value
from engine.util.numbers import is_number

__all__ = [
    "Key", "all_apart", "are_arrays", "cut", "fresh", "has_values", "joined",
    "rebuilt", "rows_as", "taken_apart",
]  # fmt: skip

Key = Any
"""The structure of arguments: equal for those that one tape can take."""


def taken_apart(arg: Any, path: str = "args") -> tuple[Key, list[float]]:
    """The structure of an argument, and its numbers in order.

    >>> taken_apart({"w": [1.0, 2.0], "b": 3})
    ((<class 'dict'>, ('w', 'b'), ((<class 'list'>, 2, None), None)), [1.0, 2.0, 3])

    Raises:
        OperandError: there is something else than numbers in it.
    """
    if arg.__class__ is float or is_number(arg):
        return None, [arg]
    if hasattr(arg, "tolist") and hasattr(arg, "shape"):
        return ("array", arg.shape), arg.ravel().tolist()
    names: Any = None
    items: Any = arg
    if isinstance(arg, dict):
        names, items = tuple(arg), arg.values()
    elif isinstance(arg, (list, tuple)):
        if all(item.__class__ is float for item in arg):  # fast, for the usual row
            return (type(arg), len(arg), None), list(arg)
    else:
        raise OperandError(f"{path} has {arg!r:.80} in it, which is no number")
    parts = [taken_apart(item, path) for item in items]
    keys: Any = tuple(key for key, _ in parts)
    if names is None and not any(keys):
        keys, names = None, len(parts)
    return (type(arg), names, keys), list(chain.from_iterable(n for _, n in parts))


def rebuilt(key: Key, numbers: Iterator[Any]) -> Any:
    """The structure, with these in the place of the numbers.

    >>> rebuilt((dict, ("w", "b"), ((list, 2, None), None)), iter([1.0, 2.0, 3.0]))
    {'w': [1.0, 2.0], 'b': 3.0}
    """
    if key is None:
        return next(numbers)
    kind, names, *keys = key
    if kind == "array":
        return _array(names, numbers)
    if keys[0] is None:
        keys = [(None,) * names]
    items = [rebuilt(part, numbers) for part in keys[0]]
    if kind is dict or isinstance(names, tuple):
        return dict(zip(names, items, strict=True))
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def _array(shape: tuple[int, ...], numbers: Iterator[Any]) -> Any:
    """An array of floats, or of Values as objects."""
    import numpy as np

    flat = [next(numbers) for _ in range(int(np.prod(shape)))]
    if flat and isinstance(flat[0], Value):
        objects = np.empty(len(flat), dtype=object)
        objects[:] = flat
        return objects.reshape(shape)
    return np.array(flat, dtype=float).reshape(shape)


def all_apart(args: tuple[Any, ...]) -> tuple[tuple[Key, ...], list[float]]:
    """The structures of several arguments, and all their numbers."""
    parts = [taken_apart(arg, f"args[{i}]") for i, arg in enumerate(args)]
    return tuple(key for key, _ in parts), [x for _, part in parts for x in part]


def are_arrays(args: tuple[Any, ...]) -> bool:
    """Whether all arguments are arrays of numbers."""
    for arg in args:
        if not hasattr(arg, "ravel") or arg.dtype.kind not in "fiub":
            return False
    return bool(args)


def joined(args: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    """What `all_apart` gives for arrays, without a walk through their numbers."""
    import numpy as np

    keys = tuple([("array", arg.shape) for arg in args])
    return keys, np.concatenate([arg.ravel() for arg in args], dtype=float)


def cut(keys: Sequence[Any], flat: Any) -> list[Any]:
    """The arrays that `joined` has joined."""
    import numpy as np

    flat, parts, start = np.asarray(flat), [], 0
    for _, shape in keys:
        stop = start + math.prod(shape)
        parts.append(flat[start:stop].reshape(shape))
        start = stop
    return parts


def rows_as(key: Any, rows: Any) -> Any:
    """The structure with an array of all samples in the place of each number."""
    import numpy as np

    if key is not None and key[0] == "array":
        shape = key[1]
        stacked = np.stack([next(rows) for _ in range(int(np.prod(shape)))], axis=-1)
        return stacked.reshape(-1, *shape)
    if key is None:
        return next(rows)
    kind, names, keys = key
    keys = (None,) * names if keys is None else keys
    parts = [rows_as(part, rows) for part in keys]
    return dict(zip(names, parts, strict=True)) if kind is dict else kind(parts)


def has_values(tree: Any) -> bool:
    """Whether there is a Value in it."""
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    if isinstance(tree, (list, tuple)):
        return any(map(has_values, tree))
    return isinstance(tree, Value)


def fresh(
    keys: Sequence[Any], numbers: Sequence[float]
) -> tuple[list[Any], list[Value]]:
    """The arguments with a new Value for each number, and these Values."""
    values = [Value(x) for x in numbers]
    left = iter(values)
    return [rebuilt(key, left) for key in keys], values
