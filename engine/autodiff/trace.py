"""One run of a function on variables: what every transform begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from itertools import islice
from typing import Any

from engine.autodiff.forward import pushforward, tangents
from engine.autodiff.reverse import gradients
from engine.autodiff.tree import flatten, mapped
from engine.errors import OperandError
from engine.graph import context
from engine.graph.sweep import adjoints
from engine.graph.value import Value
from engine.ops import identity
from engine.util.numbers import as_float, is_number

__all__ = [
    "Function",
    "Trace",
    "as_asked",
    "chosen_arguments",
    "matching",
    "one_number",
]

Function = Callable[..., Any]
_depth: ContextVar[int] = ContextVar("dotgrad_transforms", default=0)


class Trace:
    """One run of `f` on fresh variables in the place of some of its arguments."""

    def __init__(
        self,
        f: Function,
        args: tuple[Any, ...],
        chosen: Sequence[int],
        kwargs: dict[str, Any],
    ) -> None:
        self.variables: list[Value] = []
        """Leaves for floats; a node of its own for a Value of somebody else's."""
        given = [x for i in chosen for _, x in flatten(args[i], name=f"args[{i}]")]
        self.nested = _depth.get() > 0 or any(isinstance(x, Value) for x in given)
        fresh = list(args)
        with _tracing():
            for i in chosen:
                fresh[i] = mapped(self._variable, args[i])
            self.output = f(*fresh, **kwargs)
        self.outputs = [x for _, x in flatten(self.output, name="the result of f")]

    def _variable(self, x: Any) -> Value:
        variable = identity(x) if isinstance(x, Value) else Value(x)
        self.variables.append(variable)
        return variable

    def plain(self, x: Any) -> Any:
        """A result as the caller gets it: a float unless he can go on with a Value."""
        return x if self.nested else as_float(float(x))

    def pulled_back(self, output: Any, cotangent: Any = 1.0) -> list[Any]:
        """∂output/∂variable × cotangent, for each variable."""
        if not isinstance(output, Value):
            return [0.0] * len(self.variables)
        if self.nested:
            return list(gradients(output, self.variables, seed=cotangent))
        found = adjoints(output, as_float(cotangent, where="the cotangent"))
        return [found.get(variable, 0.0) for variable in self.variables]

    def pushed_forward(self, directions: Sequence[Any]) -> list[Any]:
        """Σ ∂output/∂variable × direction, for each output."""
        moved = dict(zip(self.variables, directions, strict=True))
        nodes = [output for output in self.outputs if isinstance(output, Value)]
        if self.nested:
            found: dict[Value, Any] = dict(
                zip(nodes, pushforward(nodes, moved), strict=True)
            )
        else:
            found = dict(tangents(nodes, moved))
        return [found[x] if isinstance(x, Value) else 0.0 for x in self.outputs]


@contextmanager
def _tracing() -> Iterator[None]:
    token = _depth.set(_depth.get() + 1)
    recording = nullcontext() if context.current().recording else context.recording()
    try:
        with recording:
            yield
    finally:
        _depth.reset(token)


def chosen_arguments(argnums: int | Sequence[int], args: tuple[Any, ...]) -> list[int]:
    """The positions that `argnums` means.

    Raises:
        OperandError: there is no such argument.
    """
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    for number in numbers:
        if not (isinstance(number, int) and -len(args) <= number < len(args)):
            raise OperandError(
                f"argnums={argnums!r}: there are {len(args)} positional arguments, "
                "counted from 0"
            )
    return [number % len(args) for number in numbers]


def as_asked(argnums: int | Sequence[int], found: list[Any]) -> Any:
    """One result for one argnum, a tuple of them for several."""
    return found[0] if isinstance(argnums, int) else tuple(found)


def one_number(trace: Trace) -> Any:
    """The result of a function that has to give a single number.

    Raises:
        OperandError: it gave something else.
    """
    if not (isinstance(trace.output, Value) or is_number(trace.output)):
        raise OperandError(
            f"the function gave {trace.output!r}; a gradient is taken of one number. "
            "Use jacobian for several"
        )
    return trace.output


def matching(tree: Any, other: Any, name: str) -> list[Any]:
    """The numbers of `other`, which has to have the structure of `tree`.

    Raises:
        OperandError: it has another one.
    """
    paths = [path for path, _ in flatten(tree, name="")]
    found = flatten(other, name="")
    if paths != [path for path, _ in found]:
        wanted = ", ".join(path or "one number" for path in islice(paths, 5))
        raise OperandError(f"{name} have another structure; wanted are {wanted}")
    return [x if isinstance(x, Value) else as_float(x) for _, x in found]
