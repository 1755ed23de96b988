"""The leaves of a graph that can be moved: their names and ranges."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from engine import Value, path_labels, topological_order
from engine.text import SEPARATOR
from viz.errors import OptionError

MOST = 12
"""The most leaves that get a slider, unless they are chosen one by one."""

POSITIONS = 400
"""The most positions that a slider has; rounding the step leaves 160 at least."""

FAR, NEAR = 1e300, 1e-300
"""A slider reaches no number farther from 0, and takes nearer ones for 0."""

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Slider:
    """A number that can be moved from `low` to `high`, in steps.

    >>> Slider.around("w", -3.0)
    Slider(name='w', start=-3.0, low=-10.0, high=10.0, step=0.05)
    """

    name: str
    start: float
    low: float
    high: float
    step: float

    @classmethod
    def around(cls, name: str, x: float) -> Slider:
        """A slider on which x can be doubled, and change its sign."""
        far = _round_up(2 * abs(x)) if abs(x) > NEAR else 1.0
        return cls.between(name, x, (-far, far))

    @classmethod
    def between(cls, name: str, x: float, ends: Range) -> Slider:
        """A slider with these ends.

        Raises:
            OptionError: they are no two finite numbers in order, or x is not between.
        """
        try:
            low, high = map(float, ends)
        except (TypeError, ValueError):
            low, high = math.nan, math.nan
        if not (low < high and low >= -FAR and high <= FAR):
            raise OptionError(
                f"ranges: {name!r} has {ends!r}: give two finite numbers, the smaller "
                "first"
            )
        if not low <= x <= high:
            raise OptionError(
                f"ranges: {name!r} is {x:g}, which is not between {low:g} and {high:g}"
            )
        return cls(name, x, low, high, _round_up((high - low) / POSITIONS))

    def stretch(self, x: float) -> Slider:
        """This slider, made longer where x lies beyond its ends."""
        if self.low <= x <= self.high:
            return self
        low, high = min(self.low, x), max(self.high, x)
        return replace(self, low=low, high=high)


def is_reachable(x: float) -> bool:
    """Whether a slider can stand at x: a finite number, and not a huge one."""
    return abs(x) <= FAR / 4


def to_number(name: str, x: Any) -> float:
    """`x` as the position of a slider.

    Raises:
        OptionError: it is none.
    """
    if isinstance(x, (Real, Value)) and is_reachable(x):  # type: ignore[arg-type]
        return float(x)
    hint = ""
    if isinstance(x, (list, tuple, dict)):
        hint = "; for several, write a function of several: lambda w0, w1: f([w0, w1])"
    raise OptionError(f"{name}={x!r}: give a finite number{hint}")


def _round_up(x: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, ... and 0.5, 0.2, 0.1, ...

    >>> [_round_up(x) for x in (0.011, 3.0, 6.0, 200.0)]
    [0.02, 5.0, 10.0, 200.0]
    """
    power = math.floor(math.log10(x))
    for digit in (1, 2, 5):
        rounded = float(f"{digit}e{power}")
        if rounded >= x:
            return rounded
    return float(f"1e{power + 1}")


def name_leaves(output: Value) -> dict[Value, str]:
    """A name for each leaf of a graph that is no constant, no two alike.

    It is the label. Where several leaves have the same, the scope stands before it, as
    in "layer 1 › w"; where that is not enough, the place in the graph is added: "w #3".

    >>> x = Value(2.0, label="x")
    >>> list(name_leaves(x * x + Value(1.0) * 3).values())
    ['x', '#2']
    """
    places = {value: i for i, value in enumerate(topological_order(output))}
    leaves = [v for v in places if v.op is None and v.kind != "constant"]
    paths = path_labels(places)
    found = {
        leaf: SEPARATOR.join(paths.get(leaf, ())) or leaf.label or "" for leaf in leaves
    }
    for alike in _find_alike(found):
        found[alike] = f"{found[alike]} #{places[alike]}".strip()
    return found


def _find_alike(found: Mapping[Value, str]) -> list[Value]:
    """The leaves without a name, and those with the name of another."""
    counts = Counter(found.values())
    return [leaf for leaf, name in found.items() if counts[name] > 1 or not name]


def select_leaves(
    leaves: Mapping[str, Value], asked: Sequence[str] | None
) -> tuple[list[str], str]:
    """The leaves that get a slider, in their order, and a note if that is not all.

    Raises:
        OptionError: the number of one that was asked for is not finite, or huge.
    """
    if asked is not None:
        for name in asked:
            to_number(name, leaves[name])
        return list(dict.fromkeys(asked)), ""
    finite = [name for name, leaf in leaves.items() if is_reachable(leaf.data)]
    if len(finite) <= MOST:
        return finite, ""
    kept = sorted(finite, key=lambda name: -abs(leaves[name].grad))[:MOST]
    note = (
        f"{MOST} of {len(finite):,} leaves, those with the largest gradients; "
        "leaves=[…] chooses others"
    )
    return [name for name in finite if name in kept], note


def find_name(key: str | Value, known: Mapping[str, Value]) -> str:
    """The name that a key stands for, which is a name or a leaf.

    Raises:
        OptionError: there is no such leaf.
    """
    for name, leaf in known.items():
        if key is leaf or (isinstance(key, str) and key == name):
            return name
    shown = ", ".join(list(known)[:MOST]) + ", …" * (len(known) > MOST)
    raise OptionError(f"there is no leaf {key!r} here; there are {shown or 'none'}")
