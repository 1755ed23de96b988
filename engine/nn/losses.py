"""Losses: one number that says how wrong the outputs are.

Each takes the outputs and the targets of one sample, or lists of them, and gives the
mean over the samples. Its nodes are in the scope "loss".

Targets are checked with comparisons, which a tape notices as guards: so a wrong one is
found in a replay, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

from engine import functions, ops
from engine.errors import OptionError, ShapeError
from engine.graph.context import scope
from engine.graph.value import Value
from engine.nn.layers import is_rows
from engine.util.numbers import is_number

_ROUNDING = 1e-4
"""How far from 1 the sum of probabilities may be; they may be computed in 32 bits."""


@scope("loss")
def softmax_cross_entropy(logits: Sequence[Any], target: Any) -> Any:
    """−Σₖ tₖ log pₖ with p = softmax(a): log Σⱼ exp(aⱼ − m) − Σₖ tₖ (aₖ − m).

    m is the largest logit, held constant, so that nothing overflows. The derivative by
    aₖ is pₖ − tₖ. A logit of −∞ takes a class out: its probability and its derivative
    are 0, and the loss is ∞ where it is the right one.

    Args:
        logits: a row of scores, one for each class, or a list of rows.
        target: the number of the right class, counted from 0, or the probabilities of
            the classes (see `one_hot`); a list of them for a list of rows.

    >>> round(softmax_cross_entropy([0.3, 2.9, 4.0], 2), 6)
    0.305714

    Raises:
        ShapeError: logits and target do not go together.
        OptionError: there is no class of this number, or the probabilities do not sum
            up to 1.
    """
    return _average_samples(_cross_entropy, logits, target)


def _cross_entropy(logits: list[Any], target: Any) -> Any:
    top = functions.find_largest(logits)
    shifted = [a - top for a in logits]
    total = ops.log(reduce(add, map(ops.exp, shifted)))
    if hasattr(target, "__len__") and not isinstance(target, str):
        pairs = _pair(shifted, list(target))
        if not abs(reduce(add, [t for _, t in pairs]) - 1) < _ROUNDING:
            raise OptionError(f"probabilities sum up to 1, and not {_format(target)}")
        return total - reduce(add, [ops.weigh(t, a) for a, t in pairs])
    target = _check_class(target, len(logits))
    if isinstance(target, Value):  # on a tape it may be another class each time
        shares = [ops.relu(1 - abs(target - k)) for k in range(len(logits))]
        return total - reduce(add, map(ops.weigh, shares, shifted))
    return total - shifted[int(target)]


@scope("loss")
def sum_of_squares(outputs: Any, targets: Any) -> Any:
    """½ Σₖ (yₖ − tₖ)², with the derivative yₖ − tₖ: for regression.

    >>> sum_of_squares([3.0, 1.0], [1.0, 2.0])
    2.5

    Raises:
        ShapeError: outputs and targets do not go together.
    """

    def sum_half_squares(ys: list[Any], ts: Any) -> Any:
        return reduce(add, [(y - t) ** 2 for y, t in _pair(ys, ts)]) / 2

    return _average_samples(sum_half_squares, outputs, targets)


@scope("loss")
def mean_squared_error(outputs: Any, targets: Any) -> Any:
    """1/n Σ (yᵢ − tᵢ)², over all numbers of all samples.

    >>> mean_squared_error([3.0, 1.0], [1.0, 2.0])
    2.5

    Raises:
        ShapeError: outputs and targets do not go together.
    """
    return functions.mean((y - t) ** 2 for y, t in _flatten_pairs(outputs, targets))


@scope("loss")
def hinge(scores: Any, labels: Any) -> Any:
    """Mean of max(0, 1 − label · score), for labels −1 and 1.

    >>> hinge([0.5, -2.0], [1, -1])
    0.25

    Raises:
        OptionError: a label is another number.
        ShapeError: scores and labels do not go together.
    """
    pairs = _flatten_pairs(scores, labels)
    for _, label in pairs:
        if not (_is_operand(label) and abs(label) == 1):
            raise OptionError(f"a label of hinge is −1 or 1, not {_format(label)}")
    return functions.mean(ops.relu(1 - label * score) for score, label in pairs)


@scope("loss")
def binary_cross_entropy(logits: Any, targets: Any) -> Any:
    """Mean of −t log p − (1 − t) log(1 − p), with p = sigmoid(a).

    Computed as t softplus(−a) + (1 − t) softplus(a), which is right to the last digits
    for every a, also ±∞. The derivative by a is p − t.

    >>> round(binary_cross_entropy([0.0], [1]), 6)
    0.693147

    Raises:
        OptionError: a target is not between 0 and 1.
        ShapeError: logits and targets do not go together.
    """
    pairs = _flatten_pairs(logits, targets)
    for _, target in pairs:
        if not (_is_operand(target) and 0 <= target <= 1):
            raise OptionError(
                f"a target is a probability from 0 to 1, not {_format(target)}"
            )
    return functions.mean(
        ops.weigh(t, ops.softplus(-a)) + ops.weigh(1 - t, ops.softplus(a))
        for a, t in pairs
    )


def one_hot(index: int, classes: int) -> list[float]:
    """The row with 1 at this index and 0 elsewhere.

    >>> one_hot(1, 3)
    [0.0, 1.0, 0.0]

    Raises:
        OptionError: there is no class of this number.
    """
    index = _check_class(index, classes)
    return [1.0 if i == index else 0.0 for i in range(classes)]


def _check_class(index: Any, classes: int) -> Any:
    known = _is_operand(index) and 0 <= index <= classes - 1
    if not (known and index % 1 == 0):
        raise OptionError(
            f"the class is {_format(index)}: choose from 0 to {classes - 1}"
        )
    return index


def _is_operand(x: Any) -> bool:
    return isinstance(x, Value) or is_number(x)


def _format(x: Any) -> str:
    """What was given, for an error: on a tape it is a Value."""
    if hasattr(x, "__len__") and not isinstance(x, str):
        return f"[{', '.join(map(_format, x))}]"
    return f"{x.data if isinstance(x, Value) else x!r:.80}"


def _average_samples(
    loss: Callable[[list[Any], Any], Any], outputs: Any, targets: Any
) -> Any:
    rows = _make_row(outputs)
    if not is_rows(rows):
        return loss(rows, targets)
    return functions.mean(loss(_make_row(y), t) for y, t in _pair(rows, targets))


def _flatten_pairs(outputs: Any, targets: Any) -> list[tuple[Any, Any]]:
    """All pairs of an output and its target, of one sample or of many."""
    pairs = _pair(_make_row(outputs), targets)
    while pairs and hasattr(pairs[0][0], "__len__"):
        pairs = [pair for y, t in pairs for pair in _pair(_make_row(y), t)]
    return pairs


def _make_row(outputs: Any) -> list[Any]:
    """A bare number is a row of one."""
    numbers = list(outputs) if hasattr(outputs, "__len__") else [outputs]
    if not numbers:
        raise ShapeError("there are no outputs: give at least one")
    return numbers


def _pair(ys: list[Any], targets: Any) -> list[tuple[Any, Any]]:
    ts = _make_row(targets)
    if len(ys) != len(ts):
        raise ShapeError(f"{len(ys)} outputs and {len(ts)} targets do not go together")
    return list(zip(ys, ts, strict=True))
