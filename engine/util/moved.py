"""What pickles need that were made by an older dotgrad.

A pickle names the module of each class in it. Where an old one asks for
`engine.value.Value`, it has to find the class that is in `engine.graph.value` now. And
it may know nothing of a field that a class has now.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeVar

__all__ = ["MOVED", "find_moved_modules", "read_older"]

MOVED = {
    "engine.copying": "engine.graph.pickling",
    "engine.differences": "engine.gradcheck.differences",
    "engine.nn.history": "engine.nn.training.history",
    "engine.nn.initial": "engine.nn.initializers",
    "engine.nn.optim": "engine.nn.training.optim",
    "engine.notes": "engine.graph.metadata",
    "engine.op": "engine.operation.op",
    "engine.story": "engine.explanation.wording",
    "engine.table": "engine.operation.op",
    "engine.tape.recorder": "engine.tape.ir.recording",
    "engine.tape.tape": "engine.tape.ir.tape",
    "engine.value": "engine.graph.value",
}
_RENAMED = {"Notes": "Metadata"}


class _Finder(MetaPathFinder, Loader):
    """Makes a module of an old name, which passes on to the module of the new name."""

    def find_spec(self, fullname: str, *_: object, **__: object) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        moved = import_module(MOVED[module.__name__])

        def find(name: str) -> Any:
            return getattr(moved, _RENAMED.get(name, name))

        module.__getattr__ = find  # type: ignore[method-assign]


def find_moved_modules() -> None:
    """Let the old names be imported; for all other names nothing changes."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


Kind = TypeVar("Kind", bound=type)


def read_older(kind: Kind) -> Kind:
    """Let pickles of a dataclass be read that lack its last fields.

    To be written above `dataclass`: the first Pythons 3.11 put a method of their own in
    the place of one in the class.
    """

    def set_state(self: Any, state: Sequence[Any]) -> None:
        for place, field in enumerate(fields(kind)):
            part = state[place] if place < len(state) else field.default
            object.__setattr__(self, field.name, part)

    kind.__setstate__ = set_state  # type: ignore[attr-defined]
    return kind
