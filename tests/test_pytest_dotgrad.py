"""When a gradient assertion fails, its smallest expression is drawn."""

import os
import pathlib
import re
import sys

import pytest

pytest_plugins = ["pytester"]

FAILING = """
import operator
import pytest
from hypothesis import given, settings
from engine import TABLE, register, unregister
from engine.testing import assert_gradients, expressions

@pytest.fixture(scope="module", autouse=True)
def wrong():
    register("wrong_mul", "×", operator.mul, lambda out, x, y: (2 * y, x))
    yield
    unregister("wrong_mul")

def test_it():
    @settings(derandomize=True, deadline=None)
    @given(expressions(ops=[TABLE["wrong_mul"], TABLE["add"]], smooth=True))
    def check(expression):
        assert_gradients(expression, *expression.inputs)

    check()

def test_right():
    assert_gradients(lambda x: x * x, 3.0)

def test_other_failure():
    assert 1 == 2
"""


def test_the_smallest_failing_expression_is_drawn(pytester):
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    result.assert_outcomes(failed=2, passed=1)
    text = result.stdout.str()
    paths = re.findall(r"the expression that failed is drawn in (\S+\.png)", text)
    assert len(paths) == 1
    picture = pathlib.Path(paths[0])
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.name == "test_it.png"
    # shrunk: one wrong multiplication, nothing around it
    [steps] = re.findall(r"steps=\((.*)\)", text)[:1]
    assert steps.count("wrong_mul") == 1
    assert "add" not in steps


def test_without_a_picture_there_is_its_source(pytester, monkeypatch):
    monkeypatch.setenv("DOTGRAD_RENDERER", "dto")
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", "-k", "it")
    [path] = re.findall(r"failed is in (\S+\.gv) \(renderer='dto'", result.stdout.str())
    assert pathlib.Path(path).read_text(encoding="utf-8").startswith("digraph {")


def test_what_tests_of_other_projects_raise_is_left_alone(pytester):
    pytester.makepyfile("""
import networkx, pytest

class Odd(Exception):
    def __init__(self, **held):
        vars(self).update(held)

class Raises(Exception):
    @property
    def graph(self):
        raise RuntimeError("not now")
    @property
    def exceptions(self):
        pytest.skip("nor this")

class Endless(Exception):
    @property
    def exceptions(self):
        return (Endless(),)

cycle = Odd()
cycle.exceptions = (cycle, Odd(exceptions=[cycle]))

@pytest.mark.parametrize("error", [
    *[Odd(graph=graph) for graph in
      ({}, {1: 2}, "graph", 3, Odd, networkx.Graph(), networkx.path_graph(3))],
    *[Odd(exceptions=members) for members in (7, "ab", None, {1}, [1, "b"], [None])],
    Raises(), Endless(), cycle,
])
def test_it(error):
    raise error

def test_all_is_well():
    pass
""")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    result.assert_outcomes(failed=16, passed=1)
    assert "dotgrad" not in result.stdout.str()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no groups of errors")
def test_the_graphs_of_a_group_are_drawn_each_once(pytester):
    pytester.makepyfile("""
from engine import Value

class Failed(Exception):
    graph = Value(1.0) * 2

def test_it():
    one = Failed()
    raise ExceptionGroup("both", [one, ExceptionGroup("inner", [Failed(), one])])
""")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    paths = re.findall(r"is drawn in (\S+\.png)", result.stdout.str())
    assert [os.path.basename(path) for path in paths] == [
        "test_it.png",
        "test_it_1.png",
    ]


def test_a_full_disk_is_said_and_no_more(pytester):
    pytester.makepyfile(FAILING)
    pytester.makeconftest("""
import errno, pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    def refuse(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp")
    item.config._tmp_path_factory.mktemp = refuse
""")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    result.assert_outcomes(failed=2, passed=1)
    [line] = re.findall(r"that failed could not be drawn: (.*)", result.stdout.str())
    assert "No space left on device" in line


LAYOUTS = {
    "package": {"engine/__init__.py": "class Board: pass"},
    "package of packages": {
        "engine/__init__.py": "from engine.graph.value import Value as Board",
        "engine/graph/__init__.py": "",
        "engine/graph/value.py": "class Value: pass",
    },
    "module": {"engine.py": "class Board: pass", "viz.py": "raise SystemExit(9)"},
    "folder": {"engine/board.py": "class Board: pass", "viz/notes.txt": ""},
    "broken dotgrad": {"engine.py": "class Board: pass", "dotgrad.py": "1 / 0"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_a_project_with_an_engine_of_its_own_runs_as_if_we_were_not_there(
    pytester, layout, mode
):
    """The plugin of the installed distribution is loaded, as in every project."""
    for name, text in LAYOUTS[layout].items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    board = "board" if layout == "folder" else "engine"
    pytester.makeini("[pytest]\npythonpath = . engine")
    pytester.makepyfile(f"""
import sys

from {board} import Board

class Lost(Exception):
    graph = Board()

def test_theirs_is_found():
    assert "pytest_dotgrad" in sys.modules
    assert not {{"engine.graph.node", "viz"}} & set(sys.modules)

def test_failing():
    raise Lost
""")
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-q", f"--import-mode={mode}"
    )
    result.assert_outcomes(passed=1, failed=1)
    assert "dotgrad" not in result.stdout.str()


def test_loading_the_plugin_imports_nothing_of_ours(pytester):
    path = pytester.makepyfile("""
import sys
before = list(sys.path)
import pytest_dotgrad
assert sys.path == before
assert not {"engine", "viz", "dotgrad"} & set(sys.modules)
""")
    result = pytester.runpython(path)
    assert result.ret == 0, result.stderr.str()
