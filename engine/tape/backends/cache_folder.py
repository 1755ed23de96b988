"""A folder with compiled code, used only where nobody else can have changed it.

Each source has a folder of its own, in which the compiler keeps what it made. Sums of
all files are kept beside them: what is cut or damaged is thrown away and made again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from engine.util.files import write_file

_SUMS = "sums.json"
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def find_cache_folder() -> Path:
    """Where compiled code is kept: DOTGRAD_CACHE, or the user's cache folder.

    Raises:
        OSError: there is no home folder.
    """
    chosen = os.environ.get("DOTGRAD_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return Path(base or Path.home() / ".cache") / "dotgrad"
    except RuntimeError as error:
        raise OSError(errno.ENOENT, "there is no home folder") from error


def find_source(text: str, name: str) -> Path:
    """The path of a source: in a folder of its own, named after what is in it.

    Raises:
        OSError: there is no home folder.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return find_cache_folder() / f"{name}_{digest}" / f"{name}_{digest}.py"


def is_intact(source: Path, text: str) -> bool:
    """Whether a source is as it was written, and what was made of it as it was sealed.

    Raises:
        PermissionError: somebody else can write there.
    """
    _require_trust(source.parent)
    try:
        sums = json.loads((source.parent / _SUMS).read_bytes())
        return source.read_bytes() == text.encode() and sums == _add_up(source.parent)
    except (OSError, ValueError):
        return False


def start_anew(source: Path, text: str) -> None:
    """Write a source; what was made of another one goes.

    Raises:
        OSError: it cannot be written, or somebody else can write there.
    """
    folder = source.parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _require_trust(folder)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    write_file(source, text.encode())


def seal(source: Path) -> None:
    """Keep the sums of all that is there now."""
    sums = json.dumps(_add_up(source.parent), indent=1)
    write_file(source.parent / _SUMS, sums.encode())


def _add_up(folder: Path) -> dict[str, str]:
    """The sum of each file, by its path in the folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != _SUMS
    }


def _require_trust(folder: Path) -> None:
    """See that nobody else can write into a folder, nor put another in its place.

    Raises:
        PermissionError: somebody can.
    """
    if os.name != "posix":  # others have no part in the user's own folders there
        return
    real = Path(os.path.realpath(folder))
    for each in (real, *real.parents):
        if not each.exists():
            continue
        status = each.stat()
        open_to = status.st_mode & _OTHERS_MAY_WRITE
        is_ours = status.st_uid in (os.geteuid(), 0)
        is_sticky = each != real and status.st_mode & stat.S_ISVTX
        if each != real:  # the group of a person's own folders is often hers alone
            open_to &= stat.S_IWOTH
        if not is_ours or (open_to and not is_sticky):
            raise PermissionError(
                errno.EACCES, f"others can write to {each}, so it is not trusted"
            )
