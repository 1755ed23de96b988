"""Writing a file so that it is either whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import uuid
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside the target and move it there at the end.

    A symbolic link is followed, and a file that was there keeps its permissions.

    Raises:
        OSError: the file cannot be written; what was there before still is.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a file", str(path))
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".dotgrad-{uuid.uuid4().hex}")
    try:
        # A plain open gives the permissions of any new file. To ask for the umask
        # would mean to set it, for all threads of the process.
        file = open(temporary, "xb")  # noqa: SIM115
    except OSError as error:  # speak of the file that was asked for
        error.filename = str(path)
        raise
    try:
        with file:
            if target.exists():
                shutil.copymode(target, temporary)
            file.write(data)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
