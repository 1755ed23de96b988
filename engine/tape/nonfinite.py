"""The error for results of a batch that are nan or infinite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.autodiff.trace import flatten_numbers
from engine.errors import TapeError
from engine.explanation.why_nan import why_nan
from engine.graph.context import extended_arithmetic, record_source
from engine.graph.value import Value
from engine.tape.ir.arguments import unflatten_argument
from engine.tape.samples import Samples

__all__ = ["check_finite"]


def check_finite(
    f: Callable[..., Any], nonfinite: str, samples: Samples, results: Any
) -> None:
    """Check that the results, a column for each sample, are finite.

    Raises:
        TapeError: one is not, and it is not allowed.
    """
    import numpy as np

    if nonfinite == "allow" or np.isfinite(results).all():
        return
    bad = np.flatnonzero(~np.isfinite(results).all(axis=0))
    first = int(bad[0])
    shown = ", ".join(f"{x:.6g}" for x in results[:, first] if not np.isfinite(x))
    text = f"the result of sample {first} is {shown}"
    if len(bad) > 1:
        text += f", and {len(bad) - 1} more are not finite"
    if nonfinite == "explain":
        raise TapeError(f"{text}.\n{_explain(f, samples, first)}")
    raise TapeError(
        f'{text}: nonfinite="explain" tells why, nonfinite="allow" lets it through'
    )


def _explain(f: Callable[..., Any], samples: Samples, i: int) -> str:
    numbers = iter([Value(x) for x in samples.columns[:, i].tolist()])
    with extended_arithmetic(), record_source():
        output = f(*[unflatten_argument(key, numbers) for key in samples.keys])
    nodes = [x for x in flatten_numbers(output, "f")[1] if isinstance(x, Value)]
    odd = [node for node in nodes if node.data - node.data != 0]
    return str(why_nan((odd or nodes)[0]))
