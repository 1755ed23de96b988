"""Python's garbage collector, and when it has no part in the work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Keep the collector from running while a block makes many things that stay.

    It would look at all of them again and again, and at whatever else the program
    has, and find nothing: the lists of a long tape take twice as long with it.

    >>> with without_collector():
    ...     gc.isenabled()
    False
    """
    before = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if before:
            gc.enable()
