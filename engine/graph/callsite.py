"""Which line of a program made a node."""

from __future__ import annotations

import contextlib
import os
import sys
from types import FrameType


def find_source() -> tuple[str, int] | None:
    """File and line of the innermost call from outside this package.

    >>> file, line = find_source()
    >>> line
    1
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PASSED_OVER):
        frame = frame.f_back
    caller = _leave_libraries(frame) or frame
    return caller and (caller.f_code.co_filename, caller.f_lineno)


def _leave_libraries(frame: FrameType | None) -> FrameType | None:
    """The innermost call that comes from no library, where there is one."""
    while frame is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def is_own(frame: FrameType) -> bool:
    """Whether its code is of engine or viz, which read numbers to show them.

    An example in their documentation is not: it has their names, but no file.
    """
    own = str(frame.f_globals.get("__name__")).startswith(("engine.", "viz."))
    return own and not frame.f_code.co_filename.startswith("<")


def is_library(file: str) -> bool:
    """Whether a file is of Python's own library, or installed."""
    return file.startswith(_STANDARD) or "site-packages" in file


PACKAGE = os.path.join(
    os.path.dirname(os.path.dirname(find_source.__code__.co_filename)), ""
)
"""The folder of the package, as the compiler wrote it into the code of every module
here. It need not be where the package lies now."""

_STANDARD = os.path.join(os.path.dirname(os.__file__), "")
_PASSED_OVER = (PACKAGE, contextlib.__file__)
"""A function that `scope` or `no_grad` decorates is called from contextlib."""


def format_source(source: tuple[str, int] | None) -> str:
    """A source line as explanations name it: "model.py:12", relative where it can be.

    >>> format_source(("<stdin>", 3)), format_source(None)
    ('<stdin>:3', '')
    """
    if source is None:
        return ""
    file, line = source
    return f"{file.removeprefix(_working_folder())}:{line}"


def _working_folder() -> str:
    try:
        return os.path.join(os.getcwd(), "")
    except OSError:  # it was deleted
        return ""
