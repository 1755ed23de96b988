"""What a file of each format holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine import Value
from viz.build import whole
from viz.data import to_json
from viz.diagram import Diagram
from viz.drawing import options_of
from viz.errors import FormatError
from viz.forms import formed
from viz.fuse import fuse
from viz.graphml import to_graphml
from viz.look import Look
from viz.mermaid import to_mermaid
from viz.text import tree
from viz.tikz import to_tikz

if TYPE_CHECKING:
    from viz.picture import Picture

__all__ = ["FORMATS", "written"]


def written(value: Value, format_: str, look: Look) -> bytes:
    """The contents of a file of this format.

    Raises:
        FormatError: there is no such format.
    """
    if format_ not in FORMATS:
        raise FormatError(f"cannot make {format_!r}: choose from {', '.join(FORMATS)}")
    made = FORMATS[format_](value, look)
    return made.encode() if isinstance(made, str) else made


def _picture(value: Value, look: Look) -> Picture:
    from viz import draw

    return draw(value, **look)


def _image(format_: str) -> Callable[[Value, Look], bytes]:
    def made(value: Value, look: Look) -> bytes:
        data = _picture(value, look).pipe(format_)
        assert isinstance(data, bytes)
        return data

    return made


def _source(value: Value, look: Look) -> str:
    return str(_picture(value, look).source)


def _tikz(value: Value, look: Look) -> str:
    return to_tikz(_picture(value, look))


def _mermaid(value: Value, look: Look) -> str:
    form = formed(value, **_choice(look))
    return to_mermaid(form.diagram, options_of(form, look))


def _graphml(value: Value, look: Look) -> str:
    return to_graphml(_data(value, look))


def _json(value: Value, look: Look) -> str:
    return to_json(_data(value, look)) + "\n"


def _data(value: Value, look: Look) -> Diagram:
    """Whole, however much it is, unless a part was asked for: programs like it so."""
    if look.get("depth") or look.get("budget") is not None:
        return formed(value, **_choice(look)).diagram
    diagram = whole(value)
    return fuse(diagram) if look.get("fuse") else diagram


def _choice(look: Look) -> dict[str, Any]:
    """The options that choose what is drawn."""
    return {
        "style": look.get("style"),
        "depth": look.get("depth"),
        "fuse_sums": look.get("fuse"),
        "budget": look.get("budget"),
    }


def _text(value: Value, look: Look) -> str:
    return tree(value, digits=look.get("digits", 4)) + "\n"


FORMATS: dict[str, Callable[[Value, Look], str | bytes]] = {
    **{name: _image(name) for name in ("png", "svg", "jpg", "jpeg", "pdf")},
    "gv": _source,
    "dot": _source,
    "tex": _tikz,
    "mmd": _mermaid,
    "graphml": _graphml,
    "json": _json,
    "txt": _text,
}
