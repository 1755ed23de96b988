"""Names that other engines have for the graph, for code that was written for them."""

from __future__ import annotations

from typing import Any

from engine.graph import context
from engine.graph.floatlike import FloatLike
from engine.graph.node import Node

_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%",
    "pow": "**", "relu": "ReLU",
}  # fmt: skip
"""What micrograd writes; the other rows have their names."""


class Aliases(FloatLike, Node):
    """micrograd's names; `engine.ufuncs` adds NumPy's.

    A row of a program's own may have one of them: it stands before these.
    """

    __slots__ = ()

    @property
    def _prev(self) -> set[Any]:
        """The operands, each once, as in micrograd."""
        return set(self.parents)

    @property
    def _op(self) -> str:
        """The operation as micrograd writes it: '+', '**2', 'ReLU'; '' for a leaf."""
        if self.op is None:
            return ""
        symbol = _SYMBOLS.get(self.op.name, self.op.name)
        if symbol == "**" and self.op.made_from:
            return f"**{self.op.made_from[1]}"
        return symbol

    def _backward(self) -> None:
        """Add this node's share to the gradients of its operands: micrograd's one step.

        `backward` does that for the whole graph, outputs before operands.
        """
        if context.active or context.watchers:
            self._report_escape("_backward()")
        for parent, partial in zip(self.parents, self.partials, strict=True):
            parent.grad += partial * self.grad
