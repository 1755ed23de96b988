"""The folder with compiled loops: rebuilt or done without, and open to nobody else."""

import os
import pickle
import stat
import subprocess
import sys
import textwrap

import pytest
from places import ROOT

from engine.tape.backends.cache_folder import find_source, is_intact, seal, start_anew

POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def cache(monkeypatch, tmp_path):
    folder = tmp_path / "cache"
    monkeypatch.setenv("DOTGRAD_CACHE", str(folder))
    return folder


TEXT = "answer = 42\n"


def make(text=TEXT):
    """What a first use leaves: the source, something compiled, and their sums."""
    source = find_source(text, "kernels")
    start_anew(source, text)
    compiled = source.parent / "__pycache__"
    compiled.mkdir()
    (compiled / "loop.nbc").write_bytes(b"machine code")
    (compiled / "loop.nbi").write_bytes(b"index")
    seal(source)
    return source


@pytest.mark.usefixtures("cache")
def test_what_was_sealed_is_intact():
    source = make()
    assert is_intact(source, TEXT)
    assert source.read_text() == TEXT
    assert stat.S_IMODE(source.parent.stat().st_mode) == 0o700 or os.name != "posix"


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("name", ["loop.nbc", "loop.nbi", "sums.json", "SOURCE"])
@pytest.mark.parametrize("damage", ["cut", "garbage", "one bit", "empty", "gone"])
def test_damage_is_seen_and_made_anew(name, damage):
    source = make()
    path = {"SOURCE": source, "sums.json": source.parent / name}.get(
        name, source.parent / "__pycache__" / name
    )
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        flipped = bytes([data[0] ^ 1]) + data[1:]
        path.write_bytes(
            {
                "cut": data[:-1],
                "garbage": b"\xff" * 99,
                "one bit": flipped,
                "empty": b"",
            }[damage]
        )
    assert not is_intact(source, TEXT)
    assert is_intact(make(), TEXT)


@pytest.mark.usefixtures("cache")
def test_a_file_that_nobody_sealed_is_no_part_of_it():
    source = make()
    (source.parent / "__pycache__" / "more.nbc").write_bytes(b"?")
    assert not is_intact(source, TEXT)
    start_anew(source, TEXT)
    assert sorted(path.name for path in source.parent.iterdir()) == [source.name]


@POSIX
@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722])
def test_a_folder_that_others_can_write_to_is_not_trusted(mode):
    source = make()
    source.parent.chmod(mode)
    with pytest.raises(PermissionError, match=r"others can write to .*kernels_"):
        is_intact(source, TEXT)
    with pytest.raises(PermissionError, match="not trusted"):
        start_anew(source, TEXT)


@POSIX
def test_a_folder_that_others_can_replace_is_not_trusted(cache):
    source = make()
    cache.chmod(0o777)
    with pytest.raises(PermissionError, match=f"others can write to {cache}"):
        is_intact(source, TEXT)
    cache.chmod(0o1777)  # as /tmp: only the owner can remove what is in it
    assert is_intact(source, TEXT)


@POSIX
@pytest.mark.usefixtures("cache")
@pytest.mark.skipif(not IS_ROOT, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_not_trusted():
    source = make()
    os.chown(source.parent, 12345, 12345)
    with pytest.raises(PermissionError, match="not trusted"):
        is_intact(source, TEXT)


def test_without_a_home_there_is_no_folder(monkeypatch):
    for name in ("DOTGRAD_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)

    def refuse():
        raise RuntimeError("no home")

    monkeypatch.setattr("pathlib.Path.home", refuse)
    with pytest.raises(OSError, match="no home folder"):
        find_source(TEXT, "kernels")


PROGRAM = """
import numpy as np, sys
from engine import register
from engine.tape import jit
register("twice_cubed", "2x³", lambda x: 2 * x * x * x, lambda out, x: (6 * x * x,))
from engine import twice_cubed
f = jit(lambda x: twice_cubed(x) + x, backend="numba")
values, slopes = f.value_and_grad_batch(np.array([1.0, 2.0]))
assert values.tolist() == [3.0, 18.0] and slopes.tolist() == [7.0, 25.0]
"""


def run(folder, **more):
    environment = {**os.environ, "DOTGRAD_CACHE": str(folder), **more}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=True, timeout=240,
    ).stderr  # fmt: skip


def test_processes_share_and_repair_what_is_compiled(cache):
    """A small row of one's own, so that each compilation is short."""
    assert run(cache).count("compiling the Numba back end") == 1
    assert run(cache) == ""
    [compiled] = cache.rglob("*.run-*.nbc")
    compiled.write_bytes(pickle.dumps("something else"))
    assert run(cache).count("compiling the Numba back end") == 1
    assert run(cache) == ""


def test_a_folder_that_cannot_be_used_is_done_without(tmp_path):
    file = tmp_path / "file"
    file.write_text("no folder")
    said = run(file)
    assert said.count("\n") == 1, said
    assert f"the folder {file} cannot be used" in said
    assert "Set DOTGRAD_CACHE" in said


def test_a_full_disk_is_done_without(tmp_path, monkeypatch, capsys):
    from engine.tape.backends import cache_folder, numba_cache

    def refuse(path, _):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setenv("DOTGRAD_CACHE", str(tmp_path / "full"))
    monkeypatch.setattr(cache_folder, "write_file", refuse)
    monkeypatch.setattr(numba_cache, "_compile_in_memory", lambda rows, odd: "loops")
    numba_cache._load.cache_clear()
    assert numba_cache.load_kernels(numba_cache.select_rows(["neg"]))[0] == "loops"
    numba_cache._load.cache_clear()
    said = capsys.readouterr().err
    assert "No space left" in said
    assert str(tmp_path / "full") in said
