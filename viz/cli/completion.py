"""Completion in the shell: the script to load, and the names of an expression."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from viz.cli.expression import ExpressionError, parse

SHELLS = ("bash", "zsh", "fish")


def _print_script(ctx: click.Context, _: click.Parameter, shell: str | None) -> None:
    if shell is None or ctx.resilient_parsing:
        return
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(ctx.command, {}, "dotgrad", "_DOTGRAD_COMPLETE").source()
    if shell == "bash":  # no space after `name=`, where a number is to follow
        nospace = "    [[ $value == *= ]] && compopt -o nospace\n    return 0"
        script = script.replace("    return 0", nospace)
    click.echo(script)
    ctx.exit()


completion = click.Option(
    ["--completion"],
    type=click.Choice(SHELLS),
    is_eager=True,
    expose_value=False,
    callback=_print_script,
    help="Print a script that completes commands, options and names in your shell.",
)


def complete_names(
    ctx: click.Context, _: click.Parameter, typed: str
) -> list[CompletionItem]:
    """`name=` for each name of the expression that has no value yet."""
    given = list(ctx.params.get("arguments") or ())
    if not given:
        return []
    try:
        free = parse(given[0]).names
    except ExpressionError:
        return []
    known = {argument.partition("=")[0] for argument in given[1:]}
    return [
        CompletionItem(f"{name}=")
        for name in free
        if name not in known and name.startswith(typed)
    ]
