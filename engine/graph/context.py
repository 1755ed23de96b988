"""What is true while a block runs: the scope, whether a graph is recorded.

Every operation looks at one name, `active`, and at nothing else while it is 0, so
that these features cost next to nothing when nobody uses them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import FrameType
from typing import Any, Protocol

from engine.graph.metadata import CONSTANT, NO_METADATA, Metadata

active = 0
"""How many blocks run now, in all threads together."""

_counting = threading.Lock()


class Watcher(Protocol):
    """What hears of numbers that leave the graph while a transform runs a function."""

    def note_escape(self, value: Any, how: str, asker: FrameType | None) -> None:
        """A number leaves the graph: a frame of Python has asked for it, if known."""


class Recorder(Protocol):
    """What hears of what the graph does not show while a tape is recorded."""

    def note_escape(self, value: Any, how: str, asker: FrameType | None) -> None:
        """A number leaves the graph: a frame of Python has asked for it, if known."""

    def note_change(self, how: str) -> None:
        """A Value is changed in place, which a replay would not do."""

    def note_comparison(
        self, left: Any, relation: str, right: Any, outcome: bool
    ) -> None:
        """`left relation right`, such as x < 3, was asked and had this outcome."""

    def note_aside(self, left: Any, relation: str, right: Any, outcome: bool) -> None:
        """The same was asked in another thread, of Values of nobody's run."""

    def note_node(self, node: Any) -> None:
        """An operation was carried out, whether or not its result is used."""

    def note_error(self, op: Any, operands: tuple[Any, ...], error: Exception) -> None:
        """An operation raised, which the program may catch."""

    def stop_gradient(self, value: Any) -> Any:
        """The value as a node through which no gradient flows."""


watchers: tuple[Watcher, ...] = ()
"""Those of the transforms that run now. They are the same in all threads, for a
function may start some: a watcher knows its own variables wherever they are read."""

recorders: tuple[Recorder, ...] = ()
"""Those of the tapes that are recorded now, in all threads. A node remembers its own,
so that what is done with it in a thread that the function starts is noticed, too."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the blocks around an operation ask of it, in one thread or task."""

    scope: tuple[str, ...] = ()
    recording: bool = True
    extended: bool = False
    sources: bool = False
    recorder: Recorder | None = None
    """What records a tape here."""
    metadata: Metadata = field(init=False)
    """What a node that is made here has, but for its source line."""
    constant: Metadata = field(init=False)
    """What a constant has."""
    usual: bool = field(init=False)
    """Whether operations make their nodes as they do outside of all blocks, but for
    the metadata."""

    def __post_init__(self) -> None:
        put = object.__setattr__
        metadata, constant = NO_METADATA, CONSTANT
        if self.scope or self.recorder:
            metadata = Metadata(scope=self.scope, recorder=self.recorder)
            constant = replace(metadata, kind="constant")
        put(self, "metadata", metadata)
        put(self, "constant", constant)
        unusual = self.extended or self.sources or self.recorder is not None
        put(self, "usual", self.recording and not unusual)


_OUTSIDE = Context()
_context: ContextVar[Context] = ContextVar("dotgrad", default=_OUTSIDE)


def current() -> Context:
    """The state that holds here and now."""
    return _context.get()


def recorder(*values: Any) -> Recorder | None:
    """What records a tape here and now, or recorded one of these Values; or None."""
    here = _context.get().recorder if active else None
    if here is None and recorders:
        owners = [value._metadata.recorder for value in values]
        here = next((one for one in recorders if one in owners), None)
    return here


def report_comparison(
    values: list[Any], left: Any, relation: str, right: Any, outcome: bool
) -> None:
    """Tell the recorder of a tape that Values were compared.

    Where it is not known whose they are, all recorders hear of it: one of them may have
    started this thread.
    """
    here = recorder(*values)
    if here is not None:
        here.note_comparison(left, relation, right, outcome)
        return
    for other in recorders:
        other.note_aside(left, relation, right, outcome)


def refuse_change(how: str) -> None:
    """See that no tape is recorded here, for a Value is changed in place.

    Raises:
        EscapeError: one is.
    """
    if active and (here := _context.get().recorder) is not None:
        here.note_change(how)


def report_gradient(value: Any, asker: FrameType) -> None:
    """Tell the recorder of a tape who asks for what `backward` has left in a Value."""
    here = recorder(value)
    if here is not None:
        here.note_escape(value, "v.grad", asker)


def report_escape(value: Any, how: str, asker: FrameType | None) -> None:
    """Tell the recorder of a tape and the watchers of transforms who takes a number.

    Args:
        how: the expression that takes it.
        asker: the frame that it stands in.
    """
    here = recorder(value)
    if here is not None:
        here.note_escape(value, how, asker)
    for watcher in watchers:
        watcher.note_escape(value, how, asker)


@contextmanager
def _change(**changes: object) -> Iterator[None]:
    global active
    with _counting:
        active += 1
    token = _context.set(replace(_context.get(), **changes))  # type: ignore[arg-type]
    try:
        yield
    finally:
        _context.reset(token)
        with _counting:
            active -= 1


class scope(ContextDecorator):  # noqa: N801
    """Name a part of the graph: nodes made in the block remember where.

    Scopes nest, and `Value.scope` is the path of their names from the outside in.
    Works as a decorator too.

    >>> from engine import Value
    >>> with scope("layer 1"), scope("neuron 2"):
    ...     y = Value(3.0) * 2
    >>> y.scope
    ('layer 1', 'neuron 2')

    Raises:
        TypeError: `name` is not a string.
        ValueError: `name` is empty.
    """

    # A class and a cache, for layers open a scope at each call of each neuron.

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a scope's name is a string, not {name!r}")
        if not name:
            raise ValueError("a scope's name cannot be empty")
        self.name = name
        self._tokens: list[Token[Context]] = []

    def __enter__(self) -> None:
        global active
        with _counting:
            active += 1
        self._tokens.append(_context.set(_nest(_context.get(), self.name)))

    def __exit__(self, *exception: object) -> None:
        global active
        _context.reset(self._tokens.pop())
        with _counting:
            active -= 1

    def _recreate_cm(self) -> scope:  # for calls of what is decorated, side by side
        return scope(self.name)


@lru_cache(maxsize=4096)
def _nest(here: Context, name: str) -> Context:
    return replace(here, scope=(*here.scope, name))


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute values only: results made in the block are leaves with no parents.

    Works as a decorator too.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    """
    with _change(recording=False):
        yield


@contextmanager
def record_source() -> Iterator[None]:
    """Let every node that is made in the block remember the line that made it.

    `Value.source` is then the file and the line: the innermost one outside of the
    engine. `explain`, `why_nan` and `why_zero` name it. Works as a decorator too.

    >>> from engine import Value
    >>> with record_source():
    ...     y = Value(3.0) * 2
    >>> file, line = y.source
    >>> line
    2
    """
    with _change(sources=True):
        yield


@contextmanager
def recording() -> Iterator[None]:
    """Record graphs even inside a `no_grad` block."""
    with _change(recording=True):
        yield


@contextmanager
def recording_by(recorder: Recorder) -> Iterator[None]:
    """Let the recorder of a tape hear of comparisons and escapes of Values."""
    global recorders
    with _counting:
        recorders = (*recorders, recorder)
    try:
        with _change(recorder=recorder, recording=True):
            yield
    finally:
        with _counting:
            recorders = tuple(other for other in recorders if other is not recorder)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Let the watcher of a transform hear of numbers that leave the graph."""
    global watchers
    with _counting:
        watchers = (*watchers, watcher)
    try:
        yield
    finally:
        with _counting:
            watchers = tuple(other for other in watchers if other is not watcher)


@contextmanager
def extended_arithmetic() -> Iterator[None]:
    """Let operations give ±∞ or nan where Python's floats would raise."""
    with _change(extended=True):
        yield
