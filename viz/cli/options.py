"""The options of `viz.draw` and its like, as options of the command line."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, get_args

import click

from viz.style.schema import Option, Schema

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

seed_option = click.option(
    "--seed", type=float, default=1.0, help="The upstream gradient."
)


def takes_look(schema: Schema) -> Decorator:
    """Give a command the options of a function: `command(..., look=look)`.

    An option that nobody can type, such as a list of Values, is left out.
    """
    options = {name: _make_option(name, o) for name, o in schema.options.items()}
    typed = {name: option for name, option in options.items() if option}

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **given: Any) -> Any:
            look = {name: given.pop(name) for name in typed}
            look = {name: x for name, x in look.items() if x not in (None, ())}
            return function(*args, look=schema.complete(look), **given)

        decorated: Callable[..., Any] = run
        for option in reversed(typed.values()):
            decorated = option(decorated)
        return decorated

    return add


def _make_option(name: str, option: Option) -> Decorator | None:
    """The option as click has it, by its type; None where it cannot be typed."""
    kinds = get_args(option.type) or (option.type,)
    flag = "--" + name.replace("_", "-")
    rest: dict[str, Any] = {"help": f"{option.help[0].upper()}{option.help[1:]}."}
    if option.default not in (None, ""):
        rest["default"] = option.default
    if option.allowed.names:
        choice = click.Choice(option.allowed.names)
        several = Sequence[str] in kinds
        return click.option(flag, type=choice, multiple=several, **rest)
    if bool in kinds:
        return click.option(f"{flag}/--no-{flag[2:]}", **{"default": None, **rest})
    for kind in (int, float, str):
        if kind in kinds:
            return click.option(flag, type=kind, **rest)
    return None
