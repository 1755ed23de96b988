"""When a gradient assertion fails, its smallest expression is drawn."""

import pathlib
import re

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
