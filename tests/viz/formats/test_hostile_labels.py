"""Labels that would steer what shows them: in no file, in no text."""

import pytest

import engine
import viz
from engine import Value, scope, tanh
from engine.text import CONTROLS
from viz.formats.save import FORMATS

STEERING = [chr(c) for c in range(0x10000) if CONTROLS.match(chr(c)) and c != 9]
BINARY = ("png", "jpg", "jpeg", "pdf")
TEXTS = [suffix for suffix in FORMATS if suffix not in BINARY]


def named(label):
    with scope(label):
        x = Value(3.0, label=label)
        y = tanh(x * 2)
    y.label = label
    y.backward()
    return y


def test_the_characters_are_those_that_steer():
    """By Unicode's own lists: controls, surrogates, directions and line separators."""
    import unicodedata

    kinds = {
        c: (unicodedata.category(c), unicodedata.bidirectional(c)) for c in STEERING
    }
    directing = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    for c, (category, direction) in kinds.items():
        steers = category in ("Cc", "Cs", "Zl", "Zp") or direction in directing
        assert steers or c in "\u200e\u200f\u061c", hex(ord(c))
    for c in map(chr, range(0x10000)):
        if unicodedata.bidirectional(c) in directing:
            assert c in STEERING, hex(ord(c))


@pytest.mark.parametrize("suffix", [*TEXTS, "html"])
def test_no_file_has_them(suffix, tmp_path):
    """All of them together, and some alone at each end of a label."""
    some = [
        "\ud800",
        "\udfff",
        "\u202e",
        "\u2066",
        "\x00",
        "\x1b[31m",
        "\u2028",
        "\x85",
    ]
    for label in ("a" + "".join(STEERING) + "b", *(f"{s}x{s}" for s in some)):
        path = tmp_path / f"file.{suffix}"
        title = {"title": label} if suffix in ("svg", "gv", "tex", "html") else {}
        (viz.explore if suffix == "html" else viz.save)(named(label), path, **title)
        text = path.read_bytes().decode()  # as UTF-8, without surrogates
        found = {ascii(c) for c in STEERING if c in text and c != "\r"}
        assert found == set(), (suffix, ascii(label[:9]))


@pytest.mark.parametrize("suffix", BINARY)
def test_pictures_are_drawn_with_them(suffix, tmp_path):
    if suffix == "pdf":
        pytest.importorskip("pygraphviz")
    for label in ("a\ud800b", "\u202eevil", "\u2066x"):
        viz.save(named(label), tmp_path / f"file.{suffix}", title=label)


def test_no_text_has_them():
    label = "a" + "".join(STEERING) + "b"
    y = named(label)
    x = engine.topological_order(y)[0]
    for text in (viz.tree(y), repr(y), repr(x), str(engine.explain(x, y))):
        assert not set(STEERING) & set(text), ascii(text)


def test_text_from_right_to_left_is_shown_as_it_is(tmp_path):
    path = tmp_path / "file.svg"
    viz.save(named("שלום עربي"), path)
    assert "שלום עربي" in path.read_text(encoding="utf-8")
