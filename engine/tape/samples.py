"""Many samples at one time: arguments as columns, and a check of the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.autodiff.trace import flatten_numbers
from engine.errors import ShapeError, TapeError
from engine.explanation.why_nan import why_nan
from engine.graph.context import extended_arithmetic, record_source
from engine.graph.value import Value
from engine.tape.ir.arguments import (
    flatten_argument,
    make_float_array,
    make_values,
)
from engine.tape.ir.draws import Draw, Draws, drawing
from engine.util.nested import Structure, flatten_once


@dataclass(frozen=True)
class Samples:
    """Many arguments of one structure."""

    keys: tuple[Structure, ...]
    """The structure of each argument of one sample."""
    columns: Any
    """The numbers: a row for each input, a column for each sample."""
    draws: Draws | None = field(default=None, compare=False)
    """The random numbers that they draw in one call."""

    @classmethod
    def of(cls, args: Sequence[Any]) -> Samples:
        """Samples from arguments that have one entry, or one row, for each sample.

        Raises:
            ShapeError: they do not have as many samples, or these differ in shape.
            OperandError: there is something else than numbers in them.
        """
        np = require_numpy()
        parts = [_make_columns(arg, f"args[{i}]") for i, arg in enumerate(args)]
        counts = [columns.shape[1] for _, columns in parts]
        if counts[1:] != counts[:-1]:
            raise ShapeError(
                f"the arguments have {counts} samples: give as many of each"
            )
        if not counts:
            raise ShapeError("a batch needs an argument with a row for each sample")
        if not counts[0]:
            raise ShapeError("a batch needs at least one sample, and there is none")
        rows = [columns for _, columns in parts]
        joined = np.empty((sum(map(len, rows)), counts[0]))
        np.concatenate(rows, out=joined)
        return cls(tuple([key for key, _ in parts]), joined)

    @property
    def count(self) -> int:
        """How many samples there are."""
        return int(self.columns.shape[1])

    def take(self, which: Any) -> Samples:
        """Some of the samples, by their numbers or by a mask."""
        draws = self.draws and self.draws.take(self._number(which))
        return Samples(self.keys, self.columns[:, which], draws)

    def drawing_from(self, draws: Draws) -> Samples:
        """The same samples, which draw these random numbers."""
        return Samples(self.keys, self.columns, draws)

    def gather(self, which: Any, draws: Sequence[Draw]) -> Any:
        """What goes into a tape: the columns of some samples, and what they draw."""
        columns = self.columns[:, which]
        if not draws or self.draws is None:
            return columns
        np = require_numpy()
        drawn = self.draws.gather(draws, self._number(which))
        return np.ascontiguousarray(np.concatenate([columns, drawn]))

    def _number(self, which: Any) -> list[int]:
        """The numbers of some of the samples."""
        numbers: list[int] = require_numpy().arange(self.count)[which].tolist()
        return numbers

    def compute_sample(self, f: Callable[..., Any], i: int) -> Any:
        """f of sample i, without a tape."""
        args, _ = make_values(self.keys, self.columns[:, i].tolist())
        with drawing(self.draws or Draws(self.count), i):
            return f(*args)


def _make_columns(arg: Any, path: str) -> tuple[Structure, Any]:
    if hasattr(arg, "dtype") and getattr(
        arg, "ndim", None
    ):  # the usual case, made fast
        return _make_columns_of_array(arg, path)
    opened = flatten_once(arg)
    if opened and (isinstance(opened[0][1], tuple) or hasattr(arg, "_fields")):
        return _make_columns_of_fields(*opened, path)
    if not hasattr(arg, "__len__") or getattr(arg, "shape", None) == ():
        raise ShapeError(f"{path} is {arg!r:.80}: a batch has a row for each sample")
    if not hasattr(arg, "shape"):
        return _make_columns_of_rows(arg, path)
    return _make_columns_of_array(arg, path)


def _make_columns_of_array(arg: Any, path: str) -> tuple[Structure, Any]:
    array = make_float_array(arg, path)
    if array.ndim == 1:
        return None, array[None]
    count, *shape = array.shape
    return ("array", tuple(shape)), array.reshape(count, math.prod(shape)).T


def _make_columns_of_fields(
    structure: Structure, items: list[Any], path: str
) -> tuple[Structure, Any]:
    """For a dict, a dataclass or a named tuple that has the samples of each field."""
    import numpy as np

    kind, names, _ = structure
    shown = range(names) if isinstance(names, int) else names
    parts = [
        _make_columns(item, f"{path}[{name!r}]")
        for name, item in zip(shown, items, strict=True)
    ]
    counts = {part.shape[1] for _, part in parts}
    if len(counts) != 1:
        raise ShapeError(f"{path} has {sorted(counts)} samples: give as many of each")
    keys = tuple([key for key, _ in parts])
    columns = np.concatenate([part for _, part in parts])
    return (kind, names, keys if any(keys) else None), columns


def _make_columns_of_rows(samples: Sequence[Any], path: str) -> tuple[Structure, Any]:
    import numpy as np

    parts = [flatten_argument(sample, path) for sample in samples]
    if not parts:
        raise ShapeError(f"{path} has no samples")
    key = parts[0][0]
    for i, (other, _) in enumerate(parts):
        if other != key:
            raise ShapeError(f"{path}[{i}] has not the structure of {path}[0]")
    return key, np.array([numbers for _, numbers in parts], dtype=float).T


def require_numpy() -> Any:
    """NumPy, or an error that names the extra."""
    try:
        import numpy as np
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "batches need numpy: pip install 'dotgrad[fast]'"
        ) from None
    return np


def check_finite(
    f: Callable[..., Any],
    nonfinite: str,
    samples: Samples,
    results: Any,
    *,
    what: str = "result",
    before: int = 0,
) -> None:
    """Check that the results, a column for each sample, are finite.

    Args:
        what: "result" or "gradient".
        before: how many samples of a collection there are before these.

    Raises:
        TapeError: one is not, and it is not allowed.
    """
    import numpy as np

    if nonfinite == "allow" or np.isfinite(results).all():
        return
    bad = np.flatnonzero(~np.isfinite(results).all(axis=0))
    first = int(bad[0])
    shown = ", ".join(f"{x:.6g}" for x in results[:, first] if not np.isfinite(x))
    text = f"the {what} of sample {before + first} is {shown}"
    if len(bad) > 1:
        text += f", and {len(bad) - 1} more are not finite"
    if nonfinite == "explain":
        raise TapeError(f"{text}.\n{_explain(f, samples, first)}")
    raise TapeError(
        f'{text}: nonfinite="explain" tells why, nonfinite="allow" lets it through'
    )


def _explain(f: Callable[..., Any], samples: Samples, i: int) -> str:
    """What `why_nan` says of sample i."""
    with extended_arithmetic(), record_source():
        output = samples.compute_sample(f, i)
    nodes = [x for x in flatten_numbers(output, "f")[1] if isinstance(x, Value)]
    odd = [node for node in nodes if node.data - node.data != 0]
    return str(why_nan((odd or nodes)[0]))
