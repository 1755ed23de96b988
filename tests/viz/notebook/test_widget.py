"""The widget's half in Python: leaves, numbers, messages."""

import math
import subprocess
import sys

import pytest

from engine import OperandError, Value, log, scope
from engine.nn import MLP
from viz import OptionError, TooLargeError, widget
from viz.notebook.sliders import Slider, name_leaves

pytest.importorskip("anywidget", reason="anywidget is not installed")


def bill():
    apple, n, tax = Value(100, "apple"), Value(2, "n"), Value(1.1, "tax")
    price = apple * n * tax
    price.label = "price"
    return apple, n, tax, price


def from_browser(w, **asked):
    """The message of the browser's half, as the kernel hands it on."""
    data = {"method": "update", "state": {"_asked": asked}, "buffer_paths": []}
    w._handle_msg({"content": {"data": data}, "buffers": []})


def listened(w):
    """What is sent to the browser from now on."""
    sent = []
    w.comm.send = lambda data=None, **_: sent.append(data["state"])
    return sent


def test_a_slider_moves_the_values_of_python():
    apple, n, tax, price = bill()
    w = widget(price)
    assert (w.values, w.output) == ({"apple": 100, "n": 2, "tax": 1.1}, price)
    from_browser(w, request="v1:1", numbers=[["n", 5], ["tax", 2.0]])
    assert (n.data, tax.data, price.data, w.value) == (5, 2, 1000, 1000)
    assert w.gradients == {"apple": 10, "n": 200, "tax": 500}
    assert (apple.grad, n.grad, tax.grad, price.grad) == (10, 200, 500, 1)
    assert w._shown["request"] == "v1:1"
    assert w._shown["rows"][2]["gradient"] == "500"
    assert ">1000<" in w._svg


def test_python_moves_the_slider():
    apple, n, _, price = bill()
    w = widget(price)
    sent = listened(w)
    w["n"] = 4
    w[apple] = 50
    assert (w["n"], w[n], w["apple"], w.value) == (4, 4, 50, pytest.approx(220))
    w.set({"apple": 10}, n=1)
    assert [state["values"]["n"] for state in sent] == [4, 4, 1]
    assert all(set(state) == {"values", "_svg", "_shown"} for state in sent)
    n.data = 3.0  # as an optimizer does
    w.refresh()
    assert w.values["n"] == 3


def test_what_has_not_changed_is_not_sent():
    w = widget(bill()[-1])
    sent = listened(w)
    from_browser(w, request="1", numbers=[["n", 2]])
    from_browser(w, request="2", numbers=[["n", math.nan]])
    assert [set(state) - {"_asked"} for state in sent if set(state) != {"_asked"}] == [
        {"_shown"},
        {"_shown"},
    ]


def test_observers_see_one_consistent_point():
    w = widget(bill()[-1])
    seen = []
    look = lambda change: seen.append((change.name, w.values["n"], w.value))  # noqa: E731
    w.observe(look, ["value", "values", "gradients"])
    w["n"] = 4
    assert {name for name, *_ in seen} == {"value", "values", "gradients"}
    assert {(n, round(value)) for _, n, value in seen} == {(4, 440)}


def test_an_error_leaves_everything_as_it_was():
    x = Value(2.0, "x")
    y = log(x) / x
    w = widget(y)
    before = w._svg, w.value, w.gradients, w.values
    with pytest.raises(ValueError, match=r"log\('x' = -1"):
        w["x"] = -1
    assert (w._svg, w.value, w.gradients, w.values) == before
    from_browser(w, request="1", numbers=[["x", 0]])
    assert "log('x' = 0.0)" in w.error == w._shown["error"]
    assert (w._svg, w.value, w.gradients, w.values) == before
    assert (x.data, y.data) == (2.0, math.log(2) / 2)
    from_browser(w, request="2", numbers=[["x", 3]])
    assert (w.error, w.values) == ("", {"x": 3})


def test_a_picture_that_cannot_be_drawn_is_said_so(monkeypatch):
    *_, price = bill()
    w = widget(price)
    before = w._svg
    monkeypatch.setenv("DOTGRAD_RENDERER", "dto")
    w["n"] = 4
    assert "there is no such renderer" in w.error
    assert (w._svg, w.values["n"], price.data) == (before, 4, pytest.approx(440))


@pytest.mark.parametrize(
    "asked",
    [
        {"numbers": [["z", 1]]}, {"numbers": [["x", "1"]]}, {"numbers": [["x", None]]},
        {"numbers": 5}, {"numbers": [["x"]]}, {"numbers": [["x", 1e308]]},
        {"numbers": [[["x"], 1]]},
    ],
)  # fmt: skip
def test_messages_that_make_no_sense_are_answered_with_an_error(asked):
    x = Value(2.0, "x")
    w = widget(x * x)
    from_browser(w, request="1", **asked)
    assert w.error
    assert (w.values, x.data, w._shown["request"]) == ({"x": 2}, 2, "1")


def test_a_function_takes_the_path_of_its_numbers():
    def f(x, w=3.0, kind="sqrt"):
        return x * w if x > 0 else getattr(x * x, kind)() * w

    w = widget(f, x=2.0)
    assert (w.value, w.gradients) == (6, {"x": 3})
    w["x"] = -2
    assert (w.value, w.gradients) == (6, {"x": -3})
    both = widget(f, x=2.0, w=-1)
    assert both.gradients == {"x": -1, "w": 2}
    assert widget(lambda x, /, *, y: x - y, x=1.0, y=3.0).value == -2


def test_what_a_function_raises_is_shown():
    def f(x):
        if x > 5:
            raise RuntimeError("too far")
        return x * 2 if x > 1 else 3.0

    w = widget(f, x=2.0)
    from_browser(w, request="1", numbers=[["x", 6]])
    assert w.error == "RuntimeError: too far"
    from_browser(w, request="2", numbers=[["x", 0]])
    assert w.error == "the function gave 3.0 (float), not a Value"
    assert (w.value, w.values) == (4, {"x": 2})


def test_leaves_have_names_of_their_own():
    x, twin, bare = Value(1.0, "x"), Value(2.0, "x"), Value(3.0)
    with scope("layer"):
        inner = Value(4.0, "x")
    y = x + twin * bare + inner * 5
    found = name_leaves(y)
    assert len(set(found.values())) == len(found) == 4
    assert found[inner] == "layer › x"
    assert found[bare].startswith("#")
    w = widget(y)
    w[twin] = 7
    assert (twin.data, w[found[twin]], x.data) == (7, 7, 1)


def test_a_large_model_gets_sliders_for_what_matters():
    xs = [Value(1.0, "x0"), Value(2.0, "x1")]
    model = MLP(2, [8, 1])
    loss = model(xs) ** 2
    w = widget(loss)
    assert len(w.values) == 12
    assert "12 of 35 leaves" in w._shown["note"]
    least = min(abs(g) for g in w.gradients.values())
    others = {*model.parameters(), *xs} - set(w._source.leaves.values())
    assert max(abs(leaf.grad) for leaf in others) <= least
    few = widget(loss, leaves=[xs[0], "x1"])
    assert list(few.values) == ["x0", "x1"]
    y = xs[0]
    for _ in range(20_001):
        y = y + xs[1]
    with pytest.raises(TooLargeError, match="20,003 values"):
        widget(y)


def test_sliders_reach_the_number_and_its_opposite():
    for x in (0.0, 1e-320, 0.3, -7.0, 100.0, 1e200):
        slider = Slider.around("x", x)
        assert slider.low <= -abs(x) <= abs(x) <= slider.high
        assert 100 < (slider.high - slider.low) / slider.step < 1001
    w = widget(bill()[-1], ranges={"apple": (0, 300)})
    apple = {"name": "apple", "start": 100.0, "low": 0.0, "high": 300.0, "step": 1.0}
    assert w._sliders[0] == apple
    w["apple"] = 500
    assert w._sliders[0] == {**apple, "high": 500.0}


def test_the_theme_is_the_notebooks_unless_given():
    w = widget(bill()[-1])
    assert "#0d1117" not in w._svg
    from_browser(w, request="1", theme="dark")
    assert "#0d1117" in w._svg
    assert w._colors["background"] == "#0d1117"
    fixed = widget(bill()[-1], theme="light")
    from_browser(fixed, request="1", theme="dark")
    assert fixed._colors["background"] == "#ffffff"
    from_browser(w, request="2", theme="<b>")
    assert (w.error, w._colors["background"]) == ("", "#0d1117")


def test_two_widgets_have_pictures_with_ids_of_their_own():
    import re

    one, two = (
        set(re.findall(r' id="([^"]+)"', widget(bill()[-1])._svg)) for _ in "ab"
    )
    assert one
    assert not one & two


def test_numbers_that_json_has_not():
    w = widget(lambda x: x * float("inf"), x=2.0)
    assert w.value == math.inf
    assert (w._shown["value"], w._shown["rows"][0]["gradient"]) == ("∞", "∞")
    import json

    json.dumps({k: v for k, v in w.get_state().items() if k[0] != "_" or k in (
        "_sliders", "_colors", "_svg", "_shown", "_asked")}, allow_nan=False,
        default=str)  # fmt: skip


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x, y: widget(3.0), OperandError, "not 3.0"),
        (
            lambda x, y: widget(y, stlye="book"),
            OptionError,
            "stlye= is no.*Did you mean style=",
        ),
        (lambda x, y: widget(y, x=3.0), OptionError, r"w\['x'\] ="),
        (lambda x, y: widget(y, leaves=[y]), OptionError, "no leaf Value"),
        (lambda x, y: widget(y, leaves=[3]), OptionError, "no leaf 3 here"),
        (lambda x, y: widget(y, ranges={"z": (0, 1)}), OptionError, "no leaf 'z'"),
        (lambda x, y: widget(y, ranges={"x": (5, 1)}), OptionError, "smaller first"),
        (lambda x, y: widget(y, ranges={"x": 5}), OptionError, "two finite numbers"),
        (lambda x, y: widget(y, ranges={"x": (5, 9)}), OptionError, "not between 5"),
        (lambda x, y: widget(y, theme="drak"), OptionError, "no such theme"),
        (lambda x, y: widget(lambda a, b: a, a=1.0), OptionError, r"f, a=1.0, b=1.0"),
        (lambda x, y: widget(lambda a: a, a=[1]), OptionError, "lambda w0, w1"),
        (lambda x, y: widget(lambda a: a, a="1"), OptionError, "finite number"),
        (
            lambda x, y: widget(lambda a: a, a=1, c=2),
            OptionError,
            "c= is no.*function are a",
        ),
        (lambda x, y: widget(lambda a: 3, a=1), OptionError, "gave 3"),
        (lambda x, y: widget(max, a=1), OptionError, "lambda"),
        (lambda x, y: widget(lambda a: a, a=1, leaves=[x]), OptionError, "a Value"),
        (lambda x, y: widget(y)["z"], OptionError, "there are x"),
        (lambda x, y: widget(y).set(x=None), OptionError, "x=None"),
        (lambda x, y: widget(y).set(5), OptionError, "by name"),
        (lambda x, y: setattr(widget(y), "x", 5), AttributeError, r"w\['x'\] ="),
        (lambda x, y: widget([y]), OperandError, "a Value or a function"),
    ],
)
def test_mistakes_are_named(call, error, says):
    x = Value(3.0, "x")
    with pytest.raises(error, match=says):
        call(x, x * x)
    assert x.data == 3.0


def test_the_extra_that_is_missing_is_named():
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from engine import Value; import viz\n"
        "try: viz.widget(Value(1.0))\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    run = [sys.executable, "-c", code]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert "pip install 'dotgrad[notebook]'" in said
    assert said.count("\n") == 1
