"""Nested lists, tuples and dicts of numbers: taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.errors import OperandError
from engine.graph.value import Value
from engine.util.numbers import is_number

__all__ = ["flatten", "mapped"]


def flatten(tree: Any, *, name: str) -> list[tuple[str, Any]]:
    """The numbers and Values of a structure, each with its path.

    >>> flatten({"w": [1.0, 2.0], "b": 3.0}, name="p")
    [("p['w'][0]", 1.0), ("p['w'][1]", 2.0), ("p['b']", 3.0)]

    Raises:
        OperandError: something in it is neither a number nor a structure.
    """
    return list(_walk(tree, name))


def _walk(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from _walk(item, f"{path}[{key!r}]")
    elif isinstance(tree, (list, tuple)):
        for i, item in enumerate(tree):
            yield from _walk(item, f"{path}[{i}]")
    elif isinstance(tree, Value) or is_number(tree):
        yield path, tree
    else:
        hint = "; write it as lists with .tolist()" if hasattr(tree, "tolist") else ""
        raise OperandError(
            f"{path} is {tree!r} ({type(tree).__name__}); numbers and lists, tuples "
            f"and dicts of them are wanted{hint}"
        )


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same structure with `function` applied to every number in it.

    >>> mapped(lambda x: 2 * x, {"w": (1, 2), "b": [3]})
    {'w': (2, 4), 'b': [6]}
    """
    if isinstance(tree, dict):
        return {key: mapped(function, item) for key, item in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):  # a named tuple
        return type(tree)(*(mapped(function, item) for item in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(mapped(function, item) for item in tree)
    return function(tree)
