"""`Value`: a float that remembers where it came from."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, SupportsFloat
from weakref import ref

from engine.errors import OperandError
from engine.graph import context, sweep
from engine.graph.aliases import Aliases
from engine.graph.callsite import find_source
from engine.graph.metadata import CONSTANT, NO_METADATA, Metadata
from engine.graph.node import Node
from engine.graph.pickling import reduce
from engine.util.numbers import as_float


def _as_data(number: Any) -> float:
    if isinstance(number, Value):
        raise OperandError(
            f"v.data wants a number, not {number!r:.80}: write v.data = other.data, or "
            "v = other"
        )
    return as_float(number, where="v.data")


def _collect_metadata() -> Metadata:
    """What the blocks that run now want a new node to remember."""
    here = context.current()
    if not here.sources:
        return here.metadata
    return replace(here.metadata, source=find_source())


class Value(Aliases):
    """A number that remembers the operation and the operands it came from.

    Args:
        data: a real number: bool, int, float, Fraction or a NumPy scalar.
        label: a name for messages and pictures.

    Every expression that works on floats works on Values and gives the same number;
    `==` compares numbers, hashing is by identity.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> y.data, x.grad
    (10.0, 6.0)

    Raises:
        OperandError: `data` is not a real number.
    """

    __slots__ = ()

    def __init__(self, data: SupportsFloat, label: str | None = None) -> None:
        if isinstance(data, Value):
            raise OperandError(
                f"Value wants a number, not {data!r}; use it as it is, or its detach()"
            )
        self._number = as_float(data)
        self._grad = None
        self.op = None
        self._x = self._y = self._dx = self._dy = None
        self._metadata = _collect_metadata() if context.active else NO_METADATA
        if label is not None:
            self.label = label

    @property
    def data(self) -> float:
        """The number."""
        if context.active or context.watchers:
            self._report_escape("v.data")
        return self._number

    @data.setter
    def data(self, number: float) -> None:
        if context.active:
            context.refuse_change("v.data = ...")
        self._number = number if number.__class__ is float else _as_data(number)

    # -- the graph ---------------------------------------------------------------

    @property
    def kind(self) -> str:
        """'operation', 'leaf', 'parameter', or 'constant' (made from a number)."""
        if self.op is not None:
            return "operation"
        return self._metadata.kind

    @property
    def label(self) -> str | None:
        """The name given by a person, or None."""
        return self._metadata.label

    @label.setter
    def label(self, label: str | None) -> None:
        if not (label is None or isinstance(label, str)):
            raise TypeError(f"a label is a string or None, not {label!r}")
        self._metadata = replace(self._metadata, label=label)

    @property
    def scope(self) -> tuple[str, ...]:
        """The names of the `scope` blocks this node was made in, outermost first."""
        return self._metadata.scope

    @property
    def source(self) -> tuple[str, int] | None:
        """The file and line that made this node, where `record_source` was on."""
        return self._metadata.source

    @property
    def cut(self) -> tuple[str, Value | None]:
        """How a leaf was cut off from the graph that computed it, and what it was."""
        metadata = self._metadata
        return metadata.cut, metadata.origin() if metadata.origin else None

    @property
    def partials(self) -> tuple[float, ...]:
        """∂self/∂parent for each parent, as recorded when this node was made."""
        if context.active or context.watchers:
            self._report_escape("v.partials")
        return Node.partials.fget(self)  # type: ignore[attr-defined,no-any-return]

    _children, _local_grads = Node.parents, partials  # names of the smallest engines

    # -- gradients ---------------------------------------------------------------

    @property
    def grad(self) -> float:
        """∂output/∂self, summed over all `backward` calls since the last `zero_grad`.

        0.0 until a `backward` reaches the node.
        """
        if context.active:
            context.report_gradient(self, sys._getframe(1))
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, gradient: float | None) -> None:
        if context.active:
            context.refuse_change("v.grad = ...")
        if gradient is not None and gradient.__class__ is not float:
            gradient = as_float(gradient, where="v.grad")
        self._grad = gradient

    @property
    def has_gradient(self) -> bool:
        """Whether a `backward` has reached this node since it was made or cleared.

        It tells a gradient that is zero from one that nobody has computed.
        """
        if context.active:
            context.report_gradient(self, sys._getframe(1))
        return self._grad is not None

    def backward(self, seed: float = 1.0) -> None:
        """Add ∂self/∂v × seed to `v.grad` for every node v of the graph of self.

        Raises:
            OperandError: `seed` is not a real number.
            EscapeError: a transform runs, and self depends on its variables.
        """
        if context.watchers:
            self._report_escape("backward()")
        sweep.backward(self, as_float(seed, where="backward(seed=...)"))

    def zero_grad(self) -> None:
        """Set `grad` to 0.0 for every node of the graph of self."""
        sweep.zero_grad(self)

    def detach(self) -> Value:
        """A new leaf with the same number and label, cut off from the graph."""
        recorder = context.recorder()
        if recorder is not None:
            stopped: Value = recorder.stop_gradient(self)
            return stopped
        leaf = Value(self._number, self.label)
        leaf._metadata = replace(leaf._metadata, cut="detach()", origin=ref(self))
        return leaf

    def __repr__(self) -> str:
        parts = [repr(self.data)]
        if self.label is not None:
            parts.append(f"label={self.label!r:.80}")
        if self.op is not None:
            parts.append(f"op={self.op.symbol!r}")
        if self.has_gradient:
            parts.append(f"grad={self.grad!r}")
        return f"Value({', '.join(parts)})"

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if context.active or context.watchers:  # a copy is no part of the graph
            self._report_escape("a copy or pickle")
        return reduce(self)


def constant(number: Any) -> Value:
    """An anonymous leaf for a plain number that stands in an expression."""
    node = Value(number)
    if not context.active:
        node._metadata = CONSTANT
    elif node._metadata.source:
        node._metadata = replace(node._metadata, kind="constant")
    else:
        node._metadata = context.current().constant
    return node


def parameter(data: SupportsFloat, label: str | None = None) -> Value:
    """A leaf that training changes; pictures show it as a parameter.

    >>> w = parameter(0.5, label="w")
    >>> w.kind
    'parameter'

    Raises:
        OperandError: `data` is not a real number.
    """
    node = Value(data, label)
    node._metadata = replace(node._metadata, kind="parameter")
    return node
