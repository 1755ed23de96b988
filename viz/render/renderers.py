"""The programs that turn DOT into a picture, and which of them is used."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sysconfig
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from viz.errors import FormatError, OptionError, RendererError
from viz.render.check import check_picture
from viz.render.fonts import find_missing_characters
from viz.render.process import Finished, TooMuchOutputError, run_bounded

ENVIRONMENT = "DOTGRAD_RENDERER"
TIME_LIMIT = 60.0
"""Seconds that a renderer may take."""

OUTPUT_LIMIT = 1 << 28
"""Bytes that a renderer may write."""

RASTER = frozenset({"png", "jpg", "jpeg"})
_COMMON = frozenset({"svg", "json0", *RASTER})


class CannotStartError(RendererError):
    """A program is installed but cannot be run; perhaps another one can."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """A way to get a picture.

    Args:
        formats: what it can make.
        find: gives what `run` needs, or None where it is not installed.
        run: (found, source, layout engine, format, seconds) → the picture.
        hint: the command that installs it.
        any_script: whether it draws characters of all scripts, given the fonts.
    """

    name: str
    formats: frozenset[str]
    find: Callable[[], str | None]
    run: Callable[[str, str, str, str, float], bytes]
    hint: str
    any_script: bool = True


@lru_cache(maxsize=1)
def _find_bundled() -> str | None:
    from importlib import metadata  # slow, and needed for this alone

    name = "graphviz-pure" + (".exe" if os.name == "nt" else "")
    candidates = []
    try:
        files = metadata.files("graphviz-pure") or []
        candidates = [Path(str(f.locate())) for f in files if f.name == name]
    except metadata.PackageNotFoundError:
        pass
    candidates.append(Path(sysconfig.get_path("scripts"), name))
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return str(candidate.resolve())
    return shutil.which(name)


def _find_dot() -> str | None:
    return shutil.which("dot")


def _find_pygraphviz() -> str | None:
    return "pygraphviz" if importlib.util.find_spec("pygraphviz") else None


def _run_program(
    program: str, source: str, engine: str, format_: str, seconds: float
) -> bytes:
    try:
        done = run_bounded(
            [program, f"-K{engine}", f"-T{format_}"],
            source.encode(),
            seconds=seconds,
            limit=OUTPUT_LIMIT,
        )
    except subprocess.TimeoutExpired:
        raise RendererError(
            f"{Path(program).name} took longer than the time limit of {seconds:g} s; "
            "draw a smaller graph, or give it more time with time_limit="
        ) from None
    except TooMuchOutputError:
        raise RendererError(
            f"{Path(program).name} wrote more than {OUTPUT_LIMIT >> 20} MiB and was "
            "stopped; draw a smaller graph"
        ) from None
    except OSError as error:
        raise CannotStartError(f"{program} could not be run: {error}") from error
    if done.status or not done.output:
        raise RendererError(f"{Path(program).name} failed {_explain_end(done)}")
    return done.output


def _explain_end(done: Finished) -> str:
    """How a program ended, and what it wrote of that, without its warnings."""
    if done.status < 0:
        how = "it was killed from outside, perhaps for want of memory"
        return f"(signal {-done.status}): {how}"
    lines = done.errors.decode(errors="replace").splitlines()
    said = "\n".join(line for line in lines if not line.startswith("Warning: "))
    return f"({done.status}): {said.strip()[-500:] or 'it said nothing'}"


_one_at_a_time = threading.Lock()  # two threads inside it abort the process


def _run_pygraphviz(
    module: str, source: str, engine: str, format_: str, _seconds: float
) -> bytes:
    pygraphviz = importlib.import_module(module)
    with _one_at_a_time, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        graph = pygraphviz.AGraph(string=source)
        data = graph.draw(format=format_, prog=engine)
    if not data:
        said = "; ".join(str(w.message) for w in caught)
        raise RendererError(f"pygraphviz failed: {said or 'it said nothing'}")
    return bytes(data)


RENDERERS: Mapping[str, Renderer] = {
    renderer.name: renderer
    for renderer in (
        Renderer(
            "graphviz-pure", _COMMON, _find_bundled, _run_program,
            "pip install graphviz-pure", any_script=False,
        ),
        Renderer(
            "dot", _COMMON | {"pdf", "ps", "eps"}, _find_dot, _run_program,
            "apt install graphviz (or brew install graphviz)",
        ),
        Renderer(
            "pygraphviz", _COMMON | {"pdf", "ps", "eps"}, _find_pygraphviz,
            _run_pygraphviz, "pip install pygraphviz",
        ),
    )
}  # fmt: skip
"""In the order in which they are asked."""


def render(
    source: str,
    format_: str,
    *,
    renderer: str | None = None,
    engine: str = "dot",
    time_limit: float = TIME_LIMIT,
) -> bytes:
    """The picture of DOT `source`, by the first renderer that can make it.

    Args:
        renderer: the name of the only one to ask; the environment variable
            DOTGRAD_RENDERER says the same for all pictures.
        time_limit: seconds before a renderer is stopped.

    Raises:
        OptionError: no renderer of this name.
        FormatError: no renderer knows the format.
        RendererError: none that could is installed, or it failed.
    """
    wanted = renderer or os.environ.get(ENVIRONMENT) or None
    candidates = _select_able(wanted, format_)
    found = [(r, where) for r in candidates if (where := r.find())]
    if not found:
        raise RendererError(_advise_install(candidates, format_))
    missing = find_missing_characters(source) if format_ in RASTER else ""
    if missing:  # a stable sort: those that can draw them come first
        found.sort(key=lambda pair: not pair[0].any_script)
    broken = []
    for chosen, where in found:
        try:
            data = chosen.run(where, source, engine, format_, time_limit)
        except CannotStartError as error:
            broken.append(str(error))
        else:
            check_picture(data, format_, chosen.name)
            if missing and not chosen.any_script:
                _warn_of_boxes(missing)
            return data
    raise RendererError("; ".join([*broken, _advise_install(candidates, format_)]))


def _warn_of_boxes(missing: str) -> None:
    warnings.warn(
        f"the bundled fonts lack {missing[:20]!r}: boxes stand for them. Save an svg, "
        f"or install Graphviz with fonts: {RENDERERS['dot'].hint}",
        stacklevel=3,
    )


def _select_able(wanted: str | None, format_: str) -> list[Renderer]:
    if wanted is not None and wanted not in RENDERERS:
        raise OptionError(
            f"renderer={wanted!r}: there is no such renderer; choose from "
            f"{', '.join(RENDERERS)}"
        )
    asked = [RENDERERS[wanted]] if wanted else list(RENDERERS.values())
    able = [r for r in asked if format_ in r.formats]
    if not able:
        known = sorted({f for r in asked for f in r.formats})
        raise FormatError(
            f"{'/'.join(r.name for r in asked)} cannot make {format_!r}; "
            f"choose from {', '.join(known)}"
        )
    return able


def _advise_install(candidates: list[Renderer], format_: str) -> str:
    tried = ", ".join(r.name for r in candidates)
    hints = " or: ".join(r.hint for r in candidates)
    return (
        f"nothing here can make a {format_}: looked for {tried}. Install one: {hints}"
    )
