"""`Notes`: what few nodes have, kept out of the way of the many that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import ref

__all__ = ["CONSTANT", "NOTHING", "Notes"]


@dataclass(frozen=True, slots=True)
class Notes:
    """Label, scope and so on. Nodes that have the same notes share one object."""

    label: str | None = None
    scope: tuple[str, ...] = ()
    kind: str = "leaf"
    source: tuple[str, int] | None = None
    cut: str = ""
    """What made this leaf out of a computed number, "detach()" or "no_grad()"."""
    origin: ref[Any] | None = None
    """The node that was detached, while it is alive."""
    recorder: object = None
    """The recorder of a tape in whose run the node was made."""


NOTHING = Notes()
CONSTANT = Notes(kind="constant")
