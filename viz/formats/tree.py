"""The graph as a tree of text, for a terminal: the output first, the leaves last."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING

from engine import Value
from viz.checks import check, or_none, whole_number
from viz.formats.branches import Branches, Span

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Tree", "show", "tree"]

LIMIT = 200
"""So many lines are written, unless asked otherwise."""

_PIPES = ("├─ ", "└─ ", "│  ", "   ", "↑", "…")
_ASCII_PIPES = ("|- ", "`- ", "|  ", "   ", "^", "...")
_ASCII = str.maketrans(
    {"×": "*", "÷": "/", "−": "-", "√": "sqrt", "Σ": "sum", "∞": "inf", "…": "..."}
)


class Tree(str):
    """Text that a REPL shows as it is read."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def tree(
    value: Value,
    *,
    width: int | None = None,
    ascii: bool = False,  # noqa: A002
    digits: int = 4,
    limit: int = LIMIT,
) -> Tree:
    """The graph of `value` as a tree: each line a value with its gradient.

    A value that is used several times is written out once; every line of it says how
    much of its gradient comes through this use.

    Args:
        width: longer lines are cut; by default those that a terminal would break.
        ascii: write plain ASCII only.
        digits: significant digits of the numbers.
        limit: how many lines to write; what is left out is counted.

    >>> x, y = Value(3.0, label="x"), Value(-2.0, label="y")
    >>> q = x * y
    >>> q.label = "q"
    >>> output = q * q + x
    >>> output.backward()
    >>> tree(output)
    + = 39  grad 1
    ├─ × = 36  grad 1
    │  ├─ q: × = −6  grad −12, here −6
    │  │  ├─ x = 3  grad 25, here 24
    │  │  └─ y = −2  grad −36
    │  └─ q ↑  here −6
    └─ x ↑  here 1

    Raises:
        engine.OperandError: `value` is not a Value.
        OptionError: an option has a value that it cannot have.
    """
    lines = _written(value, ascii=ascii, digits=digits, limit=limit)
    width = _width(width)
    return Tree("\n".join(_cut("".join(t for t, _ in line), width) for line in lines))


def show(
    value: Value,
    *,
    ascii: bool = False,  # noqa: A002
    digits: int = 4,
    limit: int = LIMIT,
) -> None:
    """Print the tree of a graph; in colour on a terminal (extra `terminal`).

    The options are those of `tree`. NO_COLOR is obeyed.
    """
    try:
        from rich.console import Console
    except ModuleNotFoundError:
        print(tree(value, ascii=ascii, digits=digits, limit=limit))
        return
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    lines = _written(value, ascii=ascii, digits=digits, limit=limit)
    for line in lines:
        console.print(_colored(line), no_wrap=True, overflow="ellipsis", markup=False)


_STYLES = {
    "name": "italic", "value": "", "positive": "bold dark_orange3",
    "negative": "bold dodger_blue2", "small": "dim",
}  # fmt: skip


def _colored(line: list[Span]) -> Text:
    from rich.text import Text

    return Text.assemble(*((text, _STYLES.get(kind, "")) for text, kind in line))


def _width(width: int | None) -> int | None:
    check("width", width, or_none(whole_number(8, 10**6, "give 8 or more")))
    if width is None and sys.stdout is not None and sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return width


def _written(
    value: Value,
    *,
    ascii: bool,  # noqa: A002
    digits: int,
    limit: int,
) -> list[list[Span]]:
    check("digits", digits, whole_number(1, 17))
    check("limit", limit, whole_number(1, 10**9, "give a number of lines from 1"))
    pipes = _ASCII_PIPES if ascii else _PIPES
    lines = Branches.of(value, digits, pipes, limit).lines(limit)
    if ascii:
        lines = [[(_plain(text), kind) for text, kind in line] for line in lines]
    return lines


def _plain(text: str) -> str:
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def _cut(line: str, width: int | None) -> str:
    """A line that fits, counted in the columns of a terminal."""
    if width is None or sum(map(_columns, line)) <= width:
        return line
    room, end = width - 1, "…"
    if line.isascii():
        room, end = width - 3, "..."
    kept = ""
    for c in line:
        room -= _columns(c)
        if room < 0:
            break
        kept += c
    return kept + end


def _columns(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1
