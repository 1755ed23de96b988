"""Tables on a terminal, in colour where rich is installed, otherwise as plain text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console


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
        table.add_row(*(Text(x) for x in row))
    console.print(table)


def _print_plain(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())


def print_lines(lines: Sequence[str], *, bad: str) -> None:
    """Lines as they are; those with the word `bad` are red."""
    console = _find_console()
    for line in lines:
        if console is None:
            click.echo(line)
        else:
            style = "bold red" if bad in line else None
            console.print(line, style=style, markup=False, highlight=False)


def _find_console() -> Console | None:
    """A terminal, if there is one and rich to write on it; NO_COLOR is rich's."""
    if not sys.stdout.isatty():
        return None
    try:
        from rich.console import Console
    except ModuleNotFoundError:
        return None
    return Console(highlight=False)
