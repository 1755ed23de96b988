"""NumPy's arrays among the containers of `engine.util.nested`, where NumPy is there.

An array's structure is ("array", its shape); an array of Values has objects in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from engine.util.nested import Structure


def is_array(leaf: Any) -> bool:
    """Whether it is an array, or a Series or table of pandas."""
    return hasattr(leaf, "__array__") and hasattr(leaf, "shape")


def open_array(leaf: Any) -> tuple[Structure, list[Any]]:
    """The structure of an array and its items in order; anything else is a leaf.

    So is what is in an array without axes.

    >>> import numpy as np
    >>> open_array(np.array([[1.0, 2.0]]))
    (('array', (1, 2)), [1.0, 2.0])
    """
    if not is_array(leaf):
        return None, [leaf]
    import numpy as np

    if leaf.shape == ():
        return None, [np.asarray(leaf).item()]
    items: list[Any] = np.asarray(leaf).ravel().tolist()
    return ("array", tuple(leaf.shape)), items


def close_array(structure: Structure, leaves: Iterator[Any]) -> Any:
    """An array of this structure; of arrays, such as the rows of a Jacobian, one array.

    >>> close_array(("array", (2,)), iter([1.0, 2.0]))
    array([1., 2.])
    """
    import numpy as np

    _, shape = structure
    items = [next(leaves) for _ in range(math.prod(shape))]
    if items and is_array(items[0]):
        return np.stack(items).reshape(shape + items[0].shape)
    if all(isinstance(item, (int, float, list)) for item in items):
        try:
            found = np.array(items, dtype=float)
        except (TypeError, ValueError):
            pass
        else:
            return found.reshape(shape + found.shape[1:])
    objects = np.empty(len(items), dtype=object)
    objects[:] = items
    return objects.reshape(shape)
