"""The expression that a command is about, and the values of its names."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click

from engine import Value
from engine.text import find_nearest
from viz.cli.completion import complete_names
from viz.cli.evaluation import evaluate
from viz.cli.expression import MAX_LENGTH, ExpressionError, Script, parse
from viz.cli.terminal import echo
from viz.errors import FormatError


@dataclass(frozen=True, slots=True)
class Expression:
    """What was typed: an expression, and a number for each of its names."""

    script: Script
    numbers: dict[str, float]

    def value(self, seed: float | None = 1.0) -> Value:
        """The expression's graph, with its gradients unless `seed` is None."""
        value = evaluate(self.script, self.numbers)
        if seed is not None:
            value.backward(seed)
        return value

    def function(self, *xs: Any) -> Value:
        """The expression as a function of its names, in order."""
        return evaluate(self.script, dict(zip(self.numbers, xs, strict=True)))


def takes_expression(
    function: Callable[..., Any] | None = None, *, optional: bool = False
) -> Callable[..., Any]:
    """Give a command the expression of its line: `function(expression, ...)`.

    Where it is optional, `expression` is None when there is none.
    """
    if function is None:
        return functools.partial(takes_expression, optional=optional)

    @click.argument(
        "arguments",
        nargs=-1,
        metavar=f"{'[EXPRESSION]' if optional else 'EXPRESSION'} [NAME=NUMBER]...",
        shell_complete=complete_names,
    )
    @click.option(
        "-f",
        "--file",
        type=click.Path(),
        help="Read the expression from this file; - is standard input.",
    )
    @functools.wraps(function)
    def run(arguments: tuple[str, ...], file: str | None, **options: Any) -> Any:
        expression = None
        if file is not None or arguments or not optional:
            expression = _read_expression(list(arguments), file)
        return function(expression, **options)

    return run


def _read_expression(arguments: list[str], file: str | None) -> Expression:
    if file is None and not arguments:
        raise click.UsageError('There is no expression; write one such as "x * y + 1".')
    text = arguments.pop(0) if file is None else _read(file)
    script = parse(_read("-") if text == "-" else text)
    numbers: dict[str, float] = {}
    for argument in arguments:
        name, number = _split_assignment(argument)
        if name in numbers:
            raise click.UsageError(f"{name} is given twice.")
        numbers[name] = number
    return Expression(script, numbers)


def _read(path: str) -> str:
    """The text of a file; of one that is longer than an expression the beginning."""
    try:
        if path != "-":
            with open(path, encoding="utf-8") as file:
                return file.read(MAX_LENGTH + 1)
        if sys.stdin.isatty():
            echo("Type the expression, then Ctrl-D:", err=True)
        return sys.stdin.read(MAX_LENGTH + 1)
    except UnicodeDecodeError as error:
        where = "standard input" if path == "-" else path
        raise FormatError(f"{where} is not a text in UTF-8: {error.reason}") from None


def _split_assignment(argument: str) -> tuple[str, float]:
    name, equals, text = argument.partition("=")
    name = name.strip()
    if not equals or not name.isidentifier():
        raise click.UsageError(
            f"{argument!r} should be NAME=NUMBER, such as x=3; "
            "the expression comes first, as one word in quotes."
        )
    return name, _read_number(name, text)


def _read_number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return evaluate(parse(text), {}).data  # pi / 2, 1 / 3
    except ExpressionError:
        raise click.UsageError(
            f"'{name}={text}': {text!r} is not a number; write one such as {name}=1.5."
        ) from None


def suggest(name: str, known: Iterable[str]) -> str:
    """What somebody who wrote `name` may have meant.

    >>> suggest("tahn", ["tanh", "sin"]), suggest("q", ["tanh", "sin"])
    ('did you mean tanh?', 'there are tanh, sin.')
    """
    known = list(known)
    near = find_nearest(name, known)
    return f"did you mean {near}?" if near else f"there are {', '.join(known)}."
