"""Is it what was asked for? What a renderer gave, before anybody gets it."""

from __future__ import annotations

import json
from xml.parsers import expat

from viz.errors import RendererError

_SIGNATURES = {
    "png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
    "jpg": (b"\xff\xd8\xff", b"\xff\xd9"),
    "pdf": (b"%PDF-", b"%%EOF"),
    "ps": (b"%!PS-Adobe", b"%%EOF"),
    "eps": (b"%!PS-Adobe", b"%%EOF"),
}
"""How a file of a format begins and ends."""
_SIGNATURES["jpeg"] = _SIGNATURES["jpg"]


def check_picture(data: bytes, format_: str, renderer: str) -> None:
    """See that data are a whole picture of a format.

    Raises:
        RendererError: they are something else, or end too early.
    """
    if format_ == "svg":
        problem = _find_problem_of_svg(data)
    elif format_.startswith("json"):
        problem = _find_problem_of_json(data)
    else:
        problem = _find_problem_of_signature(data, format_)
    if problem:
        raise RendererError(
            f"{renderer} gave no {format_}: {problem}. Choose another "
            "program with renderer="
        )


def _find_problem_of_signature(data: bytes, format_: str) -> str:
    start, end = _SIGNATURES[format_]
    if not data.startswith(start):
        return f"it begins with {data[:12]!r}"
    return "" if data.rstrip().endswith(end) else "its end is missing"


def _find_problem_of_json(data: bytes) -> str:
    try:
        json.loads(data)
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


def _find_problem_of_svg(data: bytes) -> str:
    """What is wrong with it as XML: a program that defines entities is not believed."""
    parser = expat.ParserCreate()
    names: list[str] = []

    def begin(name: str, _: object) -> None:
        names.append(name)
        parser.StartElementHandler = None

    def refuse(*_: object) -> None:
        raise ValueError("it defines entities")

    parser.StartElementHandler = begin
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        return str(error)
    return "" if names == ["svg"] else f"it is a document of <{names[0]}>"
