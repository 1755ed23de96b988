"""Renderers are not believed: what they give, how much, how long, what they leave."""

import os
import signal
import subprocess
import sys
import time

import pytest
from graphs import apple_bill
from pictures import fake

from viz import RendererError, draw, save
from viz.render import renderers
from viz.render.check import check_picture
from viz.render.process import run_bounded

SVG = b"<?xml version='1.0'?><!DOCTYPE svg><svg><g/></svg>"
PNG = b"\x89PNG\r\n\x1a\n....IEND\xaeB`\x82"


@pytest.mark.parametrize(
    ("format_", "data", "problem"),
    [
        ("png", b"%PDF-1.4 ... %%EOF", "begins with b'%PDF-1.4"),
        ("png", PNG[:-4], "its end is missing"),
        ("jpg", b"<html>not here</html>", "begins with b'<html>"),
        ("jpeg", b"\xff\xd8\xff\xe0....", "its end is missing"),
        ("pdf", b"%PDF-1.7 cut", "its end is missing"),
        ("svg", SVG[:-3], "unclosed token|no element|mismatched"),
        ("svg", b"<html><body/></html>", "a document of <html>"),
        ("svg", b"Segmentation fault", "not well-formed|syntax error"),
        ("svg", b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg>&a;</svg>", "entities"),
        ("json0", b'{"objects": [', "Expecting value"),
    ],
)
def test_what_is_no_such_picture(monkeypatch, tmp_path, format_, data, problem):
    """By a program that ends well, says nothing, and gives something else."""
    script = f"import sys; sys.stdout.buffer.write({data!r})"
    fake(monkeypatch, tmp_path, script)
    with pytest.raises(RendererError, match=f"gave no {format_}: .*({problem})"):
        draw(apple_bill()).pipe(format_)
    if format_ == "json0":
        return
    target = tmp_path / f"there.{format_}"
    target.write_bytes(b"before")
    with pytest.raises(RendererError):
        save(apple_bill(), target)
    assert target.read_bytes() == b"before"


@pytest.mark.parametrize(
    ("format_", "data"),
    [("svg", SVG), ("png", PNG), ("jpg", b"\xff\xd8\xff\xdb..\xff\xd9"),
     ("pdf", b"%PDF-1.4\n...\n%%EOF\n"), ("json0", b"{}\n")],
)  # fmt: skip
def test_what_is_one(format_, data):
    check_picture(data, format_, "dot")


def test_no_more_than_the_limit_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr(renderers, "OUTPUT_LIMIT", 3 << 20)
    fake(monkeypatch, tmp_path, "import os\nwhile True: os.write(1, b'x' * 65536)")
    with pytest.raises(RendererError, match="more than 3 MiB and was stopped"):
        draw(apple_bill()).pipe()


def test_endless_errors_are_no_memory(monkeypatch, tmp_path):
    fake(monkeypatch, tmp_path, "import os\nfor _ in range(4000): os.write(2, b'y' * "
         "65536)\nos.write(2, b'\\n')\nraise SystemExit(3)")  # fmt: skip
    with pytest.raises(RendererError, match=r"failed \(3\): y{400}") as caught:
        draw(apple_bill()).pipe()
    assert len(str(caught.value)) < 700


def test_what_it_says_is_escaped(monkeypatch, tmp_path):
    fake(monkeypatch, tmp_path, "raise SystemExit('\\x1b[2Jgone\\x07\\u202etxt')")
    with pytest.raises(RendererError) as caught:
        draw(apple_bill()).pipe()
    assert "\x1b" not in str(caught.value)
    assert "\\x1b[2Jgone\\x07\\u202etxt" in str(caught.value)


BROOD = f"""
import os, subprocess, time
child = subprocess.Popen([{sys.executable!r}, "-c", "import time; time.sleep(600)"])
open({{path!r}}, "w").write(f"{{{{os.getpid()}}}} {{{{child.pid}}}}")
time.sleep(600)
"""


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks into /proc")
def test_after_the_time_limit_no_child_is_left(monkeypatch, tmp_path):
    path = tmp_path / "pids"
    fake(monkeypatch, tmp_path, BROOD.format(path=str(path)))
    started = time.monotonic()
    with pytest.raises(RendererError, match="time limit of 5 s"):
        save(apple_bill(), tmp_path / "x.svg", time_limit=5)
    assert time.monotonic() - started < 30
    pids = path.read_text().split()
    assert len(pids) == 2
    assert wait_for(lambda: not any(map(is_alive, pids)))


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks into /proc")
def test_after_ctrl_c_no_child_is_left(tmp_path):
    path = tmp_path / "pids"
    program = tmp_path / "brood"
    program.write_text(f"#!{sys.executable}\n{BROOD.format(path=str(path))}")
    program.chmod(0o755)
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from viz.render.process import run_bounded\n"
        f"run_bounded([{str(program)!r}], b'', seconds=60, limit=9)"
    )
    run = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    assert wait_for(lambda: path.exists() and len(path.read_text().split()) == 2)
    pids = path.read_text().split()
    run.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in run.communicate(timeout=30)[1]
    assert wait_for(lambda: not any(map(is_alive, pids)))


def test_a_program_need_not_read_its_input():
    command = [sys.executable, "-c", "import os; os.close(0); print('done')"]
    done = run_bounded(command, b"x" * 10_000_000, seconds=60, limit=100)
    assert (done.status, done.output.strip()) == (0, b"done")
