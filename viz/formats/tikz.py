"""A picture → TikZ: a standalone LaTeX document with the same layout.

The lines are those that Graphviz drew; the words are set by LaTeX, in its own fonts.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator

from engine import latex_text
from viz.formats.latex_math import set_math
from viz.render.picture import Picture

_HEAD = r"""% Compiles with pdflatex, lualatex and xelatex.
\documentclass[tikz,border=4bp]{standalone}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage{helvet}  % as wide as the words that Graphviz measured
  \usepackage{amssymb}
  \newcommand{\sign}[1]{$\square$}  % these fonts lack the sign
\else
  \usepackage{fontspec}
  \IfFontExistsTF{TeX Gyre Heros}{\setsansfont{TeX Gyre Heros}}{}
  \usepackage{amssymb}
  \newcommand{\sign}[1]{#1}
\fi
\renewcommand{\familydefault}{\sfdefault}
"""

_SVG = "{http://www.w3.org/2000/svg}"
_PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")
Colors = dict[str, str]
Write = Callable[[str], str]
"""How words are written for LaTeX."""


def to_tikz(picture: Picture, *, math: bool = False) -> str:
    r"""The source of a LaTeX document that draws the picture.

    Rename nothing: colours have names of their own at its head, lengths are in bp.

    Args:
        math: whether `$\sigma$` and names such as `w_1` are set as mathematics.
    """
    svg = picture.pipe("svg")
    assert isinstance(svg, bytes)
    colors: Colors = {}
    body = [
        line
        for shape in ET.fromstring(svg).iter()
        for line in _draw(shape, colors, math)
    ]
    named = [
        rf"\definecolor{{{name}}}{{HTML}}{{{color[1:].upper()}}}"
        for color, name in colors.items()
    ]
    return "\n".join([
        _HEAD + "\n".join(named),
        r"\begin{document}",
        r"\begin{tikzpicture}[x=1bp, y=-1bp]",
        *body,
        r"\end{tikzpicture}",
        r"\end{document}",
    ]) + "\n"  # fmt: skip


def _draw(shape: ET.Element, colors: Colors, math: bool) -> Iterator[str]:
    tag = shape.tag.removeprefix(_SVG)
    if tag == "text":
        yield "  " + _draw_text(shape, colors, set_math if math else latex_text)
    elif draw := _SHAPES.get(tag):
        yield "  " + draw(shape, colors)


def _draw_polygon(shape: ET.Element, colors: Colors) -> str:
    return _draw_polyline(shape, colors, end=" -- cycle")


def _draw_ellipse(shape: ET.Element, colors: Colors) -> str:
    cx, cy, rx, ry = (shape.get(name) for name in ("cx", "cy", "rx", "ry"))
    size = f"x radius={rx}, y radius={ry}"
    return rf"\path[{_describe_look(shape, colors)}] ({cx}, {cy}) circle [{size}];"


def _draw_path(shape: ET.Element, colors: Colors) -> str:
    first, *rest = [f"({x}, {y})" for x, y in _find_pairs(shape.get("d"))]
    curves = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    text = "".join(f" .. controls {a} and {b} .. {c}" for a, b, c in curves)
    return rf"\path[{_describe_look(shape, colors)}] {first}{text};"


def _draw_polyline(shape: ET.Element, colors: Colors, end: str = "") -> str:
    points = " -- ".join(f"({x}, {y})" for x, y in _find_pairs(shape.get("points")))
    return rf"\path[{_describe_look(shape, colors)}] {points}{end};"


def _draw_text(shape: ET.Element, colors: Colors, write: Write) -> str:
    size = float(shape.get("font-size", "14"))
    font = rf"\fontsize{{{size:g}bp}}{{{size:g}bp}}\selectfont"
    font += r"\bfseries" * (shape.get("font-weight") == "bold")
    font += r"\itshape" * (shape.get("font-style") == "italic")
    anchor = "base" if shape.get("text-anchor") == "middle" else "base west"
    color = _name_color(shape.get("fill", "#000000"), colors)
    look = f"anchor={anchor}, inner sep=0, text={color}, font={font}"
    words = _write_words("".join(shape.itertext()), write)
    return rf"\node[{look}] at ({shape.get('x')}, {shape.get('y')}) {{{words}}};"


_SHAPES: dict[str, Callable[[ET.Element, Colors], str]] = {
    "polygon": _draw_polygon,
    "polyline": _draw_polyline,
    "ellipse": _draw_ellipse,
    "path": _draw_path,
}


def _find_pairs(text: str | None) -> list[tuple[str, str]]:
    return _PAIR.findall(text or "")


def _describe_look(shape: ET.Element, colors: Colors) -> str:
    fill, stroke = shape.get("fill", "none"), shape.get("stroke", "none")
    parts = []
    if fill not in ("none", "transparent"):
        parts.append(f"fill={_name_color(fill, colors)}")
    if stroke not in ("none", "transparent"):
        width = shape.get("stroke-width", "1")
        parts.append(f"draw={_name_color(stroke, colors)}, line width={width}bp")
        if shape.get("stroke-dasharray"):
            parts.append("dash pattern=on 5bp off 2bp")
    return ", ".join(parts)


def _name_color(color: str, colors: Colors) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", color):
        color = {"white": "#ffffff"}.get(color, "#000000")
    return colors.setdefault(color, f"dotgrad{len(colors)}")


def _write_words(text: str, write: Write) -> str:
    """Words for LaTeX, which drops a space at the beginning if it is not marked."""
    text = text.replace("\u00a0", " ")
    start = "\\ " if text.startswith(" ") else ""
    return start + "".join(_write_letter(c) for c in write(text.lstrip(" ")))


def _write_letter(c: str) -> str:
    if c.isascii() or "\u00c0" <= c <= "\u017f":
        return c
    return rf"\sign{{{c}}}"
