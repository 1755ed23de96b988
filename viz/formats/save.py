"""`save`: a graph as a file, and the list of the formats that a file can have."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import Value
from engine.util.files import write_file
from viz.diagram.diagram import Diagram
from viz.diagram.fuse import fuse
from viz.drawing.draw import draw
from viz.drawing.select import select_form
from viz.errors import FormatError, OptionError
from viz.formats.graphml import to_graphml
from viz.formats.json import to_json
from viz.formats.mermaid import to_mermaid
from viz.formats.tikz import to_tikz
from viz.formats.tree import tree
from viz.style.options import DRAW, Look, Options
from viz.style.schema import add_section

if TYPE_CHECKING:
    from typing_extensions import Unpack


SAVE = DRAW.derive("save")


@dataclass(frozen=True, slots=True)
class FileKind:
    """The files that a function writes: their suffixes, and what to say of others."""

    suffixes: tuple[str, ...]
    advice: str
    """What is wrong with a path of another suffix, before the suffixes are listed."""
    binary: Collection[str]
    """Those that a terminal cannot show."""

    def check(self, suffix: str) -> None:
        """Do nothing if there are files of this suffix.

        Raises:
            FormatError: there are none.
        """
        if suffix not in self.suffixes:
            known = ", ".join(self.suffixes)
            advice = _name_maker(suffix)
            raise FormatError(f"cannot make {suffix!r}{advice}: choose from {known}")

    def write(
        self, path: str | os.PathLike[str], encode: Callable[[str], bytes]
    ) -> Path:
        """Write what `encode` makes for the suffix of a path, whole or not at all.

        Raises:
            OptionError: it is no path.
            FormatError: there are no files of this suffix.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise OptionError(
                f"a path is a text such as 'x.{self.suffixes[0]}', and comes after the "
                f"value; it is not {path!r:.80}"
            )
        target = Path(path)
        suffix = target.suffix[1:].lower()
        if suffix not in self.suffixes:
            known = ", ".join(f".{name}" for name in self.suffixes)
            maker = _name_maker(suffix)
            advice = f"{maker}; here it ends in one of " if maker else self.advice
            raise FormatError(f"{os.fspath(path)!r}{advice}{known}")
        write_file(target, encode(suffix))
        return target


@dataclass(frozen=True, slots=True)
class Format:
    """What a file of some suffixes holds, in a few words, and what makes it."""

    suffixes: tuple[str, ...]
    about: str
    encode: Callable[[Value, Look], str | bytes]
    """The contents, from a value and all options of `draw`."""
    binary: bool = False
    """Whether a terminal cannot show it."""


def _render(suffix: str) -> Callable[[Value, Look], bytes]:
    def encode_picture(value: Value, look: Look) -> bytes:
        data = draw(value, **look).pipe(suffix)
        assert isinstance(data, bytes)
        return data

    return encode_picture


def _encode_mermaid(value: Value, look: Look) -> str:
    form = select_form(value, look)
    return to_mermaid(form.diagram, Options.of(look, form.style, note=form.note))


def _select_data(value: Value, look: Look) -> Diagram:
    """Whole, however much it is, unless a part was asked for: programs like it so."""
    if look["depth"] or look["budget"] is not None:
        return select_form(value, look).diagram
    diagram = Diagram.of(value)
    return fuse(diagram) if look["fuse"] else diagram


_EVERY = (
    Format(("png",), "a picture", _render("png"), binary=True),
    Format(("svg",), "a picture that stays sharp", _render("svg")),
    Format(("jpg", "jpeg"), "a picture", _render("jpg"), binary=True),
    Format(("pdf",), "a page with the picture", _render("pdf"), binary=True),
    Format(("gv", "dot"), "the source of the picture for Graphviz",
           lambda value, look: str(draw(value, **look).source)),
    Format(("tex",), "the picture in TikZ, a document of LaTeX",
           lambda value, look: to_tikz(draw(value, **look), math=look["math"])),
    Format(("mmd",), "a flowchart for Mermaid", _encode_mermaid),
    Format(("graphml",), "the graph as data (extra `graphml`)",
           lambda value, look: to_graphml(_select_data(value, look))),
    Format(("json",), "the graph as data",
           lambda value, look: to_json(_select_data(value, look)) + "\n"),
    Format(("txt",), "a tree of text",
           lambda value, look: f"{tree(value, digits=look['digits'])}\n"),
)  # fmt: skip
FORMATS = {suffix: format_ for format_ in _EVERY for suffix in format_.suffixes}
"""The formats by their suffixes. An entry above is all that a new one needs."""

PICTURES = FileKind(
    tuple(FORMATS),
    " does not say what to make: end it in one of ",
    frozenset(suffix for suffix, format_ in FORMATS.items() if format_.binary),
)
_COMMANDS = {
    **dict.fromkeys(FORMATS, ("save", "draw")),
    **dict.fromkeys(("gif", "webp", "apng"), ("animate", "animate")),
    **dict.fromkeys(("html", "htm"), ("explore", "explore")),
}
"""What writes the files of a suffix: a function of `viz`, and a command."""


def _name_maker(suffix: str) -> str:
    """Which function writes such a file, to be put behind what was asked for."""
    if suffix not in _COMMANDS:
        return ""
    function, command = _COMMANDS[suffix]
    return f" is for viz.{function} (dotgrad {command})"


_HELP = "\n".join(f"    {', '.join(each.suffixes)}: {each.about}" for each in _EVERY)


def encode(value: Value, format_: str, look: Look) -> bytes:
    """The contents of a file of this format, which is one of `FORMATS`."""
    made = FORMATS[format_].encode(value, SAVE.complete(look))
    return made.encode() if isinstance(made, str) else made


@SAVE.document
@add_section(f"Formats:\n{_HELP}")
def save(value: Value, path: str | os.PathLike[str], **options: Unpack[Look]) -> Path:
    """Draw `value` into a file, whose suffix says the format.

    The options are those of `draw`, where a format has a use for them. The file is
    written whole or not at all.

    Raises:
        FormatError: the path has no suffix that is a format.
        OptionError: there is no such option, or it cannot have this value.
        TooLargeError: a png or jpg would have more than 3,000 nodes.
        RendererError: no program here could make the picture.
        OSError: the file cannot be written.
    """
    return PICTURES.write(path, lambda suffix: encode(value, suffix, options))
