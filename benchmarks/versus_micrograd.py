"""Build and differentiate the 2-16-16-1 network on 50 samples: dotgrad and micrograd.

    python benchmarks/versus_micrograd.py [--runs 11]

Both engines run in turn in this one process, the garbage collector on, on the same
numbers. Printed are medians per node of the graph, and the ratio of the medians.

"build" and "backward" time one graph in an otherwise empty heap. "training step" is
what a loop pays: build, backward, and getting rid of the last step's graph. The
closures of micrograd make cycles, which only the garbage collector frees; a graph of
dotgrad has none and is freed by reference counting.
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
from collections.abc import Callable
from typing import Any

from network import SAMPLES, Params, data, hinge, initial

import engine
from engine.native import describe_core


def loss(params: Params, samples: list[tuple[list[float], int]]) -> Any:
    """The mean hinge loss and L2 regularisation, as in micrograd's demo."""
    losses = [hinge(params, x, y) for x, y in samples]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in params)


def count_nodes(root: Any, parents: Callable[[Any], Any]) -> int:
    """The size of a graph of either engine."""
    seen, stack = {root}, [root]
    while stack:
        for parent in parents(stack.pop()):
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return len(seen)


def time_once(
    make: Callable[[float], Any], numbers: list[float], samples: Any
) -> tuple[float, float, list[float]]:
    """Seconds to build, seconds to differentiate, and the gradient."""
    params = [make(x) for x in numbers]
    gc.collect()
    start = time.perf_counter()
    output = loss(params, samples)
    built = time.perf_counter()
    output.backward()
    end = time.perf_counter()
    return built - start, end - built, [p.grad for p in params]


def time_steps(
    make: Callable[[float], Any], numbers: list[float], samples: Any
) -> float:
    """Seconds that a step takes in a loop of five."""
    params = [make(x) for x in numbers]
    gc.collect()
    start = time.perf_counter()
    for _ in range(5):
        output = loss(params, samples)
        output.backward()
    return (time.perf_counter() - start) / 5


def measure_memory(
    make: Callable[[float], Any], numbers: list[float], samples: Any
) -> int:
    """Bytes that the graph holds after `backward`."""
    gc.collect()
    tracemalloc.start()
    output = loss([make(x) for x in numbers], samples)
    output.backward()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    try:
        from micrograd.engine import Value as Micrograd
    except ModuleNotFoundError:
        sys.exit("micrograd is not installed: pip install 'dotgrad[bench]'")
    sys.setrecursionlimit(10_000)  # micrograd's backward recurses

    rng = random.Random(0)
    numbers, samples = initial(rng), data(rng)
    makers = {"dotgrad": engine.Value, "micrograd": Micrograd}
    # First, for the compiled core keeps the memory of freed nodes for the next ones.
    held = {n: measure_memory(m, numbers, samples) for n, m in makers.items()}
    sizes = {
        "dotgrad": count_nodes(
            loss(list(map(engine.Value, numbers)), samples), lambda v: v.parents
        ),
        "micrograd": count_nodes(
            loss(list(map(Micrograd, numbers)), samples), lambda v: v._prev
        ),
    }
    times: dict[str, list[tuple[float, ...]]] = {name: [] for name in makers}
    gradients = {}
    for _ in range(runs):
        for name, make in makers.items():
            build, sweep, gradients[name] = time_once(make, numbers, samples)
            step = time_steps(make, numbers, samples)
            times[name].append((build, sweep, step))
    worst = max(
        abs(a - b)
        for a, b in zip(gradients["dotgrad"], gradients["micrograd"], strict=True)
    )
    assert worst < 1e-12, worst
    report(times, sizes, held, runs)


def report(
    times: dict[str, list[tuple[float, ...]]],
    sizes: dict[str, int],
    held: dict[str, int],
    runs: int,
) -> None:
    """The table."""
    print(
        f"2-16-16-1, {SAMPLES} samples, {sizes['dotgrad']} nodes, "
        f"medians of {runs} runs, {describe_core()}"
    )
    print(f"{platform.python_implementation()} {platform.python_version()}, "
          f"{platform.machine()}, garbage collector on\n")  # fmt: skip
    print(f"{'':24}{'dotgrad':>10}{'micrograd':>11}{'ratio':>8}")
    rows: dict[str, Callable[[str], float]] = {
        "build, ns/node": lambda n: _take_median(times[n], 0) / sizes[n],
        "backward, ns/node": lambda n: _take_median(times[n], 1) / sizes[n],
        "training step, ns/node": lambda n: _take_median(times[n], 2) / sizes[n],
        "memory, bytes/node": lambda n: held[n] / sizes[n],
    }
    for title, figure in rows.items():
        ours, theirs = figure("dotgrad"), figure("micrograd")
        print(f"{title:24}{ours:10.0f}{theirs:11.0f}{theirs / ours:7.1f}×")


def _take_median(rows: list[tuple[float, ...]], place: int) -> float:
    return statistics.median(row[place] for row in rows) * 1e9


if __name__ == "__main__":
    main()
