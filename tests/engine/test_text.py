"""Text of people and files on its way to a terminal."""

import io

import pytest

import engine
from engine import Value, gradient_table, log
from engine.tape import jit
from engine.text import CONTROLS, escape, find_nearest, make_plain
from engine.util.json import json_text

HOSTILE = "a\x1b[31mb\rc\u202ed\x07\x9b2J\u2028\udc80"


@pytest.mark.parametrize("c", [chr(i) for i in (*range(32), *range(127, 160))])
def test_every_control_character_is_written_out_but_the_end_of_a_line(c):
    assert escape(c) == (c if c == "\n" else c.encode("unicode_escape").decode())


def test_what_is_printed_of_a_label_is_harmless():
    x, y = Value(2.0, label=HOSTILE), Value(0.0, label=HOSTILE)
    f = jit(lambda a: a * x if a > y else a)
    f(1.0)
    texts = [
        repr(x),
        str(f.tapes[0]),
        str(gradient_table(lambda: x * x, parameters=[x])),
        json_text({HOSTILE: HOSTILE}),
    ]
    for fails in (lambda: log(y), lambda: x / y, lambda: engine.Value(HOSTILE)):
        with pytest.raises((engine.EngineError, TypeError)) as caught:
            fails()
        texts.append(str(caught.value))
    for text in texts:
        assert not CONTROLS.search(text), text


def test_long_labels_are_cut_in_messages():
    x = Value(0.0, label="x" * 10_000)
    with pytest.raises(engine.DomainError) as caught:
        log(x)
    assert len(str(caught.value)) < 300
    assert len(repr(x)) < 200


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "latin-1", "utf-8"])
def test_every_sign_has_a_substitute(encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    plain = make_plain("∂L ÷ ∂x = −½ √x ∞ \U0001f600", stream)
    assert plain.encode(encoding).decode(encoding) == plain
    if encoding != "utf-8":
        assert plain.startswith("dL")
        assert plain.endswith("\\U0001f600")
    else:
        assert plain.startswith("∂L")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("tahn", "tanh"), ("sgimoid", "sigmoid"), ("sqr", "sqrt"), ("zzz", "")],
)
def test_what_was_meant(typed, meant):
    assert find_nearest(typed, engine.TABLE) == meant
