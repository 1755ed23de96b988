"""The options of `draw` as a type, so that editors complete them elsewhere, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from engine import Value
from viz.theme import Style, Theme

__all__ = ["Look"]


class Look(TypedDict, total=False):
    """What `viz.draw` explains."""

    style: str | Style | None
    theme: str | Theme
    depth: int | None
    fuse: bool | None
    budget: int | None
    direction: str
    show: Sequence[str] | None
    highlight: Iterable[Value] | None
    digits: int
    legend: bool
    title: str | None
    font: str | None
    dpi: int
    id_prefix: str
    renderer: str | None
    time_limit: float
