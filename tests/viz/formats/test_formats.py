"""Mermaid, TikZ and GraphML: the same graph, labels as data."""

import math
import re
import sys

import networkx
import pytest
from graphs import (
    apple_bill,
    differentiated,
    fan_out,
    mlp,
    not_a_number,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, edges, topological_order
from engine.testing import expressions
from viz import Diagram, TooLargeError, draw, draw_diff, save
from viz.formats.graphml import to_graphml
from viz.formats.mermaid import escape
from viz.formats.tikz import to_tikz


def text(value, suffix, tmp_path, **look):
    return save(value, tmp_path / f"graph.{suffix}", **look).read_text(encoding="utf-8")


# -- GraphML -------------------------------------------------------------------------


@given(expressions())
def test_graphml_holds_the_whole_graph(expression):
    root = differentiated(expression.value())
    graph = networkx.parse_graphml(to_graphml(Diagram.of(root)), force_multigraph=True)
    order = topological_order(root)
    assert list(graph) == [f"n{i}" for i in range(len(order))]
    for value, (_, found) in zip(order, graph.nodes(data=True), strict=True):
        assert repr(found["value"]) == repr(value.data)
        assert repr(found["gradient"]) == repr(value.grad)
        assert found["kind"] == value.kind
    place = {value: f"n{i}" for i, value in enumerate(order)}
    known = sorted(
        (place[e.parent], place[e.child], e.position, repr(e.partial))
        for e in edges(root)
    )
    assert known == sorted(
        (a, b, data["position"], repr(data["partial"]))
        for a, b, data in graph.edges(data=True)
    )


@given(st.text(max_size=60))
def test_any_label_survives_graphml(label):
    diagram = Diagram.of(Value(1.0, label))
    graph = networkx.parse_graphml(to_graphml(diagram))
    assert graph.nodes["n0"].get("label", "") == diagram.output.label


def test_graphml_of_scopes_and_nonfinite_numbers(tmp_path):
    loss = differentiated(mlp(2, 16, 16, 1))
    whole = networkx.parse_graphml(text(loss, "graphml", tmp_path), force_multigraph=1)
    assert len(whole) == len(topological_order(loss))
    layers = networkx.parse_graphml(text(loss, "graphml", tmp_path, depth=1))
    assert {data.get("values") for _, data in layers.nodes(data=True)} >= {128, 800}
    odd = networkx.parse_graphml(
        text(differentiated(not_a_number()), "graphml", tmp_path)
    )
    assert math.isnan(odd.nodes["n4"]["value"])
    assert odd.nodes["n0"]["value"] == math.inf


def test_graphml_has_no_limit(tmp_path, monkeypatch):
    """Programs read it, nobody looks at it."""
    monkeypatch.setattr("viz.drawing.select.WHOLE", 100)
    loss = differentiated(mlp(2, 9, 1))
    for options in ({}, {"depth": 0}, {"fuse": True}):
        graph = networkx.parse_graphml(text(loss, "graphml", tmp_path, **options))
        count = len(topological_order(loss))
        assert (len(graph) == count) == ("fuse" not in options)


def test_without_networkx_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ModuleNotFoundError, match=r"'dotgrad\[graphml\]'"):
        save(apple_bill(), tmp_path / "a.graphml")
    assert not list(tmp_path.iterdir())


# -- Mermaid -------------------------------------------------------------------------


def test_mermaid_of_the_fan_out(tmp_path):
    lines = text(differentiated(fan_out()), "mmd", tmp_path).splitlines()
    assert lines[0] == "flowchart LR"
    assert '  n0(["x"]):::leaf' in lines
    assert '  n2(("× q")):::operation' in lines
    assert '  n0 -- "3<br/>22<br/>−11 × −2" --> n2' in lines
    assert '  out(["L"]):::output' in lines
    arrows = [line for line in lines if "-->" in line]
    styles = [line for line in lines if "linkStyle" in line]
    assert len(arrows) == len(styles) == 9


def test_mermaid_follows_the_options(tmp_path):
    loss = differentiated(mlp(2, 16, 16, 1))
    layers = text(loss, "mmd", tmp_path, depth=1, direction="TB", theme="dark")
    assert layers.startswith("flowchart TB")
    assert '["layer 2<br/>800 values"]' in layers
    assert "#0d1117" not in layers  # the page has a background of its own
    cut = text(differentiated(mlp(2, 16, 16, 1, scoped=False)), "mmd", tmp_path)
    assert "more" in cut


def test_more_than_mermaid_draws_is_refused(tmp_path):
    """Its limits are 500 edges and 50,000 characters; no text can change them."""
    loss = differentiated(mlp(2, 16, 16, 1))
    edges = 1 + sum(len(value.parents) for value in topological_order(loss))
    with pytest.raises(
        TooLargeError, match=rf"{edges:,} edges .* at most 500 .*depth=1"
    ):
        text(loss, "mmd", tmp_path, depth=0)
    assert not list(tmp_path.iterdir())
    y = differentiated(sum(Value(1.0, "ü%" * 40) for _ in range(240)))
    with pytest.raises(TooLargeError, match="in 50,000"):
        text(y, "mmd", tmp_path, depth=0)


@given(st.text(max_size=60))
def test_no_label_breaks_mermaid(label):
    """Only letters, digits and harmless signs stand as they are."""
    written = escape(label)
    assert not set(written) & set("\"'`<>&[]{}|\\\n\r%*_~")
    back = re.sub(r"#(\d+);", lambda m: chr(int(m[1])), written)
    assert back == (label or " ")


# -- TikZ ----------------------------------------------------------------------------


def test_tikz_has_the_words_and_lines_of_the_picture():
    picture = draw(differentiated(fan_out()), legend=False)
    source = to_tikz(picture)
    svg = picture.pipe("svg").decode()
    assert source.count(r"\node[") == svg.count("<text")
    assert source.count(r"\path[") == len(re.findall("<(polygon|path|ellipse) ", svg))
    assert r"{$-$11 $\times$ $-$2}" in source
    assert r"\documentclass[tikz,border=4bp]{standalone}" in source


@given(st.text(max_size=60))
@settings(max_examples=50)
def test_no_label_breaks_tikz(label):
    source = to_tikz(draw(Value(1.0, label) * 2, legend=False))
    body = source[source.index(r"\begin{tikzpicture}") :]
    bare = re.sub(r"\\[\\{}&%$#_]", "", body)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert not re.search(r"[%&#~]", bare)
    commands = set(re.findall(r"\\([a-zA-Z]+)", bare))
    assert not commands & {"input", "include", "write", "def", "csname", "catcode"}


def test_words_keep_their_spaces_in_tikz():
    source = to_tikz(draw(differentiated(fan_out())))
    assert r"{\ or }" in source
    assert "\u00a0" not in to_tikz(draw_diff(*[differentiated(apple_bill())] * 2))
