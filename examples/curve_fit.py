"""SciPy fits a curve with gradients from a tape.

The data are NIST's Misra1a (statistical reference datasets, nonlinear regression):
how much of a gas is adsorbed in one layer, y, at the pressure x. NIST gives the
parameters to eleven digits, computed with 500.

It needs SciPy and matplotlib: pip install 'dotgrad[train]'
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

from engine import exp
from engine.tape import jit

PRESSURE = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
            378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]  # fmt: skip
VOLUME = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
          44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]  # fmt: skip
CERTIFIED = (238.94212918, 5.5015643181e-4)
UNITS = (100.0, 1e-4)
"""So that both unknowns are about 1: gradient methods want that."""


def model(b: Any, x: float) -> Any:
    """y = b₁ (1 − e^(−b₂ x))."""
    return b[0] * UNITS[0] * (1 - exp(-b[1] * UNITS[1] * x))


@jit
def squares(b: Any) -> Any:
    """The sum of squared residuals."""
    pairs = zip(PRESSURE, VOLUME, strict=True)
    return sum((y - model(b, x)) ** 2 for x, y in pairs)


def curve_fit() -> plt.Figure:
    """The parameters, from the farther of NIST's starting points, and the curve."""
    start = np.array([500.0, 1e-4]) / UNITS
    found = minimize(squares.value_and_grad, start, jac=True)
    print(f"sum of squares {found.fun:.10f} after {found.nfev} evaluations")
    for i, exact in enumerate(CERTIFIED):
        print(f"b{i + 1} = {found.x[i] * UNITS[i]:.9g}, certified {exact:.9g}")
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    across = np.linspace(0, 800, 200)
    axes.plot(across, [float(model(found.x, x)) for x in across])
    axes.plot(PRESSURE, VOLUME, "o")
    axes.set(xlabel="pressure", ylabel="volume", title="Misra1a, fitted by BFGS")
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    curve_fit().savefig(folder / "curve_fit.png", dpi=120)
    print("drawn:", folder / "curve_fit.png")
