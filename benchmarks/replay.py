"""Tapes against peers, side by side: the network 2-16-16-1, and what surrounds it.

    python benchmarks/replay.py [--runs 11] [section ...]

Everything is measured in this one process, in turn, with one thread unless it says
otherwise; only what "a new process" needs is measured in new ones. Printed are medians,
and how much longer a peer takes than dotgrad. Peers that are not installed are left
out: pip install 'dotgrad[bench]'.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from network import data, hinge, initial  # noqa: E402
from peers import (  # noqa: E402
    Work,
    casadi_map,
    casadi_one,
    jax_unrolled,
    micrograd,
    torch_net,
)
from training import digits, textbook  # noqa: E402

from engine import Value  # noqa: E402
from engine.tape import BACKENDS, jit, record  # noqa: E402
from engine.tape.specializations import Specialization  # noqa: E402

Cases = dict[str, Callable[[], Any] | None]


def measure_in_turn(cases: Cases, runs: int) -> dict[str, float]:
    """The median seconds of each, which take turns; a short one is repeated."""
    works = {name: work for name, work in cases.items() if work is not None}
    repeats = {name: max(1, int(0.02 / _seconds(work))) for name, work in works.items()}
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            gc.collect()  # so that none has to clear away what another one has left
            times[name].append(_seconds(work, repeats[name]))
    return {name: statistics.median(found) for name, found in times.items()}


def _seconds(work: Callable[[], Any], repeats: int = 1) -> float:
    if repeats == 1:
        work()  # whatever is done the first time
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def show(title: str, cases: Cases, runs: int) -> None:
    """Measure, and print a line for each."""
    print(f"\n{title}")
    found = measure_in_turn(cases, runs)
    first = next(iter(found.values()), 0.0)
    for name, seconds in found.items():
        print(f"  {name:44}{_format(seconds):>11}{seconds / first:10.2f}×")


def _format(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def make_points(count: int) -> tuple[Any, Any]:
    """Samples as arrays."""
    samples = data(random.Random(1), count)
    return np.array([x for x, _ in samples]), np.array([float(y) for _, y in samples])


def prepare_batch(
    numbers: list[float], xs: Any, ys: Any, backend: str, threads: int = 1
) -> Work:
    """The loss as a tape; the parameters are leaves that it closes over."""
    params = [Value(x) for x in numbers]

    @jit(backend=backend, threads=threads)
    def loss(x: Any, y: Any) -> Any:
        return hinge(params, x, y)

    return lambda: (loss.backward(xs, ys), params)


def prepare_sample(numbers: list[float], xs: Any, ys: Any, backend: str) -> Work:
    """Arrays in, arrays out."""
    arrays = np.array(numbers), xs[0], ys[:1]

    @jit(backend=backend)
    def loss(params: Any, x: Any, y: Any) -> Any:
        return hinge(list(params), x, y[0])

    return lambda: loss.value_and_grad(*arrays)


def batches(numbers: list[float], runs: int) -> None:
    """Value and all gradients of a batch."""
    for count in (100, 10_000):
        xs, ys = make_points(count)
        small = count == 100
        cases: Cases = {
            "dotgrad": prepare_batch(numbers, xs, ys, "auto"),
            "dotgrad, NumPy with matrix products": prepare_batch(
                numbers, xs, ys, "numpy"
            ),
            "PyTorch nn.Sequential, float64": torch_net(numbers, xs, ys, "float64"),
            "PyTorch nn.Sequential, float32": torch_net(numbers, xs, ys, "float32"),
            "CasADi, mapped": casadi_map(numbers, xs, ys) if small else None,
            "micrograd": micrograd(numbers, xs, ys) if small else None,
            "JAX jit of the unrolled graph": jax_unrolled(numbers, xs, ys),
        }
        show(f"batch of {count:,}: value and all 337 gradients", cases, runs)


def one(numbers: list[float], runs: int) -> None:
    """A single sample."""
    xs, ys = make_points(1)
    cases: Cases = {
        "dotgrad, native": prepare_sample(numbers, xs, ys, "native")
        if BACKENDS["native"].is_installed
        else None,
        "dotgrad, Python": prepare_sample(numbers, xs, ys, "python"),
        "CasADi": casadi_one(numbers, xs, ys),
        "micrograd": micrograd(numbers, xs, ys),
    }
    show("one sample, arrays in and arrays out", cases, runs)


def threads(numbers: list[float], runs: int) -> None:
    """One thread and two."""
    xs, ys = make_points(100_000)
    cases: Cases = {
        "two threads": prepare_batch(numbers, xs, ys, "auto", threads=2),
        "one thread": prepare_batch(numbers, xs, ys, "auto"),
    }
    show("batch of 100,000", cases, runs)


def chain(x: Any, nodes: int) -> Any:
    """A long computation without matrices: so many nodes."""
    y = x
    for i in range(nodes // 4):
        y = (y * 0.5 + x).tanh() * x if i % 2 else (y - 0.25 * x).sin() + y
    return y


def sizes(_: list[float], runs: int) -> None:
    """Cost by node, from small tapes to a million nodes."""
    print("\nby node and sample, batch of 64")
    xs = np.linspace(-1, 1, 64)
    for nodes in (1_000, 10_000, 100_000, 1_000_000):
        f = jit(lambda x, n=nodes: chain(x, n))
        f.value_and_grad_batch(xs)
        [seconds] = measure_in_turn(
            {"": lambda f=f: f.value_and_grad_batch(xs)}, runs
        ).values()
        size = len(f.tapes[0].ops)
        print(f"  {size:>9,} nodes{seconds / size / len(xs) * 1e9:33.2f} ns")


def preparing(numbers: list[float], _: int) -> None:
    """Recording and compiling."""
    start = time.perf_counter()
    recording = record(lambda x: chain(x, 100_000), (0.5,))
    recorded = time.perf_counter()
    batch = Specialization(recording, "auto").batch
    batch.gradient(np.full((1, 1), 0.5), [], np.ones(1), by_inputs=True)
    done = time.perf_counter()
    print(f"\na graph of {len(recording.tape.ops):,} nodes")
    print(f"  {'recorded':44}{_format(recorded - start):>11}")
    print(f"  {'prepared and run once':44}{_format(done - recorded):>11}")
    code = (
        "import time, numpy as np; from engine.tape import jit;"
        "t = time.perf_counter();"
        "jit(lambda x: (x * 2).tanh()).value_and_grad_batch(np.ones(100));"
        "print(time.perf_counter() - t)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    print("\nthe first result of a batch in a new process")
    print(f"  {'dotgrad, after the import':44}{_format(float(done.stdout)):>11}")
    work = jax_unrolled(numbers, *make_points(100))
    if work is not None:
        start = time.perf_counter()
        work()
        seconds = time.perf_counter() - start
        print(f"  {'JAX jit: compiling 2-16-16-1':44}{_format(seconds):>11}")


def networks(_: list[float], runs: int) -> None:
    """The chapter's networks."""
    show("digits, 64-50-10, Adam: an epoch of 1,500 samples", digits(), runs)
    show("784-50-10, SGD: a batch of 100", textbook(), runs)


SECTIONS = {
    section.__name__: section
    for section in (batches, one, threads, sizes, preparing, networks)
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("sections", nargs="*", help=f"some of {', '.join(SECTIONS)}")
    chosen = parser.parse_args()
    for name in chosen.sections:
        if name not in SECTIONS:
            parser.error(f"{name!r} is no section: choose from {', '.join(SECTIONS)}")
    numbers = initial(random.Random(0))
    print(f"2-16-16-1, {len(numbers)} parameters; medians of {chosen.runs} runs; "
          f"CPython {platform.python_version()}, {platform.machine()}, "
          f"{os.cpu_count()} cores, NumPy {np.__version__}")  # fmt: skip
    for name in chosen.sections or SECTIONS:
        SECTIONS[name](numbers, chosen.runs)


if __name__ == "__main__":
    main()
