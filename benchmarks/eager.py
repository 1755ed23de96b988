"""Build and differentiate graphs with Values: dotgrad, micrograd and XAD.

    python benchmarks/eager.py [--runs 11]

The network is 2-16-16-1 on 50 samples. The engines run in turn in this one process, the
garbage collector on, on the same numbers. Printed are medians per node of dotgrad's
graph, and how many times as long the others take.

"build" and "backward" time one graph in an otherwise empty heap. "training step" is
what a loop pays: build, backward, and getting rid of the last step's graph. The
closures of micrograd make cycles, which only the garbage collector frees; a graph of
dotgrad has none and is freed by reference counting. XAD keeps its graph on a tape in
C++, which each step records anew.
"""

from __future__ import annotations

import argparse
import gc
import platform
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

from network import SAMPLES, data, hinge, initial

import engine
from engine.native import describe_core

Samples = list[tuple[list[float], int]]


class Graphs:
    """An engine whose results know what they were computed from."""

    def __init__(self, name: str, value: Any, relu: Callable[[Any], Any]) -> None:
        self.name, self.value, self.relu = name, value, relu

    def make(self, numbers: list[float]) -> list[Any]:
        """The parameters."""
        return list(map(self.value, numbers))

    def build(self, params: Sequence[Any], samples: Samples) -> Any:
        """The mean hinge loss and L2 regularisation, as in micrograd's demo."""
        losses = [hinge(params, x, y, self.relu) for x, y in samples]
        return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in params)

    def differentiate(self, output: Any) -> None:
        """Compute the gradient."""
        output.backward()

    def gradient(self, params: Sequence[Any]) -> list[float]:
        """What that has left in the parameters."""
        return [p.grad for p in params]


class Xad(Graphs):
    """XAD, whose tape is switched on for each graph."""

    def __init__(self, tape: Any, value: Any, relu: Callable[[Any], Any]) -> None:
        super().__init__("XAD", value, relu)
        self.make_tape = tape

    def build(self, params: Sequence[Any], samples: Samples) -> Any:
        """Record it."""
        self.tape = self.make_tape()
        self.tape.activate()
        for param in params:
            self.tape.registerInput(param)
        self.tape.newRecording()
        return super().build(params, samples)

    def differentiate(self, output: Any) -> None:
        """Play the tape back."""
        self.tape.registerOutput(output)
        output.setDerivative(1.0)
        self.tape.computeAdjoints()
        self.tape.deactivate()

    def gradient(self, params: Sequence[Any]) -> list[float]:
        """What that has left on the tape."""
        self.tape.activate()
        found = [p.getDerivative() for p in params]
        self.tape.deactivate()
        return found


def find_engines() -> list[Graphs]:
    """dotgrad and those of its peers that are installed."""
    engines = [Graphs("dotgrad", engine.Value, engine.Value.relu)]
    try:
        from micrograd.engine import Value
    except ModuleNotFoundError:
        sys.exit("micrograd is not installed: pip install 'dotgrad[bench]'")
    engines.append(Graphs("micrograd", Value, Value.relu))
    try:
        from xad import adj_1st, math
    except ModuleNotFoundError:
        return engines
    return [
        *engines,
        Xad(adj_1st.Tape, adj_1st.Real, lambda x: math.max(x, 0.0)),
    ]


def time_once(
    one: Graphs, numbers: list[float], samples: Samples
) -> tuple[float, float, list[float]]:
    """Seconds to build, seconds to differentiate, and the gradient."""
    params = one.make(numbers)
    gc.collect()
    start = time.perf_counter()
    output = one.build(params, samples)
    built = time.perf_counter()
    one.differentiate(output)
    end = time.perf_counter()
    return built - start, end - built, one.gradient(params)


def time_steps(one: Graphs, numbers: list[float], samples: Samples) -> float:
    """Seconds that a step takes in a loop of five."""
    params = one.make(numbers)
    gc.collect()
    start = time.perf_counter()
    for _ in range(5):
        output = one.build(params, samples)
        one.differentiate(output)
    return (time.perf_counter() - start) / 5


def measure_memory(one: Graphs, numbers: list[float], samples: Samples) -> int:
    """Bytes that the graph holds after `backward`."""
    gc.collect()
    tracemalloc.start()
    output = one.build(one.make(numbers), samples)
    one.differentiate(output)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    sys.setrecursionlimit(10_000)  # micrograd's backward recurses
    engines = find_engines()
    ours, theirs = engines[0], engines[1:]
    rng = random.Random(0)
    numbers, samples = initial(rng), data(rng)
    # First, for the compiled core keeps the memory of freed nodes for the next ones.
    # The memory of a tape in C++ is not Python's to count.
    held = {one.name: measure_memory(one, numbers, samples) for one in engines[:2]}
    nodes = len(engine.topological_order(ours.build(ours.make(numbers), samples)))
    times: dict[str, list[tuple[float, ...]]] = {one.name: [] for one in engines}
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        for one in engines:
            build, sweep, found[one.name] = time_once(one, numbers, samples)
            steps = time_steps(one, numbers, samples)
            times[one.name].append((build, sweep, build + sweep, steps))
    for one in theirs:
        pairs = zip(found[ours.name], found[one.name], strict=True)
        worst = max(abs(a - b) for a, b in pairs)
        assert worst < 1e-12, (one.name, worst)
    print(
        f"2-16-16-1, {SAMPLES} samples, {nodes} nodes; medians of {runs} runs\n"
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.machine()}, garbage collector on, {describe_core()}\n"
    )
    print(f"{'':32}" + "".join(f"{one.name:>18}" for one in engines))
    for place, title in enumerate(
        [
            "build, ns/node",
            "backward, ns/node",
            "both, ns/node",
            "training step, ns/node",
        ]
    ):
        medians = {
            name: statistics.median(row[place] for row in rows) * 1e9 / nodes
            for name, rows in times.items()
        }
        print_row(title, medians)
    print_row("memory, bytes/node", {name: size / nodes for name, size in held.items()})


def print_row(title: str, figures: dict[str, float]) -> None:
    """One line: the figure of each engine, and its ratio to the first one's."""
    first = next(iter(figures.values()))
    cells = [f"{first:18.0f}"]
    cells += [
        f"{figure:9.0f} {figure / first:7.1f}×" for figure in [*figures.values()][1:]
    ]
    print(f"{title:32}" + "".join(cells))


if __name__ == "__main__":
    main()
