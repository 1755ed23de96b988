"""One entry of the table of lines is all that a new line on the wires takes."""

import json
import re

import pytest
from graphs import differentiated, fan_out

from viz import draw, explore, save, tree
from viz.style.lines import LINES, WireLine

USERS = ("style.words", "style.options", "formats.tree", "page.views")
"""What reads the table."""


@pytest.fixture
def local(monkeypatch):
    """The local derivative of each use on its wire."""

    def tell(flow):
        return ("∂ = ", flow.of_use("partial")) if flow.use else ()

    lines = (*LINES, WireLine("local", tell))
    for name in USERS:
        monkeypatch.setattr(f"viz.{name}.LINES", lines)


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("direction", ["LR", "RL", "TB", "BT"])
def test_a_picture_has_it(direction):
    source = draw(differentiated(fan_out()), direction=direction).source
    assert re.findall("∂ = [^<]*", source) == [
        "∂ = −2", "∂ = 1", "∂ = 3", "∂ = −6", "∂ = −6", "∂ = 1", "∂ = 1", "∂ = 1",
    ]  # fmt: skip


@pytest.mark.usefixtures("local")
def test_texts_have_it(tmp_path):
    root = differentiated(fan_out())
    assert "x = 3  grad 23, here 22, ∂ = −2" in tree(root)
    assert "q ↑  here 1, ∂ = 1" in tree(root)
    mermaid = save(root, tmp_path / "fan.mmd").read_text(encoding="utf-8")
    assert '"3<br/>22<br/>−11 × −2<br/>#8706; = −2"' in mermaid
    latex = save(root, tmp_path / "fan.tex").read_text(encoding="utf-8")
    assert latex.count(r"$\partial$ = $-$2") == 1
    assert latex.count(r"$\partial$ = ") == 8


@pytest.mark.usefixtures("local")
def test_a_page_has_it(tmp_path):
    """As a reference, whose number the page finds: partial of use 4."""
    text = explore(fan_out(), tmp_path / "fan.html").read_text(encoding="utf-8")
    [block] = re.findall(r'id="data">(.*?)</script>', text)
    data = json.loads(block)
    assert [line["name"] for line in data["style"]["lines"]][-1] == "local"
    wires = data["views"][0]["flat"][3]
    last = [sentences[-1] for *_, sentences in wires if sentences[-1]]
    assert sorted(last) == [["∂ = ", ["partial", [use]]] for use in range(8)]
