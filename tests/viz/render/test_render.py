"""Rendering: pictures that are decoded and looked at, and everything that can fail."""

import os
import re
import stat
import subprocess
import sys
import tempfile
import threading
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from graphs import (
    apple_bill,
    differentiated,
    fan_out,
    micrograd,
    mlp,
    not_a_number,
)
from pictures import AWKWARD, decoded, fake, parts, texts
from places import ROOT

from engine import Value, scope
from engine.util.files import write_file
from viz import (
    STYLES,
    FormatError,
    OptionError,
    RendererError,
    TooLargeError,
    draw,
    save,
)
from viz.render import renderers


@pytest.mark.parametrize("style", STYLES)
def test_png_is_a_picture(style):
    picture = draw(differentiated(fan_out()), style=style)
    width, height, pixels = decoded(picture.pipe("png"))
    assert 300 < width < 3000
    assert 150 < height < 1500
    assert len(set(pixels)) > 20  # not blank
    wider = draw(differentiated(fan_out()), style=style, dpi=240).pipe("png")
    assert decoded(wider)[0] == pytest.approx(2 * width, abs=4)


@pytest.mark.parametrize("style", STYLES)
def test_svg_has_every_number(style):
    svg = draw(differentiated(apple_bill()), style=style).pipe()
    found = texts(svg)
    words = " ".join(found).replace("−", "-").split()
    numbers = {float(w) for w in words if re.fullmatch(r"-?[\d.]+", w)}
    assert {100, 2, 1.1, 200, 220, 2.2, 110, 1} <= numbers
    assert "apple" in found
    assert any("price" in text for text in found)


def test_pdf(renderer, tmp_path):
    bill, path = differentiated(apple_bill()), tmp_path / "bill.PDF"
    if renderer == "graphviz-pure":
        with pytest.raises(FormatError, match="graphviz-pure cannot make 'pdf'"):
            save(bill, path, renderer=renderer)
        assert not path.exists()
    else:
        save(bill, path, renderer=renderer)
        assert path.read_bytes().startswith(b"%PDF")


def test_formats(tmp_path):
    value = differentiated(apple_bill())
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "jpg": b"\xff\xd8", "gv": b"digraph"}
    for suffix, start in starts.items():
        path = save(value, tmp_path / f"bill.{suffix}")
        assert path.read_bytes().startswith(start)
        assert stat.S_IMODE(path.stat().st_mode) & 0o444
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        f"bill.{suffix}" for suffix in starts
    )


GRAPHS = {
    "micrograd": (micrograd, {}),
    "nan": (not_a_number, {"theme": "dark"}),
    "down": (fan_out, {"direction": "TB"}),
    "neurons": (lambda: mlp(2, 9, 1), {"depth": 2}),
    "layers": (lambda: mlp(2, 9, 1), {"depth": 1}),
    "cut": (lambda: mlp(2, 9, 1), {"budget": 20}),
}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("style", STYLES)
def test_the_same_dot_is_the_same_picture_for_every_renderer(renderer, name, style):
    """The same words, nodes and edges as the bundled one draws, and twice the same."""
    graph, options = GRAPHS[name]
    picture = draw(differentiated(graph()), style=style, **options)
    words, nodes, edges = parts(picture.pipe(renderer="graphviz-pure"))
    svg = picture.pipe(renderer=renderer)
    found, *counts = parts(svg)
    assert counts == [nodes, edges]
    assert "".join(sorted("".join(found))) == "".join(sorted("".join(words)))
    assert svg == picture.pipe(renderer=renderer)


def test_two_pictures_in_one_page_share_no_id():
    seen = set()
    # "a" is what Graphviz puts before the id of a link; the others begin our ids.
    for prefix in ("", "a", "b", "w", "k", "out", "n0", "an0"):
        svg = draw(differentiated(fan_out()), id_prefix=prefix).pipe().decode()
        ids = set(re.findall(r'id="([^"]+)"', svg))
        assert ids
        assert not ids & seen
        seen |= ids


def test_a_notebook_shows_it():
    bundle = draw(apple_bill())._repr_mimebundle_()
    assert "<svg" in bundle["image/svg+xml"]


def test_render_as_in_the_graphviz_package(tmp_path):
    picture = draw(differentiated(apple_bill()))
    path = picture.render(tmp_path / "bill", format="png")
    assert path == str(tmp_path / "bill.png")
    assert (tmp_path / "bill").read_text(encoding="utf-8") == picture.source
    out = picture.render(outfile=tmp_path / "deep" / "bill.svg", cleanup=True)
    assert os.listdir(tmp_path / "deep") == ["bill.svg"]
    assert out == str(tmp_path / "deep" / "bill.svg")


def bare_machine(code, *args):
    """Run code where only the bundled renderer can be found."""
    root = str(ROOT)
    env = {
        "PYTHONPATH": os.pathsep.join([root, f"{root}/docs"]),
        "PATH": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",  # it would stay cut off where there is no room
    }
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True,
        check=False, env=env,
    )  # fmt: skip


def test_a_bare_machine_draws(tmp_path):
    code = f"""
from graphs import *
from viz import save
save(differentiated(apple_bill()), {str(tmp_path / "x.png")!r})
"""
    done = bare_machine(code)
    assert done.returncode == 0, done.stderr
    assert decoded((tmp_path / "x.png").read_bytes())[0] > 300


def hidden(monkeypatch, *names):
    """Make renderers not to be found."""
    table = {
        name: r if name not in names else renderers.Renderer(
            r.name, r.formats, lambda: None, r.run, r.hint, r.any_script)
        for name, r in renderers.RENDERERS.items()
    }  # fmt: skip
    monkeypatch.setattr(renderers, "RENDERERS", table)


def test_nothing_can_render_says_what_to_do(monkeypatch, tmp_path):
    hidden(monkeypatch, *renderers.RENDERERS)
    with pytest.raises(RendererError) as caught:
        save(apple_bill(), tmp_path / "x.png")
    for part in ("graphviz-pure", "dot", "pygraphviz", "pip install graphviz-pure"):
        assert part in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import sys; sys.exit('no such thing')", "fake failed.*no such thing"),
        ("import os; os.kill(os.getpid(), 9)", r"failed \(signal 9\): it was killed"),
        ("import time; time.sleep(60)", "time limit of 0.5 s"),
        ("pass", "it said nothing"),
    ],
)
def test_a_renderer_that_fails(monkeypatch, tmp_path, script, message):
    fake(monkeypatch, tmp_path, script)
    target = tmp_path / "x.png"
    target.write_bytes(b"before")
    limit = 0.5 if "sleep" in script else 30
    with pytest.raises(RendererError, match=message):
        save(apple_bill(), target, time_limit=limit)
    assert target.read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fake", "x.png"]


def test_a_program_that_cannot_start_counts_as_absent(monkeypatch, tmp_path):
    fake(monkeypatch, tmp_path, "print('<svg>drawn by dot</svg>')")
    bundled, dot = renderers.RENDERERS["graphviz-pure"], tmp_path / "fake"
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF of another machine")
    broken.chmod(0o755)

    def found_at(path, any_script):
        return renderers.Renderer(
            bundled.name, bundled.formats, lambda: str(path), bundled.run,
            bundled.hint, any_script,
        )  # fmt: skip

    table = {"graphviz-pure": found_at(broken, False), "dot": found_at(dot, True)}
    monkeypatch.setattr(renderers, "RENDERERS", table)
    assert draw(apple_bill()).pipe() == b"<svg>drawn by dot</svg>\n"
    with pytest.raises(RendererError, match=r"broken could not be run.*pip install"):
        draw(apple_bill()).pipe(renderer="graphviz-pure")


def test_what_a_renderer_murmurs_is_not_shown(monkeypatch, tmp_path, capfd):
    fake(
        monkeypatch,
        tmp_path,
        "import sys; print('hm', file=sys.stderr); print('<svg/>')",
    )
    assert draw(apple_bill()).pipe("svg") == b"<svg/>\n"
    assert capfd.readouterr().err == ""


def test_renderer_by_name_and_environment(monkeypatch):
    with pytest.raises(OptionError, match=r"renderer='inkscape'.*graphviz-pure, dot"):
        draw(apple_bill(), renderer="inkscape").pipe()
    monkeypatch.setenv("DOTGRAD_RENDERER", "inkscape")
    with pytest.raises(OptionError, match="inkscape"):
        draw(apple_bill()).pipe()
    monkeypatch.setenv("DOTGRAD_RENDERER", "graphviz-pure")
    assert draw(apple_bill()).pipe().startswith(b"<?xml")
    with pytest.raises(FormatError, match="graphviz-pure cannot make 'pdf'"):
        draw(apple_bill()).pipe("pdf")


def test_missing_characters_choose_another_renderer_or_warn(monkeypatch):
    picture = draw(Value(1.0, "りんご") + 1)
    asked = []

    pictures = {"png": b"\x89PNG\r\n\x1a\nIEND\xaeB`\x82", "svg": b"<svg/>"}

    def recorder(name):
        def run(*arguments):
            asked.append(name)
            return pictures[arguments[3]]  # the format

        return run

    table = {
        name: renderers.Renderer(
            name, r.formats, lambda: "here", recorder(name), r.hint, r.any_script
        )
        for name, r in renderers.RENDERERS.items()
    }
    monkeypatch.setattr(renderers, "RENDERERS", table)
    picture.pipe("png")
    picture.pipe("svg")
    draw(Value(1.0, "apple")).pipe("png")
    assert asked == ["dot", "graphviz-pure", "graphviz-pure"]
    hidden(monkeypatch, "dot", "pygraphviz")
    with pytest.warns(UserWarning, match="りんご"):
        picture.pipe("png")


@pytest.mark.parametrize("name", ["graph", "graph.xyz", "graph.", ".png.md"])
def test_unknown_format(name, tmp_path):
    with pytest.raises(FormatError, match=r"\.png, \.svg"):
        save(apple_bill(), tmp_path / name)


def test_unwritable_places(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        save(apple_bill(), tmp_path / "no" / "x.svg")
    assert caught.value.filename == str(tmp_path / "no" / "x.svg")
    folder = tmp_path / "folder.svg"
    folder.mkdir()
    with pytest.raises(IsADirectoryError, match=r"folder\.svg"):
        save(apple_bill(), folder)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_the_umask_is_obeyed_and_never_set(tmp_path, monkeypatch):
    """It belongs to the process: two threads that set it may leave it at 0."""
    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "umask", lambda _: pytest.fail("the umask was set"))
            write_file(tmp_path / "x.svg", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.svg").stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_private_file_stays_private_and_a_link_a_link(tmp_path):
    target, link = tmp_path / "x.svg", tmp_path / "link.svg"
    target.touch(0o600)
    link.symlink_to(target)
    save(apple_bill(), link)
    assert link.is_symlink()
    assert b"<svg" in target.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "x.svg"
    target.write_bytes(b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save(apple_bill(), target)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
from graphs import *
from viz import animate, draw, save
value = differentiated(fan_out())
draw_beside = lambda p: draw(value).render(p + ".gv", outfile=p)
for make in (lambda p: save(value, p), lambda p: animate(value, p), draw_beside):
    for name in sys.argv[1:]:
        try:
            make(name)
        except OSError as error:
            print(type(error).__name__, error.errno)
        except ValueError as error:
            print("no film")
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_no_room_for_the_file(tmp_path):
    """The kernel refuses to write on, as it does when the disk is full."""
    before = dict.fromkeys(("x.png", "x.gif"), b"before")
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)
    names = [str(tmp_path / name) for name in ("x.png", "y.svg", "x.gif")]
    done = bare_machine(FULL, *names)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.splitlines()) == {"OSError 27", "no film"}
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_huge_png_is_refused():
    y = Value(1.0)
    for _ in range(2000):
        y = y.tanh()
    with pytest.raises(TooLargeError, match="svg"):
        draw(y, style="wire").pipe("png")


def test_a_thousand_draws_leave_nothing_behind(tmp_path, monkeypatch):
    """Neither files, open or not, nor processes, nor threads."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    target = tmp_path / "x.svg"
    threads = threading.active_count()
    value = Value(1.0, "x")
    expected, opened = save(value, target).read_bytes(), open_files()
    before = children()
    for _ in range(1000):
        assert save(value, target).read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["x.svg"]
    assert threading.active_count() == threads
    assert open_files() == opened
    assert children() <= before  # not even one that has ended


def children():
    """The processes that this one has started, those of other tests too."""
    lists = Path("/proc/self/task").glob("*/children")
    return {pid for path in lists for pid in path.read_text().split()}


def open_files():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.mark.parametrize("label", AWKWARD)
@pytest.mark.parametrize("options", [{"depth": 1}, {"depth": 2}, {"budget": 3}])
def test_awkward_names_of_scopes(label, options):
    x = [Value(1.0, label) for _ in range(12)]
    with scope(label or "."):
        made = []
        for i in x:
            with scope(f"{label}{len(made)}"):
                made.append((i * 2).sin())
    total = differentiated(sum(made[1:], made[0]))
    svg = draw(total, **options).pipe("svg")
    ET.fromstring(svg)


def test_two_threads_draw_at_once(renderer):
    def drawn():
        return draw(differentiated(not_a_number()), renderer=renderer).pipe()

    expected, found = drawn(), []

    def work():
        for _ in range(5):
            found.append(drawn())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 10


def test_drawing_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(differentiated(fan_out())).pipe("png")
