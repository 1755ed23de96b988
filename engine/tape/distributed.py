"""Gradients over a Dask collection, computed where its partitions are.

The scheduling, the retries and the transport are Dask's. To the workers go tapes, the
numbers of the parameters, and the function that replays the tapes with these numbers
on a partition: so the workers need dotgrad, and nothing of the program.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import OperandError, ShapeError
from engine.graph.sweep import add_gradients
from engine.graph.value import Value
from engine.tape.ir.draws import Draws
from engine.tape.jitted import Jitted, jit
from engine.tape.partition import (
    PackedTape,
    PartialSums,
    Sample,
    StepNumbers,
    add_sums,
    return_same,
    seed_generator,
    sum_partition,
    take_first,
)
from engine.tape.samples import Samples, check_finite

__all__ = ["Distributed", "distributed"]

FAN_IN = 8
"""How many sums are added up in one task."""


def distributed(f: Callable[..., Any]) -> Distributed:
    """A function whose `backward` takes Dask collections.

    Args:
        f: a loss of one sample; make it by `jit` to give options. Rows of the table
            that a program has added have to be added on the workers, too.

    >>> import dask.array
    >>> from engine.nn import parameter
    >>> w = parameter(1.0)
    >>> loss = distributed(lambda x, y: (w * x - y) ** 2)
    >>> x = dask.array.arange(5, chunks=2)
    >>> loss.backward(x, 3 * x), w.grad  # the means of (w x − 3 x)², 2 (w x − 3 x) x
    (24.0, -24.0)

    Raises:
        ModuleNotFoundError: Dask is not installed.
    """
    _require_dask()
    return Distributed(f if isinstance(f, Jitted) else jit(f))


class Distributed:
    """What `distributed` makes of a function."""

    def __init__(self, f: Jitted) -> None:
        self.f = f
        self._sent: tuple[Any, list[Any], Any] = (None, [], None)
        self._calls: dict[Jitted, Distributed] = {}

    def backward(self, *collections: Any, **keywords: Any) -> float:
        """Add the mean gradient to `grad` of every leaf that `f` closes over.

        The result is the mean value. Both are what `jit(f).backward` gives for the
        same samples on one machine, up to the rounding of sums: those of the
        partitions are added in a tree, which does not depend on the workers.

        Args:
            collections: Dask arrays with a row for each sample, bags of samples, or
                lists of delayed partitions, all cut at the same samples; by keyword,
                too. Static arguments are as they are.

        Raises:
            OperandError: one is no such collection.
            ShapeError: they are cut differently, or have no samples.
            TapeError: a value or a gradient is not finite (see `jit`).
        """
        call, collections = self.f.select_call(collections, keywords)
        if call is not self.f:
            own = self._calls.setdefault(call, Distributed(call))
            return own.backward(*collections)
        partitions = _align_partitions(collections)
        if not self.f.specializations.items():
            self._record_first(partitions)
        step = _Step()
        leaves, total = self._compute_total(partitions, step)
        while total.unknown:
            for one in total.unknown:
                before = one.before + one.number
                parts = self.f.follow(step.rebuild(one), before=before)
                if any(part.error for part in parts):
                    step.uncaught.add((one.partition, one.number))
            leaves, total = self._compute_total(partitions, step)
        for odd in total.nonfinite:
            check_finite(
                self.f.f, self.f.nonfinite, step.rebuild(odd.sample), odd.numbers,
                what=odd.what, before=odd.sample.before + odd.sample.number,
            )  # fmt: skip
        if not total.count:
            raise ShapeError("the collections have no samples")
        add_gradients(leaves, (total.by_leaf / total.count).tolist())
        return float(total.value / total.count)

    def _record_first(self, partitions: list[Any]) -> None:
        for parts in partitions:
            [samples] = _require_dask().compute(_delay(take_first)(*parts))
            if samples is not None:
                self.f.record(samples)
                break

    def _compute_total(
        self, partitions: list[Any], step: _Step
    ) -> tuple[list[Value], PartialSums]:
        """All leaves of the tapes, and the sums over all partitions.

        The tasks are a tree, and its root gives the total.
        """
        known = self.f.specializations.items()
        captured = [one.recording.leaves for _, one in known]
        leaves = list(dict.fromkeys(leaf for some in captured for leaf in some))
        number = {leaf: i for i, leaf in enumerate(leaves)}
        drawn = [draw.rng for _, one in known for draw in one.recording.draws]
        generators = [*{id(rng): rng for rng in drawn}.values()]
        numbers = StepNumbers(
            [leaf.data for leaf in leaves],
            [[number[leaf] for leaf in some] for some in captured],
            [*map(step.seed, generators)],
            self.f.nonfinite == "allow",
            frozenset(step.uncaught),
        )
        tapes = self._send_tapes(known, generators)
        now = _delay(return_same)(numbers)
        level = [
            _delay(sum_partition)(now, i, tapes, *parts)
            for i, parts in enumerate(partitions)
        ]
        while len(level) > 1:
            level = [
                _delay(add_sums)(*level[i : i + FAN_IN])
                for i in range(0, len(level), FAN_IN)
            ]
        [total] = _require_dask().compute(level[0])
        return leaves, total

    def _send_tapes(self, known: list[Any], generators: list[Any]) -> Any:
        """The tapes as a task; to a cluster they are sent once, and stay there."""
        client = _find_client()
        if self._sent[:2] != (client, known) or _is_lost(self._sent[2]):
            packed = [PackedTape.of(keys, one, generators) for keys, one in known]
            # A task, not data: Dask repeats it when the worker that has it dies.
            tapes = _delay(return_same)(packed)
            self._sent = client, known, tapes if client is None else tapes.persist()
        return self._sent[2]


class _Step:
    """What holds for one call of `backward`, however often it is computed."""

    def __init__(self) -> None:
        self.uncaught: set[tuple[int, int]] = set()
        """See `StepNumbers`."""
        self._seeds: dict[int, float] = {}

    def seed(self, rng: Any) -> float:
        """The seed that is drawn from a generator, once."""
        if id(rng) not in self._seeds:
            self._seeds[id(rng)] = rng.uniform(0.0, 1.0)
        return self._seeds[id(rng)]

    def rebuild(self, sample: Sample) -> Samples:
        """A sample that draws here what it draws at its worker."""
        place = sample.partition, sample.number
        draws = Draws(1, lambda rng, _: seed_generator(self.seed(rng), *place))
        return sample.samples.drawing_from(draws)


def _align_partitions(collections: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Tuples of delayed partitions, one of each collection."""
    if not collections:
        raise ShapeError("backward needs a collection with the samples")
    listed = [_list_partitions(c, f"args[{i}]") for i, c in enumerate(collections)]
    counts = [len(parts) for _, parts in listed]
    sizes = [rows for rows, _ in listed if rows is not None]
    if len(set(counts)) > 1 or any(rows != sizes[0] for rows in sizes):
        raise ShapeError(
            f"the collections have {counts} partitions, with {sizes} rows where that "
            "is known: cut them at the same samples (rechunk, repartition)"
        )
    return list(zip(*(parts for _, parts in listed), strict=True))


def _list_partitions(collection: Any, path: str) -> tuple[Any, list[Any]]:
    """The numbers of rows of the partitions, if they are known, and the partitions."""
    if hasattr(collection, "rechunk"):
        whole = collection.rechunk(dict.fromkeys(range(1, collection.ndim), -1))
        rows = whole.chunks[0]
        known = not any(n != n for n in rows)  # Dask writes nan for what it cannot know
        return rows if known else None, whole.to_delayed().ravel().tolist()
    if hasattr(collection, "to_delayed"):
        return None, list(collection.to_delayed())
    if isinstance(collection, (list, tuple)) and all(
        hasattr(part, "dask") for part in collection
    ):
        return None, list(collection)
    raise OperandError(
        f"{path} is {collection!r:.80}: give a Dask array or bag, or a list of delayed "
        "partitions; what is in memory is for jit(f).backward"
    )


def _delay(f: Callable[..., Any]) -> Any:
    from dask.delayed import delayed

    return delayed(f, traverse=False)


def _find_client() -> Any:
    """The cluster that Dask computes in; None if it is this process."""
    module = sys.modules.get("distributed")  # who has a cluster has imported it
    try:
        return module and module.default_client()
    except ValueError:
        return None


def _is_lost(task: Any) -> bool:
    """Whether it was kept by a cluster that has been restarted since."""
    module = sys.modules.get("distributed")
    return module is not None and any(x.cancelled() for x in module.futures_of(task))


def _require_dask() -> Any:
    try:
        import dask
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Dask collections need dask: pip install 'dotgrad[distributed]'"
        ) from None
    return dask
