"""Numbers and names as they stand in a picture, and how wide they are."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Sequence

from engine.text import CONTROLS, SEPARATOR

MAX_LABEL = 40
"""The most characters of a label in a picture; longer ones are cut."""


def format_number(x: float, digits: int = 4) -> str:
    """`x` with `digits` significant digits; integers below 1e7 in full.

    >>> [format_number(x) for x in (24.70408, -11.0, 1234567.0, 12345678.0, 1e-12)]
    ['24.7', '−11', '1234567', '1.235e7', '1e−12']
    >>> [format_number(x) for x in (-0.0, float("inf"), float("-inf"), float("nan"))]
    ['0', '∞', '−∞', 'nan']
    """
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == int(x) and abs(x) < 1e7:
        return str(int(x)).replace("-", "−")
    mantissa, _, exponent = f"{x:.{digits}g}".partition("e")
    text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", "−")


def shorten(label: str, limit: int = MAX_LABEL) -> str:
    """A label on one line, without control characters, cut with "…" when long.

    >>> shorten("one\\ntwo\\x00"), shorten("x" * 10, limit=5)
    ('one two', 'xxxx…')
    """
    label = label[: 20 * limit]  # enough to cut from, whatever was given
    shown = " ".join("".join(c for c in label if _printable(c)).split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def shorten_path(path: Sequence[str], limit: int = MAX_LABEL) -> str:
    """A label behind the scopes that set it apart; of a long path the end is shown.

    >>> shorten_path(("layer 2", "w11")), shorten_path(("model", "a", "w"), limit=8)
    ('layer 2 › w11', '… › w')
    """
    parts = [shorten(part, limit) for part in path]
    while len(shown := SEPARATOR.join(parts)) > limit and len(parts) > 1:
        parts = ["…", *parts[2 if parts[0] == "…" else 1 :]]
    return shown


def _printable(c: str) -> bool:
    # Format characters (Cf) join emoji, but those that direct text may turn the rest of
    # a picture around: right-to-left text does without them.
    category = unicodedata.category(c)
    return c.isspace() or (
        category not in ("Cc", "Cs", "Cn", "Co") and not CONTROLS.match(c)
    )


def escape_cell(text: str) -> str:
    """`text` for a cell of a table: escaped as HTML, and its backslashes, as Graphviz
    writes a node's name for \\N. A cell with nothing but a closing bracket it refuses.
    """
    return html.escape(text).replace("\\", "\\\\").replace("]", "&#93;")


def escape_label(text: str) -> str:
    """`text` for a plain label, in which Graphviz reads entities and backslashes."""
    return html.escape(text, quote=False).replace("\\", "\\\\")


# Advance widths of Helvetica in 1/1000 of the size, from Adobe's font metrics.
_WIDTHS = dict.fromkeys("abdeghnopqu_L#$0123456789?", 556)
_WIDTHS |= dict.fromkeys(" !,./:;I[\\]ft", 278) | dict.fromkeys("cJksvxyz", 500)
_WIDTHS |= dict.fromkeys("ijl", 222) | dict.fromkeys("()-r`", 333)
_WIDTHS |= dict.fromkeys("ABEKPSVXY&", 667) | dict.fromkeys("CDHNRUw", 722)
_WIDTHS |= dict.fromkeys("FTZ", 611) | dict.fromkeys("GOQ", 778)
_WIDTHS |= dict.fromkeys("+<=>~−×÷≤≥≠", 584) | dict.fromkeys("mM", 833)
_WIDTHS |= {"W": 944, "@": 1015, "%": 889, "*": 389, "'": 191, '"': 355, "^": 469}
_WIDTHS |= {"{": 334, "}": 334, "|": 260, "∞": 713, "…": 1000, "→": 1000, "Σ": 618}
_WIDTHS |= dict.fromkeys("²³¹⁴⁵⁶⁷⁸⁹⁰₀₁₂₃₄₅₆₇₈₉", 333)
_WIDE = 1000


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of `text` in points, in Helvetica of this size.

    >>> round(text_width("−11 × −2", 9), 1)
    35.8
    """
    units = sum(map(_advance, text))
    return units * size / 1000 * (1.04 if bold else 1.0)


def _advance(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    wide = unicodedata.east_asian_width(c) in "WF"
    return _WIDTHS.get(c, _WIDE if wide else 600)
