"""When there is a compiled core and when there is none, and what is said about it."""

import os
import re
import shutil
import subprocess
import sys

import cores
import pytest
from places import ROOT

import engine
from engine.native import describe_core


def ask(program, *, folder=ROOT, **variables):
    """What a program prints in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "DOTGRAD_PURE"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)} | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


SAY = "import engine; from engine.native import describe_core; print(describe_core())"


def test_the_core_says_which_it_is():
    assert engine.core in ("compiled", "python")
    assert describe_core().startswith(
        "compiled core" if engine.core == "compiled" else "Python core: "
    )


def test_a_variable_of_the_environment_chooses_the_python_core():
    assert ask(SAY, DOTGRAD_PURE="1") == "Python core: DOTGRAD_PURE is set"


def test_the_core_stays_small():
    """A limit, so that what can be written in Python, or by it, is."""
    text = "".join(p.read_text() for p in (ROOT / "engine/native").glob("*.[ch]"))
    without_comments = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    lines = [line for line in without_comments.splitlines() if line.strip()]
    assert len(lines) < 1500


@pytest.fixture
def copy(tmp_path):
    """A copy of the engine, with the core that was built."""
    shutil.copytree(
        ROOT / "engine",
        tmp_path / "engine",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


@pytest.mark.parametrize("name", ["ops.py", "native/node.c", "native/replay.c"])
def test_a_core_that_was_compiled_from_other_sources_is_not_used(copy, name):
    if ask(SAY, folder=copy) != "compiled core":
        pytest.skip("no compiled core was built here")
    source = copy / "engine" / name
    source.write_text(source.read_text() + "\n")
    told = ask(SAY, folder=copy)
    assert (
        told == "Python core: its sources are not those that the core was compiled from"
    )


def test_a_core_that_was_not_built_is_said_to_be_missing(copy):
    for built in (copy / "engine" / "native").glob("compiled.*"):
        built.unlink()
    assert ask(SAY, folder=copy) == "Python core: no compiled core was built"


def test_a_core_that_cannot_be_loaded_says_why(copy):
    suffix = __import__("importlib.machinery").machinery.EXTENSION_SUFFIXES[0]
    (copy / "engine" / "native" / f"compiled{suffix}").write_bytes(b"no library")
    assert ask(SAY, folder=copy).startswith("Python core: /")


@pytest.mark.parametrize(("writer", "reader"), [(False, True), (True, False)])
def test_pickles_of_one_core_are_read_by_the_other(writer, reader):
    one, other = cores.Core(pure=writer), cores.Core(pure=reader)
    try:
        pickled = one.ask("pickle")
        nodes = other.ask("unpickle", pickled)
        assert nodes == one.ask("unpickle", pickled)
        assert [node[4] for node in nodes[:2]] == ["x", "w"]
        assert nodes[0][1] == (0.0).hex() or float.fromhex(nodes[0][1]) != 0
    finally:
        one.close()
        other.close()
