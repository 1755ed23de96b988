"""`dotgrad bench`."""

from __future__ import annotations

import platform
import statistics
import timeit
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click

from engine import Value, topological_order
from engine.tape import BACKENDS, jit
from engine.util.progress import Progress
from viz.cli.command import command
from viz.cli.inputs import Expression, takes_expression
from viz.cli.output import json_option, print_json
from viz.cli.terminal import echo, print_table

RUNS = 7
Work = Callable[[], object]
Prepare = Callable[[Expression, Value, int], tuple[Work, Work]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of several runs, in nanoseconds per value of the graph and sample."""

    what: str
    value: float
    value_and_gradient: float


@command(
    'dotgrad bench "y = tanh(w * x + b)" w=-3 x=2 b=6.9 --seconds 0.02 --batch 256',
    'dotgrad bench "sigmoid(w * x) * w" w=1 x=2 --seconds 0.02 --batch 256 --json',
)
@takes_expression
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=0.5,
    show_default=True,
    help="How long to measure each way.",
)
@click.option(
    "--batch",
    type=click.IntRange(1),
    default=4096,
    show_default=True,
    help="How many samples a batch has.",
)
@json_option
def bench(given: Expression, *, seconds: float, batch: int, as_json: bool) -> None:
    """Measure the expression on this machine: eager Values and tapes.

    Eager builds the graph (and sweeps it); a tape replays it, by each back end. Batches
    need the extra `fast`.
    """
    if not given.numbers:
        raise click.UsageError("The expression has no names, so there is no gradient.")
    value = given.value(None)
    nodes = len(topological_order(value))
    with Progress(2 * len(WAYS), "bench", "measurement", show=True) as progress:
        measured = list(_measure_all(given, value, nodes, seconds, batch, progress))
    where = f"Python {platform.python_version()}, {platform.machine()}"
    if as_json:
        rows = [asdict(m) for m in measured]
        print_json({"nodes": nodes, "batch": batch, "on": where, "measured": rows})
        return
    print_table(
        [f"ns per node ({nodes} nodes)", "value", "value and gradient"],
        [[m.what, _format(m.value), _format(m.value_and_gradient)] for m in measured],
    )
    echo(f"medians of {RUNS} runs of {seconds / RUNS:.2g} s; {where}")


def _measure_all(
    given: Expression, value: Value, nodes: int, seconds: float, batch: int,
    progress: Progress,
) -> Iterator[Measured]:  # fmt: skip
    """A line for each way to compute, as long as what it needs is installed."""
    for what, prepare, in_batches in WAYS:
        count = batch if in_batches else 1
        try:
            works = prepare(given, value, count)
        except ModuleNotFoundError:
            message = f"no {what} here; batches need pip install 'dotgrad[fast]'"
            echo(message, err=True)
            return  # what comes after it needs the same, and more
        times = []
        for work in works:
            times.append(_measure(work, seconds) / nodes / count)
            progress.advance(what)
        yield Measured(f"{what}, {batch} samples" if in_batches else what, *times)


def _measure(work: Work, seconds: float) -> float:
    """Nanoseconds for one call, with the garbage collector on as in real programs."""
    timer = timeit.Timer(work, "import gc; gc.enable()")
    number = 1
    while (spent := timer.timeit(number)) < seconds / RUNS / 4:
        number *= 4
    number = max(1, round(number * seconds / RUNS / spent))
    return 1e9 * statistics.median(timer.repeat(RUNS, number)) / number


def _prepare_eager(_: Expression, value: Value, __: int) -> tuple[Work, Work]:
    build = _make_builder(value)
    return build, lambda: build().backward()


def _make_builder(value: Value) -> Callable[[], Value]:
    """What a function of one's own would do: make the leaves, call the operations."""
    order = topological_order(value)
    place = {node: i for i, node in enumerate(order)}
    methods = [node.op and node.op.methods.get(Value, node.op) for node in order]
    operands = [tuple(place[parent] for parent in node.parents) for node in order]

    def build() -> Value:
        made: list[Value] = []
        for node, method, places in zip(order, methods, operands, strict=True):
            if method is None:
                made.append(Value(node.data))
            else:
                made.append(method(*[made[i] for i in places]))
        return made[-1]

    return build


def _prepare_tape(name: str) -> Prepare:
    """How a back end is measured: on a batch, if it is made for batches."""

    def prepare(given: Expression, _: Value, count: int) -> tuple[Work, Work]:
        argnums = tuple(range(len(given.numbers)))
        f = jit(given.function, argnums=argnums, backend=name)
        xs = list(given.numbers.values())
        if not BACKENDS[name].for_batches:
            f.value_and_grad(*xs)  # records and compiles
            return lambda: f(*xs), lambda: f.value_and_grad(*xs)
        import numpy as np

        arrays = [np.full(count, x) for x in xs]
        f.value_and_grad_batch(*arrays)
        return lambda: f.batch(*arrays), lambda: f.value_and_grad_batch(*arrays)

    return prepare


def _format(x: float) -> str:
    return f"{x:.3g}" if x < 100 else f"{x:.0f}"


WAYS = [
    ("eager", _prepare_eager, False),
    *(
        (f"tape, {backend.label}", _prepare_tape(name), backend.for_batches)
        for name, backend in BACKENDS.items()
        if backend.is_built()
    ),
]
