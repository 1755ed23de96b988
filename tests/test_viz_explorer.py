"""The page as a file: what is in it, and what is refused."""

import json
import re

import graphs
import pytest

from engine import OperandError, Value, register, unregister
from viz import FormatError, OptionError, TooLargeError, explore


def data_of(path):
    text = path.read_text(encoding="utf-8")
    [block] = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', text
    )
    return json.loads(block)


def test_the_page_is_one_file_that_loads_nothing(tmp_path):
    page = explore(graphs.fan_out(), tmp_path / "fan.html")
    text = page.read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["fan.html"]
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']", text)
    assert "eval(" not in text and "new Function" not in text
    assert "innerHTML" not in text and "import(" not in text
    assert not re.findall(r"<[^>]+\son[a-z]+\s*=", text)
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_wrong_input_is_refused_and_leaves_nothing(tmp_path):
    x = Value(2.0, label="x")
    with pytest.raises(FormatError, match="html"):
        explore(x, tmp_path / "page.txt")
    with pytest.raises(OperandError):
        explore(2.0, tmp_path / "page.html")
    for wrong in (
        {"theme": "pink"}, {"style": "micrograd"}, {"style": "no"}, {"depth": -1},
        {"digits": 0}, {"direction": "up"}, {"title": 3}, {"time_limit": 0},
        {"budget": 0},
    ):  # fmt: skip
        with pytest.raises(OptionError):
            explore(x * x, tmp_path / "page.html", **wrong)
    assert not list(tmp_path.iterdir())


def test_a_graph_that_no_page_can_hold(tmp_path):
    y = Value(1.0)
    for _ in range(20_001):
        y = y + 1
    with pytest.raises(TooLargeError, match="20,000"):
        explore(y, tmp_path / "page.html")


def test_a_row_that_is_no_formula_freezes_the_leaves(tmp_path):
    row = register("step", "step", lambda x: 1.0 if x > 0 else 0.0, (0,))
    try:
        data = data_of(explore(row(Value(2.0)), tmp_path / "page.html"))
    finally:
        unregister("step")
    assert "step" in data["frozen"] and "JavaScript" in data["frozen"]
