"""micrograd's networks, with its names, signatures and numbers.

A program for micrograd (github.com/karpathy/micrograd) runs after changing its imports:
weights are drawn from the global `random` in the same order, so that after
`random.seed(n)` the networks are the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from engine import ops
from engine.errors import ShapeError
from engine.graph.value import Value, parameter
from engine.nn.layers import share_inputs
from engine.nn.module import Module, call_in_scope


class Neuron(Module):
    """relu(b + Σ wᵢ xᵢ), or without relu where `nonlin` is False.

    Weights are uniform in (−1, 1), the bias is 0.

    Args:
        nin: how many numbers come in.
        nonlin: whether relu comes at the end.
        rng: a random generator to be used in the place of the global one.

    Raises:
        ShapeError: (when called) the row has another length than `nin`.
    """

    def __init__(self, nin: int, nonlin: bool = True, *, rng: Any = random) -> None:
        self.w = [parameter(rng.uniform(-1, 1), f"w{i + 1}") for i in range(nin)]
        self.b = parameter(0, "b")
        self.nonlin = nonlin

    def forward(self, x: Sequence[Any]) -> Value:
        if len(x) != len(self.w):
            raise ShapeError(f"{self} wants {len(self.w)} inputs, not {len(x)}")
        act: Value = sum((w * x for w, x in zip(self.w, x, strict=True)), self.b)
        return ops.relu(act) if self.nonlin else act

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side; one number, not a list, comes out of a single one."""

    def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def forward(self, x: Sequence[Any]) -> Any:
        x = share_inputs(x)
        out = [
            call_in_scope(f"neuron {i}", n, x) for i, n in enumerate(self.neurons, 1)
        ]
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers one after the other; the last one has no relu.

    >>> random.seed(1)
    >>> model = MLP(2, [4, 1])
    >>> model
    MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2)], ...
    >>> model([1.0, -2.0]).scope
    ('layer 2', 'neuron 1')
    """

    def __init__(self, nin: int, nouts: Sequence[int], *, rng: Any = random) -> None:
        sizes = [nin, *nouts]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], nonlin=i != len(nouts) - 1, rng=rng)
            for i in range(len(nouts))
        ]

    def forward(self, x: Any) -> Any:
        for i, layer in enumerate(self.layers, 1):
            x = call_in_scope(f"layer {i}", layer, x)
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
