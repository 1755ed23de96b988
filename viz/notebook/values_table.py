"""A list, tuple, dict or array of Values as a table, for a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import islice
from typing import Any

from engine import Value
from engine.util.nested import walk
from viz.labels import format_number, shorten

ROWS = 100
"""The most rows of a table."""

_HEAD = "<tr><th></th><th>label</th><th>value</th><th>grad</th><th>operation</th></tr>"


def make_table(container: Any) -> str | None:
    """The Values in a list, tuple, dict or array, one a row, as HTML.

    None where there is none, or something else than numbers beside them: then the
    notebook shows what it always does.

    >>> print(make_table({"w": Value(2.0, label="w")}))  # doctest: +ELLIPSIS
    <table><thead>...<tr><td>[&#x27;w&#x27;]</td><td>w</td><td>2</td>...
    >>> make_table([1.0, 2.0])
    """
    tree = container.tolist() if hasattr(container, "tolist") else container
    try:
        leaves = list(islice(walk(tree), ROWS + 1))
    except RecursionError:  # it contains itself
        return None
    kinds = {leaf.__class__ for _, leaf in leaves}
    if Value not in kinds or not kinds <= {Value, float, int}:
        return None
    rows = "".join(_make_row(keys, leaf) for keys, leaf in leaves[:ROWS])
    more = "<tr><td>…</td></tr>" * (len(leaves) > ROWS)
    return f"<table><thead>{_HEAD}</thead><tbody>{rows}{more}</tbody></table>"


def _make_row(keys: tuple[Any, ...], leaf: Any) -> str:
    path = "".join(f"[{key!r}]" for key in keys)
    cells = (shorten(path), *_describe(leaf))
    return f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


def _describe(leaf: Any) -> Iterator[str]:
    """Label, value, gradient and operation."""
    if not isinstance(leaf, Value):
        yield from ("", format_number(leaf), "", "")
        return
    yield shorten(leaf.label or "")
    yield format_number(leaf.data)
    yield format_number(leaf.grad) if leaf.has_gradient else ""
    yield leaf.op.symbol if leaf.op else ""
