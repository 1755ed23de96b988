"""The page in a real browser: every control, by mouse and by keyboard."""

import io
import re
import xml.etree.ElementTree as ET

import graphs
import pytest
from PIL import Image

from engine import Value, log, scope, softmax
from viz import THEMES, explore, frames, save
from viz.diagram.collapse import collapse
from viz.diagram.diagram import Diagram
from viz.labels import format_number


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {
        name: explore(graph, folder / f"{name}.html")
        for name, graph in {
            "fan": graphs.fan_out(),
            "network": graphs.mlp(2, 3, 1),
            "large": graphs.mlp(2, 10, 5, 1),
            "odd": graphs.infinities(),
        }.items()
    }


def caption(page):
    return page.text_content("#caption")


def drawn(page, kind="g"):
    return page.locator(f"#picture {kind}").evaluate_all(
        "all => all.map(e => e.textContent).filter(t => t)"
    )


def transform(page):
    return page.get_attribute("#picture > g", "transform")


def fragment(page):
    return page.evaluate("location.hash")


# -- the film --------------------------------------------------------------------------


def test_the_frames_are_those_of_python(pages, files):
    page = pages.open(files["fan"])
    film = frames(graphs.fan_out())
    page.click("#first")
    for frame in film:
        assert caption(page) == f"{frame.number}/{frame.total}  {frame.equation}"
        page.click("#forward", force=True)
    assert page.is_disabled("#forward") and page.is_disabled("#last")
    page.click("#back")
    assert caption(page).startswith("11/12")
    page.click("#last")
    assert caption(page).startswith("12/12")


def test_keys_and_slider_go_through_the_frames(pages, files):
    page = pages.open(files["fan"])
    for key, number in (("Home", 1), ("ArrowRight", 2), ("ArrowRight", 3),
                        ("ArrowLeft", 2), ("ArrowLeft", 1), ("ArrowLeft", 1),
                        ("End", 12)):  # fmt: skip
        page.keyboard.press(key)
        assert caption(page).startswith(f"{number}/12")
        assert page.input_value("#step") == str(number)
    page.focus("#step")
    page.keyboard.press("ArrowLeft")
    assert caption(page).startswith("11/12")
    page.locator("#step").fill("5")
    assert caption(page).startswith("5/12")
    said = page.get_attribute("#step", "aria-valuetext")
    assert said == caption(page)
    assert page.get_attribute("#caption", "aria-live") == "polite"


def test_play_goes_on_to_the_end_and_pauses(pages, files):
    page = pages.open(files["fan"])
    page.select_option("#pace", "150")
    page.click("#play")
    assert page.text_content("#play") == "Pause"
    page.keyboard.press("Space")  # the button has the focus
    assert page.text_content("#play") == "Play"
    stopped = caption(page)
    assert stopped != "" and not stopped.startswith("12/12")
    page.locator("#picture").focus()
    page.keyboard.press("Space")
    page.locator("#caption", has_text="12/12").wait_for()
    page.locator("#play", has_text="Play").wait_for()


def test_a_frame_shows_what_is_known_and_no_more(pages, files):
    page = pages.open(files["fan"], "#step=6")  # the values and the seed
    film = frames(graphs.fan_out())
    assert film[5].kind == "seed"
    assert sorted(drawn(page, ".wire .value")) == sorted(
        ["3", "3", "3", "−2", "−6", "−6", "−6", "−6", "36", "30", "33"]
    )
    assert drawn(page, ".wire .gradient") == ["1"]
    page.keyboard.press("Home")
    assert sorted(set(drawn(page, ".wire .value"))) == ["3", "−2"]
    assert drawn(page, ".wire .gradient") == []


def test_the_last_frame_has_the_numbers_of_the_picture(pages, files):
    page = pages.open(files["fan"])
    diagram = Diagram.of(graphs.differentiated(graphs.fan_out()))
    shown = [format_number(edge.gradient) for edge in diagram.edges]
    shown += ["23", "−11", "1"]  # the trunks of x and q, and the output
    assert sorted(drawn(page, ".wire .gradient")) == sorted(shown)
    assert sorted(drawn(page, ".wire .chain")) == sorted(
        ["= 22 + 1", "−11 × −2", "−11 × 3", "= −6 − 6 + 1", "1 × −6", "1 × −6"]
    )


# -- nodes -----------------------------------------------------------------------------


def test_hover_and_focus_tell_of_a_node(pages, files):
    page = pages.open(files["fan"])
    tip = page.locator("#tip")
    page.hover("[data-value='2']")
    text = tip.inner_text()
    assert "q = x × y = 3 × −2 = −6" in text
    assert "∂q/∂x = y = −2" in text and "∂q/∂y = x = 3" in text
    assert "∂L/∂q = −6 − 6 + 1 = −11" in text
    assert "L ← + ← × ← q: 1 × 1 × −6 = −6" in text
    assert page.locator("#picture g.dimmed").count() == 1
    page.mouse.move(2, 300)
    assert tip.is_hidden()
    page.locator("#picture [role=button][tabindex='0']").focus()
    page.keyboard.press("ArrowUp")
    assert tip.is_visible()
    page.keyboard.press("Escape")


def test_a_click_pins_and_escape_lets_go(pages, files):
    page = pages.open(files["fan"])
    page.click("[data-value='2']")
    assert page.locator("#details").is_visible()
    assert "−11 × −2 = 22 to x" in page.inner_text("#story")
    assert "1 × −6 = −6 from ×" in page.inner_text("#story")
    assert "together −6 − 6 + 1 = −11" in page.inner_text("#story")
    assert fragment(page) == "#pin=2"
    page.mouse.move(2, 300)
    assert page.locator("#details").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#details").is_hidden() and fragment(page) == ""
    page.focus("#picture [data-value='0']")
    page.keyboard.press("Enter")
    assert "∂L/∂x = 23" in page.inner_text("#story")
    page.keyboard.press("Enter")
    assert page.locator("#details").is_hidden()


def test_every_node_speaks(pages, files):
    page = pages.open(files["fan"])
    page.wait_for_timeout(200)
    said = page.locator("#picture [role=button]").evaluate_all(
        "all => all.map(e => e.getAttribute('aria-label'))"
    )
    assert "mul: q = x × y = 3 × −2 = −6; ∂L/∂q = −11" in said
    assert "leaf: x = 3; ∂L/∂x = 23" in said
    assert len(said) == 6
    stops = page.locator("#picture [tabindex='0']")
    assert stops.count() == 1
    page.keyboard.press("Home")
    page.wait_for_timeout(200)
    said = page.get_attribute("#picture [data-value='2']", "aria-label")
    assert said == "mul: q, not computed yet"


def test_search(pages, files):
    page = pages.open(files["fan"])
    page.keyboard.press("/")
    page.keyboard.type("q")
    assert page.locator("#found button").all_inner_texts() == [
        "q = x × y = 3 × −2 = −6"
    ]
    page.keyboard.press("Enter")
    assert fragment(page) == "#pin=2"
    page.fill("#query", "mul")
    assert page.locator("#found button").count() == 2
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert fragment(page) == "#pin=3"
    page.fill("#query", "zebra")
    assert "nothing" in page.inner_text("#found")
    page.focus("#query")
    page.keyboard.press("Escape")
    assert page.locator("#found").is_hidden()


# -- scopes ----------------------------------------------------------------------------


def test_scopes_open_and_close(pages, files):
    page = pages.open(files["large"])  # too large to begin flat
    names = page.locator("#picture .scope .title")
    assert names.all_text_contents() == [
        "▸ layer 1",
        "▸ layer 2",
        "▸ layer 3",
        "▸ loss",
    ]
    page.click("#picture .scope >> nth=0")
    assert page.locator("#picture .room").count() == 1
    assert page.locator("#picture .scope").count() == 3 + 10
    page.click("#picture .scope.circle >> nth=0")
    assert page.locator("#picture .room").count() == 2
    page.click("[data-shut] >> nth=0")
    assert page.locator("#picture .scope").count() == 4
    page.focus("#picture .scope >> nth=1")
    page.keyboard.press("Enter")
    assert page.locator("#picture .room").count() == 1
    page.focus("[data-shut]")
    page.keyboard.press("Enter")
    assert page.locator("#picture .room").count() == 0
    page.click("#expand")
    assert page.locator("#picture .scope").count() == 0
    page.click("#collapse")
    assert page.locator("#picture .room").count() == 0
    page.click("#flat")
    assert page.get_attribute("#flat", "aria-pressed") == "true"
    assert page.locator("#picture .scope, #picture .room").count() == 0


def test_collapsed_edges_carry_the_sums_of_the_full_graph(pages, files):
    page = pages.open(files["large"])
    diagram = collapse(graphs.differentiated(graphs.mlp(2, 10, 5, 1)), 1)
    expected = [
        f"|grad| {format_number(edge.gradient)}"
        if len(edge.parts) > 1
        else format_number(edge.gradient)
        for edge in diagram.edges
        if diagram[edge.source].label != "y"  # was made in the scope of the loss
    ]
    assert sorted(drawn(page, ".wire .gradient")) == sorted(expected)
    outputs = [
        f"|grad| {format_number(node.gradient)}"
        if len(node.inside.outputs) > 1
        else format_number(node.gradient)
        for node in diagram.nodes
        if node.inside
    ]
    assert sorted(drawn(page, ".scope .gradient")) == sorted(outputs)


def test_all_values_are_there_when_all_scopes_are_open(pages, files):
    page = pages.open(files["network"], "#flat=0")
    page.click("#expand")
    total = len(frames(graphs.mlp(2, 3, 1)).diagram.nodes)
    values = page.locator("#picture .body:not(.entry):not(.exit):not(.fork)")
    numbers = values.evaluate_all("all => all.map(e => e.dataset.value)")
    assert {int(n) for n in numbers if n is not None} == set(range(total))


def test_a_collapsed_scope_is_one_step(pages, files):
    page = pages.open(files["network"], "#step=1&flat=0")
    film = frames(graphs.mlp(2, 3, 1))
    seen = [caption(page)]
    while not page.is_disabled("#forward"):
        page.click("#forward")
        seen.append(caption(page))
    assert any("forward through layer 1: frames" in text for text in seen)
    assert 8 < len(seen) < len(film) / 2
    for text in reversed(seen[:-1]):
        page.click("#back")
        assert caption(page) == text


def test_a_found_value_is_shown_where_it_is(pages, files):
    page = pages.open(files["large"])
    page.fill("#query", "w1")
    page.locator("#found button").nth(3).click()
    value = re.search(r"pin=(\d+)", fragment(page))[1]
    assert page.locator(f"#picture .parameter[data-value='{value}']").is_visible()
    assert page.locator("#own input[type=text]").is_visible()


# -- the view --------------------------------------------------------------------------


def test_pan_and_zoom(pages, files):
    page = pages.open(files["fan"])
    fitted = transform(page)

    def changed_by(act):
        before = transform(page)
        act()
        return transform(page) != before

    assert changed_by(lambda: page.click("#in"))
    assert changed_by(lambda: page.click("#out"))
    page.click("#fit")
    assert transform(page) == fitted
    for key in ("+", "-", "Shift+ArrowLeft", "Shift+ArrowUp"):
        assert changed_by(lambda key=key: page.keyboard.press(key))
    page.keyboard.press("0")
    assert transform(page) == fitted
    page.mouse.move(300, 300)
    assert changed_by(lambda: page.mouse.wheel(0, -240))
    before = page.locator("[data-value='2']").bounding_box()
    page.mouse.move(60, 500)
    page.mouse.down()
    page.mouse.move(100, 470, steps=3)
    page.mouse.up()
    after = page.locator("[data-value='2']").bounding_box()
    assert after["x"] - before["x"] == pytest.approx(40, abs=5)
    assert after["y"] - before["y"] == pytest.approx(-30, abs=5)
    assert fragment(page) == ""  # a drag is no click


def fill_of(page, selector, name="fill"):
    color = page.locator(selector).first.evaluate(
        f"e => getComputedStyle(e).getPropertyValue('{name}')"
    )
    return "#" + bytes(map(int, re.findall(r"\d+", color)[:3])).hex()


def test_light_and_dark(pages, files):
    for scheme in ("light", "dark"):
        page = pages.open(files["fan"], "#step=11", color_scheme=scheme)
        assert fill_of(page, "body", "background-color") == THEMES[scheme].background
        assert fill_of(page, ".leaf .shape") == THEMES[scheme].leaf[0]
        assert fill_of(page, ".wire.positive .gradient") == THEMES[scheme].positive
        for name in ("light", "dark"):
            page.click("#theme")
            assert fill_of(page, ".leaf .shape") == THEMES[name].leaf[0]
            assert fragment(page) == f"#step=11&theme={name}"
        page.click("#theme")
        assert fill_of(page, ".leaf .shape") == THEMES[scheme].leaf[0]


def contrast(one, other):
    """Of two colours, as WCAG 2.2 defines it: from 1 to 21."""

    def luminance(color):
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [
            x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("style", ["wire", "book", "cs231n", "card"])
def test_a_constant_with_a_name_can_be_read(pages, tmp_path, style, scheme):
    """The largest logit of softmax is one: its box or card is no grey dot."""
    p, _ = softmax([Value(1.0), Value(3.0)])
    page = pages.open(
        explore(-log(p), tmp_path / "p.html", style=style), "#step=3",
        color_scheme=scheme,
    )  # fmt: skip
    named = ".body.constant:is(.box, .card):not(.focus)"
    assert page.locator(named).count() == 1
    shape, label = fill_of(page, f"{named} .shape"), fill_of(page, f"{named} text")
    assert contrast(shape, label) >= 4.5, (shape, label)


def test_a_link_leads_to_a_state_and_back_leads_back(pages, files):
    page = pages.open(files["fan"], "#step=9&pin=2&set=0:5")
    assert caption(page).startswith("9/12")
    assert "q = x × y = 5 × −2 = −10" in page.inner_text("#story")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert fragment(page) == "#step=10&set=0:5"
    page.go_back()
    assert fragment(page) == "#step=10&pin=2&set=0:5"
    assert page.locator("#details").is_visible()
    page.go_back()
    assert caption(page).startswith("9/12")
    page.go_forward()
    assert caption(page).startswith("10/12")
    page.reload()
    assert caption(page).startswith("10/12")


@pytest.mark.parametrize(
    "at", ["#step=99", "#step=x&pin=-7&open=9,z", "#set=2:4,77:1,0:", "#<img src=x>"]
)
def test_a_wrong_link_is_no_harm(pages, files, at):
    page = pages.open(files["fan"], at)
    assert caption(page).startswith("12/12")
    assert page.locator("#details").is_hidden()
    assert page.locator("img").count() == 0


def test_export(pages, files, tmp_path):
    page = pages.open(files["fan"], color_scheme="dark")
    page.click("#in")
    with page.expect_download() as saved:
        page.click("#svg")
    assert saved.value.suggested_filename == "dotgrad.svg"
    text = saved.value.path().read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert not re.search(
        r"\s(class|style)=|var\(|color-mix|color\(|tabindex|<script", text
    )
    texts = {e.text for e in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"x", "23", "−11 × −2", "= 22 + 1"} <= texts
    assert THEMES["dark"].background in text and THEMES["dark"].positive in text
    with page.expect_download() as saved:
        page.click("#png")
    image = Image.open(io.BytesIO(saved.value.path().read_bytes())).convert("RGB")
    width = page.locator("#picture").evaluate("e => e.clientWidth")
    assert image.width == 2 * width
    colors = {c for _, c in image.getcolors(1 << 24)}
    assert tuple(bytes.fromhex(THEMES["dark"].background[1:])) in colors
    assert tuple(bytes.fromhex(THEMES["dark"].leaf[0][1:])) in colors
    assert len(colors) > 50
    plain = tmp_path / "plain.svg"  # it stands on its own
    plain.write_text(text, encoding="utf-8")
    picture = pages.open(plain)
    assert picture.locator("text").count() > 20


def test_reduced_motion(pages, files):
    def moving(page):
        return page.locator("#picture .line").first.evaluate(
            "e => getComputedStyle(e).transitionDuration"
        )

    assert moving(pages.open(files["fan"], reduced_motion="reduce")) == "0s"
    assert moving(pages.open(files["fan"], reduced_motion="no-preference")) != "0s"


@pytest.mark.parametrize("name", ["fan", "large"])
def test_a_phone(pages, files, name):
    page = pages.open(files[name], viewport={"width": 390, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    output = page.locator("#picture .body").last.bounding_box()
    top = page.locator("#picture .leaf").first.bounding_box()
    assert output["y"] > top["y"] + 200  # downwards
    size = page.locator("#picture .value").first.evaluate(
        "e => 12 * e.getScreenCTM().a"
    )
    assert size > 9
    for button in page.locator("button:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.set_viewport_size({"width": 1100, "height": 640})
    page.wait_for_timeout(100)
    output = page.locator("#picture .body").last.bounding_box()
    top = page.locator("#picture .leaf").first.bounding_box()
    assert output["x"] > top["x"] + 200  # to the right


def test_help_lists_the_keys(pages, files):
    page = pages.open(files["fan"])
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert page.get_attribute("#help", "aria-expanded") == "true"
    page.click("#help")
    assert page.locator("#keys").is_hidden()


def test_infinities_and_nan_are_shown(pages, files):
    page = pages.open(files["odd"])
    assert {"nan", "∞"} <= set(drawn(page, ".wire .gradient"))
    assert fill_of(page, ".wire.odd .value") == THEMES["light"].nonfinite


def test_every_control_has_a_name(pages, files):
    page = pages.open(files["large"])
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = {"button", "slider", "textbox", "searchbox", "combobox"}
    controls = [n for n in tree["nodes"] if n.get("role", {}).get("value") in roles]
    assert len(controls) > 30
    assert not [n for n in controls if not n.get("name", {}).get("value")]


# -- security --------------------------------------------------------------------------

EVIL = "</script><img src=x onerror=alert(1)>"


def test_labels_do_nothing(pages, tmp_path):
    with scope(EVIL):
        inner = (Value(2.0, label=EVIL) * 3 + 1) ** 2
    y = inner * Value(1.0, label="javascript:alert(1)")
    y.label = EVIL
    path = explore(y, tmp_path / "evil.html", title=EVIL, depth=1)
    assert path.read_text(encoding="utf-8").count("<script") == 2
    page = pages.open(path)
    assert page.title() == EVIL
    page.click("#expand")
    page.fill("#query", "img")
    page.locator("#found button").first.click()
    page.hover(".leaf >> nth=0")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert page.locator("img, aside script").count() == 0
    assert EVIL in page.inner_text("#story")
    assert page.title() == EVIL


def test_labels_do_nothing_in_an_svg_either(pages, tmp_path):
    y = Value(2.0, label=EVIL) * Value(3.0, label="javascript:alert(1)")
    y.backward()
    page = pages.open(save(y, tmp_path / "evil.svg", title=EVIL))
    assert page.locator("script, img, foreignObject").count() == 0
    assert EVIL in page.locator("text").all_text_contents()
