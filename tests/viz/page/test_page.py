"""The page as a file: what is in it, and what is refused."""

import json
import re
from collections import Counter

import graphs
import pytest
from places import ROOT

from engine import OperandError, Value, register, scope, unregister
from viz import FormatError, OptionError, RendererError, TooLargeError, explore
from viz.film.equations import Equations
from viz.page.html import SCRIPTS
from viz.page.layout import lay_out

TEMPLATES = ROOT / "viz" / "page" / "web"


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


def test_the_modules_are_all_there_each_after_what_it_imports():
    modules = {p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.js")}
    assert {f"{name}.js" for name in SCRIPTS} == modules
    for place, name in enumerate(SCRIPTS):
        path = TEMPLATES / f"{name}.js"
        text = path.read_text(encoding="utf-8")
        imported = re.findall(r'^(?:import|\}) .*from "(\S+)\.js";$', text, re.M)
        assert len(imported) == len(re.findall(r"^import ", text, re.M))
        for used in imported:
            found = (path.parent / used).resolve().relative_to(TEMPLATES).as_posix()
            assert found in SCRIPTS[:place], f"{name} imports {found}"


def test_the_data_is_json_that_no_tag_can_end(tmp_path):
    label = "</script>&\u2028<!--"
    y = Value(float("inf"), label=label) * Value(float("nan"))
    page = explore(y, tmp_path / "page.html", title=label)
    text = page.read_text(encoding="utf-8")
    assert text.count("<script") == text.count("</script") == 2
    assert "<!--" not in text
    data = data_of(page)
    assert data["values"][:2] == ["inf", "nan"]
    assert data["labels"][0] == data["title"] == "</script>& <!--"


def test_a_large_graph_opens_collapsed_or_cut(tmp_path):
    x = Value(0.5, label="x")
    y = x
    for part in range(40):
        with scope(f"part {part}"):
            for _ in range(26):
                y = y * x + 1
    data = data_of(explore(y, tmp_path / "scopes.html"))
    assert len(data["values"]) > 2_000
    assert data["begins"] == 1 and data["views"][0]["flat"] is None
    assert len(data["scopes"]) == 41 and len(data["views"]) == 1
    z = x
    for _ in range(600):
        z = z * 0.999 + 1
    data = data_of(explore(z, tmp_path / "cut.html"))
    total = 1 + 4 * 600
    assert len(data["values"]) == total and data["scopes"] == []
    drawn = int(re.search(r"the (\d+) with the largest", data["note"])[1])
    assert list(data["hidden"].values()) == [f"… {total - drawn:,} more"]


def test_what_cannot_be_lay_out_in_time_stays_collapsed(tmp_path, monkeypatch):
    def slow(sheet, *args, **options):
        if sheet.entries:
            raise RendererError("out of time")
        return lay_out(sheet, *args, **options)

    monkeypatch.setattr("viz.page.views.lay_out", slow)
    data = data_of(explore(graphs.mlp(2, 2, 1), tmp_path / "page.html"))
    [root, *others] = data["views"][0]["scopes"]
    assert root is not None and others == [None] * len(others)

    def never(*_args, **_options):
        raise RendererError("out of time")

    monkeypatch.setattr("viz.page.views.lay_out", never)
    with pytest.raises(RendererError):
        explore(graphs.fan_out(), tmp_path / "other.html")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_each_sentence_is_made_once(tmp_path, monkeypatch):
    """The equations go into the page as they are: none is made again, or as text."""
    made = Counter()

    def count(name):
        make = getattr(Equations, name)

        def counted(self, *args):
            made[name] += 1
            return make(self, *args)

        monkeypatch.setattr(Equations, name, counted)

    for name in ("give", "apply", "go_forward", "seed", "go_back", "meet"):
        count(name)
    monkeypatch.setattr("viz.film.frames.write", lambda *_: pytest.fail("as text"))
    data = data_of(explore(graphs.fan_out(), tmp_path / "fan.html"))
    operations = len(data["kinds"]) - 2  # x and y
    assert made == {
        "give": 1, "apply": operations, "go_forward": operations, "seed": 1,
        "go_back": operations, "meet": 2,  # x and q are used several times
    }  # fmt: skip
    assert len(data["film"]["equations"]) == made.total() - made["apply"]
