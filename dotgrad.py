"""dotgrad: scalar Values that record how they were computed, and pictures of them.

The public names of its two packages, `engine` and `viz`, in one place:

>>> import dotgrad as dg
>>> x = dg.Value(3.0, label="x")
>>> y = dg.tanh(x / 2)
>>> y.backward()
>>> round(x.grad, 4)
0.0904
>>> picture = dg.draw(y)

`dg.nn`, `dg.tape` and `dg.testing` are those of `engine`. Both packages have an `Edge`:
`dg.Edge` is the engine's, one use of a value; that of a picture is `viz.Edge`.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any


def find_overwritten(path: Sequence[str] = ()) -> str:
    """A sentence about files of ours that are not as they were installed, or "".

    Other distributions have packages of the names `engine` and `viz`, too; pip lets the
    one that is installed last write over the files of the other.

    Args:
        path: the folders in which distributions are installed; else `sys.path`.
    """
    from importlib import metadata  # slow, and needed for this alone

    installed = list(metadata.distributions(path=list(path) or sys.path))
    ours = next((d for d in installed if d.metadata["Name"] == "dotgrad"), None)
    changed = [str(file) for file in (ours and ours.files) or () if _is_changed(file)]
    if not changed:
        return ""
    others = [d for d in installed if d.metadata["Name"] != "dotgrad"]
    owners = {
        str(d.metadata["Name"])
        for d in others
        if not {str(file) for file in d.files or ()}.isdisjoint(changed)
    }
    more = f" and {len(changed) - 1} more files" if len(changed) > 1 else ""
    was = "were" if more else "was"
    of = f" by {', '.join(sorted(owners))}" if owners else ""
    remove = f"pip uninstall {' '.join(sorted(owners))}, then " if owners else ""
    return (
        f"{changed[0]}{more} of dotgrad {was} overwritten{of}: {remove}"
        "pip install --force-reinstall dotgrad"
    )


def _is_changed(file: Any) -> bool:
    import base64
    import hashlib

    if file.hash is None or file.hash.mode != "sha256" or file.suffix != ".py":
        return False
    try:
        digest = hashlib.sha256(file.locate().read_bytes()).digest()
    except OSError:
        return True
    encoded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return bool(encoded != file.hash.value)


def _see_that_it_is_ours(package: str) -> None:
    """See that `import package` finds what is installed beside this file.

    Raises:
        ImportError: a file of somebody else's has the same name and is found first.
    """
    loaded = sys.modules.get(package)
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # a module that was put there by hand
        spec = None
    found = (spec and spec.origin) or getattr(loaded, "__file__", None)
    ours = os.path.join(os.path.dirname(os.path.realpath(__file__)), package)
    if found is None or os.path.dirname(os.path.realpath(found)) != ours:
        raise ImportError(
            f"{found or f'something else of the name {package}'} hides dotgrad's "
            f"package {package!r}: rename it, or start Python in another folder"
        )


def _see_that_it_is_whole(package: str) -> None:
    """See that the files of a package are those that were installed.

    Raises:
        ImportError: another distribution has overwritten them.
    """
    try:
        whole = hasattr(importlib.import_module(package), "__all__")
    except Exception as error:
        if overwritten := find_overwritten():
            raise ImportError(overwritten) from error
        raise
    if not whole and (overwritten := find_overwritten()):
        raise ImportError(overwritten)


for _package in ("engine", "viz"):
    _see_that_it_is_ours(_package)
    _see_that_it_is_whole(_package)

import engine  # noqa: E402
import viz  # noqa: E402
from engine import *  # noqa: E402, F403
from engine import __version__ as __version__  # noqa: E402
from engine import abs as abs  # noqa: E402 -- not in a star import, nor those below
from engine import max as max  # noqa: E402
from engine import min as min  # noqa: E402
from engine import pow as pow  # noqa: E402
from engine.text import explain_missing  # noqa: E402
from viz import *  # type: ignore[assignment]  # noqa: E402, F403

Edge = engine.Edge  # type: ignore[misc]
__all__ = sorted({*engine.__all__, *viz.__all__})

if not TYPE_CHECKING:  # which would take any name for a row

    def __getattr__(name: str) -> Any:
        """A package of the engine, or a row that a program has registered."""
        if name in ("nn", "tape", "testing"):
            return importlib.import_module(f"engine.{name}")
        if name in engine.TABLE:
            return engine.TABLE[name]
        raise explain_missing("dotgrad", name, {*__all__, *engine.TABLE})


if __name__ == "__main__":
    from viz.cli import main

    sys.exit(main())
