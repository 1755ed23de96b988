"""`dotgrad animate`."""

from __future__ import annotations

import click

from viz.cli.command import command
from viz.cli.inputs import Given, takes_expression
from viz.cli.options import takes_look
from viz.cli.output import (
    open_option,
    opened,
    output_option,
    pipe_format,
    write_bytes,
)
from viz.film.animate import FORMATS, filmed
from viz.film.animate import animate as film
from viz.film.frames import count_frames
from viz.style.options import Look

__all__ = ["animate"]


@command(
    'dotgrad animate "z = x * y + x" x=3 y=-2 -o film.gif',
    'dotgrad animate "relu(x * y)" x=3 y=2 --pace 0.6 --theme dark -o - > film.gif',
    closing="It needs pip install 'dotgrad[film]'.",
)
@takes_expression
@output_option("graph.gif", FORMATS)
@open_option
@click.option(
    "--pace", type=float, default=1.2, show_default=True, help="Seconds for a frame."
)
@takes_look("show", "budget", "fuse")
def animate(
    given: Given,
    *,
    output: str,
    format_: str | None,
    open_: bool,
    pace: float,
    look: Look,
) -> None:
    """Film forward and backward propagation, step by step."""
    value = given.value()
    if piped := pipe_format(output, format_, "gif"):
        write_bytes(filmed(value, piped, pace=pace, **look))
        return
    path = film(value, output, pace=pace, **look)
    click.echo(f"{path}: {count_frames(value)} frames")
    if open_:
        opened(path)
