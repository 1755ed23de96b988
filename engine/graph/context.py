"""What is true while a block runs: the scope, whether a graph is recorded.

Every operation looks at one name, `active`, and at nothing else while it is empty, so
that these features cost next to nothing when nobody uses them.

A block puts back what it found even where Ctrl-C comes as it begins or ends: it looks
first, and changes things within `try`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import FrameType
from typing import Any, Protocol

from engine.graph.metadata import CONSTANT, NO_METADATA, Metadata

active: set[object] = set()
"""One thing for each block that runs now, in all threads together."""


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

    nodes: list[Any]
    """The results of the run's operations; the compiled core adds to it."""

    def note_node(self, node: Any) -> None:
        """An operation was carried out, whether or not its result is used."""

    def note_error(self, op: Any, operands: tuple[Any, ...], error: Exception) -> None:
        """An operation raised, which the program may catch."""

    def stop_gradient(self, value: Any) -> Any:
        """The value as a node through which no gradient flows."""


watchers: dict[Watcher, None] = {}
"""Those of the transforms that run now. They are the same in all threads, for a
function may start some: a watcher knows its own variables wherever they are read."""

recorders: dict[Recorder, None] = {}
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
    plan: tuple[Metadata, Metadata, list[Any] | None] | None = field(
        init=False, compare=False, repr=False
    )
    """What the compiled core needs to make nodes here: the metadata of nodes and of
    constants, and the list of a recorder; None where it has to leave it to Python."""

    def __post_init__(self) -> None:
        put = object.__setattr__
        metadata, constant = NO_METADATA, CONSTANT
        if self.scope or self.recorder:
            metadata = Metadata(scope=self.scope, recorder=self.recorder)
            constant = replace(metadata, kind="constant")
        put(self, "metadata", metadata)
        put(self, "constant", constant)
        usual = self.recording and not (self.extended or self.sources)
        nodes = self.recorder.nodes if self.recorder else None
        put(self, "usual", usual and self.recorder is None)
        put(self, "plan", (metadata, constant, nodes) if usual else None)


_OUTSIDE = Context()
variable: ContextVar[Context] = ContextVar("dotgrad", default=_OUTSIDE)


def current() -> Context:
    """The state that holds here and now."""
    return variable.get()


def recorder(*values: Any) -> Recorder | None:
    """What records a tape here and now, or recorded one of these Values; or None."""
    here = variable.get().recorder if active else None
    if here is None and recorders:
        owners = [value._metadata.recorder for value in values]
        here = next((one for one in list(recorders) if one in owners), None)
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
    for other in list(recorders):
        other.note_aside(left, relation, right, outcome)


def refuse_change(how: str) -> None:
    """See that no tape is recorded here, for a Value is changed in place.

    Raises:
        EscapeError: one is.
    """
    if active and (here := variable.get().recorder) is not None:
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
    for watcher in list(watchers):
        watcher.note_escape(value, how, asker)


class Block(ContextDecorator):
    """A block whose operations find another context."""

    def __init__(self, **changes: object) -> None:
        self._changes = changes
        self._open: list[Generator[None]] = []

    def _change(self, here: Context) -> Context:
        return replace(here, **self._changes)  # type: ignore[arg-type]

    def __enter__(self) -> None:
        run = self._run()
        self._open.append(run)
        next(run)

    def __exit__(self, *exception: object) -> None:
        next(self._open.pop(), None)

    def _run(self) -> Generator[None]:
        """Stops in the block; where Ctrl-C cuts off `__exit__`, Python ends it."""
        before, block = variable.get(), object()
        inside = self._change(before)
        is_cut = True
        try:
            active.add(block)
            variable.set(inside)
            yield
            is_cut = False
        finally:
            try:
                # one that ends late must not undo what blocks around it have done
                if not is_cut or variable.get() is inside:
                    variable.set(before)
            finally:
                active.discard(block)

    def _recreate_cm(self) -> Block:  # for calls of what is decorated, side by side
        return Block(**self._changes)


class scope(Block):  # noqa: N801
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

    def __init__(self, name: str) -> None:
        super().__init__()
        if not isinstance(name, str):
            raise TypeError(f"a scope's name is a string, not {name!r}")
        if not name:
            raise ValueError("a scope's name cannot be empty")
        self.name = name

    def _change(self, here: Context) -> Context:
        return _nest(here, self.name)

    def _recreate_cm(self) -> scope:
        return scope(self.name)


@lru_cache(maxsize=4096)
def _nest(here: Context, name: str) -> Context:
    return replace(here, scope=(*here.scope, name))


def no_grad() -> Block:
    """Compute values only: results made in the block are leaves with no parents.

    Works as a decorator too.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    """
    return Block(recording=False)


def record_source() -> Block:
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
    return Block(sources=True)


def recording() -> Block:
    """Record graphs even inside a `no_grad` block."""
    return Block(recording=True)


@contextmanager
def recording_by(recorder: Recorder) -> Iterator[None]:
    """Let the recorder of a tape hear of comparisons and escapes of Values."""
    try:
        recorders[recorder] = None
        with Block(recorder=recorder, recording=True):
            yield
    finally:
        recorders.pop(recorder, None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Let the watcher of a transform hear of numbers that leave the graph."""
    try:
        watchers[watcher] = None
        yield
    finally:
        watchers.pop(watcher, None)


def extended_arithmetic() -> Block:
    """Let operations give ±∞ or nan where Python's floats would raise."""
    return Block(extended=True)
