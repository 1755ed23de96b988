"""`dotgrad explore`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from viz.cli.command import command
from viz.cli.inputs import Given, takes_expression
from viz.cli.options import takes_look
from viz.cli.output import open_option, opened, output_option, pipe_format, write_bytes
from viz.page.explore import explore as write_page
from viz.style.options import DIRECTIONS
from viz.style.theme import THEMES

__all__ = ["explore"]


@command(
    'dotgrad explore "y = tanh(w * x + b)" w=-3 x=2 b=6.9 -o neuron.html',
    'dotgrad explore "z = x * y + x" x=3 y=-2 --theme dark -o - > page.html',
)
@takes_expression
@output_option("graph.html", ["html", "htm"])
@open_option
@click.option(
    "--theme",
    type=click.Choice(["auto", *THEMES]),
    default="auto",
    show_default=True,
    help="How the page begins; auto follows the reader's system.",
)
@click.option(
    "--direction",
    type=click.Choice(list(DIRECTIONS)),
    help="From where to where values flow. By default to the right, and downwards "
    "where the screen is narrow.",
)
@takes_look("theme", "show", "fuse", "dpi", "legend", "direction")
def explore(
    given: Given,
    *,
    output: str,
    format_: str | None,
    open_: bool,
    theme: str,
    direction: str | None,
    look: dict[str, Any],
) -> None:
    """Write a page to play with: step by step, with live leaves.

    One file of HTML, which needs no network. Drag a leaf's value, and every number
    follows.
    """
    value = given.value()
    if piped := pipe_format(output, format_, "html"):
        with tempfile.TemporaryDirectory() as folder:
            page = write_page(
                value,
                Path(folder, f"page.{piped}"),
                theme=theme,
                direction=direction,
                **look,
            )
            write_bytes(page.read_bytes())
        return
    path = write_page(value, output, theme=theme, direction=direction, **look)
    click.echo(f"{path}: open it in a browser")
    if open_:
        opened(path)
