"""Where results go: a file, standard output, JSON."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from engine.util.json import json_text
from viz.cli.terminal import echo
from viz.formats.save import FileKind

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Output:
    """What was typed of the place where a result goes."""

    files: FileKind
    path: str
    format: str
    """The one of standard output."""
    open: bool
    chosen: bool = True
    """Whether the path was typed; else nothing that is there is overwritten."""

    def deliver(self, encode: Callable[[str], bytes], note: Callable[[], str]) -> None:
        """Write a result to where it belongs.

        Args:
            encode: gives the result in a format.
            note: what to say of the file, if it is one.

        Raises:
            click.UsageError: a picture would land on the terminal.
        """
        if self.path == "-":
            self._pipe(encode)
            return
        target = Path(self.path) if self.chosen else find_free(Path(self.path))
        path = self.files.write(target, encode)
        kept = "" if str(path) == self.path else f" ({self.path} was there, and stays)"
        echo(f"{path}: {note()}{kept}")
        if self.open and click.launch(str(path)) != 0:
            echo(f"dotgrad: nothing here opens {path}: open it by hand", err=True)

    def _pipe(self, encode: Callable[[str], bytes]) -> None:
        self.files.check(self.format)
        if self.format in self.files.binary and sys.stdout.isatty():
            raise click.UsageError(
                f"A terminal cannot show a {self.format}: write "
                f"-o picture.{self.format}, or send the output elsewhere with "
                f"> picture.{self.format}."
            )
        data = encode(self.format)
        if sys.stdout.isatty():
            echo(data.decode())
            return
        sys.stdout.flush()
        sys.stdout.buffer.write(data)  # as it is: no line ends are changed


def find_free(path: Path) -> Path:
    """The path, or one with a number where there is something: graph-2.png."""
    numbers = itertools.count(2)
    free = path
    while os.path.lexists(free):
        free = path.with_stem(f"{path.stem}-{next(numbers)}")
    return free


def takes_output(files: FileKind, path: str, *, piped: str) -> Decorator:
    """Give a command `-o PATH`, `--format` and `--open`: `function(..., output=...)`.

    Where nothing was typed, the result goes to `path`, or beside it if there is
    something, and with `-o -` it is `piped`.
    """
    endings = ", ".join(f".{suffix}" for suffix in files.suffixes)

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "-o",
            "--output",
            default=path,
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
            if format_ and output != "-":
                raise click.UsageError(
                    "--format goes with -o -; a path says its format by its suffix."
                )
            source = click.get_current_context().get_parameter_source("output")
            where = Output(
                files, output, (format_ or piped).lower(), open_,
                chosen=source is not ParameterSource.DEFAULT,
            )  # fmt: skip
            return function(*args, output=where, **rest)

        return run

    return add


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for programs."
)


def print_json(data: Any) -> None:
    """Print plain data for a program."""
    only_ascii = not (sys.stdout.encoding or "").lower().startswith("utf")
    echo(json_text(data, indent=2, only_ascii=only_ascii))
