"""Files are replaced whole, written in place where that loses less, or as before."""

import errno
import os
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.util.files import write_file

posix = pytest.mark.skipif(os.name == "nt", reason="files of POSIX")
NEW = b"new" * 1000


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def as_nobody(folder):
    """As somebody who may do nothing special, which root must become first."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.parents):
        if not path.stat().st_mode & stat.S_IXOTH:
            path.chmod(path.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def mounted(*arguments):
    """Something mounted, where the system lets us."""
    where = arguments[-1]
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", where], check=True)


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.txt"
    path.write_bytes(b"old")
    return path


def test_a_new_file_and_one_that_is_replaced(tmp_path, old):
    write_file(tmp_path / "x.txt", NEW)
    number = old.stat().st_ino
    write_file(old, b"")
    assert (tmp_path / "x.txt").read_bytes() == NEW
    assert old.read_bytes() == b""
    assert old.stat().st_ino != number  # whoever reads the old one reads it to its end
    assert listing(tmp_path) == ["old.txt", "x.txt"]


@posix
def test_a_link_to_nothing_makes_what_it_names(tmp_path):
    (tmp_path / "link").symlink_to("there")
    write_file(tmp_path / "link", NEW)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_bytes() == NEW


@posix
def test_a_second_name_stays_one_of_the_same_file(tmp_path, old):
    os.link(old, tmp_path / "second")
    write_file(old, NEW)
    assert (tmp_path / "second").read_bytes() == NEW
    assert os.path.samefile(old, tmp_path / "second")
    write_file(old, b"less")  # nothing of the longer text is left
    assert (tmp_path / "second").read_bytes() == b"less"


@posix
def test_owner_and_permissions_stay(old):
    old.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(old, 12345, 23456)
    before = old.stat()
    write_file(old, NEW)
    after = old.stat()
    for name in ("st_mode", "st_uid", "st_gid"):
        assert getattr(after, name) == getattr(before, name)
    assert after.st_mtime >= before.st_mtime


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="attributes of Linux")
def test_attributes_stay(old):
    try:
        os.setxattr(old, "user.source", b"a book")
    except OSError:
        pytest.skip("no attributes on this file system")
    write_file(old, NEW)
    assert os.getxattr(old, "user.source") == b"a book"


@posix
def test_an_owner_that_cannot_be_given_stays_because_it_is_written_in_place(old):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(old, 12345, 23456)
    old.chmod(0o666)
    old.parent.chmod(0o777)
    with as_nobody(old.parent):
        write_file(old, NEW)
    assert old.read_bytes() == NEW
    assert (old.stat().st_uid, old.stat().st_gid) == (12345, 23456)
    assert listing(old.parent) == ["old.txt"]


@posix
def test_a_file_to_be_written_in_a_folder_that_is_not(old):
    old.chmod(0o666)
    old.parent.chmod(0o555)
    try:
        with as_nobody(old.parent):
            write_file(old, NEW)
            with pytest.raises(PermissionError) as caught:
                write_file(old.parent / "another", NEW)
    finally:
        old.parent.chmod(0o755)
    assert caught.value.filename == str(old.parent / "another")
    assert old.read_bytes() == NEW
    assert listing(old.parent) == ["old.txt"]


@posix
def test_a_file_that_must_not_be_written_is_not_replaced(old):
    old.chmod(0o444)
    old.parent.chmod(0o777)
    with as_nobody(old.parent), pytest.raises(PermissionError) as caught:
        write_file(old, NEW)
    assert caught.value.filename == str(old)
    assert old.read_bytes() == b"old"


@posix
def test_a_mounted_file(tmp_path, old):
    below = tmp_path / "below"
    below.write_bytes(b"below")
    with mounted("--bind", str(below), str(old)):
        write_file(old, NEW)
        assert old.read_bytes() == NEW
    assert below.read_bytes() == NEW
    assert old.read_bytes() == b"old"


@posix
def test_a_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)):
        for name in ("alone", "linked"):  # one is replaced, one written in place
            (disk / name).write_bytes(name.encode() * 100)
        os.link(disk / "linked", disk / "second")
        for name in ("alone", "linked", "absent"):
            with pytest.raises(OSError, match="No space left") as caught:
                write_file(disk / name, bytes(10**6))
            assert caught.value.errno == errno.ENOSPC
            assert caught.value.filename == str(disk / name)
        assert (disk / "alone").read_bytes() == b"alone" * 100
        assert (disk / "second").read_bytes() == b"linked" * 100
        assert listing(disk) == ["alone", "linked", "second"]


def test_a_folder_that_vanishes_and_one_that_was_never_there(tmp_path, monkeypatch):
    path = tmp_path / "no" / "x.txt"
    with pytest.raises(FileNotFoundError) as caught:
        write_file(path, NEW)
    assert caught.value.filename == str(path)
    path.parent.mkdir()
    replace = os.replace

    def vanish(source, target):
        os.unlink(source)
        path.parent.rmdir()
        replace(source, target)

    monkeypatch.setattr(os, "replace", vanish)
    with pytest.raises(FileNotFoundError) as caught:
        write_file(path, NEW)
    assert str(caught.value) == f"[Errno 2] No such file or directory: {str(path)!r}"
    assert caught.value.__cause__ is None


@posix
def test_a_pipe_is_written_to(tmp_path):
    pipe, link, read = tmp_path / "pipe", tmp_path / "link", []
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for name in (pipe, link):
        reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
        reader.start()
        write_file(name, NEW)
        reader.join()
    assert read == [NEW, NEW]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@posix
def test_a_device_stays_a_device(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(os.devnull)
    for path in (Path(os.devnull), link):
        write_file(path, NEW)
        assert stat.S_ISCHR(path.stat().st_mode)
    assert link.is_symlink()
    if not Path("/dev/full").exists():
        return
    link.unlink()
    link.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        write_file(link, NEW)
    assert caught.value.filename == str(link)


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "link"])
@pytest.mark.parametrize("mode", ["wb", "ab"])
def test_standard_output_goes_on_where_it_is(tmp_path, name, mode):
    """Also where it is a regular file, which must not be replaced."""
    (tmp_path / "link").symlink_to("/dev/stdout")
    code = (
        "import sys; from pathlib import Path; from engine.util.files import write_file"
        "\nprint('before', flush=True)"
        "\nwrite_file(Path(sys.argv[1]), b'new\\n'); print('after')"
    )
    log = tmp_path / "log"
    log.write_bytes(b"first\n")
    with log.open(mode) as file:
        subprocess.run(
            [sys.executable, "-c", code, name], stdout=file, cwd=tmp_path, check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
    kept = b"first\n" if mode == "ab" else b""
    assert log.read_bytes() == kept + b"before\nnew\nafter\n"


def test_a_folder_is_an_error(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder") as caught:
        write_file(tmp_path, NEW)
    assert caught.value.filename == str(tmp_path)


@posix
def test_links_in_a_circle_are_an_error(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links") as caught:
        write_file(tmp_path / "a", NEW)
    assert caught.value.filename == str(tmp_path / "a")


def test_an_interrupt_leaves_what_was_there(tmp_path, old, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(old, NEW)
    assert old.read_bytes() == b"old"
    assert listing(tmp_path) == ["old.txt"]
