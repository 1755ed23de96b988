"""`Metadata`: label, scope and the like, which few nodes have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import ref

from engine.util.moved import read_older


@read_older
@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known of a node beside its numbers. Equal ones are shared by nodes."""

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
    beside: tuple[object, ...] = ()
    """Recorders that were at work in other threads when it was made. One of them may
    have started this thread."""


NO_METADATA = Metadata()
CONSTANT = Metadata(kind="constant")
