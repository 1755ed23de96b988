"""The options that say how a picture looks; they are those of `viz.draw`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from viz.style.options import DIRECTIONS, LINES
from viz.style.theme import STYLES, THEMES

__all__ = ["takes_look"]

_OPTIONS = {
    "style": click.option(
        "--style",
        type=click.Choice(list(STYLES)),
        help="By default wire, and card above 40 values.",
    ),
    "theme": click.option(
        "--theme",
        type=click.Choice(list(THEMES)),
        default="light",
        show_default=True,
    ),
    "direction": click.option(
        "--direction",
        type=click.Choice(list(DIRECTIONS)),
        default="LR",
        show_default=True,
        help="From where to where values flow: left, right, top, bottom.",
    ),
    "show": click.option(
        "--show",
        type=click.Choice(LINES),
        multiple=True,
        help="Write this on the edges and no other; may be repeated.",
    ),
    "budget": click.option(
        "--budget", type=int, help="Draw about so many values, by gradient."
    ),
    "fuse": click.option(
        "--fuse/--no-fuse", default=None, help="Draw chains of + as one Σ."
    ),
    "dpi": click.option("--dpi", type=int, help="Dots per inch of a png or jpg."),
    "digits": click.option(
        "--digits", type=int, default=4, show_default=True, help="Significant digits."
    ),
    "title": click.option("--title", help="A line below the picture."),
    "legend": click.option(
        "--legend/--no-legend", default=None, help="The legend below the picture."
    ),
    "renderer": click.option(
        "--renderer", help="graphviz-pure, dot or pygraphviz; else the first that fits."
    ),
}


def takes_look(
    *left_out: str,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of a picture: `function(..., look=look)`."""
    taken = [name for name in _OPTIONS if name not in left_out]

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            given = {name: options.pop(name) for name in taken}
            look = {name: x for name, x in given.items() if x not in (None, ())}
            return function(*args, look=look, **options)

        for name in reversed(taken):
            run = _OPTIONS[name](run)
        return run

    return add
