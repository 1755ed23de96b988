"""Where results go: a file, standard output, JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from engine.util.json import json_text

__all__ = [
    "json_option",
    "open_option",
    "opened",
    "output_option",
    "pipe_format",
    "print_json",
    "write_bytes",
]

BINARY = ("png", "jpg", "jpeg", "pdf", "gif", "apng", "webp")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def output_option(default: str, formats: Iterable[str]) -> Decorator:
    """`-o PATH`, whose suffix says the format, and `--format` for `-o -`."""
    known = list(formats)
    path = click.option(
        "-o",
        "--output",
        default=default,
        show_default=True,
        type=click.Path(),
        help=f"The file, which ends in .{', .'.join(known)}; - is standard output.",
    )
    format_ = click.option(
        "--format",
        "format_",
        metavar="FORMAT",
        help="The format of what -o - writes.",
    )
    return lambda function: path(format_(function))


open_option = click.option(
    "--open", "open_", is_flag=True, help="Open the file when it is made."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for programs."
)


def pipe_format(output: str, format_: str | None, default: str) -> str | None:
    """The format for standard output, or None where a file is wanted.

    Raises:
        click.UsageError: a picture would land on the terminal.
    """
    if output != "-":
        if format_:
            raise click.UsageError(
                "--format goes with -o -; a path says its format by its suffix."
            )
        return None
    format_ = (format_ or default).lower()
    if format_ in BINARY and sys.stdout.isatty():
        raise click.UsageError(
            f"A terminal cannot show a {format_}: write -o picture.{format_}, "
            f"or send the output elsewhere with > picture.{format_}."
        )
    return format_


def write_bytes(data: bytes) -> None:
    """Write to standard output as it is: no line ends are changed."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def opened(path: Path) -> None:
    """Show a file in the program that this desktop has for it."""
    if click.launch(str(path)) != 0:
        click.echo(f"dotgrad: nothing here opens {path}: open it by hand", err=True)


def print_json(data: Any) -> None:
    """Print plain data for a program."""
    click.echo(json_text(data, indent=2))
