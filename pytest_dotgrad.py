"""A pytest plugin: the expression behind a failed gradient check is drawn.

Installed with dotgrad, it does nothing until an error that carries a `graph`, such as
that of `engine.testing.assert_gradients`, ends a test. Hypothesis has shrunk the
expression by then, so the picture is that of the smallest one that fails.

pytest loads it for every project on the machine, also for those that have an `engine`
or a `viz` of their own. So it lies beside the two packages, imports neither before
there is a graph to draw, and believes nothing of the errors that it meets.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine import Value

_MEMBERS_AT_MOST = 1000  # of a group of errors; a property can make ever new ones


def pytest_runtest_makereport(item: Any, call: Any) -> None:
    """Draw the graph of the error, and put the picture's path into the report."""
    error = call.excinfo.value if call.excinfo else None
    for number, graph in enumerate(_find_graphs(error)):
        name = re.sub(r"\W+", "_", item.name)[:60] + (f"_{number}" if number else "")
        item.add_report_section(call.when, "dotgrad", _draw(graph, item.config, name))


def _find_graphs(error: BaseException | None) -> Iterator[Value]:
    """The graphs of an error and, where it is a group, of those in it."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MEMBERS_AT_MOST:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        graph = _read(each, "graph")
        if _is_value(graph):
            yield graph
        members = _read(each, "exceptions")
        waiting += reversed(members) if isinstance(members, (tuple, list)) else ()


def _read(error: BaseException, name: str) -> Any:
    """The attribute, or None where there is none or reading it fails."""
    try:
        return getattr(error, name, None)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # what pytest.skip raises is no Exception
        return None


def _is_value(graph: Any) -> bool:
    """Whether it is a Value of dotgrad, which somebody has imported then.

    A project that has a module of the same name keeps its values to itself.
    """
    module = sys.modules.get("engine.graph.value")
    place = os.path.dirname(os.path.realpath(getattr(module, "__file__", None) or ""))
    ours = os.path.join(os.path.dirname(os.path.realpath(__file__)), "engine", "graph")
    return place == ours and issubclass(type(graph), module.Value)  # type: ignore[union-attr]


def _draw(graph: Value, config: Any, name: str) -> str:
    """Draw the graph into a file, and say where it is, or why there is none."""
    try:
        from dotgrad import EngineError, save

        folder = config._tmp_path_factory.mktemp("dotgrad", numbered=True)
        try:
            path = save(graph, folder / f"{name}.png")
            return f"the expression that failed is drawn in {path}"
        except EngineError as error:  # too large, or nothing can render: source will do
            path = save(graph, folder / f"{name}.gv")
            return f"the expression that failed is in {path} ({error})"
    except Exception as error:  # a full disk, say: the test's own error matters more
        return f"the expression that failed could not be drawn: {error}"
