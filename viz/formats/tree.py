"""The graph as a tree of text, for a terminal: the output first, the leaves last."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import Value, topological_order
from engine.text import print_plainly
from viz.checks import check, or_none, whole_number
from viz.diagram.diagram import Diagram, Edge, assemble, check_value
from viz.diagram.flow import flow_of
from viz.diagram.sentence import Quantity, write
from viz.labels import format_number
from viz.style.lines import LINES, tell_now

if TYPE_CHECKING:
    from rich.text import Text


LIMIT = 200
"""The most lines that are written, unless asked otherwise."""

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
    lines = _write_lines(value, ascii=ascii, digits=digits, limit=limit)
    width = _choose_width(width)
    return Tree(
        "\n".join(_shorten("".join(t for t, _ in line), width) for line in lines)
    )


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
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        from rich.console import Console
    except ModuleNotFoundError:
        encoding = ""
    if not encoding.lower().startswith("utf"):  # no place for lines or colours
        text = tree(value, ascii=ascii, digits=digits, limit=limit)
        print_plainly(text, sys.stdout)
        return
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    lines = _write_lines(value, ascii=ascii, digits=digits, limit=limit)
    for line in lines:
        console.print(_color(line), no_wrap=True, overflow="ellipsis", markup=False)


_STYLES = {
    "name": "italic", "value": "", "positive": "bold dark_orange3",
    "negative": "bold dodger_blue2", "small": "dim",
}  # fmt: skip


def _color(line: list[Span]) -> Text:
    from rich.text import Text

    return Text.assemble(*((text, _STYLES.get(kind, "")) for text, kind in line))


def _choose_width(width: int | None) -> int | None:
    check("width", width, or_none(whole_number(8, 10**6, "give 8 or more")))
    if width is None and sys.stdout is not None and sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return width


def _write_lines(
    value: Value,
    *,
    ascii: bool,  # noqa: A002
    digits: int,
    limit: int,
) -> list[list[Span]]:
    check("digits", digits, whole_number(1, 17))
    check("limit", limit, whole_number(1, 10**9, "give a number of lines from 1"))
    pipes = _ASCII_PIPES if ascii else _PIPES
    lines = Branches.of(value, digits, pipes, limit).write_lines(limit)
    if ascii:
        lines = [[(_to_ascii(text), kind) for text, kind in line] for line in lines]
    return lines


def _to_ascii(text: str) -> str:
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def _shorten(line: str, width: int | None) -> str:
    """A line that fits, counted in the columns of a terminal."""
    if width is None or sum(map(_count_columns, line)) <= width:
        return line
    room, end = width - 1, "…"
    if line.isascii():
        room, end = width - 3, "..."
    kept = ""
    for c in line:
        room -= _count_columns(c)
        if room < 0:
            break
        kept += c
    return kept + end


def _count_columns(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


@dataclass(frozen=True, slots=True)
class Branches:
    """Writes the lines of a tree."""

    diagram: Diagram
    digits: int
    pipes: tuple[str, ...]
    shared: Set[str]
    """The ids of the values that are used several times, drawn or not."""
    count: int
    """How many values the whole graph has."""

    @classmethod
    def of(
        cls, output: Value, digits: int, pipes: tuple[str, ...], limit: int
    ) -> Branches:
        """The branches of a graph; only the part that `limit` lines show is read."""
        order = topological_order(check_value(output))
        met = _find_met(output, limit)
        near = met.union(*(value.parents for value in met))
        drawn = [value for value in order if value in near]
        uses = Counter(x for value in order for x in value.parents if x in near)
        shared = {f"n{i}" for i, value in enumerate(drawn) if uses[value] > 1}
        diagram = assemble(drawn, dict.fromkeys(near - met, 0))
        return cls(diagram, digits, pipes, shared, len(order))

    def write_lines(self, limit: int) -> list[list[Span]]:
        """The lines of the tree, and one that counts what the limit leaves out."""
        made: list[list[Span]] = []
        seen: set[str] = set()
        for id_, use, prefix in self._walk(seen):
            if len(made) == limit:
                more = self.count - len(seen)
                text = (
                    f"{self.pipes[5]} {more:,} more values" if more else self.pipes[5]
                )
                return [*made, [(text, "small")]]
            first = id_ not in seen
            seen.add(id_)
            made.append([(prefix, "small"), *self._write_line(id_, use, first=first)])
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

    def _write_line(self, id_: str, use: Edge | None, *, first: bool) -> Iterator[Span]:
        node = self.diagram[id_]
        shared = id_ in self.shared
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
                yield self._write_gradient(node.gradient)
        if use is None:
            return
        if shared and use.gradient is not None:
            yield ", here " if first else "  here ", "small"
            yield self._write_gradient(use.gradient)
        flow = flow_of(use, "", use.source)
        for line in LINES:
            if line.in_tree and (said := tell_now(line, flow, self.diagram)):
                yield f", {write(said, self._write_number)}", "small"

    def _write_number(self, quantity: Quantity) -> str:
        x = self.diagram.number(quantity)
        assert x is not None
        return format_number(x, self.digits)

    def _write_gradient(self, x: float) -> Span:
        kind = "positive" if x > 0 else "negative" if x < 0 else "small"
        return format_number(x, self.digits), kind


def _find_met(output: Value, limit: int) -> set[Value]:
    """The values that the first `limit` lines are about."""
    met: set[Value] = set()
    waiting = [output]
    for _ in range(limit):
        if not waiting:
            break
        value = waiting.pop()
        if value not in met:
            met.add(value)
            waiting += reversed(value.parents)
    return met
