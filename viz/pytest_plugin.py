"""A pytest plugin: the expression behind a failed gradient check is drawn.

Installed with dotgrad, it does nothing until an error that carries a `graph`, such as
that of `engine.testing.assert_gradients`, ends a test. Hypothesis has shrunk the
expression by then, so the picture is that of the smallest one that fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from engine import Value


def pytest_runtest_makereport(item: Any, call: Any) -> None:
    """Draw the graph of the error, and put the picture's path into the report."""
    error = call.excinfo.value if call.excinfo else None
    for number, graph in enumerate(_graphs(error)):
        name = re.sub(r"\W+", "_", item.name)[:60] + (f"_{number}" if number else "")
        folder = item.config._tmp_path_factory.mktemp("dotgrad", numbered=True)
        item.add_report_section(call.when, "dotgrad", _draw(graph, folder, name))


def _graphs(error: BaseException | None) -> Iterator[Value]:
    """The graphs of an error and, where it is a group, of those in it."""
    if error is None:
        return
    graph = getattr(error, "graph", None)
    if graph is not None:
        yield graph
    for inner in getattr(error, "exceptions", ()):
        yield from _graphs(inner)


def _draw(graph: Value, folder: Path, name: str) -> str:
    from engine import EngineError
    from viz import save

    try:
        path = save(graph, folder / f"{name}.png")
        return f"the expression that failed is drawn in {path}"
    except EngineError as error:  # too large, or nothing can render: source will do
        path = save(graph, folder / f"{name}.gv")
        return f"the expression that failed is in {path} ({error})"
