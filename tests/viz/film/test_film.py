"""Backpropagation step by step, as data and as a film."""

import io
import re
import sys

import pytest
from graphs import apple_bill, differentiated, fan_out
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageSequence

from engine import Value, topological_order
from engine.testing import expressions
from viz import STYLES, FormatError, OptionError, TooLargeError, animate, frames, save
from viz.film.animate import FORMATS
from viz.film.frames import State, count_frames


def played(film):
    state = State()
    for frame in film:
        state.after(frame)
    return state


@given(expressions())
def test_the_film_ends_with_the_engines_numbers(expression):
    root = differentiated(expression.value())
    film = frames(root)
    state = played(film)
    order = topological_order(root)
    for place, value in enumerate(order):
        assert repr(state.values[f"n{place}"]) == repr(value.data)
        assert repr(state.gradients[f"n{place}"]) == repr(value.grad)
    flows = {
        (f"n{place}", i): value.grad * partial
        for place, value in enumerate(order)
        for i, partial in enumerate(value.partials)
    }
    assert {k: repr(v) for k, v in flows.items()} == {
        k: repr(v) for k, v in state.contributions.items()
    }


@given(expressions())
def test_nothing_is_known_before_its_time(expression):
    film = frames(expression.value())
    state = State()
    for frame in film:
        if frame.kind == "forward":
            operands = {edge.source for edge in film.diagram.into(frame.focus)}
            assert operands <= set(state.values)
            assert frame.focus not in state.values
        elif frame.kind == "backward":
            assert frame.focus in state.gradients
        elif frame.kind == "meet":
            uses = film.diagram.uses(frame.focus)
            assert {(use.target, use.position) for use in uses} <= set(
                state.contributions
            )
        state.after(frame)
    assert [frame.number for frame in film] == list(range(1, len(film) + 1))


@given(expressions())
def test_frames_are_counted_without_making_them(expression):
    root = expression.value()
    assert count_frames(root) == len(frames(root))


@given(expressions())
def test_a_film_changes_no_gradient(expression):
    root = expression.value()
    frames(root)
    assert not any(value.has_gradient for value in topological_order(root))


def test_the_equations_of_the_apple_bill():
    told = """\
1/6  given: apple = 100, n = 2, tax = 1.1
2/6  forward through × (subtotal): 100 × 2 = 200
3/6  forward through × (price): 200 × 1.1 = 220
4/6  the seed: ∂price/∂price = 1
5/6  backward through × (price): 1 × 1.1 = 1.1 to subtotal, 1 × 200 = 200 to tax
6/6  backward through × (subtotal): 1.1 × 2 = 2.2 to apple, 1.1 × 100 = 110 to n"""
    assert "\n".join(map(str, frames(apple_bill()))) == told


def test_contributions_meet():
    told = [frame.equation for frame in frames(fan_out()) if frame.kind == "meet"]
    assert told == [
        "contributions meet at q: 1 − 6 − 6 = −11",
        "contributions meet at x: 1 + 22 = 23",
    ]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda x: x.tanh(), "forward through tanh: tanh(0.5) = 0.4621"),
        (lambda x: -x, "forward through neg: −(0.5) = −0.5"),
        (lambda x: x**3, "forward through ^3: 0.5^3 = 0.125"),
        (lambda x: x / 4, "forward through ÷: 0.5 ÷ 4 = 0.125"),
        (lambda x: abs(x), "forward through abs: abs(0.5) = 0.5"),
    ],
)
def test_how_operations_are_written(made, told):
    assert frames(made(Value(0.5)))[1].equation == told


def test_many_names_and_uses_are_cut_short():
    x = [Value(1.0, f"x{i}") for i in range(20)]
    film = frames(sum(x[1:], x[0]))
    assert film[0].equation.endswith("and 12 more")
    y = sum((x[0] * i for i in range(10)), Value(0.0))
    [told] = [f.equation for f in frames(y) if f.kind == "meet"]
    assert "… = 45" in told


def test_a_repl_shows_the_film():
    assert repr(frames(apple_bill())).count("\n") == 5
    assert frames(apple_bill())[-1].number == 6
    assert len(frames(apple_bill())[1:3]) == 2


# -- the film ------------------------------------------------------------------------


def pages(path):
    with Image.open(path) as film:
        return [page.convert("RGB") for page in ImageSequence.Iterator(film)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_film_of_each_format(tmp_path, suffix, style):
    path = animate(apple_bill(), tmp_path / f"a.{suffix}", style=style)
    shown = pages(path)
    assert len(shown) == 6
    assert len({image.size for image in shown}) == 1
    assert all(image.getpixel((0, 0)) == (255, 255, 255) for image in shown)
    assert len({image.tobytes() for image in shown}) == 6


@given(st.sampled_from([apple_bill, fan_out]), st.sampled_from(["light", "dark"]))
def test_nothing_moves(make, theme):
    """Every frame has the geometry of the last: only colours differ."""
    from viz.drawing.draw import draw_form
    from viz.film.frame_view import view_frames

    shapes = set()
    for view in view_frames(frames(make())):
        picture = draw_form(
            view.make_form("wire"),
            {"theme": theme},
            lit=view.lit,
            focus=view.frame.focus,
        )
        shapes.add(re.sub(r' ?\w*color="#[0-9a-f]{6}"', "", picture.source, flags=re.I))
    assert len(shapes) == 1


def test_what_is_not_known_is_not_seen():
    from viz.drawing.draw import draw_form
    from viz.film.frame_view import view_frames

    first, *_, last = view_frames(frames(apple_bill()))
    texts = []
    for view in (first, last):
        svg = draw_form(view.make_form("wire"), {"legend": False}, lit=view.lit).pipe(
            "svg"
        )
        found = re.findall(r'<text[^>]*fill="(#\w+)"[^>]*>([^<]*)<', svg.decode())
        texts.append({text for color, text in found if color != "#ffffff"})
    assert {"100", "2", "1.1"} <= texts[0]
    assert not {"200", "220", "2.2", "110"} & texts[0]
    assert {"200", "220", "2.2", "110"} <= texts[1]


@pytest.mark.parametrize(
    ("path", "options", "error", "message"),
    [
        ("a.mp4", {}, FormatError, ".gif, .png, .apng, .webp"),
        ("a", {}, FormatError, ".gif"),
        ("a.gif", {"pace": 0}, OptionError, "above 0"),
        ("a.gif", {"depth": 1}, OptionError, "leave depth= out"),
        ("a.gif", {"style": "oil"}, OptionError, "oil"),
    ],
)
def test_bad_films_leave_nothing_behind(tmp_path, path, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        animate(apple_bill(), tmp_path / path, **options)
    assert not list(tmp_path.iterdir())


def test_too_many_frames_and_too_many_pixels(tmp_path, monkeypatch):
    y = Value(0.5)
    for _ in range(200):
        y = y.sin()
    with monkeypatch.context() as patch:
        module = sys.modules["viz.film.animate"]
        patch.setattr(module, "frames", lambda *_: pytest.fail("frames were made"))
        with pytest.raises(TooLargeError, match="402 frames"):
            animate(y, tmp_path / "a.gif")
    monkeypatch.setattr(sys.modules["viz.film.animate"], "PIXELS", 1000)
    with pytest.raises(TooLargeError, match="smaller dpi="):
        animate(apple_bill(), tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


def test_without_pillow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'dotgrad\[film\]'"):
        animate(apple_bill(), tmp_path / "a.gif")


def test_the_last_picture_of_a_film_is_the_picture(tmp_path):
    """Apart from the mark on the node in focus."""
    film = pages(animate(fan_out(), tmp_path / "a.png", dpi=60))[-1]
    save(differentiated(fan_out()), tmp_path / "b.png", dpi=60, legend=False)
    picture = Image.open(io.BytesIO((tmp_path / "b.png").read_bytes())).convert("RGB")
    left = (film.width - picture.width) // 2
    last = film.crop((left, 0, left + picture.width, picture.height))
    changes = ImageChops.difference(last, picture).convert("L").histogram()
    different = sum(changes[1:])
    assert different < 0.02 * picture.width * picture.height
