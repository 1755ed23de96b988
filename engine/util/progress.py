"""Progress bars for long work: on a terminal or in a notebook, and only there."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from engine.text import say

__all__ = ["Progress", "track"]

T = TypeVar("T")


class Progress:
    """A bar that counts up to `total`; where no bar is shown it does nothing.

    It is shown on a terminal and in a notebook, by tqdm. Where tqdm is missing one line
    says so.

    >>> with Progress(3, "work", "piece", show=True) as progress:
    ...     progress.advance("nearly done")
    """

    def __init__(self, total: int, what: str, unit: str, *, show: bool) -> None:
        self._bar: Any = None
        if not show or not _is_watched(sys.stderr):
            return
        try:
            from tqdm import tqdm
        except ModuleNotFoundError:
            say("no progress bar without tqdm: pip install 'dotgrad[progress]'")
            return
        self._bar = tqdm(total=total, desc=what, unit=unit)

    def advance(self, note: str = "") -> None:
        """One more is done; the note is shown beside the bar."""
        if self._bar is not None:
            if note:
                self._bar.set_postfix_str(note, refresh=False)
            self._bar.update()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _is_watched(stream: Any) -> bool:
    """Whether a person sees it: on a terminal, or in a notebook, which is no tty."""
    in_notebook = type(stream).__module__.startswith("ipykernel.")
    return in_notebook or (stream is not None and bool(stream.isatty()))


def track(items: Sequence[T], what: str, unit: str, *, show: bool) -> Iterator[T]:
    """The items, with a bar that counts them."""
    with Progress(len(items), what, unit, show=show) as progress:
        for item in items:
            yield item
            progress.advance()
