"""Sparse Jacobians and Hessians: few sweeps give all that is not 0.

Columns that have no row in common are summed in one sweep and can be told apart
afterwards: Curtis, Powell & Reid (1974). Which columns go together is a colouring of a
graph; the greedy ones are those of Gebremedhin, Manne & Pothen, What Color Is Your
Jacobian? (2005).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add, or_
from typing import Any

from engine.autodiff.trace import Trace
from engine.errors import OperandError
from engine.graph.node import topological_order
from engine.graph.value import Value

Pattern = list[list[int]]
"""For each row the columns in which there may be something, in order."""


def compute_sparse_jacobian(trace: Trace) -> Any:
    """∂output/∂variable as a SciPy CSR array.

    Raises:
        OperandError: it is inside of another transform, whose Values have no place.
        ModuleNotFoundError: SciPy is missing.
    """
    _require_plain(trace, "jacobian")
    rows = find_pattern(trace)
    columns = transpose(rows, len(trace.variables))
    by_columns, by_rows = color_columns(columns, rows), color_columns(rows, columns)
    if max(by_rows, default=0) <= max(by_columns, default=0):
        sweeps = [_pull_back(trace, group) for group in _group(by_rows)]
        entries = [[sweeps[by_rows[i]][j] for j in row] for i, row in enumerate(rows)]
    else:
        pushes = [_push_forward(trace, group) for group in _group(by_columns)]
        entries = [
            [pushes[by_columns[j]][i] for j in row] for i, row in enumerate(rows)
        ]
    return _build_matrix(entries, rows, len(trace.variables))


def compute_sparse_hessian(trace: Trace) -> Any:
    """The derivatives of a gradient, a symmetric matrix, as a SciPy CSR array.

    Args:
        trace: that of the gradient.

    Raises:
        OperandError, ModuleNotFoundError: see `compute_sparse_jacobian`.
    """
    _require_plain(trace, "hessian")
    rows = [[*row] for row in find_pattern(trace)]
    for i, row in enumerate(transpose(rows, len(rows))):  # symmetric, to be sure
        rows[i] = sorted({*rows[i], *row})
    colors = color_star(rows)
    sums = [_pull_back(trace, group) for group in _group(colors)]
    entries = []
    for i, row in enumerate(rows):
        seen: defaultdict[int, int] = defaultdict(int)
        for j in row:
            seen[colors[j]] += 1
        # Where two columns of the row have one colour, the column's own row tells.
        entries.append(
            [
                sums[colors[j]][i] if seen[colors[j]] == 1 else sums[colors[i]][j]
                for j in row
            ]
        )
    return _build_matrix(entries, rows, len(rows))


def _require_plain(trace: Trace, name: str) -> None:
    if trace.nested:
        raise OperandError(
            f"{name}(…, sparse=True) gives numbers, and inside of another transform "
            "Values are wanted: leave sparse=True out there"
        )


def find_pattern(trace: Trace) -> Pattern:
    """The variables that each output depends on, by one pass of sets of bits."""
    bits = {variable: 1 << i for i, variable in enumerate(trace.variables)}
    nodes = [output for output in trace.outputs if isinstance(output, Value)]
    for node in topological_order(*nodes):
        if node.op is not None and node not in bits:
            bits[node] = reduce(or_, [bits.get(parent, 0) for parent in node.parents])
    return [
        _list_bits(bits.get(output, 0)) if isinstance(output, Value) else []
        for output in trace.outputs
    ]


def _list_bits(bits: int) -> list[int]:
    """The places of the bits that are set, the lowest first.

    >>> _list_bits(0b1011)
    [0, 1, 3]
    """
    places = []
    while bits:
        place = (bits & -bits).bit_length() - 1
        places.append(place)
        bits ^= 1 << place
    return places


def transpose(rows: Pattern, count: int) -> Pattern:
    """For each of so many columns its rows.

    >>> transpose([[0, 2], [2]], 3)
    [[0], [], [0, 1]]
    """
    columns: Pattern = [[] for _ in range(count)]
    for i, row in enumerate(rows):
        for j in row:
            columns[j].append(i)
    return columns


def color_columns(columns: Pattern, rows: Pattern) -> list[int]:
    """A number for each column, another one for columns that have a row in common.

    Greedy, as they come: three for a tridiagonal matrix, whatever its size.

    >>> rows = [[0, 1], [0, 1, 2], [1, 2]]
    >>> color_columns(transpose(rows, 3), rows)
    [0, 1, 2]
    """
    colors = [-1] * len(columns)
    used: list[set[int]] = [set() for _ in rows]
    """The colours in each row."""
    for j, column in enumerate(columns):
        forbidden = set().union(*[used[i] for i in column])
        colors[j] = _find_free(forbidden)
        for i in column:
            used[i].add(colors[j])
    return colors


def color_star(neighbors: Pattern) -> list[int]:
    """A star colouring of a symmetric pattern, the vertices with most neighbours first.

    No two neighbours have one colour, and no path of four vertices has only two: so in
    each pair of entries Hᵢⱼ and Hⱼᵢ one is alone in its colour in its row.

    >>> color_star([[0, 1, 2, 3], [0, 1], [0, 2], [0, 3]])  # an arrowhead
    [0, 1, 1, 1]
    """
    count = len(neighbors)
    near = [[w for w in row if w != v] for v, row in enumerate(neighbors)]
    colors = [-1] * count
    around: list[dict[int, list[int]]] = [{} for _ in range(count)]
    """By vertex: its neighbours by their colour."""
    blocked: list[set[int]] = [set() for _ in range(count)]
    """By coloured vertex w: what would end a path w, x, y, v of two colours."""
    for v in sorted(range(count), key=lambda v: -len(near[v])):
        forbidden: set[int] = set()
        for w in near[v]:
            if colors[w] < 0:
                forbidden.update(around[w])
            else:
                forbidden.add(colors[w])
                forbidden |= blocked[w]
        color = colors[v] = _find_free(forbidden)
        for x in near[v]:
            twins = around[x].setdefault(color, [])
            twins.append(v)
            if len(twins) > 1 and colors[x] >= 0:  # v, x, twin have two colours
                blocked[v].add(colors[x])
                blocked[twins[0]].add(colors[x])
        for other, twins in around[v].items():
            for w in twins if len(twins) > 1 else ():
                blocked[w].add(color)
            assert other != color, "neighbours have other colours"
    return colors


def _find_free(forbidden: set[int]) -> int:
    color = 0
    while color in forbidden:
        color += 1
    return color


def _group(colors: Sequence[int]) -> list[list[int]]:
    """The places of each colour."""
    groups: list[list[int]] = [[] for _ in range(max(colors, default=-1) + 1)]
    for place, color in enumerate(colors):
        groups[color].append(place)
    return groups


def _pull_back(trace: Trace, rows: Iterable[int]) -> list[Any]:
    """The sum of these rows of the Jacobian: one reverse sweep."""
    outputs = [trace.outputs[i] for i in rows if isinstance(trace.outputs[i], Value)]
    return trace.pull_back(reduce(add, outputs) if outputs else 0.0)


def _push_forward(trace: Trace, columns: Iterable[int]) -> list[Any]:
    """The sum of these columns of the Jacobian: one forward pass."""
    direction = [0.0] * len(trace.variables)
    for j in columns:
        direction[j] = 1.0
    return trace.push_forward(direction)


def _build_matrix(entries: list[list[Any]], rows: Pattern, width: int) -> Any:
    try:
        from scipy.sparse import csr_array
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "sparse matrices need scipy: pip install 'dotgrad[sparse]'"
        ) from None
    ends = [0]
    for row in rows:
        ends.append(ends[-1] + len(row))
    numbers = [float(x) for row in entries for x in row]
    places = [j for row in rows for j in row]
    return csr_array((numbers, places, ends), shape=(len(rows), width))
