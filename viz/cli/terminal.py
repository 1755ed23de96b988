"""What the commands print: plain where the terminal is, and never a control character.

Tables are in colour where rich is installed.
"""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.text import SUBSTITUTE, escape

if TYPE_CHECKING:
    from rich.console import Console


class _ClosedStream(io.TextIOBase):
    """What stands for a stream that was closed before the program began."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def buffer(self) -> _ClosedStream:
        """Itself, which does not take bytes either."""
        return self

    def _refuse(self, *_: object) -> int:
        raise OSError(errno.EBADF, f"{self._name} is closed")

    write = read = _refuse  # type: ignore[assignment]

    def isatty(self) -> bool:
        """No."""
        return False


@contextmanager
def careful_streams() -> Iterator[None]:
    """Let the standard streams take every character, or say that they are closed."""
    before = sys.stdin, sys.stdout, sys.stderr
    handlers = [getattr(stream, "errors", None) for stream in before]
    sys.stdin = before[0] or _ClosedStream("standard input")
    sys.stdout = before[1] or _ClosedStream("standard output")
    sys.stderr = before[2] or io.StringIO()  # where nobody reads it
    for stream in before[1:]:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SUBSTITUTE)
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        for stream, handler in zip(before[1:], handlers[1:], strict=True):
            if isinstance(stream, io.TextIOWrapper) and not stream.closed:
                stream.reconfigure(errors=handler)


def require_input() -> None:
    """See that standard input can be read.

    Raises:
        OSError: it was closed.
    """
    sys.stdin.read(0)


def echo(text: str, *, err: bool = False) -> None:
    """Print lines of text, in which control characters are written out."""
    print(escape(text), file=sys.stderr if err else sys.stdout, flush=err)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns: fitted to the terminal, or as wide as they are when piped."""
    console = _find_console()
    if console is None:
        _print_plain([head, *rows])
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, title in enumerate(head):
        table.add_column(title, overflow="fold", no_wrap=i == 0)
    for row in rows:
        table.add_row(*(Text(escape(x)) for x in row))
    console.print(table)


def _print_plain(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        echo("  ".join(map(str.ljust, line, widths)).rstrip())


def print_lines(lines: Sequence[str], *, bad: str) -> None:
    """Lines as they are; those with the word `bad` are red."""
    console = _find_console()
    for line in lines:
        if console is None:
            echo(line)
        else:
            style = "bold red" if bad in line else None
            console.print(escape(line), style=style, markup=False, highlight=False)


def _find_console() -> Console | None:
    """A terminal, if there is one and rich to write on it; NO_COLOR is rich's."""
    if not sys.stdout.isatty():
        return None
    try:
        from rich.console import Console
    except ModuleNotFoundError:
        return None
    return Console(highlight=False)
