"""One run of a function on variables: what every transform begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from itertools import islice
from numbers import Real
from types import FrameType
from typing import Any

from engine.autodiff.forward import pushforward, tangents
from engine.autodiff.reverse import gradients
from engine.errors import EscapeError, OperandError
from engine.graph import context
from engine.graph.callsite import find_source, format_source, is_own
from engine.graph.node import topological_order
from engine.graph.sweep import adjoints
from engine.graph.value import Value
from engine.operation.operators import Operators
from engine.operation.series import Series
from engine.ops import identity
from engine.util.arrays import close_array, open_array
from engine.util.nested import Structure, flatten, leaf_names, map_tree, unflatten
from engine.util.numbers import as_float, is_number

Function = Callable[..., Any]
_depth: ContextVar[int] = ContextVar("dotgrad_transforms", default=0)


class Trace:
    """One run of `f` on fresh variables in the place of some of its arguments."""

    def __init__(
        self,
        f: Function,
        args: tuple[Any, ...],
        selected: Sequence[int],
        kwargs: dict[str, Any],
        *,
        has_aux: bool = False,
    ) -> None:
        parts = [flatten_numbers(args[i], f"args[{i}]") for i in selected]
        self._inputs = [structure for structure, _ in parts]
        given = [x for _, leaves in parts for x in leaves]
        self.nested = is_tracing() or any(isinstance(x, Value) for x in given)
        fresh = list(args)
        with tracing():
            self.variables = [_variable(x) for x in given]
            trees = self.unflatten_inputs(self.variables)
            for i, tree in zip(selected, trees, strict=True):
                fresh[i] = tree
            with watching(self.variables):
                output = f(*fresh, **kwargs)
        self.aux: Any = None
        """What `f` gives beside its result, with `has_aux`."""
        if has_aux:
            output, self.aux = _split_aux(output)
        self.output = output.item() if getattr(output, "shape", None) == () else output
        self._result, self.outputs = flatten_numbers(self.output, "the result of f")
        _refuse_bools(self._result, self.outputs)

    def unflatten_inputs(self, found: Iterable[Any]) -> list[Any]:
        """One number for each variable, in the structures of the arguments."""
        left = iter(found)
        return [unflatten(part, left, close_array) for part in self._inputs]

    def unflatten_output(self, found: Iterable[Any]) -> Any:
        """One thing for each output, in the structure of the result of `f`."""
        return unflatten(self._result, iter(found), close_array)

    def with_aux(self, result: Any, *, has_aux: bool) -> Any:
        """The result, or a pair of it and what `f` gives beside."""
        if not has_aux:
            return result
        aux = map_tree(
            lambda x: self.as_plain(x) if isinstance(x, Value) else x, self.aux
        )
        return result, aux

    def as_plain(self, x: Any) -> Any:
        """A result as the caller gets it: a float, or a Value where transforms nest."""
        return x if self.nested else as_float(float(x))

    def pull_back(self, output: Any, cotangent: Any = 1.0) -> list[Any]:
        """∂output/∂variable × cotangent, for each variable."""
        if not isinstance(output, Value):
            return [0.0] * len(self.variables)
        if self.nested:
            return list(gradients(output, self.variables, seed=cotangent))
        found = adjoints(output, as_float(cotangent, where="the cotangent"))
        return [found.get(variable, 0.0) for variable in self.variables]

    def push_forward(self, directions: Sequence[Any]) -> list[Any]:
        """Σ ∂output/∂variable × direction, for each output."""
        moved = dict(zip(self.variables, directions, strict=True))
        nodes = [output for output in self.outputs if isinstance(output, Value)]
        if self.nested:
            found: dict[Value, Any] = dict(
                zip(nodes, pushforward(nodes, moved), strict=True)
            )
        else:
            found = dict(tangents(nodes, moved))
        return [
            found.get(x, 0.0) if isinstance(x, Value) else 0.0 for x in self.outputs
        ]


def _split_aux(output: Any) -> tuple[Any, Any]:
    if not isinstance(output, tuple) or len(output) != 2:
        raise OperandError(
            f"with has_aux=True the function gives a pair, its result and anything "
            f"else, not {output!r:.80}"
        )
    return output


def require_function(f: Any, asker: str) -> None:
    """See that a transform was given a function.

    Raises:
        OperandError: it was given something else.
    """
    if isinstance(f, Value):
        raise OperandError(
            f"{asker} takes a function of numbers, and {f!r:.80} has been computed "
            "already: y.backward() or gradients(y, [x]) differentiate it"
        )
    if not callable(f):
        raise OperandError(
            f"{asker} takes a function, such as lambda x: x * x, and {f!r:.80} cannot "
            "be called"
        )


def _variable(x: Any) -> Value:
    """A leaf for a number; for a Value of the caller's a node with the same number."""
    return identity(x) if isinstance(x, Value) else Value(x)


def is_tracing() -> bool:
    """Whether a transform or the recorder of a tape runs the function we are in."""
    return _depth.get() > 0 or context.recorder() is not None


class Watcher:
    """What notices that a number which depends on the variables leaves the graph."""

    def __init__(self, variables: Iterable[Value]) -> None:
        self.variables = frozenset(variables)
        self.escape: EscapeError | None = None

    def note_escape(self, value: Any, how: str, asker: FrameType | None) -> None:
        """See that a derivative misses nothing.

        The engine itself may read numbers, and so may viz, to show them.
        """
        if (asker and is_own(asker)) or not self.sees(value):
            return
        self.escape = EscapeError(
            f"{how} at {format_source(find_source())} takes the number "
            f"{value._number!r} out of the graph, and the derivative would miss what "
            "is computed with it: compute with Values and the functions of engine "
            "(engine.sin for math.sin, gradients for backward), or use v.detach() "
            "where a constant is meant"
        )
        raise self.escape

    def sees(self, value: Value) -> bool:
        """Whether the value depends on one of the variables."""
        return not self.variables.isdisjoint(topological_order(value))


@contextmanager
def watching(variables: Iterable[Value]) -> Iterator[None]:
    """Let it be an error that a number which depends on these leaves the graph.

    Also where the function catches the error, and goes on another way.
    """
    watcher = Watcher(variables)
    try:
        with context.watched_by(watcher):
            yield
    except Exception:
        if watcher.escape is None:
            raise
    if watcher.escape is not None:
        raise watcher.escape


def _refuse_bools(structure: Structure, outputs: list[Any]) -> None:
    paths = leaf_names(structure, "the result of f")
    for path, output in zip(paths, outputs, strict=True):
        if not isinstance(output, (Value, Real)) or isinstance(output, bool):
            raise OperandError(
                f"{path} is {output!r}, the outcome of a comparison, which has no "
                "derivative: give numbers, such as where(condition, x, y)"
            )


@contextmanager
def tracing() -> Iterator[None]:
    """Run a function as transforms do: those inside it give Values at plain points."""
    before = _depth.get()
    recording = nullcontext() if context.current().recording else context.recording()
    try:
        _depth.set(before + 1)
        with recording:
            yield
    finally:
        _depth.set(before)


def select_arguments(argnums: int | Sequence[int], args: Sequence[Any]) -> list[int]:
    """The positions that `argnums` means.

    Raises:
        OperandError: there is no such argument.
    """
    try:
        numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    except TypeError:  # neither a number nor several
        numbers = [argnums]  # type: ignore[list-item]
    for number in numbers:
        whole = isinstance(number, int) and not isinstance(number, bool)
        if not (whole and -len(args) <= number < len(args)):
            raise OperandError(
                f"argnums={argnums!r}: there are {len(args)} positional arguments, "
                "counted from 0"
            )
    return [number % len(args) for number in numbers]


def unwrap(argnums: int | Sequence[int], found: list[Any]) -> Any:
    """The only result where `argnums` is one number, else a tuple of the results."""
    return found[0] if isinstance(argnums, int) else tuple(found)


def require_number(trace: Trace) -> Any:
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


def flatten_numbers(
    tree: Any, name: str, *, kind: type = Value
) -> tuple[Structure, list[Any]]:
    """The structure of a tree of numbers and Values, and these.

    Args:
        kind: what may be in it beside numbers.

    >>> flatten_numbers([1.0, "2"], name="args[0]")
    Traceback (most recent call last):
        ...
    engine.errors.OperandError: args[0][1] is '2' (str); numbers and lists, tuples, ...

    Raises:
        OperandError: there is something else in it; the error says where.
    """
    structure, leaves = flatten(tree, open_array)
    for i, leaf in enumerate(leaves):
        if not (isinstance(leaf, kind) or is_number(leaf)):
            path = next(islice(leaf_names(structure, name), i, None))
            hint = "; turn them around, and take taylor inside of the other transform"
            raise OperandError(
                f"{path} is {leaf!r} ({type(leaf).__name__}); numbers and lists, "
                "tuples, dicts and arrays of them are wanted"
                f"{hint * isinstance(leaf, Series)}"
            )
    return structure, leaves


def flatten_like(tree: Any, other: Any, name: str) -> list[Any]:
    """The numbers of `other`, which has to have the structure of `tree`.

    Raises:
        OperandError: it has another one.
    """
    wanted = list(leaf_names(flatten(tree, open_array)[0], ""))
    structure, leaves = flatten_numbers(other, name, kind=Operators)
    if wanted != list(leaf_names(structure, "")):
        few = ", ".join(path or "one number" for path in wanted[:5])
        raise OperandError(f"{name} have another structure; wanted are {few}")
    return [x if isinstance(x, Operators) else as_float(x) for x in leaves]
