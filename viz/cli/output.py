"""Where results go: a file, standard output, JSON."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from engine.util.json import json_text

__all__ = ["Output", "json_option", "print_json", "takes_output"]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Output:
    """What was typed of the place where a result goes."""

    path: str
    format: str | None
    open: bool
    default: str
    """The format of standard output where none was typed."""
    binary: Collection[str]
    """The formats that a terminal cannot show."""

    def deliver(
        self,
        encode: Callable[[str], bytes],
        save: Callable[[str], Path],
        note: Callable[[], str],
    ) -> None:
        """Write a result to where it belongs.

        Args:
            encode: gives the result in a format, for standard output.
            save: writes the result into a file; its path.
            note: what to say of the file.

        Raises:
            click.UsageError: a picture would land on the terminal.
        """
        if self.path != "-":
            self._check_no_format()
            path = save(self.path)
            click.echo(f"{path}: {note()}")
            if self.open:
                _open_file(path)
            return
        format_ = (self.format or self.default).lower()
        if format_ in self.binary and sys.stdout.isatty():
            raise click.UsageError(
                f"A terminal cannot show a {format_}: write -o picture.{format_}, "
                f"or send the output elsewhere with > picture.{format_}."
            )
        data = encode(format_)
        sys.stdout.flush()
        sys.stdout.buffer.write(data)  # as it is: no line ends are changed

    def _check_no_format(self) -> None:
        if self.format:
            raise click.UsageError(
                "--format goes with -o -; a path says its format by its suffix."
            )


def _open_file(path: Path) -> None:
    """Show a file in the program that this desktop has for it."""
    if click.launch(str(path)) != 0:
        click.echo(f"dotgrad: nothing here opens {path}: open it by hand", err=True)


def takes_output(
    path: str, formats: Iterable[str], *, piped: str, binary: Collection[str] = ()
) -> Decorator:
    """Give a command `-o PATH`, `--format` for `-o -`, and `--open`.

    Args:
        path: where the result goes when nothing was typed.
        formats: the suffixes that a path may have.
        piped: the format of `-o -` when none was typed.
        binary: the formats that a terminal cannot show.
    """

    endings = ", ".join(f".{suffix}" for suffix in formats)

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "-o",
            "--output",
            default=path,
            show_default=True,
            type=click.Path(),
            help=f"The file, which ends in {endings}; - is standard output.",
        )
        @click.option(
            "--format",
            "format_",
            metavar="FORMAT",
            help="The format of what -o - writes.",
        )
        @click.option("--open", "open_", is_flag=True, help="Open the file when made.")
        @functools.wraps(function)
        def run(
            *args: Any, output: str, format_: str | None, open_: bool, **rest: Any
        ) -> Any:
            where = Output(output, format_, open_, piped, binary)
            return function(*args, output=where, **rest)

        return run

    return add


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for programs."
)


def print_json(data: Any) -> None:
    """Print plain data for a program."""
    click.echo(json_text(data, indent=2))
