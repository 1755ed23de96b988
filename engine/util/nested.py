"""One walk over nested lists, tuples, named tuples, dataclasses and dicts.

What is none of these is a leaf. `flatten` takes a tree apart into its structure and its
leaves, `unflatten` makes a tree of them again, and `map_tree` does both. Subclasses of
lists and tuples keep their type, dicts keep the order of their keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from itertools import product, repeat
from typing import Any

from engine.errors import OperandError

__all__ = ["Structure", "flatten", "leaf_names", "map_tree", "unflatten", "walk"]

Structure = Any
"""The shape of a tree without its leaves: data that can be compared, hashed, pickled.

None is a leaf. A list or tuple is (its type, its length, the structures in it), a dict
is (dict, its keys, the structures in it), a dataclass (its type, the names of its
fields, the structures in it); where there are leaves alone in it, None
stands for their structures.
"""

OpenLeaf = Callable[[Any], tuple[Structure, list[Any]]]
_FLOAT = frozenset([float])


def flatten(
    tree: Any, open_leaf: OpenLeaf | None = None
) -> tuple[Structure, list[Any]]:
    """The structure of a tree, and its leaves in order.

    Args:
        open_leaf: gives a structure and leaves for what is no container and no float,
            an array for example. Its structure begins with a string, for `unflatten`.

    >>> flatten({"w": [1.0, 2.0], "b": 3.0})
    ((<class 'dict'>, ('w', 'b'), ((<class 'list'>, 2, None), None)), [1.0, 2.0, 3.0])

    Raises:
        OperandError: the tree contains itself, or is nested too deeply for Python.
    """
    try:
        return _flatten(tree, open_leaf)
    except RecursionError:
        raise OperandError(
            "lists, tuples or dicts are nested too deeply, or one contains itself"
        ) from None


def _flatten(tree: Any, open_leaf: OpenLeaf | None) -> tuple[Structure, list[Any]]:
    kind: type = tree.__class__
    if kind is float:
        return None, [tree]
    opened = flatten_once(tree)
    if opened is None:
        return open_leaf(tree) if open_leaf else (None, [tree])
    (kind, names, _), items = opened
    if _FLOAT.issuperset(map(type, items)):  # the usual row, made fast
        return (kind, names, None), items
    structures, leaves = [], []
    for item in items:
        structure, found = _flatten(item, open_leaf)
        structures.append(structure)
        leaves += found
    return (kind, names, tuple(structures) if any(structures) else None), leaves


def flatten_once(tree: Any) -> tuple[Structure, list[Any]] | None:
    """The structure and the items of the outermost container; None for a leaf."""
    kind = type(tree)
    if isinstance(tree, (list, tuple)):
        return (kind, len(tree), None), list(tree)
    if isinstance(tree, dict):
        return (dict, tuple(tree), None), list(tree.values())
    if hasattr(kind, "__dataclass_fields__"):
        names = tuple([field.name for field in fields(tree) if field.init])
        return (kind, names, None), [getattr(tree, name) for name in names]
    return None


def unflatten(
    structure: Structure,
    leaves: Iterator[Any],
    close_leaf: Callable[[Structure, Iterator[Any]], Any] | None = None,
) -> Any:
    """A tree of this structure, with the next of the leaves at each place.

    Args:
        close_leaf: makes again what `open_leaf` opened.

    >>> structure, leaves = flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> unflatten(structure, iter([4.0, 5.0, 6.0]))
    {'w': [4.0, 5.0], 'b': 6.0}
    """
    if structure is None:
        return next(leaves)
    if structure[0].__class__ is str:
        assert close_leaf is not None, f"{structure} needs close_leaf"
        return close_leaf(structure, leaves)
    kind, names, parts = structure
    if parts is None:
        count = names if names.__class__ is int else len(names)
        items = [next(leaves) for _ in range(count)]
    else:
        items = [unflatten(part, leaves, close_leaf) for part in parts]
    if kind is dict:
        return dict(zip(names, items, strict=True))
    if names.__class__ is tuple:
        return kind(**dict(zip(names, items, strict=True)))
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def map_tree(function: Callable[[Any], Any], tree: Any) -> Any:
    """A tree of the same structure, with `function` applied to every leaf.

    >>> map_tree(lambda x: 2 * x, {"w": (1, 2), "b": [3]})
    {'w': (2, 4), 'b': [6]}
    """
    structure, leaves = flatten(tree)
    return unflatten(structure, map(function, leaves))


def leaf_names(structure: Structure, name: str) -> Iterator[str]:
    """How the leaves of a structure are reached from a variable of this name.

    >>> list(leaf_names(flatten({"w": [1.0, 2.0], "b": 3.0})[0], "p"))
    ["p['w'][0]", "p['w'][1]", "p['b']"]
    """
    if structure is None:
        yield name
        return
    if structure[0].__class__ is str:  # of an array
        for index in product(*map(range, structure[1])):
            yield name + "".join(f"[{i}]" for i in index)
        return
    kind, names, parts = structure
    keys = range(names) if names.__class__ is int else names
    for key, part in zip(keys, parts or repeat(None), strict=False):
        is_field = names.__class__ is tuple and kind is not dict
        yield from leaf_names(part, f"{name}.{key}" if is_field else f"{name}[{key!r}]")


def walk(tree: Any, *, first: int = 0) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The leaves of a tree in order, each with the keys that lead to it.

    Args:
        first: the number of the first item of a list.

    >>> list(walk({"w": [1.0, 2.0], "b": 3.0}))
    [(('w', 0), 1.0), (('w', 1), 2.0), (('b',), 3.0)]
    """
    if isinstance(tree, (list, tuple)):
        items: Iterable[tuple[Any, Any]] = enumerate(tree, first)
    elif isinstance(tree, dict):
        items = tree.items()
    else:
        yield (), tree
        return
    for key, item in list(items):
        for keys, leaf in walk(item, first=first):
            yield (key, *keys), leaf
