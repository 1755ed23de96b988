"""What happened in a training: a row of numbers for each thing that was watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class History:
    """Numbers by epoch: `history["loss"]` is a list, and so is all that was watched.

    >>> history = History()
    >>> history.append({"loss": 0.5})
    >>> history["loss"], len(history), history
    ([0.5], 1, History(1 epoch: loss 0.5))
    """

    def __init__(self, series: Mapping[str, Sequence[float]] | None = None) -> None:
        self.series = {name: list(row) for name, row in (series or {}).items()}
        self.stopped = ""
        """Why the training ended early, or ""."""

    def append(self, numbers: Mapping[str, float]) -> None:
        """Add the numbers of one more epoch."""
        for name, x in numbers.items():
            self.series.setdefault(name, []).append(x)

    def __getitem__(self, name: str) -> list[float]:
        try:
            return self.series[name]
        except KeyError:
            known = ", ".join(map(repr, self.series)) or "nothing yet"
            raise KeyError(f"{name!r}: the history has {known}") from None

    def __len__(self) -> int:
        return max(map(len, self.series.values()), default=0)

    @property
    def last(self) -> str:
        """The numbers of the last epoch, for people."""
        return ", ".join(f"{name} {row[-1]:.4g}" for name, row in self.series.items())

    def __repr__(self) -> str:
        epochs = f"{len(self)} epoch{'s' * (len(self) != 1)}"
        stopped = f"; stopped: {self.stopped.splitlines()[0]}" if self.stopped else ""
        last = f": {self.last}" if len(self) else ""
        return f"History({epochs}{last}{stopped})"
