"""ReLU as a switch: it lets a gradient through where its input is positive."""

import sys
from pathlib import Path

from engine import Value
from engine.nn import ReLU
from viz import save


def relu_switch() -> Value:
    """Two signals through the layer; the gradient comes back through one of them."""
    on, off = Value(2.0, label="on"), Value(-3.0, label="off")
    passed, stopped = ReLU()([on, off])
    passed.label, stopped.label = "passed", "stopped"
    y = 5 * passed + 7 * stopped
    y.label = "y"
    y.backward()
    for value in (on, off):
        print(f"{value.label} = {value.data:.4g}: ∂y/∂{value.label} = {value.grad:.4g}")
    return y


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("drawn:", save(relu_switch(), folder / "relu_switch.png"))
