"""The widget's half in the browser, in Chromium, with the real half in Python.

In place of a notebook stands a page with a model that passes what is asked for to the
Python widget, and the traits back, as JSON. What notebooks add is tried by
docs/try_notebooks.py.
"""

import json
import time

import pytest
from chromium import quiet_page

from engine import Value, log
from viz import widget

pytest.importorskip("anywidget", reason="anywidget is not installed")

PAGE = """<!doctype html><meta charset="utf-8">
<style>body {{ background: {background} }} {css}</style><div id="here"></div>
<script type="module">
{script}
const state = JSON.parse(await readTraits());
const listeners = {{}};
const model = {{
  get: (name) => state[name],
  set: (name, value) => {{ state[name] = value; }},
  on: (event, f) => {{ (listeners[event] ??= []).push(f); }},
  off: (event, f) => {{ listeners[event] = listeners[event].filter((g) => g !== f); }},
  save_changes: async () => receive(await answer(JSON.stringify(state._asked))),
}};
window.receive = (text) => {{
  const news = JSON.parse(text);
  const changed = Object.keys(news).filter(
    (name) => JSON.stringify(state[name]) !== JSON.stringify(news[name]));
  Object.assign(state, news);
  for (const name of changed) for (const f of listeners[`change:${{name}}`] ?? []) f();
}};
window.listening = () => Object.values(listeners).flat().length;
window.remove = render({{ model, el: document.getElementById("here") }});
window.ready = true;
</script>"""
SHARED = ("_sliders", "_colors", "_svg", "_shown")


class Shown:
    """A widget in a page."""

    def __init__(self, page, w, *, background="#fff", seconds=0.0):
        self.page, self.w, self.asked = page, w, []

        def answer(asked):
            time.sleep(seconds)
            self.asked.append(json.loads(asked))
            w._asked = self.asked[-1]
            return self.traits()

        page.expose_function("readTraits", self.traits)
        page.expose_function("answer", answer)
        page.set_content(PAGE.format(background=background, css=w._css, script=w._esm))
        page.wait_for_function("window.ready")

    def traits(self):
        return json.dumps({name: getattr(self.w, name) for name in SHARED})

    def receive(self):
        """What a change in Python brings."""
        self.page.evaluate("text => receive(text)", self.traits())

    def slider(self, name):
        return self.page.get_by_role("slider", name=name, exact=True)

    def box(self, name):
        return self.page.get_by_role("textbox", name=f"{name}, number")

    def until(self, condition, **arg):
        self.page.wait_for_function(condition, **arg, timeout=5000)

    def result(self, text):
        self.until("t => document.querySelector('.result').value === t", arg=text)


@pytest.fixture
def open_(browser):
    pages = []

    def opened(w, **options):
        context = quiet_page(browser, viewport={"width": 800, "height": 700})
        pages.append(context)
        return Shown(context.__enter__(), w, **options)

    yield opened
    for context in pages:
        context.__exit__(None, None, None)


def bill():
    apple, n, tax = Value(100, "apple"), Value(2, "n"), Value(1.1, "tax")
    price = apple * n * tax
    price.label = "price"
    return apple, n, tax, price


def test_dragging_moves_python_and_the_picture(open_):
    apple, _, _, price = bill()
    shown = open_(widget(price))
    box = shown.slider("apple").bounding_box()
    middle = box["y"] + box["height"] / 2
    mouse = shown.page.mouse
    mouse.move(box["x"] + box["width"] * 0.745, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.3, middle, steps=20)
    mouse.up()
    shown.until(
        "document.querySelector('.dotgrad-widget svg').textContent.includes('−')"
    )
    shown.page.wait_for_timeout(200)
    assert -90 < apple.data < -70
    assert price.data == pytest.approx(apple.data * 2.2)
    assert float(shown.slider("apple").input_value()) == apple.data
    assert shown.box("apple").input_value() == f"{apple.data:g}".replace("-", "−")
    assert (
        f"{apple.data:g}".replace("-", "−") in shown.page.locator("svg").text_content()
    )
    row = shown.page.locator(".row", has=shown.slider("tax"))
    assert row.locator(".gradient").inner_text().startswith("−")


def test_typing_and_keys(open_):
    _, n, tax, price = bill()
    shown = open_(widget(price))
    shown.box("tax").fill("−2,5")
    shown.box("tax").press("Enter")
    shown.result("price = −500")
    assert tax.data == -2.5
    shown.slider("n").press("ArrowRight")
    shown.result("price = −512.5")
    assert n.data == 2.05
    shown.box("n").press("ArrowDown")
    shown.box("n").press("PageDown")
    shown.result("price = −375")
    assert n.data == 1.5
    shown.box("n").fill("1e3")  # beyond the end of the slider
    shown.box("n").press("Tab")
    shown.result("price = −250000")
    assert shown.slider("n").get_attribute("max") == "1000"
    shown.page.get_by_role("button", name="reset").click()
    shown.result("price = 220")
    assert shown.box("n").input_value() == "2"


def test_what_is_no_number_is_said_and_left_to_mend(open_):
    _, n, _, price = bill()
    shown = open_(widget(price))
    for typed in ("abc", "", "1/0", "Infinity"):
        shown.box("n").fill(typed)
        shown.box("n").press("Enter")
        said = f"n: “{typed}” is no number"
        shown.until("t => document.querySelector('.error').textContent === t", arg=said)
        assert shown.box("n").get_attribute("aria-invalid") == "true"
    assert (n.data, shown.asked) == (2, [])
    shown.box("n").fill("3")
    shown.box("n").press("Enter")
    shown.result("price = 330")
    assert shown.box("n").get_attribute("aria-invalid") == "false"
    assert shown.page.locator(".error").inner_text() == ""


def test_python_moves_the_slider(open_):
    _, _, _, price = bill()
    shown = open_(widget(price))
    shown.w.set(n=4, tax=1 / 3)
    shown.receive()
    shown.result("price = 133.3")
    assert shown.slider("n").input_value() == "4"
    assert shown.box("tax").input_value() == "0.333333"
    shown.box("tax").focus()
    assert shown.box("tax").input_value() == "0.3333333333333333"
    shown.box("tax").press("Tab")
    assert shown.asked == []  # looking at all digits changes nothing
    shown.box("n").fill("7")  # what is being typed is left alone
    shown.w["apple"] = 50
    shown.receive()
    shown.result("price = 66.67")
    assert shown.box("n").input_value() == "7"


def test_an_error_keeps_the_last_picture(open_):
    x = Value(2.0, "x")
    shown = open_(widget(log(x)))
    before = shown.page.locator("svg").inner_html()
    shown.box("x").fill("-1")
    shown.box("x").press("Enter")
    shown.until("document.querySelector('.error').textContent.includes('log')")
    assert shown.page.locator("svg").inner_html() == before
    assert shown.slider("x").input_value() == "-1"
    assert shown.box("x").get_attribute("aria-invalid") == "true"
    assert x.data == 2.0
    shown.slider("x").press("End")
    shown.result("output = 1.609")
    assert shown.page.locator(".error").inner_text() == ""


def test_a_slow_kernel_gets_one_request_at_a_time(open_):
    x = Value(0.0, "x")
    shown = open_(widget(x * 2, ranges={"x": (0, 2)}), seconds=0.1)
    slider = shown.slider("x")
    began = time.monotonic()
    for i in range(12):
        slider.evaluate(
            "(e, x) => { e.value = x; e.dispatchEvent(new Event('input')); }", i / 10
        )
        shown.page.wait_for_timeout(16)
    shown.result("output = 2.2")
    assert slider.input_value() == "1.1"
    assert len(shown.asked) <= (time.monotonic() - began) / 0.1 + 1
    assert len({asked["request"] for asked in shown.asked}) == len(shown.asked)


def test_names_are_text(open_):
    evil = "</text></svg><img src=x onerror=alert(1)><script>alert(2)</script>"
    leaves = [Value(2.0, evil), Value(3.0, "__proto__"), Value(1.0, "a'b\"c&amp;")]
    y = leaves[0] * leaves[1] + leaves[2]
    y.label = "<b>y</b>"
    shown = open_(widget(y))
    shown.box("__proto__").fill("4")
    shown.box("__proto__").press("Enter")
    shown.result("<b>y</b> = 9")
    assert shown.page.locator(".dotgrad-widget").locator("img, script, b").count() == 0
    names = shown.page.locator(".name").all_inner_texts()
    assert names == [leaf.label for leaf in leaves]


def test_it_is_as_dark_as_the_page(open_):
    shown = open_(widget(bill()[-1]), background="oklch(0.2 0 0)")
    dark = "rgb(13, 17, 23)"
    color = (
        "getComputedStyle(document.querySelector('.dotgrad-widget')).backgroundColor"
    )
    shown.until(f"{color} === '{dark}'")
    assert "#0d1117" in shown.page.locator("svg").inner_html()
    shown.page.evaluate("document.body.style.background = '#fff'")
    shown.until(f"{color} === 'rgb(255, 255, 255)'")
    assert len(shown.asked) == 2


def test_a_view_that_is_removed_listens_no_more(open_):
    shown = open_(widget(bill()[-1]))
    assert shown.page.evaluate("listening()") == len(SHARED)
    shown.page.evaluate("remove()")
    assert shown.page.evaluate("listening()") == 0
    shown.page.evaluate("document.body.style.background = '#000'")
    shown.page.wait_for_timeout(250)
    assert shown.asked == []


def test_the_parts_have_names_for_screen_readers(open_):
    shown = open_(widget(bill()[-1]))
    tree = shown.page.locator("body").aria_snapshot()
    for part in (
        'slider "apple": "100"',
        'textbox "apple, number": "100"',
        'status "∂price/∂apple = 2.2": "2.2"',
        'button "reset"',
        'img "computational graph, price = 220"',
    ):
        assert part in tree
