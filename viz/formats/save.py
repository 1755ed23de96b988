"""What a file of each format holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import Value
from engine.util.files import write_atomically
from viz.diagram.diagram import Diagram, whole
from viz.diagram.fuse import fuse
from viz.drawing.draw import draw, options_of
from viz.drawing.select import formed
from viz.errors import FormatError
from viz.formats.graphml import to_graphml
from viz.formats.json import to_json
from viz.formats.mermaid import to_mermaid
from viz.formats.tikz import to_tikz
from viz.formats.tree import tree
from viz.render.picture import Picture
from viz.style.options import Look

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["FORMATS", "save", "written"]


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


def save(value: Value, path: str | os.PathLike[str], **look: Unpack[Look]) -> Path:
    """Draw `value` into a file, whose suffix says the format.

    png, svg, jpg, pdf: a picture. gv, dot: its source for Graphviz. tex: the same
    picture in TikZ. mmd: a flowchart for Mermaid. graphml, json: the graph as data.
    txt: a tree of text. The options are those of `draw`, where a format has a use for
    them. The file is written whole or not at all.

    Raises:
        FormatError: the path has no suffix that is a format.
        TooLargeError: a png or jpg of so many nodes is refused.
        RendererError: no program here could make the picture.
        OSError: the file cannot be written.
    """
    target = Path(path)
    format_ = target.suffix[1:].lower()
    if format_ not in FORMATS:
        raise FormatError(
            f"{os.fspath(path)!r} does not say what to make: end it in one of "
            + ", ".join(f".{name}" for name in FORMATS)
        )
    write_atomically(target, written(value, format_, look))
    return target
