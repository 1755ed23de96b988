"""An option is declared once; checks, signatures, help and commands come from that."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from inspect import Parameter
from typing import Any, TypeVar

from engine.text import find_nearest
from viz.checks import Allowed, check
from viz.errors import OptionError

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Option:
    """What an option is by default, what it does in a line, and what it may be."""

    default: Any
    help: str
    allowed: Allowed
    type: Any = None
    """Its annotation in `Look`."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The options that a function takes, each with the default that it has there."""

    function: str
    options: Mapping[str, Option]
    without: Mapping[str, str] = field(default_factory=dict)
    """Options of `draw` that it does not take, and why."""

    def derive(
        self,
        function: str,
        *,
        without: Iterable[str] = (),
        why: str = "",
        **changes: Any,
    ) -> Schema:
        """The schema of another function.

        Args:
            without: the options that it does not take.
            why: what its errors say of them.
            changes: other defaults; or an Option, where more than that is different.
        """
        options = {n: o for n, o in self.options.items() if n not in without}
        for name, x in changes.items():
            varied = x if isinstance(x, Option) else self.vary(name, default=x)
            options[name] = varied
        return Schema(function, options, dict.fromkeys(without, why))

    def vary(self, name: str, **changes: Any) -> Option:
        """An option as it is here, but for some of its fields."""
        return replace(self.options[name], **changes)

    def complete(self, given: Mapping[str, Any]) -> Any:
        """A whole `Look`: what was given, checked, and the default of what was not.

        Raises:
            OptionError: there is no such option here, or it cannot have this value.
        """
        self.check_names(name for name in given if name not in self.without)
        for name, x in given.items():
            if name in self.options:
                check(name, x, self.options[name].allowed)
            elif x is not None:
                raise OptionError(f"{self.without[name]}: leave {name}= out")
        defaults = {name: option.default for name, option in self.options.items()}
        return defaults | {name: given[name] for name in given if name in defaults}

    def check_names(
        self, names: Iterable[str], also: tuple[str, ...] = (), otherwise: str = ""
    ) -> None:
        """Do nothing if all are options; `otherwise` is advice for one like none."""
        known = (*also, *self.options)
        for name in names:
            if name not in known:
                near = find_nearest(name, known)
                hint = f"Did you mean {near}=?" if near else otherwise.format(name)
                raise OptionError(
                    f"{name}= is no option of {self.function}; those are "
                    f"{', '.join(known)}. {hint}".rstrip()
                )

    def document(self, function: Function) -> Function:
        """Write the options into the signature and the docstring of a function."""
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.kind != p.VAR_KEYWORD]
        taken = [
            Parameter(
                name, Parameter.KEYWORD_ONLY, default=o.default, annotation=o.type
            )
            for name, o in self.options.items()
        ]
        function.__signature__ = signature.replace(parameters=[*own, *taken])  # type: ignore[attr-defined]
        lines = [_describe(name, option) for name, option in self.options.items()]
        return add_section("\n".join(["Options:", *lines]))(function)


def add_section(text: str) -> Callable[[Function], Function]:
    """Put a section into the docstring of a function, before what it raises."""

    def add(function: Function) -> Function:
        before, mark, after = inspect.cleandoc(function.__doc__ or "").partition(
            "\n\nRaises:"
        )
        function.__doc__ = f"{before}\n\n{text}{mark}{after}"
        return function

    return add


def _describe(name: str, option: Option) -> str:
    listed = f" ({option.allowed.listed})" if option.allowed.listed else ""
    return textwrap.fill(
        f"{name} = {option.default!r}: {option.help}{listed}", 84,
        initial_indent=" " * 4, subsequent_indent=" " * 8,
    )  # fmt: skip
