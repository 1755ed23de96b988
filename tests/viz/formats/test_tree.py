"""Trees of text: what they say, how wide they are, and how they end."""

import io
import re
import sys

import pytest
from graphs import apple_bill, differentiated, fan_out
from hypothesis import given
from hypothesis import strategies as st

from engine import OperandError, Value, topological_order
from engine.testing import expressions
from viz import OptionError, save, show, tree
from viz.formats.tree import _PIPES, Branches

FAN = """\
L: + = 33  grad 1
├─ + = 30  grad 1
│  ├─ × = 36  grad 1
│  │  ├─ q: × = −6  grad −11, here −6
│  │  │  ├─ x = 3  grad 23, here 22
│  │  │  └─ y = −2  grad −33
│  │  └─ q ↑  here −6
│  └─ q ↑  here 1
└─ x ↑  here 1"""


def test_a_shared_value_is_written_once_and_referred_to():
    assert tree(differentiated(fan_out())) == FAN
    assert repr(tree(differentiated(fan_out()))) == FAN


def test_ascii():
    text = tree(differentiated(fan_out()), ascii=True)
    assert text.isascii()
    assert text.splitlines()[3] == "|  |  |- q: * = -6  grad -11, here -6"
    assert tree(Value(1.0, "りんご") / 3, ascii=True).isascii()


def test_without_gradients_and_names():
    x = Value(2.0)
    assert tree(x * x + 1).splitlines() == [
        "+ = 5",
        "├─ × = 4",
        "│  ├─ #0 = 2",
        "│  └─ #0 ↑",
        "└─ 1",
    ]
    assert tree(Value(2.0)) == "2"
    assert tree(Value(2.0, "x")) == "x = 2"


@given(expressions(max_steps=20))
def test_every_value_stands_on_one_line_of_its_own(expression):
    root = expression.value()
    lines = tree(root).splitlines()
    order = topological_order(root)
    assert sum("↑" not in line for line in lines) == len(order)
    assert len(lines) == 1 + sum(len(value.parents) for value in order)


@given(expressions(max_steps=20), st.integers(1, 12))
def test_a_limit_cuts_the_same_tree(expression, limit):
    root = differentiated(expression.value())
    whole, part = (
        re.sub(r"#\d+", "#", tree(root, limit=lines)).splitlines()
        for lines in (10**6, limit)
    )
    assert part[:limit] == whole[:limit]
    assert len(part) == min(len(whole), limit + 1)
    if len(part) > limit:
        more = len(topological_order(root)) - sum("↑" not in x for x in part[:limit])
        assert part[limit] == (f"… {more} more values" if more else "…")


def test_of_a_large_graph_only_what_is_written_is_looked_at():
    y = Value(1.0, "x")
    for _ in range(10_000):
        y = y * 1.5
    branches = Branches.of(y, 4, _PIPES, 50)
    assert len(branches.diagram.nodes) <= 2 * 50 + 1
    assert branches.count == 20_001


@given(expressions(max_steps=10), st.integers(8, 60))
def test_lines_fit_a_terminal(expression, width):
    root = differentiated(expression.value())
    for ascii_ in (False, True):
        assert all(
            len(line) <= width
            for line in tree(root, width=width, ascii=ascii_).splitlines()
        )


def test_wide_and_combining_characters_are_counted_as_a_terminal_does():
    wide = tree(Value(1.0, "りんご" * 4), width=10)
    assert wide == "りんごり…"
    accents = tree(Value(1.0, "e\u0301" * 20), width=10)
    assert accents.count("e") == 9


def test_a_long_chain_is_cut_and_counted():
    y = Value(1.0, "x")
    for _ in range(99_999):
        y = y.sin()
    lines = tree(y).splitlines()
    assert len(lines) == 201
    assert lines[-1] == "… 99,800 more values"
    assert max(map(len, lines)) < 80
    assert lines[150].startswith("[150] ")


def test_labels_cannot_break_the_lines():
    text = tree(Value(1.0, "a\nb\x1b[31m\x00") * 2)
    assert "a b[31m = 1" in text
    assert "\x1b" not in text


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, stream, **environment):
    monkeypatch.setattr(sys, "stdout", stream)
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    show(differentiated(fan_out()))
    return stream.getvalue()


def test_colours_are_for_terminals_only(monkeypatch):
    assert shown(monkeypatch, io.StringIO()) == FAN + "\n"
    assert "\x1b[" in shown(monkeypatch, Terminal(), COLUMNS="80")
    plain = shown(monkeypatch, Terminal(), NO_COLOR="1", COLUMNS="80")
    assert "38;5" not in plain


def test_a_terminal_cuts_lines(monkeypatch):
    plain = shown(monkeypatch, Terminal(), NO_COLOR="1", COLUMNS="20")
    plain = re.sub(r"\x1b\[[\d;]*m", "", plain)
    assert all(len(line) <= 20 for line in plain.splitlines())
    assert "…" in plain


def test_without_rich_it_is_plain(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert shown(monkeypatch, io.StringIO()) == FAN + "\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"width": 3}, "8 or more"), ({"limit": 0}, "from 1"), ({"digits": 0}, "1 to 17")],
)
def test_bad_options(options, message):
    with pytest.raises(OptionError, match=message):
        tree(apple_bill(), **options)


def test_only_values_have_a_tree():
    with pytest.raises(OperandError, match="not of 3"):
        tree(3.0)


def test_a_tree_in_a_file(tmp_path):
    path = save(differentiated(fan_out()), tmp_path / "fan.txt")
    assert path.read_text(encoding="utf-8") == FAN + "\n"
