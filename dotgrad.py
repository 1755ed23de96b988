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
from typing import TYPE_CHECKING, Any


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


for _package in ("engine", "viz"):
    _see_that_it_is_ours(_package)

import engine  # noqa: E402
import viz  # noqa: E402
from engine import *  # noqa: E402, F403
from engine import __version__ as __version__  # noqa: E402
from engine import abs as abs  # noqa: E402 -- not in a star import, nor those below
from engine import max as max  # noqa: E402
from engine import min as min  # noqa: E402
from engine import pow as pow  # noqa: E402
from engine.registry import explain_missing  # noqa: E402
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
