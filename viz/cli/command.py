"""What the commands have in common: their help ends with examples that are tested."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from engine.text import make_plain

_SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 88,
    "show_default": True,
}


class Command(click.Command):
    """A command whose help shows how it is typed."""

    def __init__(
        self,
        name: str | None,
        *,
        examples: Sequence[str] = (),
        closing: str = "",
        **rest: Any,
    ) -> None:
        super().__init__(name, context_settings=_SETTINGS, **rest)
        self.examples = examples
        """Command lines, which the tests run as they stand."""
        self.closing = closing

    def get_help(self, ctx: click.Context) -> str:
        """The help, in characters that the terminal has."""
        return make_plain(super().get_help(ctx), sys.stdout)

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples as they are typed, and what is left to say."""
        formatter.write("\nExamples:\n")
        for line in "\n".join(self.examples).splitlines():
            formatter.write(f"  {line}\n")
        if self.closing:
            formatter.write(f"\n{self.closing}\n")


class Group(Command, click.Group):
    """The commands, listed in the order they were given."""

    def list_commands(self, _: click.Context) -> list[str]:
        """In the order given, which is not that of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; it is no error if the reader went away, as in `| head`."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise click.exceptions.Exit(discard_output()) from None


def command(
    *examples: str, closing: str = ""
) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command of its name; its docstring is the help."""
    return click.command(cls=Command, examples=examples, closing=closing)


def discard_output() -> int:
    """Send the rest of the output nowhere, as its reader has gone; the exit status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
