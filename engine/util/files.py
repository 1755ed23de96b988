"""Writing a file so that it is either whole or as it was before."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import uuid
from pathlib import Path

__all__ = ["write_file"]

_NOT_REPLACEABLE = {
    errno.EACCES,  # nothing can be added to its folder,
    errno.EPERM,  # nor can its owner be given to another file
    errno.EROFS,
    errno.EBUSY,  # something is mounted there
    errno.EXDEV,
}


def write_file(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all.

    It is written beside the target and moved there at the end. A symbolic link is
    followed; a file that was there keeps its permissions and its owner.

    What cannot be replaced so (a file that is mounted, or in a folder to which nothing
    can be added) or would lose something by it (another name of the same file) is
    written in place, and put back as it was if that fails. Devices and pipes, such as
    /dev/stdout, are written to.

    Raises:
        OSError: the file cannot be written; its `filename` is the path as given.
    """
    try:
        _write(path, data)
    except OSError as error:  # speak of the file that was asked for
        raise OSError(error.errno, error.strerror, str(path)) from None


def _write(path: Path, data: bytes) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a file")
    target = Path(os.path.realpath(path))
    try:
        was = path.stat()
    except FileNotFoundError:
        _replace(target, data)
        return
    descriptor = _find_descriptor(path)
    if descriptor is not None:
        _fill(os.dup(descriptor), data)
    elif not stat.S_ISREG(was.st_mode):
        _fill(os.open(path, os.O_WRONLY), data)
    elif not _may_write(target):
        raise PermissionError(errno.EACCES, "is not yours to write")
    elif was.st_nlink > 1 or not _try_to_replace(target, data):
        _overwrite(target, data)


def _find_descriptor(path: Path) -> int | None:
    """The number of the open file that /dev/stdout, or a link to it, stands for.

    It may lead to a regular file (`> file`), which has to be written on from where it
    is, not replaced: what was printed before would be lost.
    """
    for _ in range(40):  # more links than the system follows
        folder = os.path.realpath(path.parent)
        if folder in (f"/proc/{os.getpid()}/fd", "/dev/fd") and path.name.isdecimal():
            return int(path.name)
        if not path.is_symlink():
            break
        path = path.parent / os.readlink(path)
    return None


def _may_write(path: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(path, os.W_OK, effective_ids=effective)


def _try_to_replace(target: Path, data: bytes) -> bool:
    try:
        _replace(target, data, target.stat())
    except OSError as error:
        if error.errno in _NOT_REPLACEABLE:
            return False
        raise
    return True


def _replace(target: Path, data: bytes, was: os.stat_result | None = None) -> None:
    """Write beside the target and move it there; `was` is what one there has."""
    temporary = target.with_name(f".dotgrad-{uuid.uuid4().hex}")
    # A plain open gives the permissions of any new file. To ask for the umask
    # would mean to set it, for all threads of the process.
    file = open(temporary, "xb")  # noqa: SIM115
    try:
        with file:
            if was is not None:  # before the contents, which may be private
                _copy_rights(target, was, temporary)
            file.write(data)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _copy_rights(source: Path, was: os.stat_result, target: Path) -> None:
    """Give a file the owner, permissions and access lists of another."""
    now = target.stat()
    if (now.st_uid, now.st_gid) != (was.st_uid, was.st_gid):
        os.chown(target, was.st_uid, was.st_gid)
    shutil.copystat(source, target)


def _overwrite(target: Path, data: bytes) -> None:
    """Write in place; what was there comes back if that fails."""
    before = None
    with contextlib.suppress(PermissionError):  # to be written, not to be read
        before = target.read_bytes()
    try:
        _fill(os.open(target, os.O_WRONLY), data, cut=True)
    except BaseException:
        if before is not None:
            with contextlib.suppress(OSError):
                _fill(os.open(target, os.O_WRONLY), before, cut=True)
        raise


def _fill(descriptor: int, data: bytes, *, cut: bool = False) -> None:
    """Write to an open file and close it; with `cut` it ends there."""
    with open(descriptor, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        if cut:
            file.truncate()
