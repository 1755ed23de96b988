"""The graph as a tree of text, for a terminal: the output first, the leaves last."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import Value
from viz.build import whole
from viz.checks import check, whole_number
from viz.diagram import Diagram, Edge
from viz.labels import format_number

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Tree", "show", "tree"]

LIMIT = 200
"""So many lines are written, unless asked otherwise."""

DEEPEST = 12
"""Deeper branches are not indented further; their depth stands before them."""

Span = tuple[str, str]
"""Text, and what it is: '', 'name', 'value', 'positive', 'negative' or 'small'."""

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
    lines = _written(whole(value), ascii=ascii, digits=digits, limit=limit)
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
    lines = _written(whole(value), ascii=ascii, digits=digits, limit=limit)
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
    check("width", width, lambda x: x is None or whole_number(8, 10**6)(x), "8 or more")
    if width is None and sys.stdout is not None and sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return width


def _written(
    diagram: Diagram,
    *,
    ascii: bool,  # noqa: A002
    digits: int,
    limit: int,
) -> list[list[Span]]:
    check("digits", digits, whole_number(1, 17), "a whole number from 1 to 17")
    check("limit", limit, whole_number(1, 10**9), "a number of lines from 1")
    writer = _Writer(diagram, digits, _ASCII_PIPES if ascii else _PIPES)
    lines = writer.lines(limit)
    if ascii:
        lines = [[(_plain(text), kind) for text, kind in line] for line in lines]
    return lines


def _plain(text: str) -> str:
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


@dataclass(frozen=True, slots=True)
class _Writer:
    diagram: Diagram
    digits: int
    pipes: tuple[str, ...]

    def lines(self, limit: int) -> list[list[Span]]:
        """The lines of the tree, and one that counts what the limit leaves out."""
        made: list[list[Span]] = []
        seen: set[str] = set()
        for id_, use, prefix in self._walk(seen):
            if len(made) == limit:
                more = len(self.diagram.nodes) - len(seen)
                text = (
                    f"{self.pipes[5]} {more:,} more values" if more else self.pipes[5]
                )
                return [*made, [(text, "small")]]
            first = id_ not in seen
            seen.add(id_)
            made.append([(prefix, "small"), *self._line(id_, use, first=first)])
        return made

    def _walk(self, seen: set[str]) -> Iterator[tuple[str, Edge | None, str]]:
        """Depth first; operands only where a node is met for the first time."""
        last, between, pipe, space = self.pipes[1], self.pipes[0], *self.pipes[2:4]
        waiting: list[tuple[str, Edge | None, int, str, str]] = [
            (self.diagram.output.id, None, 0, "", "")
        ]
        while waiting:
            id_, use, depth, above, branch = waiting.pop()
            fresh = id_ not in seen
            yield id_, use, above + branch
            if not fresh:
                continue
            if 0 < depth < DEEPEST:
                above += space if branch == last else pipe
            elif depth >= DEEPEST:
                above = f"[{depth + 1}] "
            operands = self.diagram.into(id_)
            for edge in reversed(operands):
                end = last if edge is operands[-1] else between
                waiting.append((edge.source, edge, depth + 1, above, end))

    def _line(self, id_: str, use: Edge | None, *, first: bool) -> Iterator[Span]:
        node = self.diagram[id_]
        shared = len(self.diagram.uses(id_)) > 1
        name = node.label or (f"#{node.id[1:]}" if shared else "")
        yield name, "name"
        if not first:
            yield f" {self.pipes[4]}", "small"
        else:
            joint = ": " if name and node.symbol else " " if name else ""
            yield f"{joint}{node.symbol}{' ' * bool(node.symbol)}", ""
            yield "= " if name or node.symbol else "", ""
            yield format_number(node.value, self.digits), "value"
            if node.gradient is not None:
                yield "  grad ", "small"
                yield self._gradient(node.gradient)
        if shared and use is not None and use.gradient is not None:
            yield ", here " if first else "  here ", "small"
            yield self._gradient(use.gradient)

    def _gradient(self, x: float) -> Span:
        kind = "positive" if x > 0 else "negative" if x < 0 else "small"
        return format_number(x, self.digits), kind


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
