"""`Story`: text that a REPL shows as it is read."""

from __future__ import annotations

__all__ = ["Story"]


class Story(str):
    """A string whose `repr` is itself, so that a REPL and a notebook show its lines.

    >>> Story("one\\ntwo")
    one
    two
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
