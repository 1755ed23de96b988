"""The layers of the textbook. Each takes one row of numbers, or a list of rows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any

from engine import functions, ops
from engine.errors import OperandError, OptionError, ShapeError
from engine.graph.context import scope
from engine.graph.value import Value, parameter
from engine.nn.initializers import Initial, Rng, xavier
from engine.nn.module import Module, call_in_scope
from engine.operation.op import Op
from engine.tape.ir.draws import Draw, draw_factor
from engine.util.numbers import is_number


class Rowwise(Module):
    """A layer that is a function of a row; given rows, it takes each by itself."""

    def __init_subclass__(cls) -> None:
        cls._scope = cls.__name__

    def forward(self, x: Sequence[Any]) -> list[Any]:
        """The row of outputs, or a list of such rows."""
        try:
            numbers = list(x)
        except TypeError:
            raise OperandError(
                f"{self} wants a row of numbers, or a list of rows, not {x!r:.80}"
            ) from None
        if is_rows(numbers):
            return [self.forward(row) for row in numbers]
        return self.forward_row(numbers)

    def forward_row(self, xs: list[Any]) -> list[Any]:
        """The outputs for one row."""
        raise NotImplementedError


class Affine(Rowwise):
    """Y = X·W + B: yⱼ = Σᵢ xᵢ wᵢⱼ + bⱼ.

    `weight` has a row for each input, `bias` one number for each output, as X·W + B
    is written in textbooks: weight[i][j] leads from input i to output j. The nodes of
    output j are in the scope "neuron j".

    Args:
        n_in: how many numbers come in.
        n_out: how many go out.
        rng: a random generator, such as `random.Random(0)`; without one the operating
            system gives a seed, and the weights are others in each run.
        initial: draws a weight; see `engine.nn.initializers`. Biases start at 0.
        bias: False leaves B out.

    >>> import random
    >>> layer = Affine(2, 3, rng=random.Random(0))
    >>> [len(layer.weight), len(layer.weight[0]), len(layer.bias)]
    [2, 3, 3]
    >>> layer = Affine.of([[1.0, 2.0], [3.0, 4.0]], [0.5, -0.5])
    >>> y = layer([10.0, 1.0])
    >>> [v.data for v in y]
    [13.5, 23.5]
    >>> (y[0] + 3 * y[1]).backward()
    >>> layer.weight_grad, layer.bias_grad
    ([[10.0, 30.0], [1.0, 3.0]], [1.0, 3.0])

    Raises:
        OptionError: a size is not a positive whole number, or `rng` is no generator.
        ShapeError: (when called) the row has another length than `n_in`.
    """

    weight: list[list[Value]]
    bias: list[Value]

    def __init__(
        self, n_in: int, n_out: int, *, rng: Rng | None = None,
        initial: Initial = xavier, bias: bool = True,
    ) -> None:  # fmt: skip
        for size in (n_in, n_out):
            if not isinstance(size, int) or size < 1:
                raise OptionError(f"a layer's size is a whole number ≥ 1, not {size!r}")
        rng = _choose_generator(rng)
        weight = [
            [initial(n_in, n_out, rng) for _ in range(n_out)] for _ in range(n_in)
        ]
        self._hold(weight, [0.0] * n_out if bias else [])

    @classmethod
    def of(
        cls, weight: Iterable[Iterable[float]], bias: Iterable[float] = ()
    ) -> Affine:
        """The layer with these weights, a row for each input, and these biases.

        Raises:
            ShapeError: the rows, or the row of biases, have other lengths.
        """
        rows, offsets = [list(row) for row in weight], list(bias)
        if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
            lengths = [len(row) for row in rows]
            raise ShapeError(f"weights want rows of one length, not {lengths}")
        if offsets and len(offsets) != len(rows[0]):
            raise ShapeError(
                f"{len(rows[0])} outputs want as many biases, not {offsets}"
            )
        layer = cls.__new__(cls)
        layer._hold(rows, offsets)
        return layer

    def _hold(self, weight: list[list[float]], bias: list[float]) -> None:
        comma = "," * (len(weight[0]) > 9)  # w1,11 is not w11,1
        self.weight = [
            [parameter(w, f"w{i}{comma}{j}") for j, w in enumerate(row, 1)]
            for i, row in enumerate(weight, 1)
        ]
        self.bias = [parameter(b, f"b{j}") for j, b in enumerate(bias, 1)]

    @property
    def weight_grad(self) -> list[list[float]]:
        """∂L/∂W, a matrix like `weight`: the gradients that have been added up."""
        return [[w.grad for w in row] for row in self.weight]

    @property
    def bias_grad(self) -> list[float]:
        """∂L/∂B, a row like `bias`."""
        return [b.grad for b in self.bias]

    def forward_row(self, xs: list[Any]) -> list[Any]:
        if len(xs) != len(self.weight):
            raise ShapeError(f"{self} wants {len(self.weight)} inputs, not {len(xs)}")
        xs = share_inputs(xs)
        outputs = []
        for j, column in enumerate(zip(*self.weight, strict=True)):
            with scope(f"neuron {j + 1}"):
                y = reduce(add, [x * w for x, w in zip(xs, column, strict=True)])
                outputs.append(y + self.bias[j] if self.bias else y)
        return outputs

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.weight)}, {len(self.weight[0])})"


class Linear(Affine):
    """Another name of `Affine`, the one that other libraries use."""


class Elementwise(Rowwise):
    """A layer that applies one function to each number by itself."""

    function: Op
    """The row of the table."""

    def forward_row(self, xs: list[Any]) -> list[Any]:
        return [self.function(x) for x in xs]


class ReLU(Elementwise):
    """max(x, 0): a switch that lets gradients through where x > 0.

    >>> [y.data for y in ReLU()([Value(3.0), Value(-2.0)])]
    [3.0, 0.0]
    """

    function = ops.relu


class Sigmoid(Elementwise):
    """1 / (1 + exp(−x)), with the derivative y (1 − y).

    >>> Sigmoid()([0.0])
    [0.5]
    """

    function = ops.sigmoid


class Tanh(Elementwise):
    """tanh x, with the derivative 1 − y².

    >>> Tanh()([0.0])
    [0.0]
    """

    function = ops.tanh


class Identity(Elementwise):
    """x itself: the last layer of a regression.

    >>> Identity()([1.5])
    [1.5]
    """

    function = ops.identity


class Softmax(Rowwise):
    """yᵢ = exp(xᵢ) / Σ exp(xⱼ), computed without overflow.

    For training use `softmax_cross_entropy`, which takes what comes before a softmax.

    >>> Softmax()([0.0, 0.0])
    [0.5, 0.5]
    """

    def forward_row(self, xs: list[Any]) -> list[Any]:
        return functions.softmax(xs)


class Dropout(Rowwise):
    """In training each number is 0 with probability p, else x / (1 − p).

    So its expectation is x. After `eval()` it is x itself, and `train()` goes back.
    Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from
    overfitting.

    A mask is drawn anew for each sample at each call. On a tape it is an input: each
    replay draws it, for the samples of a batch one after the other.

    Args:
        p: the share of numbers that is dropped, from 0 up to but without 1.
        rng: a random generator, such as `random.Random(0)`; without one the operating
            system gives a seed.

    >>> import random
    >>> layer = Dropout(0.5, rng=random.Random(0))
    >>> layer([1.0, 2.0, 3.0, 4.0])
    [2.0, 4.0, 0.0, 0.0]
    >>> layer.eval()([1.0, 2.0])
    [1.0, 2.0]

    Raises:
        OptionError: `p` is not such a number, or `rng` is no generator.
    """

    def __init__(self, p: float = 0.5, *, rng: Rng | None = None) -> None:
        if not (is_number(p) and 0 <= p < 1):
            raise OptionError(f"p={p!r}: a probability, 0 ≤ p < 1")
        self.p, self.rng = float(p), _choose_generator(rng)

    def forward_row(self, xs: list[Any]) -> list[Any]:
        if not self.training or self.p == 0:
            return xs
        draw = Draw(self.rng, self.p)
        return [x * draw_factor(draw) for x in xs]

    def __repr__(self) -> str:
        return f"Dropout({self.p})"


def _choose_generator(rng: Rng | None) -> Rng:
    """The generator that was given; else one with a seed of the operating system."""
    if rng is None:
        return random.Random()
    if not (hasattr(rng, "gauss") and hasattr(rng, "uniform")):
        raise OptionError(f"rng={rng!r}: give a generator such as random.Random(0)")
    return rng


class Sequential(Module):
    """Layers one after the other, each in a scope such as "Affine 1".

    >>> import random
    >>> rng = random.Random(0)
    >>> model = Sequential(Affine(2, 3, rng=rng), ReLU(), Affine(3, 1, rng=rng))
    >>> model
    Sequential(Affine(2, 3), ReLU(), Affine(3, 1))
    >>> [y] = model([1.0, 2.0])
    >>> y.scope
    ('Affine 2', 'neuron 1')
    """

    layers: list[Callable[[Any], Any]]

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        for layer in layers:
            if not callable(layer):
                raise OptionError(f"a layer is a Module or a function, not {layer!r}")
        # Not by setattr, which would name each layer after its place here for good.
        vars(self)["layers"] = list(layers)

    def forward(self, x: Any) -> Any:
        """What the last layer makes of what the others made of x."""
        counts: dict[str, int] = {}
        for layer in self.layers:
            name = getattr(layer, "__name__", type(layer).__name__)
            counts[name] = counts.get(name, 0) + 1
            x = call_in_scope(f"{name} {counts[name]}", layer, x)
        return x

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.layers))})"


def is_rows(x: list[Any]) -> bool:
    """Whether x is a list of rows rather than one row of numbers."""
    return len(x) > 0 and hasattr(x[0], "__len__")


def share_inputs(xs: Iterable[Any]) -> list[Any]:
    """The inputs as Values, so that all neurons share one node for each."""
    return [x if isinstance(x, Value) else Value(x) for x in xs]
