"""Calls of a taped function: its keywords, and arguments that are no numbers.

A tape is for numbers in a fixed order. Here a call with keywords or static arguments
becomes a call, with numbers alone, of a function that has the rest filled in.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.autodiff.trace import require_function
from engine.errors import OperandError, OptionError

Place = tuple[Any, ...]
"""Where an argument comes from: () is the next of the numbers, (x,) is x itself."""


@dataclass(frozen=True, slots=True)
class Call:
    """How a function is called: what is filled in, and what is given."""

    places: tuple[Place, ...]
    """One for each positional argument."""
    keywords: tuple[tuple[str, Place], ...]
    """One for each argument by keyword alone."""

    def apply(self, f: Callable[..., Any], *given: Any) -> Any:
        """Call f with the arguments that are given."""
        left = iter(given)
        args = [place[0] if place else next(left) for place in self.places]
        named = {
            name: place[0] if place else next(left) for name, place in self.keywords
        }
        return f(*args, **named)

    def fill(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """f as a function of the arguments that are given."""
        filled = functools.partial(self.apply, f)
        return functools.update_wrapper(filled, f)

    def shift(self, number: int) -> int:
        """The place of a positional argument among those that are given.

        Raises:
            OptionError: it is static.
        """
        if self.places[number]:
            raise OptionError(f"argument {number} is static: no gradient is by it")
        return sum(1 for place in self.places[:number] if not place)


def bind_call(
    f: Callable[..., Any],
    static: Sequence[str],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[Call, tuple[Any, ...]]:
    """How f is called with these arguments, and those that are numbers.

    Raises:
        TypeError: f does not take them; it is Python's own.
    """
    bound = _bind(f, args, kwargs)
    for name in static:
        bound.arguments.setdefault(name, bound.signature.parameters[name].default)
    bound.arguments = {  # in the order of the signature, as `args` needs them
        name: bound.arguments[name]
        for name in bound.signature.parameters
        if name in bound.arguments
    }
    given: list[Any] = []

    def place(name: str | None, x: Any) -> Place:
        if name in static:
            return (x,)
        given.append(x)
        return ()

    positional = [
        p.name
        for p in bound.signature.parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    names = [*positional, *[None] * len(bound.args)]
    places = tuple([place(n, x) for n, x in zip(names, bound.args, strict=False)])
    keywords = tuple([(name, place(name, x)) for name, x in bound.kwargs.items()])
    return Call(places, keywords), tuple(given)


def _bind(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> inspect.BoundArguments:
    try:
        return inspect.signature(f).bind(*args, **kwargs)
    except (TypeError, ValueError):
        f(*args, **kwargs)  # Python's own error, which names f
        raise


def make_key(call: Call) -> Any:
    """What tells calls apart: 1, 1.0 and True are several.

    Raises:
        OperandError: a static argument cannot be hashed.
    """
    places = (*call.places, *[place for _, place in call.keywords])
    for [x] in filter(None, places):
        try:
            hash(x)
        except TypeError:
            raise OperandError(
                f"the static argument {x!r:.80} ({type(x).__name__}) cannot be hashed: "
                "give a tuple for a list, or a frozen dataclass"
            ) from None
    found = [x for place in places for x in place]
    return call, tuple([(type(x), repr(x)) for x in found])  # for 0.0 and −0.0, too


def check_static(f: Callable[..., Any], static: str | Sequence[str]) -> tuple[str, ...]:
    """The names of the static arguments.

    Raises:
        OptionError: f has no such argument.
    """
    names = (static,) if isinstance(static, str) else tuple(static)
    if not names:
        return ()
    try:
        known = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        known = []
    for name in names:
        if name not in known:
            raise OptionError(
                f"static={name!r}: choose from the arguments {', '.join(known)}"
            )
    return names


def check_function(f: Callable[..., Any]) -> None:
    """See that f gives its result when it is called.

    Raises:
        OperandError: it cannot be called, or it is a coroutine or a generator.
    """
    if not isinstance(f, classmethod):
        require_function(f, "jit")
    lazy = (
        inspect.iscoroutinefunction(f)
        or inspect.isgeneratorfunction(f)
        or inspect.isasyncgenfunction(f)
    )
    if lazy:
        raise OperandError(
            f"{f.__name__} is a coroutine or a generator, which gives no numbers when "
            "it is called: jit a function that returns them"
        )


class Kept:
    """What `jit` keeps for one object that has methods: for each its tapes.

    A copy or a pickle of the object starts without tapes.
    """

    def __init__(self) -> None:
        self.methods: dict[Any, Any] = {}

    def __reduce__(self) -> Any:
        return Kept, ()


def keep_method(owner: Any, bound: Callable[..., Any], make: Callable[..., Any]) -> Any:
    """What `make` gives for a method of this object, made once.

    It lies in the object, so that it goes with it.

    Raises:
        OperandError: the object has no place for it.
    """
    kept = getattr(owner, "__dict__", {}).get("_jitted")
    if kept is None:
        kept = Kept()
        try:
            if isinstance(owner, type):
                type.__setattr__(owner, "_jitted", kept)
            else:
                object.__setattr__(owner, "_jitted", kept)
        except AttributeError:
            raise OperandError(
                f"{type(owner).__name__} has __slots__ and no place for the tapes of "
                "its methods: add '__dict__' to them"
            ) from None
    function = bound.__func__  # type: ignore[attr-defined]
    if function not in kept.methods:
        kept.methods[function] = make(bound)
    return kept.methods[function]
