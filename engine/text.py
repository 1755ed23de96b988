"""Text from people and files on its way to a terminal or into a message."""

from __future__ import annotations

import codecs
import difflib
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, TextIO

__all__ = [
    "CONTROLS",
    "SEPARATOR",
    "SUBSTITUTE",
    "cut",
    "escape",
    "explain_missing",
    "find_meant",
    "find_nearest",
    "make_plain",
    "print_plainly",
    "say",
    "say_once",
    "shorten_lines",
]

SEPARATOR = " › "
"""Stands between scopes, and between them and a label."""

CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2066-\u2069\ud800-\udfff]"
)
"""What moves a cursor, colours a terminal or turns a line around; not line ends."""

_PLAIN = {
    "∂": "d", "×": "*", "÷": "/", "−": "-", "·": ".", "√": "sqrt", "∞": "inf",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "±": "+-", "…": "...", "→": "->",
    "←": "<-", "↑": "^", "↓": "v", "′": "'", "″": "''", "²": "^2", "³": "^3",
    "⁻": "^-", "½": "1/2", "π": "pi", "Σ": "sum", "σ": "sigma", "Φ": "Phi",
    "∇": "grad", "∫": "int", "├": "|", "│": "|", "└": "`", "─": "-", "›": ">",
    "‖": "|", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "•": "*",
}  # fmt: skip
"""What stands for a character on a terminal that does not have it."""


def escape(text: str) -> str:
    """The text with its control characters written out, so that it only shows.

    >>> print(escape("a\\x1b[31mb\\rc\\u202ed"))
    a\\x1b[31mb\\rc\\u202ed
    """
    return CONTROLS.sub(lambda found: _write_out(found[0]), text)


def _write_out(c: str) -> str:
    return c.encode("unicode_escape").decode()


def cut(text: str, limit: int = 80) -> str:
    """The text, escaped and on one line; of a long one the beginning.

    >>> cut("one\\ntwo"), cut("x" * 100, limit=5)
    ('one\\\\ntwo', 'xxxx…')
    """
    shown = escape(text[: limit + 1]).replace("\n", "\\n")
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def shorten_lines(text: str, limit: int = 900) -> str:
    """The text; of lines that are longer than the limit both ends.

    >>> shorten_lines("x" * 9 + "\\nend", limit=5)
    'xx…xx\\nend'
    """
    if len(text) <= limit:
        return text
    half = limit // 2
    return "\n".join(
        line if len(line) <= limit else f"{line[:half]}…{line[-half:]}"
        for line in text.split("\n")
    )


def find_nearest(name: str, known: Iterable[str]) -> str:
    """The one of the known names that somebody who wrote `name` may have meant, or "".

    >>> find_nearest("tahn", ["tan", "tanh"]), find_nearest("q", ["tanh"])
    ('tanh', '')
    """
    near = difflib.get_close_matches(name[:100], list(known), n=3)
    swapped = [one for one in near if sorted(one) == sorted(name)]
    return (swapped or near or [""])[0]


_OTHER_NAMES = {
    "ln": "log", "lg": "log10", "ld": "log2", "logistic": "sigmoid", "swish": "silu",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "power": "pow",
    "divide": "truediv", "multiply": "mul", "subtract": "sub", "negative": "neg",
    "maximum": "max", "minimum": "min", "average": "mean", "absolute": "abs",
    "fabs": "abs",
}  # fmt: skip
"""Names that some functions have in other places."""


def find_meant(name: str, known: Iterable[str]) -> str:
    """The known name of a function that goes by another name elsewhere, or nearly so.

    >>> known = ["tan", "tanh", "log"]
    >>> find_meant("ln", known), find_meant("tahn", known), find_meant("q", known)
    ('log', 'tanh', '')
    """
    known = list(known)
    other = _OTHER_NAMES.get(name, "")
    return other if other in known else find_nearest(name, known)


_PYTHONS_OWN = {
    "sum": "Python's own sum takes Values: sum([x, y])",
    "fsum": "Python's own sum takes Values: sum([x, y])",
    "prod": "Python's own math.prod takes Values: math.prod([x, y])",
}
"""Functions that are missing since Python's own do it."""


def explain_missing(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for a name that a module does not have."""
    message = f"module {module!r} has no attribute {name!r}"
    if name in _PYTHONS_OWN:
        message += f"; {_PYTHONS_OWN[name]}"
    elif not name.startswith("_"):  # Python itself asks for such
        near = find_meant(name, known)
        message += f"; did you mean {near}?" if near else ""
    return AttributeError(message, name=name)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """What stands for the characters that an encoding does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or _write_out(c) for c in part), error.end


SUBSTITUTE = "dotgrad"
"""The name by which streams take `_substitute` as their handler of errors."""
codecs.register_error(SUBSTITUTE, _substitute)


def print_plainly(text: Any, stream: TextIO | None) -> None:
    """Print text, whatever characters the stream has; nowhere if there is none.

    >>> import io, sys
    >>> narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp437")
    >>> print_plainly("∂L ÷ ∂x = −½", narrow)
    >>> narrow.buffer.getvalue().decode("cp437").strip()
    'dL ÷ dx = -½'
    """
    if stream is not None:
        print(make_plain(str(text), stream), file=stream, flush=True)


def say(text: str) -> None:
    """Tell the person at the terminal, beside what the program prints."""
    with suppress(OSError, ValueError):  # closed, or nobody reads it
        print_plainly(escape(text), sys.stderr)


@lru_cache(maxsize=1024)
def say_once(text: str) -> None:
    """Tell the person at the terminal, once for each text."""
    say(text)


def make_plain(text: str, stream: TextIO) -> str:
    """The text in characters that the stream has."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, SUBSTITUTE).decode(encoding)
