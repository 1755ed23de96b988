"""What to do about a file that cannot be read or written."""

from __future__ import annotations

import difflib
from pathlib import Path

__all__ = ["told"]


def told(error: OSError) -> str:
    """The error with its path and a way out."""
    if not error.filename:
        return error.strerror or str(error)
    path = Path(str(error.filename))
    return f"{path}: {error.strerror}{_advice(error, path)}"


def _advice(error: OSError, path: Path) -> str:
    match error:
        case FileNotFoundError() if not path.parent.is_dir():
            return f"; make the folder first: mkdir -p {path.parent}"
        case FileNotFoundError():
            here = [found.name for found in path.parent.iterdir()]
            near = difflib.get_close_matches(path.name, here, n=1)
            return f"; did you mean {path.with_name(near[0])}?" if near else ""
        case PermissionError():
            return "; choose a path of your own, such as one in your home folder"
        case IsADirectoryError():
            return "; give the path of a file in it"
    return ""
