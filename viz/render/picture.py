"""`Picture`: a `graphviz.Digraph` that is rendered by whatever is there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import graphviz

from engine.util.files import write_file
from viz.errors import FormatError, TooLargeError
from viz.render.renderers import RASTER, TIME_LIMIT, render

MAX_RASTER_NODES = 3000
"""The most nodes of a png or jpg: more need gigabytes, and nobody can read them."""

_FIRST_LINE = re.compile(r"^(?!//).*\{\n", re.MULTILINE)
"""Where the graph begins, below comments."""


class Picture(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` whose `pipe` and `render` need no Graphviz on the machine.

    Everything else is as in the graphviz package: `source`, `copy()`, display in a
    notebook. The format is svg unless another is asked for.
    """

    renderer: str | None = None
    time_limit: float = TIME_LIMIT
    dpi: int | None = None
    """Dots per inch of a png or jpg. In an svg or pdf lengths are what they are: text
    of 12 pt is 12 pt high."""

    transparent: bool = False
    """Whether it has no background."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("format", "svg")
        super().__init__(*args, **options)

    def copy(self) -> Picture:
        """A picture that can be changed on its own."""
        twin: Picture = super().copy()
        twin.renderer, twin.time_limit = self.renderer, self.time_limit
        twin.dpi, twin.transparent = self.dpi, self.transparent
        return twin

    def pipe(
        self,
        format: str | None = None,  # noqa: A002
        renderer: str | None = None,
        formatter: str | None = None,  # noqa: ARG002
        neato_no_op: bool | int | None = None,  # noqa: ARG002
        quiet: bool = False,  # noqa: ARG002
        *,
        engine: str | None = None,
        encoding: str | None = None,
    ) -> bytes | str:
        """The picture as bytes, or as text when an `encoding` is given.

        Args:
            format: svg, png, jpg or pdf.
            renderer: "graphviz-pure", "dot" or "pygraphviz"; else what fits.

        Raises:
            TooLargeError: a png or jpg would have more than 3,000 nodes.
            FormatError, RendererError: see `viz.render.renderers.render`.
        """
        format_ = (format or self.format).lower()
        self._check_size(format_)
        if self.transparent and format_ in ("jpg", "jpeg"):
            raise FormatError(
                "a jpg cannot be transparent: choose background='#ffffff', or a png"
            )
        data = render(
            self._size_source(format_),
            format_,
            renderer=renderer or self.renderer,
            engine=engine or self.engine,
            time_limit=self.time_limit,
        )
        return data.decode(encoding) if encoding else data

    def render(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,  # noqa: A002
        renderer: str | None = None,
        formatter: str | None = None,  # noqa: ARG002
        neato_no_op: bool | int | None = None,  # noqa: ARG002
        quiet: bool = False,  # noqa: ARG002
        quiet_view: bool = False,
        *,
        outfile: str | os.PathLike[str] | None = None,
        engine: str | None = None,
        raise_if_result_exists: bool = False,
        overwrite_source: bool = False,
    ) -> str:
        """Save the source and the picture beside it; the picture's path.

        The arguments mean what they mean in the graphviz package. Nothing is written
        when rendering fails, or the picture cannot be written.
        """
        source, target = self._paths(filename, directory, format, outfile)
        if raise_if_result_exists and target.exists():
            raise graphviz.FileExistsError(f"{target} exists already")
        if source == target and not overwrite_source:
            raise ValueError(f"the picture would overwrite its source: {target}")
        data = self.pipe(target.suffix[1:], renderer=renderer, engine=engine)
        assert isinstance(data, bytes)
        target.parent.mkdir(parents=True, exist_ok=True)
        alone = cleanup or source.exists()
        if not cleanup:
            write_file(source, self.source.encode())
        try:
            write_file(target, data)
        except OSError:
            if not alone:  # no picture, no source
                source.unlink(missing_ok=True)
            raise
        if view or quiet_view:
            self._view(str(target), format=target.suffix[1:], quiet=quiet_view)
        return str(target)

    def _paths(
        self,
        filename: str | os.PathLike[str] | None,
        directory: str | os.PathLike[str] | None,
        format_: str | None,
        outfile: str | os.PathLike[str] | None,
    ) -> tuple[Path, Path]:
        if filename is not None:
            self.filename = os.fspath(filename)
        if directory is not None:
            self.directory = os.fspath(directory)
        if outfile is None:
            source = Path(self.filepath)
            return source, Path(f"{source}.{format_ or self.format}")
        target = Path(outfile)
        if format_:
            target = target.with_suffix(f".{format_}")
        return target.with_suffix(f".{self._default_extension}"), target

    def _size_source(self, format_: str) -> str:
        """The source with what a format needs to have the size that is meant."""
        sizes = 'margin="0"'
        if format_ in RASTER and self.dpi is not None:
            sizes += f' dpi="{self.dpi}"'
        return _FIRST_LINE.sub(rf"\g<0>\tgraph [{sizes}]\n", self.source, count=1)

    def _check_size(self, format_: str) -> None:
        count = sum(" -> " not in line and " [" in line for line in self.body)
        if format_ in RASTER and count > MAX_RASTER_NODES:
            raise TooLargeError(
                f"a {format_} of {count} drawn nodes would take gigabytes "
                f"(the limit is {MAX_RASTER_NODES}): save an svg, or draw a part"
            )
