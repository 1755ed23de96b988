"""The ways through a function that have been recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.errors import TapeError
from engine.tape.batch import Samples
from engine.tape.ir.arguments import Key, rebuilt
from engine.tape.ir.recording import record
from engine.tape.specialization import Path

__all__ = ["Paths", "by_path"]


class Paths:
    """All paths through a function, by the structure of its arguments.

    Args:
        f: the function.
        max_paths: how many there may be for one structure.
        backend: see `Path`.
        threads: see `Path`.
    """

    def __init__(
        self, f: Callable[..., Any], max_paths: int, backend: str, threads: int
    ) -> None:
        self.f, self.max_paths = f, max_paths
        self.backend, self.threads = backend, threads
        self._known: dict[tuple[Key, ...], list[Path]] = {}
        self._recording = threading.Lock()

    def items(self) -> list[tuple[tuple[Key, ...], Path]]:
        """All of them, each with the structure that it is for."""
        known = list(self._known.items())
        return [(keys, path) for keys, paths in known for path in paths]

    def of(self, keys: tuple[Key, ...]) -> list[Path]:
        """Those for arguments of this structure."""
        return self._known.get(keys, [])

    def record(
        self, keys: tuple[Key, ...], numbers: Sequence[float], seen: int
    ) -> None:
        """Add the path of these arguments, which is none of the first `seen`.

        Another thread may have added one meanwhile: then it is to be tried first.

        Raises:
            TapeError: there would be too many.
        """
        with self._recording:
            paths = self._known.setdefault(keys, [])
            if len(paths) > seen:
                return
            values = iter(numbers)
            recording = record(self.f, [rebuilt(key, values) for key in keys])
            if seen >= self.max_paths:
                guards = recording.tape.guards
                where = guards[-1].where if guards else "its comparisons"
                name = getattr(self.f, "__name__", type(self.f).__name__)
                raise TapeError(
                    f"{name} goes more than {self.max_paths} ways through its "
                    f"comparisons, the last one at {where}: give a larger max_paths, "
                    "or compute without branches (engine.relu, max, where)"
                )
            paths.append(Path(recording, self.backend, self.threads))

    def split(self, samples: Samples) -> Iterator[tuple[Path, Any]]:
        """Each path with the samples that go this way; unknown ones are recorded."""
        import numpy as np

        left, seen = np.arange(samples.count), 0
        while len(left):
            known = self.of(samples.keys)[seen:]
            rows = [path.leaves() if path.tape.guards else () for path in known]
            parts, left = by_path(known, rows, samples, left)
            for i, which in parts:
                yield known[i], which
            seen += len(known)
            if len(left):
                self.record(samples.keys, samples.columns[:, left[0]].tolist(), seen)


def by_path(
    paths: Sequence[Path], leaves: Sequence[Sequence[float]], samples: Samples,
    left: Any,
) -> tuple[list[tuple[int, Any]], Any]:  # fmt: skip
    """Which of the samples `left` go which path, and which of them go none.

    Args:
        paths: in the order in which they are tried.
        leaves: the numbers of each path's leaves.
    """
    parts: list[tuple[int, Any]] = []
    for i, (path, numbers) in enumerate(zip(paths, leaves, strict=True)):
        if not len(left):
            break
        whole = len(left) == samples.count
        inputs = samples.columns if whole else samples.columns[:, left]
        mask = path.holds(inputs, numbers)
        if mask is None:  # all of them
            parts.append((i, slice(None) if whole else left))
            left = left[:0]
        elif mask.any():
            parts.append((i, left[mask]))
            left = left[~mask]
    return parts, left
