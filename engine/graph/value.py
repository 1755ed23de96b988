"""`Value`: a float that remembers where it came from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, SupportsFloat
from weakref import ref

from engine.graph import context, sweep
from engine.graph.aliases import Aliases
from engine.graph.metadata import CONSTANT
from engine.graph.node import Node, check_label
from engine.graph.pickling import reduce
from engine.native.core import core
from engine.util.numbers import as_float


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
        self._metadata = replace(self._metadata, label=check_label(label))

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

    _children, _local_grads = Node.parents, Node.partials
    """The names of the smallest engines."""

    # -- gradients ---------------------------------------------------------------

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


if core is not None:
    core.adopt(Value)


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
